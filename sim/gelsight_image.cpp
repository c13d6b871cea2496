#include "sim/gelsight_image.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <stdexcept>

#include <fmt/format.h>
#include <opencv2/core/hal/hal.hpp>

#include "hal/seed.h"

namespace gripbench::sim {
namespace {

/// Noise comes from a bank, each row and channel of a frame from a place of its own, so that frames
/// differ; fixed point, 1/64 of a grey level.
constexpr std::size_t kNoiseBankSize = std::size_t{1} << 17;
constexpr float kNoiseUnit = 1.0f / 64.0f;
constexpr std::uint64_t kNoiseBankSeed = 0x67656c6e6f697365;

}  // namespace

GelSightImage::GelSightImage(const OpticsProfile& optics, std::uint64_t wear_seed)
    : width_(optics.width),
      height_(optics.height),
      pixel_pitch_(optics.pixel_pitch),
      noise_(optics.noise),
      height_field_(optics),
      shading_(optics),
      markers_(optics, wear_seed),
      planes_(shading_.background()),
      blur_rows_(optics.field_width(), optics.field_height()),
      upsampler_(2 * optics.field_width()),
      row_(2 * static_cast<std::size_t>(optics.field_width())),
      clear_row_(width_),
      bytes_(3 * static_cast<std::size_t>(width_)) {
  // Weights by integrating the Gaussian over each pixel.
  const double sigma = std::max(0.5 * optics.blur / pixel_pitch_, 1e-3);
  const auto below = [sigma](double x) {
    return 0.5 * std::erfc(-x / sigma / std::numbers::sqrt2);
  };
  const double first = below(1.5) - below(0.5), second = below(2.5) - below(1.5);
  blur_weights_[1] = static_cast<float>(first);
  blur_weights_[2] = static_cast<float>(second);
  blur_weights_[0] = static_cast<float>(1.0 - 2.0 * (first + second));
  make_noise_bank();
}

void GelSightImage::make_noise_bank() {
  std::mt19937_64 engine(kNoiseBankSeed);
  const auto uniform = [&engine] { return static_cast<double>(engine() >> 11) * 0x1.0p-53; };
  noise_bank_.resize(kNoiseBankSize);
  for (std::int16_t& sample : noise_bank_) {
    const double normal =
        std::sqrt(-2.0 * std::log(1.0 - uniform())) * std::cos(2.0 * std::numbers::pi * uniform());
    sample = static_cast<std::int16_t>(
        std::clamp(std::round(noise_ * normal / kNoiseUnit), -32767.0, 32767.0));
  }
}

void GelSightImage::render(const GelImprint& imprint, std::uint64_t frame_seed, cv::Mat& bgr) {
  const std::size_t nodes = static_cast<std::size_t>(std::max(imprint.grid.size(), 0));
  if (imprint.grid.nx < 2 || imprint.grid.ny < 2 || !(imprint.grid.pitch > 0.0) ||
      imprint.indentation.size() != nodes || imprint.displacement_x.size() != nodes ||
      imprint.displacement_y.size() != nodes) {
    throw std::invalid_argument(
        fmt::format("gel imprint: a grid of {} x {} nodes needs as many indentations and "
                    "displacements, got {}, "
                    "{} and {}",
                    imprint.grid.nx, imprint.grid.ny, imprint.indentation.size(),
                    imprint.displacement_x.size(), imprint.displacement_y.size()));
  }
  const PixelRegion touched_before = height_field_.region();
  const GelShading::Planes& background = shading_.background();
  for (int c = 0; c < 3; ++c) {
    for (int y = touched_before.y0; y < touched_before.y1; ++y) {
      std::copy(background[c].row(y) + touched_before.x0, background[c].row(y) + touched_before.x1,
                planes_[c].row(y) + touched_before.x0);
    }
  }
  height_field_.build(imprint);
  shading_.shade(height_field_, planes_);
  if (!height_field_.region().empty()) blur(height_field_.region());
  markers_.draw(imprint, condition_.dot_shake_px, hal::split_seed(frame_seed, "dots", 0));
  compose(&frame_seed, bgr);
}

cv::Mat GelSightImage::background() {
  const GelShading::Planes touched = planes_;
  planes_ = shading_.background();
  markers_.draw_at_rest();
  cv::Mat image;
  compose(nullptr, image);
  planes_ = touched;
  return image;
}

void GelSightImage::blur(const PixelRegion& region) {
  const float w0 = blur_weights_[0], w1 = blur_weights_[1], w2 = blur_weights_[2];
  for (GelPlane& plane : planes_) {
    const int width = plane.width;
    for (int y = region.y0; y < region.y1; ++y) {
      const float* in = plane.row(y);
      float* out = blur_rows_.row(y);
      const auto at = [&](int x) { return in[std::clamp(x, 0, width - 1)]; };
      const int inner0 = std::max(region.x0, 2), inner1 = std::min(region.x1, width - 2);
      for (int x = inner0; x < inner1; ++x) {
        out[x] = w0 * in[x] + w1 * (in[x - 1] + in[x + 1]) + w2 * (in[x - 2] + in[x + 2]);
      }
      for (int x : {0, 1, width - 2, width - 1}) {
        if (x < region.x0 || x >= region.x1) continue;
        out[x] = w0 * in[x] + w1 * (at(x - 1) + at(x + 1)) + w2 * (at(x - 2) + at(x + 2));
      }
    }
    const auto rows = [&](int y) {
      return blur_rows_.row(std::clamp(y, region.y0, region.y1 - 1));
    };
    for (int y = region.y0; y < region.y1; ++y) {
      const float *a = rows(y - 2), *b = rows(y - 1), *m = rows(y), *d = rows(y + 1),
                  *e = rows(y + 2);
      float* out = plane.row(y);
      for (int x = region.x0; x < region.x1; ++x) {
        out[x] = w0 * m[x] + w1 * (b[x] + d[x]) + w2 * (a[x] + e[x]);
      }
    }
  }
}

void GelSightImage::compose(const std::uint64_t* frame_seed, cv::Mat& bgr) {
  bgr.create(height_, width_, CV_8UC3);
  hal::SeededDraw draw(frame_seed != nullptr ? *frame_seed : 0);
  const std::size_t places = kNoiseBankSize - width_;
  float* const row = row_.data();
  float* const clear = clear_row_.data();
  const float dark = static_cast<float>((1.0 - condition_.dot_fade) / 255.0);
  for (int y = 0; y < height_; ++y) {
    const std::uint8_t* opacity = markers_.opacity_row(y);
    for (int x = 0; x < width_; ++x) clear[x] = 1.0f - dark * static_cast<float>(opacity[x]);
    for (int c = 0; c < 3; ++c) {
      upsampler_.read(planes_[c], y, 0, 2 * planes_[c].width, row);
      std::uint8_t* out = &bytes_[static_cast<std::size_t>(c) * width_];
      const float gain = static_cast<float>(condition_.light_gain[c]);
      const float unit = frame_seed != nullptr ? kNoiseUnit : 0.0f;
      const std::int16_t* noise = &noise_bank_[draw.next() % places];
      for (int x = 0; x < width_; ++x) {
        const float value = gain * row[x] * clear[x] + unit * static_cast<float>(noise[x]) + 0.5f;
        out[x] =
            static_cast<std::uint8_t>(static_cast<int>(std::min(std::max(value, 0.0f), 255.0f)));
      }
    }
    const std::uint8_t* planes[] = {&bytes_[0], &bytes_[width_], &bytes_[2 * width_]};
    cv::hal::merge8u(planes, bgr.ptr<std::uint8_t>(y), width_, 3);
  }
}

}  // namespace gripbench::sim

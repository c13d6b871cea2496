#include "sim/image_effects.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "hal/seed.h"

namespace gripbench::sim {
namespace {

// Taps of the filter that blurs and shifts at once: enough for 1.2 px of blur and 1 px of shift.
constexpr int kRadius = 4;
constexpr int kTaps = 2 * kRadius + 1;
constexpr double kLargestBlur = 1.2;
constexpr double kLargestVibration = 1.0;
using Kernel = std::array<float, kTaps>;

// Independent streams from neighbouring keys.
std::uint64_t mix(std::uint64_t key) { return hal::SeededDraw(key).next(); }

// In [-1, 1).
double symmetric(std::uint64_t bits) {
  return std::ldexp(static_cast<double>(bits >> 11), -52) - 1;
}

// A Gaussian convolved with the hat of linear interpolation, moved by the shift: without blur and
// shift it leaves the picture as it is.
Kernel shifted_gaussian(double blur_px, double shift_px) {
  const double width = std::max(blur_px, 1e-3) * std::sqrt(2.0);
  Kernel kernel;
  double sum = 0.0;
  for (int k = 0; k < kTaps; ++k) {
    const double x = k - kRadius - shift_px;
    // The second integral of the Gaussian.
    const auto ramp = [width](double u) {
      return 0.5 * (u * (1 + std::erf(u / width)) +
                    width * std::exp(-u * u / (width * width)) / std::sqrt(M_PI));
    };
    const double weight = ramp(x + 1) - 2 * ramp(x) + ramp(x - 1);
    kernel[k] = static_cast<float>(weight);
    sum += weight;
  }
  for (float& weight : kernel) weight = static_cast<float>(weight / sum);
  return kernel;
}

// Filters one row of 3-channel pixels; beyond the edges the edge's pixel goes on.
void filter_row(const std::uint8_t* row, int width, const Kernel& kernel,
                std::vector<float>& padded, float* out) {
  const int n = 3 * width;
  for (int k = 0; k < 3 * kRadius; ++k) {
    padded[k] = row[k % 3];
    padded[3 * kRadius + n + k] = row[n - 3 + k % 3];
  }
  for (int i = 0; i < n; ++i) padded[3 * kRadius + i] = row[i];
  const float* in = padded.data();
  for (int i = 0; i < n; ++i) {
    float sum = 0.0f;
    for (int k = 0; k < kTaps; ++k) sum += kernel[k] * in[i + 3 * k];
    out[i] = sum;
  }
}

// The sum of four random bytes: zero mean, this standard deviation, nearly Gaussian.
constexpr int kByteSumMean = 510;
const float kByteSumDeviation = std::sqrt(4.0f * (256.0f * 256.0f - 1.0f) / 12.0f);

// Exposes and adds noise. Of each pixel's light the share `row_share` less `falloff` arrives.
// Random numbers come from hashing the pixel's index (MurmurHash3's finaliser), which the compiler
// turns into vector code.
void expose_row(const float* light, const float* gain, const float* falloff, float row_share, int n,
                float read_variance, float shot_noise, std::uint32_t key, std::uint8_t* out) {
  const float per_sum = 1.0f / kByteSumDeviation;
  for (int i = 0; i < n; ++i) {
    std::uint32_t h = key + static_cast<std::uint32_t>(i) * 0x9e3779b9u;
    h = (h ^ (h >> 16)) * 0x85ebca6bu;
    h = (h ^ (h >> 13)) * 0xc2b2ae35u;
    h ^= h >> 16;
    const int sum = static_cast<int>((h & 255) + ((h >> 8) & 255) + ((h >> 16) & 255) + (h >> 24));
    const float value = light[i] * gain[i] * (row_share - falloff[i]);
    const float deviation = std::sqrt(read_variance + shot_noise * value);
    const float noisy = value + deviation * per_sum * static_cast<float>(sum - kByteSumMean) + 0.5f;
    out[i] = static_cast<std::uint8_t>(static_cast<int>(std::min(255.0f, std::max(0.0f, noisy))));
  }
}

void check(const cv::Mat& image, const ImageVariation& v) {
  if (image.type() != CV_8UC3 || image.empty()) {
    throw std::invalid_argument("camera image effects: the picture must be 8-bit BGR");
  }
  const bool possible = v.gain.minCoeff() >= 0 && v.vignette >= 0 && v.vignette <= 1 &&
                        v.read_noise >= 0 && v.shot_noise >= 0 && v.blur_px >= 0 &&
                        v.blur_px <= kLargestBlur && v.vibration_px >= 0 &&
                        v.vibration_px <= kLargestVibration;
  if (!possible) throw std::invalid_argument("camera image effects: a value is out of its range");
}

}  // namespace

void finish_camera_image(cv::Mat& image, const ImageVariation& variation,
                         std::uint64_t frame_index) {
  check(image, variation);
  const std::uint64_t frame_key = mix(mix(variation.seed) ^ frame_index);
  const double shift_x = variation.vibration_px * symmetric(mix(frame_key ^ 1));
  const double shift_y = variation.vibration_px * symmetric(mix(frame_key ^ 2));
  const Kernel across = shifted_gaussian(variation.blur_px, shift_x);
  const Kernel down = shifted_gaussian(variation.blur_px, shift_y);

  const int n = 3 * image.cols;
  std::vector<float> gain(n);
  std::vector<float> falloff(n);
  const double corner_squared = 0.25 * (static_cast<double>(image.cols) * image.cols +
                                        static_cast<double>(image.rows) * image.rows);
  const auto lost = [&](double from_middle_px) {
    return static_cast<float>(variation.vignette * from_middle_px * from_middle_px /
                              corner_squared);
  };
  for (int i = 0; i < n; ++i) {
    gain[i] = static_cast<float>(variation.gain[i % 3]);
    falloff[i] = lost(i / 3 + 0.5 - 0.5 * image.cols);
  }
  const auto read_variance = static_cast<float>(variation.read_noise * variation.read_noise);
  const auto shot_noise = static_cast<float>(variation.shot_noise);

  // The picture is worked on in place: rows already filtered across wait in a ring until the rows
  // below them are filtered too.
  std::vector<float> ring(static_cast<std::size_t>(kTaps) * n);
  std::vector<float> padded(n + 6 * kRadius);
  std::vector<float> light(n);
  const auto ring_row = [&](int y) {
    const int clamped = std::clamp(y, 0, image.rows - 1);
    return ring.data() + static_cast<std::size_t>(clamped % kTaps) * n;
  };
  const auto filter_across = [&](int y) {
    if (y < image.rows) filter_row(image.ptr(y), image.cols, across, padded, ring_row(y));
  };
  for (int y = 0; y < kRadius; ++y) filter_across(y);
  for (int y = 0; y < image.rows; ++y) {
    filter_across(y + kRadius);
    std::array<const float*, kTaps> rows;
    for (int k = 0; k < kTaps; ++k) rows[k] = ring_row(y + k - kRadius);
    for (int i = 0; i < n; ++i) {
      float sum = 0.0f;
      for (int k = 0; k < kTaps; ++k) sum += down[k] * rows[k][i];
      light[i] = sum;
    }
    const auto row_key = static_cast<std::uint32_t>(mix(frame_key + 3 + y));
    expose_row(light.data(), gain.data(), falloff.data(), 1.0f - lost(y + 0.5 - 0.5 * image.rows),
               n, read_variance, shot_noise, row_key, image.ptr(y));
  }
}

}  // namespace gripbench::sim

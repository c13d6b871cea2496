#include "sim/gel_markers.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "hal/seed.h"

namespace gripbench::sim {
namespace {

constexpr double kPi = std::numbers::pi;

/// Chance from a seed, the same on every machine and library.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * kPi * uniform());
  }
  /// Normal, cut at two standard deviations: one freak dot would set the size of every stamp.
  double jitter(double deviation) { return deviation * std::clamp(normal(), -2.0, 2.0); }

 private:
  std::mt19937_64 engine_;
};

/// Bell-shaped with unit variance: a sum of three uniform variables, much cheaper than a normal
/// one.
double nearly_normal(hal::SeededDraw& draw) {
  return 2.0 * (draw.uniform() + draw.uniform() + draw.uniform() - 1.5);
}

/// The look of one dot. Lengths in pixels.
struct Dot {
  double radius, softness, darkness;
  /// Outline: radius * (1 + sum of amplitude_k cos(k angle + phase_k)), k = 2, 3, 4.
  double amplitude[3], phase[3];
  /// A piece that is gone: a disc at this place.
  bool chipped;
  double chip_x, chip_y, chip_radius;

  /// Logistic edge: falls from 0.9 to 0.1 over `softness`.
  double edge(double inside) const { return 1.0 / (1.0 + std::exp(-4.394 * inside / softness)); }

  double opacity(double x, double y) const {
    const double angle = std::atan2(y, x);
    double outline = 1.0;
    for (int k = 0; k < 3; ++k) outline += amplitude[k] * std::cos((k + 2) * angle + phase[k]);
    double value = darkness * edge(radius * outline - std::hypot(x, y));
    if (chipped) value *= 1.0 - 0.8 * edge(chip_radius - std::hypot(x - chip_x, y - chip_y));
    return value;
  }
};

Dot make_dot(const MarkerProfile& markers, double pixel_pitch, Chance& chance) {
  Dot dot{};
  dot.radius =
      0.5 * markers.diameter * (1.0 + chance.jitter(markers.diameter_jitter)) / pixel_pitch;
  dot.softness = markers.softness / pixel_pitch;
  dot.darkness = std::clamp(markers.darkness + chance.jitter(markers.darkness_jitter), 0.0, 1.0);
  for (int k = 0; k < 3; ++k) {
    dot.amplitude[k] = chance.jitter(markers.roughness / (k + 1.0));
    dot.phase[k] = 2.0 * kPi * chance.uniform();
  }
  if (chance.uniform() < markers.faded_share) dot.darkness *= 0.4 + 0.4 * chance.uniform();
  dot.chipped = chance.uniform() < markers.chipped_share;
  const double direction = 2.0 * kPi * chance.uniform();
  const double distance = dot.radius * (0.4 + 0.6 * chance.uniform());
  dot.chip_x = distance * std::cos(direction);
  dot.chip_y = distance * std::sin(direction);
  dot.chip_radius = dot.radius * (0.4 + 0.3 * chance.uniform());
  return dot;
}

/// Value at (x, y) between the nodes of a field on the pad's grid, held constant beyond its rim.
double sample(const PadGrid& grid, const std::vector<float>& field, double x, double y) {
  const double fx = std::clamp(x / grid.pitch + 0.5 * (grid.nx - 1), 0.0, grid.nx - 1.001);
  const double fy = std::clamp(y / grid.pitch + 0.5 * (grid.ny - 1), 0.0, grid.ny - 1.001);
  const int i = static_cast<int>(fx), j = static_cast<int>(fy);
  const double a = fx - i, b = fy - j;
  const float* f = &field[static_cast<std::size_t>(j) * grid.nx + i];
  return (1 - b) * ((1 - a) * f[0] + a * f[1]) + b * ((1 - a) * f[grid.nx] + a * f[grid.nx + 1]);
}

}  // namespace

GelMarkers::GelMarkers(const OpticsProfile& optics, std::uint64_t wear_seed)
    : width_(optics.width),
      height_(optics.height),
      pitch_(optics.pixel_pitch),
      spread_(optics.spread),
      opacity_(static_cast<std::size_t>(width_) * height_) {
  const MarkerProfile& markers = optics.markers;
  const double half_x = 0.5 * width_ * pitch_, half_y = 0.5 * height_ * pitch_;
  const double margin = 2.0 * markers.pitch;  // dots that shear may bring into view
  const Eigen::Vector2d e1 =
      markers.pitch * Eigen::Vector2d(std::cos(markers.angle), std::sin(markers.angle));
  const Eigen::Vector2d e2(-e1.y(), e1.x());
  const double reach = half_x + half_y + margin + markers.origin.norm();
  const int count = static_cast<int>(std::ceil(reach / markers.pitch));

  const double largest = 0.5 * markers.diameter * (1.0 + 2.0 * markers.diameter_jitter) *
                         (1.0 + 2.0 * markers.roughness * (1.0 + 0.5 + 1.0 / 3.0));
  const int half = static_cast<int>(std::ceil((largest + markers.softness) / pitch_)) + 1;
  stamp_size_ = 2 * half + 1;

  Chance chance(wear_seed);
  for (int j = -count; j <= count; ++j) {
    for (int i = -count; i <= count; ++i) {
      Eigen::Vector2d position = markers.origin + i * e1 + j * e2;
      const double bend = markers.bend * position.squaredNorm() / (half_x * half_x);
      position.array() *=
          Eigen::Array2d(1.0 + bend - 0.5 * markers.stretch, 1.0 + bend + 0.5 * markers.stretch);
      position.x() += chance.jitter(markers.position_jitter);
      position.y() += chance.jitter(markers.position_jitter);
      const Dot dot = make_dot(markers, pitch_, chance);
      // Far out of view a barrel-shaped lattice would fold back into it.
      const bool folded = 1.0 + 3.0 * bend <= 0.0;
      if (folded || std::abs(position.x()) > half_x + margin ||
          std::abs(position.y()) > half_y + margin) {
        continue;
      }
      rest_.push_back(position);
      for (int v = -half; v <= half; ++v) {
        for (int u = -half; u <= half; ++u) {
          stamps_.push_back(static_cast<float>(255.0 * dot.opacity(u, v)));
        }
      }
    }
  }
}

void GelMarkers::draw_at_rest() {
  std::fill(opacity_.begin(), opacity_.end(), std::uint8_t{0});
  for (std::size_t k = 0; k < rest_.size(); ++k) draw_dot(k, Eigen::Vector2d::Zero());
}

void GelMarkers::draw(const GelImprint& imprint, double shake_px, std::uint64_t shake_seed) {
  std::fill(opacity_.begin(), opacity_.end(), std::uint8_t{0});
  compute_spread(imprint);
  const PadGrid& grid = imprint.grid;
  const double h = grid.pitch;
  const double shake = shake_px * pitch_;
  hal::SeededDraw draw(shake_seed);
  for (std::size_t k = 0; k < rest_.size(); ++k) {
    const double x = rest_[k].x(), y = rest_[k].y();
    // The pressed gel cannot shrink: it flows from where it is pressed deep to where it is not.
    const double slope_x =
        (sample(grid, smooth_, x + h, y) - sample(grid, smooth_, x - h, y)) / (2 * h);
    const double slope_y =
        (sample(grid, smooth_, x, y + h) - sample(grid, smooth_, x, y - h)) / (2 * h);
    const double shake_x = shake * nearly_normal(draw), shake_y = shake * nearly_normal(draw);
    draw_dot(k, {sample(grid, imprint.displacement_x, x, y) - spread_ * slope_x + shake_x,
                 sample(grid, imprint.displacement_y, x, y) - spread_ * slope_y + shake_y});
  }
}

void GelMarkers::compute_spread(const GelImprint& imprint) {
  // Two passes of 1-2-1 in each direction: a layer feels its surface's load over about its own
  // thickness, not node by node.
  const int nx = imprint.grid.nx, ny = imprint.grid.ny;
  smooth_.assign(imprint.indentation.begin(), imprint.indentation.end());
  smooth_tmp_.resize(smooth_.size());
  for (int pass = 0; pass < 2; ++pass) {
    for (int j = 0; j < ny; ++j) {
      const float* in = &smooth_[static_cast<std::size_t>(j) * nx];
      float* out = &smooth_tmp_[static_cast<std::size_t>(j) * nx];
      for (int i = 0; i < nx; ++i) {
        out[i] = 0.25f * (in[std::max(i - 1, 0)] + 2.0f * in[i] + in[std::min(i + 1, nx - 1)]);
      }
    }
    for (int j = 0; j < ny; ++j) {
      const float* above = &smooth_tmp_[static_cast<std::size_t>(std::max(j - 1, 0)) * nx];
      const float* here = &smooth_tmp_[static_cast<std::size_t>(j) * nx];
      const float* below = &smooth_tmp_[static_cast<std::size_t>(std::min(j + 1, ny - 1)) * nx];
      float* out = &smooth_[static_cast<std::size_t>(j) * nx];
      for (int i = 0; i < nx; ++i) out[i] = 0.25f * (above[i] + 2.0f * here[i] + below[i]);
    }
  }
}

void GelMarkers::draw_dot(std::size_t index, const Eigen::Vector2d& displacement) {
  const double u = (rest_[index].x() + displacement.x()) / pitch_ + 0.5 * (width_ - 1);
  const double v = (rest_[index].y() + displacement.y()) / pitch_ + 0.5 * (height_ - 1);
  // Also refuses what is not a number.
  if (!(u > -stamp_size_ && u < width_ + stamp_size_ && v > -stamp_size_ &&
        v < height_ + stamp_size_)) {
    return;
  }
  const int half = stamp_size_ / 2;
  const int u0 = static_cast<int>(std::floor(u)), v0 = static_cast<int>(std::floor(v));
  const float a = static_cast<float>(u - u0), b = static_cast<float>(v - v0);
  const float w00 = (1 - a) * (1 - b), w10 = a * (1 - b), w01 = (1 - a) * b, w11 = a * b;
  const float* stamp = &stamps_[index * stamp_size_ * stamp_size_];
  // Image pixel (x, y) reads the stamp at (x - u, y - v) from its centre: between stamp columns
  // x - u0 + half - 1 and x - u0 + half.
  const int x_first = std::max(0, u0 - half + 1), x_last = std::min(width_ - 1, u0 + half);
  const int y_first = std::max(0, v0 - half + 1), y_last = std::min(height_ - 1, v0 + half);
  for (int y = y_first; y <= y_last; ++y) {
    const float* below = stamp + static_cast<std::ptrdiff_t>(y - v0 + half) * stamp_size_;
    const float* above = below - stamp_size_;
    std::uint8_t* out = &opacity_[static_cast<std::size_t>(y) * width_];
    for (int x = x_first; x <= x_last; ++x) {
      const int s = x - u0 + half;
      const float value = w00 * below[s] + w10 * below[s - 1] + w01 * above[s] + w11 * above[s - 1];
      out[x] = std::max(out[x], static_cast<std::uint8_t>(value + 0.5f));
    }
  }
}

}  // namespace gripbench::sim

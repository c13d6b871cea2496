#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace gripbench::sim {

/// How deep, on the average, a rough surface reaches into a gel that its crests have entered by d:
/// B(d) = integral of F from 0 to d, where F(s) is the share of the surface that lies no deeper
/// than s below the crests (the bearing-area curve of Abbott and Firestone 1933). Of pressures
/// linear in the indentation it gives the mean exactly. m.
class BearingCurve {
 public:
  /// Of a smooth surface: B(d) = d.
  BearingCurve() = default;

  /// @param relief heights in [-depth, 0] of places spread evenly over the surface.
  BearingCurve(std::span<const double> relief, double depth) : depth_(depth) {
    if (relief.empty() || depth <= 0.0) return;
    per_interval_ = kIntervals / depth;
    for (int i = 0; i <= kIntervals; ++i) {
      const double d = depth * i / kIntervals;
      double sum = 0.0;
      for (const double height : relief) sum += std::max(d + height, 0.0);
      mean_[i] = sum / static_cast<double>(relief.size());
    }
  }

  /// For d >= 0. No branches, so that loops vectorise.
  double operator()(double d) const {
    const double t = std::min(d, depth_) * per_interval_;
    const int i = std::min(static_cast<int>(t), kIntervals - 1);
    return mean_[i] + (mean_[i + 1] - mean_[i]) * (t - i) + std::max(d - depth_, 0.0);
  }

 private:
  static constexpr int kIntervals = 64;
  double depth_ = 0.0, per_interval_ = 0.0;
  std::array<double, kIntervals + 1> mean_{};
};

}  // namespace gripbench::sim

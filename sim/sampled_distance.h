#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "hal/mesh_solid.h"

namespace gripbench::sim {

/// Reads a sampled distance at points of its frame, written so that loops over points vectorise:
/// every point takes the same path, and all look-ups are gathers.
///
/// Outside the grid the distance of the nearest point of the grid and the way there are added: an
/// upper bound of the true distance, never less than the grid's margin.
class SampledDistanceReader {
 public:
  explicit SampledDistanceReader(const hal::SampledDistance& field)
      : x0_(field.origin.x()),
        y0_(field.origin.y()),
        z0_(field.origin.z()),
        cell_(field.cell),
        per_cell_(1.0 / field.cell),
        nx_(field.cells.x()),
        ny_(field.cells.y()),
        nz_(field.cells.z()),
        divisions_(field.divisions.data()),
        first_(field.first.data()),
        samples_(field.samples.data()) {}

  double operator()(double x, double y, double z) const {
    const double tx = (x - x0_) * per_cell_, ty = (y - y0_) * per_cell_, tz = (z - z0_) * per_cell_;
    // In this order a point that is no number reads the grid's first cell.
    const double cx = std::min(std::max(0.0, tx), static_cast<double>(nx_));
    const double cy = std::min(std::max(0.0, ty), static_cast<double>(ny_));
    const double cz = std::min(std::max(0.0, tz), static_cast<double>(nz_));
    const double away_x = tx - cx, away_y = ty - cy, away_z = tz - cz;
    const int ix = whole(cx, nx_ - 1), iy = whole(cy, ny_ - 1), iz = whole(cz, nz_ - 1);
    const int at = (iz * ny_ + iy) * nx_ + ix;
    const int n = divisions_[at], first = first_[at], side = n + 1;
    const double fx = (cx - ix) * n, fy = (cy - iy) * n, fz = (cz - iz) * n;
    const int i = whole(fx, n - 1), j = whole(fy, n - 1), k = whole(fz, n - 1);
    const double u = fx - i, v = fy - j, w = fz - k;
    const int s000 = first + (k * side + j) * side + i;
    const int s010 = s000 + side, s001 = s000 + side * side, s011 = s001 + side;
    const float* s = samples_;
    const double a = mix(s[s000], s[s000 + 1], u), b = mix(s[s010], s[s010 + 1], u);
    const double c = mix(s[s001], s[s001 + 1], u), d = mix(s[s011], s[s011 + 1], u);
    const double inside = mix(mix(a, b, v), mix(c, d, v), w);
    return inside + cell_ * std::sqrt(away_x * away_x + away_y * away_y + away_z * away_z);
  }

 private:
  /// The whole part of t >= 0, at most `most`.
  static int whole(double t, int most) { return std::min(static_cast<int>(t), most); }
  static double mix(double a, double b, double t) { return a + (b - a) * t; }

  double x0_, y0_, z0_, cell_, per_cell_;
  int nx_, ny_, nz_;
  const std::int32_t* divisions_;
  const std::int32_t* first_;
  const float* samples_;
};

}  // namespace gripbench::sim

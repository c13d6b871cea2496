#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "hal/mesh_solid.h"

namespace gripbench::sim {

/// Reads a sampled distance at points of its frame, written so that loops over points vectorise:
/// every point takes the same path, and all look-ups are gathers. These cost by the number of their
/// words rather than by their width: two samples that are neighbours along x are one word.
///
/// Places are found in double precision; within a cell, and between samples, which are floats,
/// float is enough.
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
        places_(field.places.data()),
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
    const std::uint32_t place = places_[at];
    const int n = 1 << (place & ((1U << hal::SampledDistance::kDivisionBits) - 1U));
    const int first = static_cast<int>(place >> hal::SampledDistance::kDivisionBits);
    const int side = n + 1;
    const auto scale = static_cast<float>(n);
    const float fx = static_cast<float>(cx - ix) * scale, fy = static_cast<float>(cy - iy) * scale,
                fz = static_cast<float>(cz - iz) * scale;
    const int i = whole(fx, n - 1), j = whole(fy, n - 1), k = whole(fz, n - 1);
    const float u = fx - static_cast<float>(i), v = fy - static_cast<float>(j),
                w = fz - static_cast<float>(k);
    const int s000 = first + (k * side + j) * side + i;
    const int s010 = s000 + side, s001 = s000 + side * side, s011 = s001 + side;
    const float near = mix(between(s000, u), between(s010, u), v);
    const float far = mix(between(s001, u), between(s011, u), v);
    const double inside = mix(near, far, w);
    return inside + cell_ * std::sqrt(away_x * away_x + away_y * away_y + away_z * away_z);
  }

 private:
  /// The whole part of t >= 0, at most `most`.
  template <typename Number>
  static int whole(Number t, int most) {
    return std::min(static_cast<int>(t), most);
  }
  static float mix(float a, float b, float t) { return a + (b - a) * t; }

  /// The distance at the share `t` of the way from a sample to the next along x. GCC 12 makes a
  /// gather of a load through a pointer, though not of a memcpy.
  float between(int sample, float t) const {
    using TwoFloats [[gnu::may_alias, gnu::aligned(alignof(float))]] = std::uint64_t;
    const std::uint64_t pair = *reinterpret_cast<const TwoFloats*>(samples_ + sample);
    return mix(std::bit_cast<float>(static_cast<std::uint32_t>(pair)),
               std::bit_cast<float>(static_cast<std::uint32_t>(pair >> 32)), t);
  }
  static_assert(std::endian::native == std::endian::little);

  double x0_, y0_, z0_, cell_, per_cell_;
  int nx_, ny_, nz_;
  const std::uint32_t* places_;
  const float* samples_;
};

}  // namespace gripbench::sim

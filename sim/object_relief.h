#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <stdexcept>

#include <Eigen/Core>

#include "hal/objects.h"

// Patterns of an object's fine relief: heights in [-depth, 0] (m) as functions of a point in the
// frame of the object's body (m). Like the distances in object_shape.cpp they are written so that
// loops over points vectorise: no calls into the mathematics library but sqrt and floor, and chance
// from a hash of lattice cells, so that one object has one surface.

namespace gripbench::sim {

/// Cosine-like wave of period 1 in [0, 1]: 1 (crest) at whole numbers, 0 half way, smooth.
inline double crest_wave(double t) {
  const double u = 2.0 * std::abs(t - std::floor(t + 0.5));
  return 1.0 - u * u * (3.0 - 2.0 * u);
}

/// Arctangent of y / x over the full circle, in turns [-0.5, 0.5]; error below 2e-5 rad.
inline double turns_of(double y, double x) {
  const double ax = std::abs(x), ay = std::abs(y);
  const double small = std::min(ax, ay), large = std::max(std::max(ax, ay), 1e-12);
  const double q = small / large, q2 = q * q;
  // Abramowitz and Stegun, Handbook of Mathematical Functions, 4.4.49.
  const double atan =
      q * (0.9998660 + q2 * (-0.3302995 + q2 * (0.1801410 + q2 * (-0.0851330 + q2 * 0.0208351))));
  const double eighth = ay > ax ? 0.5 * std::numbers::pi - atan : atan;
  const double quarter = x < 0.0 ? std::numbers::pi - eighth : eighth;
  return (y < 0.0 ? -quarter : quarter) * (0.5 / std::numbers::pi);
}

/// Cells around a perimeter: as near to `pitch` as a whole multiple of `multiple` cells allows, so
/// that the pattern closes.
inline double cells_around(double perimeter, double pitch, double multiple) {
  return multiple * std::max(1.0, std::round(perimeter / (pitch * multiple)));
}

/// Position around a round body, in cells.
class RoundWrap {
 public:
  RoundWrap(double radius, double pitch, double multiple)
      : cells_(cells_around(2.0 * std::numbers::pi * radius, pitch, multiple)) {}
  double operator()(double x, double y) const { return cells_ * turns_of(y, x); }
  double cells() const { return cells_; }

 private:
  double cells_;
};

/// Position along the perimeter of a rectangle, in cells, from the middle of its +x side.
class BoxWrap {
 public:
  BoxWrap(const Eigen::Vector2d& half, double pitch, double multiple)
      : hx_(half.x()), hy_(half.y()) {
    const double perimeter = 4.0 * (hx_ + hy_);
    cells_ = cells_around(perimeter, pitch, multiple);
    scale_ = cells_ / perimeter;
  }
  double operator()(double x, double y) const {
    const double corner = hy_ + hx_;
    // Half the perimeter, y >= 0, then the sign of y: the two halves meet at the -x side's middle.
    const double ay = std::abs(y);
    const bool on_x_side = std::abs(x) - hx_ > ay - hy_;
    const double side = x > 0.0 ? ay : 2.0 * corner - ay;
    const double along = on_x_side ? side : corner - x;
    return scale_ * (y < 0.0 ? -along : along);
  }
  double cells() const { return cells_; }

 private:
  double hx_, hy_, cells_, scale_;
};

/// Hash of a lattice cell (C. Wellons' lowbias32 finaliser over three odd multipliers).
inline std::uint32_t cell_hash(std::int32_t i, std::int32_t j, std::int32_t k) {
  std::uint32_t h = static_cast<std::uint32_t>(i) * 0x9E3779B1u ^
                    static_cast<std::uint32_t>(j) * 0x85EBCA77u ^
                    static_cast<std::uint32_t>(k) * 0xC2B2AE3Du;
  h ^= h >> 16;
  h *= 0x7FEB352Du;
  h ^= h >> 15;
  h *= 0x846CA68Bu;
  h ^= h >> 16;
  return h;
}

// Noise is computed in single precision, eight lanes at a time: a fraction of a cell is then good
// to 2e-5 at 300 cells from the origin, far below what a gel can tell.

/// The hash as a number in [0, 1).
inline float cell_value(std::int32_t i, std::int32_t j, std::int32_t k) {
  return static_cast<float>(static_cast<std::int32_t>(cell_hash(i, j, k) >> 8)) * 0x1p-24f;
}

inline float smooth_step(float t) { return t * t * (3.0f - 2.0f * t); }
inline float mix(float a, float b, float t) { return a + (b - a) * t; }

/// Value noise: cell values on the whole-numbered lattice, smoothly joined; in [0, 1).
inline float value_noise(float x, float y, float z) {
  const float fx = std::floor(x), fy = std::floor(y), fz = std::floor(z);
  const auto i = static_cast<std::int32_t>(fx), j = static_cast<std::int32_t>(fy),
             k = static_cast<std::int32_t>(fz);
  const float u = smooth_step(x - fx), v = smooth_step(y - fy), w = smooth_step(z - fz);
  const float low = mix(mix(cell_value(i, j, k), cell_value(i + 1, j, k), u),
                        mix(cell_value(i, j + 1, k), cell_value(i + 1, j + 1, k), u), v);
  const float high = mix(mix(cell_value(i, j, k + 1), cell_value(i + 1, j, k + 1), u),
                         mix(cell_value(i, j + 1, k + 1), cell_value(i + 1, j + 1, k + 1), u), v);
  return mix(low, high, w);
}

/// Spreads noise, which is mostly near its mean, over the whole of [0, 1].
inline float spread(float noise) {
  return smooth_step(std::min(std::max((noise - 0.2f) / 0.6f, 0.0f), 1.0f));
}

/// Long fine streaks around the body's axis, as turning or brushing leaves them.
struct BrushedRelief {
  double depth, per_pitch;
  double operator()(double x, double y, double z) const {
    constexpr double kStreakLength = 12.0;  // in pitches
    const double along = per_pitch / kStreakLength, across = 2.0 * per_pitch;
    const float noise = value_noise(static_cast<float>(x * along), static_cast<float>(y * along),
                                    static_cast<float>(z * across));
    return depth * (spread(noise) - 1.0f);
  }
};

/// Fibres: noise of two sizes.
struct FuzzyRelief {
  double depth, per_pitch;
  double operator()(double x, double y, double z) const {
    const auto a = static_cast<float>(x * per_pitch), b = static_cast<float>(y * per_pitch),
               c = static_cast<float>(z * per_pitch);
    const float coarse = value_noise(a, b, c);
    const float fine = value_noise(2.0f * a + 17.0f, 2.0f * b + 5.0f, 2.0f * c + 11.0f);
    return depth * (spread(0.65f * coarse + 0.35f * fine) - 1.0f);
  }
};

/// Ridges that run around the body's axis, one per pitch along it.
struct RibbedRelief {
  double depth, per_pitch;
  double operator()(double, double, double z) const {
    return depth * (crest_wave(z * per_pitch) - 1.0);
  }
};

/// Plain weave: threads along and around the body, each over one and under the next.
template <typename Wrap>
struct WovenRelief {
  double depth, per_pitch;
  Wrap wrap;
  double operator()(double x, double y, double z) const {
    const double u = wrap(x, y), v = z * per_pitch;
    // +1 where the thread along the body lies on top, -1 where the one around it does.
    const double over = (2.0 * crest_wave(0.5 * u) - 1.0) * (2.0 * crest_wave(0.5 * v) - 1.0);
    const double along = crest_wave(u) * (0.5 + 0.5 * over);
    const double around = crest_wave(v) * (0.5 - 0.5 * over);
    return depth * (std::max(along, around) - 1.0);
  }
};

/// Diamond knurl: two families of diagonal grooves.
template <typename Wrap>
struct KnurledRelief {
  double depth, per_pitch;
  Wrap wrap;
  double operator()(double x, double y, double z) const {
    const double u = wrap(x, y), v = z * per_pitch;
    return depth * (crest_wave(u + v) * crest_wave(u - v) - 1.0);
  }
};

/// Raised strokes like rows of letters: blocks of 3 by 5 dots, raised by chance, with gaps between
/// the blocks. A pitch holds one block and its gap.
template <typename Wrap>
struct EmbossedRelief {
  double depth, per_pitch;
  Wrap wrap;

  static float dot(std::int32_t i, std::int32_t j, std::int32_t around) {
    // Dots of the last column continue at the first; 6 rows to a line, 4 columns to a letter.
    const std::int32_t column = i < 0 ? i + around : (i >= around ? i - around : i);
    const std::int32_t row = j - 6 * static_cast<std::int32_t>(
                                         std::floor(static_cast<float>(j) * (1.0f / 6.0f) + 1e-3f));
    const bool gap = ((column & 3) == 3) | (row == 5);
    const bool raised = cell_value(column, j, 0) < 0.6f;
    return raised & !gap ? 1.0f : 0.0f;
  }

  double operator()(double x, double y, double z) const {
    const auto around = static_cast<std::int32_t>(4.0 * wrap.cells());
    const auto u = static_cast<float>(4.0 * wrap(x, y) + 0.5 * around),
               v = static_cast<float>(4.0 * z * per_pitch);
    const float fu = std::floor(u), fv = std::floor(v);
    const auto i = static_cast<std::int32_t>(fu), j = static_cast<std::int32_t>(fv);
    const float a = smooth_step(u - fu), b = smooth_step(v - fv);
    const float raised = mix(mix(dot(i, j, around), dot(i + 1, j, around), a),
                             mix(dot(i, j + 1, around), dot(i + 1, j + 1, around), a), b);
    return depth * (smooth_step(raised) - 1.0f);
  }
};

/// Calls `use` with the pattern of `texture`, wrapped around the body by `wrap`.
template <typename Wrap, typename Use>
void with_relief_pattern(const hal::SurfaceTexture& texture, const Wrap& wrap, Use&& use) {
  using Kind = hal::SurfaceTexture::Kind;
  const double depth = texture.depth, per_pitch = 1.0 / texture.pitch;
  switch (texture.kind) {
    case Kind::kBrushed:
      return use(BrushedRelief{depth, per_pitch});
    case Kind::kFuzzy:
      return use(FuzzyRelief{depth, per_pitch});
    case Kind::kRibbed:
      return use(RibbedRelief{depth, per_pitch});
    case Kind::kWoven:
      return use(WovenRelief<Wrap>{depth, per_pitch, wrap});
    case Kind::kKnurled:
      return use(KnurledRelief<Wrap>{depth, per_pitch, wrap});
    case Kind::kEmbossed:
      return use(EmbossedRelief<Wrap>{depth, per_pitch, wrap});
    case Kind::kSmooth:
      return use([](double, double, double) { return 0.0; });
  }
  throw std::invalid_argument("unknown kind of surface texture");
}

}  // namespace gripbench::sim

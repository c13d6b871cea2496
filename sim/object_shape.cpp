#include "sim/object_shape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <stdexcept>

#include "sim/object_relief.h"
#include "sim/part_distance.h"
#include "sim/sampled_distance.h"

namespace gripbench::sim {

namespace {

using Kind = hal::ShapePart::Kind;

Eigen::AlignedBox3d bounding_box(const hal::ShapePart& part) {
  const Eigen::Vector3d& s = part.size;
  const auto around = [](double x, double y, double z) {
    const Eigen::Vector3d half(x, y, z);
    return Eigen::AlignedBox3d(-half, half);
  };
  switch (part.kind) {
    case Kind::kBox:
    case Kind::kEllipsoid:
      return around(0.5 * s[0], 0.5 * s[1], 0.5 * s[2]);
    case Kind::kCylinder:
    case Kind::kCapsule:
      return around(s[0], s[0], 0.5 * s[1]);
    case Kind::kSphere:
      return around(s[0], s[0], s[0]);
    case Kind::kCone: {
      const double radius = std::max(s[0], s[1]);
      return around(radius, radius, 0.5 * s[2]);
    }
    case Kind::kTorus:
      return around(s[0] + s[1], s[0] + s[1], s[1]);
    case Kind::kTube:
      return around(s[1], s[1], 0.5 * s[2]);
    case Kind::kPrism: {
      Eigen::AlignedBox3d box;
      for (const Eigen::Vector2d& corner : part.outline) {
        box.extend(Eigen::Vector3d(corner.x(), corner.y(), -0.5 * s[2]));
        box.extend(Eigen::Vector3d(corner.x(), corner.y(), 0.5 * s[2]));
      }
      return box;
    }
    case Kind::kMesh:
      return {part.mesh->bounds_min(), part.mesh->bounds_max()};
  }
  throw std::invalid_argument("unknown kind of shape part");
}

/// Transform as plain numbers, so that the loops need no alias analysis of Eigen's storage.
struct Affine {
  double xx, xy, xz, x0, yx, yy, yz, y0, zx, zy, zz, z0;
  explicit Affine(const Eigen::Isometry3d& t)
      : xx(t(0, 0)),
        xy(t(0, 1)),
        xz(t(0, 2)),
        x0(t(0, 3)),
        yx(t(1, 0)),
        yy(t(1, 1)),
        yz(t(1, 2)),
        y0(t(1, 3)),
        zx(t(2, 0)),
        zy(t(2, 1)),
        zz(t(2, 2)),
        z0(t(2, 3)) {}
  double x(double px, double py, double pz) const { return xx * px + xy * py + xz * pz + x0; }
  double y(double px, double py, double pz) const { return yx * px + yy * py + yz * pz + y0; }
  double z(double px, double py, double pz) const { return zx * px + zy * py + zz * pz + z0; }
};

/// value[i] = function of point i taken into the frame of `t`.
template <typename Function>
void for_points(const Eigen::Isometry3d& t, const PointsView& points, std::span<double> value,
                Function function) {
  const Affine to(t);
  const double* __restrict px = points.x.data();
  const double* __restrict py = points.y.data();
  const double* __restrict pz = points.z.data();
  double* __restrict out = value.data();
  const std::size_t n = value.size();
  // The result overlaps nothing that is read: inlined, GCC forgets the __restrict.
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = function(to.x(px[i], py[i], pz[i]), to.y(px[i], py[i], pz[i]),
                      to.z(px[i], py[i], pz[i]), out[i]);
  }
}

struct Interval {
  double low, high;
};

/// Least and greatest value, in lanes since a compiler may not reorder a plain reduction.
Interval range_of(std::span<const double> values) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> low, high;
  low.fill(values[0]);
  high.fill(values[0]);
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      low[lane] = std::min(low[lane], values[i + lane]);
      high[lane] = std::max(high[lane], values[i + lane]);
    }
  }
  for (; i < values.size(); ++i) {
    low[0] = std::min(low[0], values[i]);
    high[0] = std::max(high[0], values[i]);
  }
  return {*std::ranges::min_element(low), *std::ranges::max_element(high)};
}

void require_one_length(const PointsView& points, std::size_t length) {
  if (points.x.size() != length || points.y.size() != length || points.z.size() != length) {
    throw std::invalid_argument("ObjectShape: points and result differ in length");
  }
}

/// Nothing for other kinds.
std::optional<PrismBase> prism_base(const hal::ShapePart& part) {
  if (part.kind != Kind::kPrism) return std::nullopt;
  return PrismBase(hal::core_outline(part));
}

}  // namespace

Ball bounding_ball(const PointsView& points) {
  const Interval x = range_of(points.x), y = range_of(points.y), z = range_of(points.z);
  const Eigen::Vector3d low(x.low, y.low, z.low), high(x.high, y.high, z.high);
  return {0.5 * (low + high), 0.5 * (high - low).norm()};
}

/// Calls `use` with the distance function of a part.
template <typename Use>
decltype(auto) ObjectShape::with_distance(const Part& part, Use&& use) {
  const Eigen::Vector3d& s = part.core_size;
  const double rounding = part.rounding;
  switch (part.kind) {
    case Kind::kBox:
      return use(BoxDistance{s.x(), s.y(), s.z(), rounding});
    case Kind::kCylinder:
      return use(CylinderDistance{s.x(), s.y(), rounding});
    case Kind::kSphere:
      return use(SphereDistance{s.x()});
    case Kind::kCapsule:
      return use(CapsuleDistance{s.x(), s.y()});
    case Kind::kEllipsoid:
      return use(EllipsoidDistance{s.x(), s.y(), s.z()});
    case Kind::kCone:
      return use(ConeDistance{s.x(), s.y(), s.z(), rounding});
    case Kind::kTorus:
      return use(TorusDistance(s.x(), s.y(), part.half_sweep));
    case Kind::kTube:
      return use(TubeDistance{s.x(), s.y(), s.z(), rounding});
    case Kind::kPrism:
      return with_prism_distance(*part.base, s.z(), rounding, use);
    case Kind::kMesh:
      return use(SampledDistanceReader(part.mesh->distance));
  }
  throw std::invalid_argument("unknown kind of shape part");
}

ObjectShape::ObjectShape(const hal::ObjectDescription& description)
    : texture_(description.texture) {
  if (description.parts.empty()) throw std::invalid_argument("ObjectShape: object without parts");
  for (const hal::ShapePart& part : description.parts) {
    if ((part.kind == Kind::kMesh) != (part.mesh != nullptr)) {
      throw std::invalid_argument(
          "ObjectShape: a part of kind mesh needs a mesh, others need none");
    }
    const Eigen::AlignedBox3d box = bounding_box(part);
    parts_.push_back({part.kind, hal::core_size(part), part.rounding,
                      hal::object_from_part(part).inverse(), box.center(), 0.5 * box.sizes(),
                      0.5 * part.sweep, prism_base(part), part.mesh});
  }
  const hal::ShapePart& body = description.parts.front();
  const Eigen::Vector3d& s = body.size;
  switch (body.kind) {
    case Kind::kBox:
    case Kind::kPrism:
    case Kind::kMesh:
      wrap_half_extents_ = 0.5 * s.head<2>();
      break;
    case Kind::kEllipsoid:
      wraps_round_ = true;
      wrap_half_extents_.setConstant(0.25 * (s[0] + s[1]));
      break;
    case Kind::kCone:
      wraps_round_ = true;
      wrap_half_extents_.setConstant(0.5 * (s[0] + s[1]));
      break;
    case Kind::kTorus:
      wraps_round_ = true;
      wrap_half_extents_.setConstant(s[0] + s[1]);
      break;
    case Kind::kTube:
      wraps_round_ = true;
      wrap_half_extents_.setConstant(s[1]);
      break;
    case Kind::kCylinder:
    case Kind::kSphere:
    case Kind::kCapsule:
      wraps_round_ = true;
      wrap_half_extents_.setConstant(s[0]);
      break;
  }
  if (has_relief()) measure_bearing();
}

void ObjectShape::signed_distance(const Eigen::Isometry3d& object_from_points,
                                  const PointsView& points, double cutoff,
                                  std::span<double> distance) const {
  require_one_length(points, distance.size());
  if (distance.empty()) return;
  const Ball ball = points.within ? *points.within : bounding_ball(points);
  bool first = true;
  for (const Part& part : parts_) {
    const Eigen::Isometry3d part_from_points = part.part_from_object * object_from_points;
    const Eigen::Vector3d centre = part_from_points * ball.centre;
    const Eigen::Vector3d beyond_box = (centre - part.box_centre).cwiseAbs() - part.box_half;
    if (beyond_box.cwiseMax(0.0).norm() - ball.radius > cutoff) continue;
    with_distance(part, [&](auto part_distance) {
      // Distances change by no more than the way between two points, except the ellipsoid's
      // and, outside its grid, the mesh's, which are not exact.
      if (part.kind != Kind::kEllipsoid && part.kind != Kind::kMesh &&
          part_distance(centre.x(), centre.y(), centre.z()) - ball.radius > cutoff) {
        return;
      }
      if (first) {
        for_points(part_from_points, points, distance,
                   [=](double x, double y, double z, double) { return part_distance(x, y, z); });
      } else {
        for_points(part_from_points, points, distance,
                   [=](double x, double y, double z, double so_far) {
                     return std::min(so_far, part_distance(x, y, z));
                   });
      }
      first = false;
    });
  }
  if (first) std::ranges::fill(distance, std::max(2.0 * cutoff, cutoff + 1.0));
}

double ObjectShape::signed_distance(const Eigen::Vector3d& point) const {
  double nearest = std::numeric_limits<double>::max();
  for (const Part& part : parts_) {
    const Eigen::Vector3d p = part.part_from_object * point;
    with_distance(part, [&](auto part_distance) {
      nearest = std::min(nearest, part_distance(p.x(), p.y(), p.z()));
    });
  }
  return nearest;
}

void ObjectShape::relief(const Eigen::Isometry3d& object_from_points, const PointsView& points,
                         std::span<double> height) const {
  require_one_length(points, height.size());
  if (!has_relief()) {
    std::ranges::fill(height, 0.0);
    return;
  }
  const Eigen::Isometry3d body_from_points = parts_.front().part_from_object * object_from_points;
  const auto pattern_around = [&](auto wrap) {
    with_relief_pattern(texture_, wrap, [&](auto pattern) {
      for_points(body_from_points, points, height,
                 [=](double x, double y, double z, double) { return pattern(x, y, z); });
    });
  };
  const double cells_to_even = texture_.kind == hal::SurfaceTexture::Kind::kWoven ? 2.0 : 1.0;
  if (wraps_round_) {
    pattern_around(RoundWrap(wrap_half_extents_.x(), texture_.pitch, cells_to_even));
  } else {
    pattern_around(BoxWrap(wrap_half_extents_, texture_.pitch, cells_to_even));
  }
}

/// Places spread evenly over many periods around and along the body (the two-dimensional sequence
/// of Roberts 2018, which covers a square evenly with any number of points).
void ObjectShape::measure_bearing() {
  constexpr int kPlaces = 8192;
  constexpr double kStepAround = 0.7548776662466927, kStepAlong = 0.5698402909980532;
  constexpr double kPeriodsAlong = 40.0;
  std::vector<double> x(kPlaces), y(kPlaces), z(kPlaces), height(kPlaces);
  const double hx = wrap_half_extents_.x(), hy = wrap_half_extents_.y();
  for (int n = 0; n < kPlaces; ++n) {
    const double around = std::fmod(0.5 + n * kStepAround, 1.0);
    z[n] = (std::fmod(0.5 + n * kStepAlong, 1.0) - 0.5) * kPeriodsAlong * texture_.pitch;
    if (wraps_round_) {
      const double angle = 2.0 * std::numbers::pi * around;
      x[n] = hx * std::cos(angle);
      y[n] = hy * std::sin(angle);
      continue;
    }
    // Two neighbouring sides of the box, of which the other two are mirror images.
    const double along = around * 2.0 * (hx + hy);
    x[n] = along < 2.0 * hy ? hx : hx - (along - 2.0 * hy);
    y[n] = along < 2.0 * hy ? along - hy : hy;
  }
  relief(parts_.front().part_from_object.inverse(), {x, y, z}, height);
  bearing_curve_ = BearingCurve(height, texture_.depth);
}

double ObjectShape::relief_wavelength() const {
  using Texture = hal::SurfaceTexture::Kind;
  switch (texture_.kind) {
    case Texture::kKnurled:  // grooves run diagonally
      return texture_.pitch / std::numbers::sqrt2;
    case Texture::kEmbossed:  // strokes and gaps of a quarter each
      return 0.5 * texture_.pitch;
    default:
      return texture_.pitch;
  }
}

bool ObjectShape::has_relief() const {
  return texture_.kind != hal::SurfaceTexture::Kind::kSmooth && texture_.depth > 0.0;
}

}  // namespace gripbench::sim

#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

#include <Eigen/Core>

#include "hal/objects.h"

// Signed distances of the parts that objects are put together from, in closed form: functions of a
// point in the part's frame (m), of the part's core and its rounding. They have no branches that a
// compiler cannot turn into selections, so that loops over points vectorise. Formulas: J. Hart,
// "Sphere tracing", 1996; I. Quilez, "Distance functions".

namespace gripbench::sim {

struct BoxDistance {
  double hx, hy, hz, rounding;
  double operator()(double x, double y, double z) const {
    const double qx = std::abs(x) - hx, qy = std::abs(y) - hy, qz = std::abs(z) - hz;
    const double ox = std::max(qx, 0.0), oy = std::max(qy, 0.0), oz = std::max(qz, 0.0);
    const double inside = std::min(std::max(qx, std::max(qy, qz)), 0.0);
    return std::sqrt(ox * ox + oy * oy + oz * oz) + inside - rounding;
  }
};

struct CylinderDistance {
  double radius, half_height, rounding;
  double operator()(double x, double y, double z) const {
    const double qr = std::sqrt(x * x + y * y) - radius, qz = std::abs(z) - half_height;
    const double outer = std::max(qr, 0.0), above = std::max(qz, 0.0);
    return std::sqrt(outer * outer + above * above) + std::min(std::max(qr, qz), 0.0) - rounding;
  }
};

struct SphereDistance {
  double radius;
  double operator()(double x, double y, double z) const {
    return std::sqrt(x * x + y * y + z * z) - radius;
  }
};

struct CapsuleDistance {
  double radius, half_axis;
  double operator()(double x, double y, double z) const {
    const double beyond = std::max(std::abs(z) - half_axis, 0.0);
    return std::sqrt(x * x + y * y + beyond * beyond) - radius;
  }
};

struct EllipsoidDistance {
  double rx, ry, rz;
  double operator()(double x, double y, double z) const {
    const double ux = x / rx, uy = y / ry, uz = z / rz;
    const double vx = ux / rx, vy = uy / ry, vz = uz / rz;
    // The small terms give the centre the depth of the shortest axis in place of 0 / 0.
    const double least = std::min(rx, std::min(ry, rz));
    const double k0 = std::sqrt(ux * ux + uy * uy + uz * uz + 1e-24);
    const double k1 = std::sqrt(vx * vx + vy * vy + vz * vz + 1e-24 / (least * least));
    return k0 * (k0 - 1.0) / k1;
  }
};

/// Radius falls or grows linearly from `bottom` at -half_height to `top` at +half_height.
struct ConeDistance {
  double bottom, top, half_height, rounding;
  double operator()(double x, double y, double z) const {
    const double r = std::sqrt(x * x + y * y);
    // Nearest point of the end discs.
    const double disc_r = r - std::min(r, z < 0.0 ? bottom : top);
    const double disc_z = std::abs(z) - half_height;
    // Nearest point of the side.
    const double side_r = top - bottom, side_z = 2.0 * half_height;
    const double along =
        ((top - r) * side_r + (half_height - z) * side_z) / (side_r * side_r + side_z * side_z);
    const double t = std::min(std::max(along, 0.0), 1.0);
    const double rim_r = r - top + side_r * t, rim_z = z - half_height + side_z * t;
    const double squared =
        std::min(disc_r * disc_r + disc_z * disc_z, rim_r * rim_r + rim_z * rim_z);
    // Inside when left of the side and between the discs; max() in place of a logical and.
    const double sign = std::max(rim_r, disc_z) < 0.0 ? -1.0 : 1.0;
    return sign * std::sqrt(squared) - rounding;
  }
};

/// An arc of a bar about z, its middle on the x axis; both halves are mirror images.
struct TorusDistance {
  double ring, radius, sine, cosine;
  TorusDistance(double ring, double radius, double half_sweep)
      : ring(ring), radius(radius), sine(std::sin(half_sweep)), cosine(std::cos(half_sweep)) {}
  double operator()(double x, double y, double z) const {
    const double side = std::abs(y), off_ring = std::sqrt(x * x + y * y) - ring;
    const double end_x = x - ring * cosine, end_y = side - ring * sine;
    const bool beyond_end = cosine * side > sine * x;
    const double squared = beyond_end ? end_x * end_x + end_y * end_y : off_ring * off_ring;
    return std::sqrt(squared + z * z) - radius;
  }
};

struct TubeDistance {
  double middle, half_wall, half_height, rounding;
  double operator()(double x, double y, double z) const {
    const double qr = std::abs(std::sqrt(x * x + y * y) - middle) - half_wall;
    const double qz = std::abs(z) - half_height;
    const double outer = std::max(qr, 0.0), above = std::max(qz, 0.0);
    return std::sqrt(outer * outer + above * above) + std::min(std::max(qr, qz), 0.0) - rounding;
  }
};

/// The edges of a prism's convex base that a distance has to look at. A base that both of its axes
/// mirror needs only those in the first quadrant, into which points are folded.
struct PrismBase {
  struct Edge {
    Eigen::Vector2d middle, along;  ///< `along` of unit length
    double half_length;
  };
  std::vector<Edge> edges;
  bool folded = false;

  explicit PrismBase(const std::vector<Eigen::Vector2d>& corners) {
    constexpr double kSamePlace = 1e-9;
    const auto is_corner = [&](double x, double y) {
      return std::ranges::any_of(corners, [&](const Eigen::Vector2d& corner) {
        return std::abs(corner.x() - x) < kSamePlace && std::abs(corner.y() - y) < kSamePlace;
      });
    };
    folded = std::ranges::all_of(corners, [&](const Eigen::Vector2d& corner) {
      return is_corner(-corner.x(), corner.y()) && is_corner(corner.x(), -corner.y());
    });
    for (std::size_t i = 0; i < corners.size(); ++i) {
      const Eigen::Vector2d from = corners[i], to = corners[(i + 1) % corners.size()];
      const bool in_quadrant =
          std::max(from.x(), to.x()) > kSamePlace && std::max(from.y(), to.y()) > kSamePlace;
      if (folded && !in_quadrant) continue;
      edges.push_back({0.5 * (from + to), (to - from).normalized(), 0.5 * (to - from).norm()});
    }
  }
};

/// A prism of `kEdges` edges at most; a base of fewer repeats its last one.
template <std::size_t kEdges, bool kFolded>
struct PrismDistance {
  std::array<double, kEdges> along_x, along_y, middle_along, middle_out, half_length;
  double half_height, rounding;
  PrismDistance(const PrismBase& base, double half_height, double rounding)
      : half_height(half_height), rounding(rounding) {
    for (std::size_t i = 0; i < kEdges; ++i) {
      const PrismBase::Edge& edge = base.edges[std::min(i, base.edges.size() - 1)];
      along_x[i] = edge.along.x();
      along_y[i] = edge.along.y();
      middle_along[i] = edge.middle.dot(edge.along);
      middle_out[i] = edge.middle.x() * edge.along.y() - edge.middle.y() * edge.along.x();
      half_length[i] = edge.half_length;
    }
  }
  double operator()(double x, double y, double z) const {
    const double px = kFolded ? std::abs(x) : x, py = kFolded ? std::abs(y) : y;
    double squared = std::numeric_limits<double>::max();
    double inside = std::numeric_limits<double>::lowest();
    for (std::size_t i = 0; i < kEdges; ++i) {
      const double along = px * along_x[i] + py * along_y[i] - middle_along[i];
      const double out = px * along_y[i] - py * along_x[i] - middle_out[i];
      const double past_end = std::max(std::abs(along) - half_length[i], 0.0);
      squared = std::min(squared, out * out + past_end * past_end);
      inside = std::max(inside, out);
    }
    const double qz = std::abs(z) - half_height, above = std::max(qz, 0.0);
    const double beside = inside > 0.0 ? squared : 0.0;
    return std::sqrt(beside + above * above) + std::min(std::max(inside, qz), 0.0) - rounding;
  }
};

/// Calls `use` with the distance of a prism of this base.
template <typename Use>
decltype(auto) with_prism_distance(const PrismBase& base, double half_height, double rounding,
                                   Use&& use) {
  const std::size_t edges = base.edges.size();
  if (base.folded && edges <= 3) return use(PrismDistance<3, true>(base, half_height, rounding));
  if (!base.folded && edges <= 4) return use(PrismDistance<4, false>(base, half_height, rounding));
  if (!base.folded) {
    return use(PrismDistance<hal::kMostPrismCorners, false>(base, half_height, rounding));
  }
  throw std::invalid_argument("a base of 8 corners has no more than 3 edges in a quadrant");
}

}  // namespace gripbench::sim

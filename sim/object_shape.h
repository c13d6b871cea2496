#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <Eigen/Geometry>

#include "hal/objects.h"
#include "sim/bearing_curve.h"
#include "sim/part_distance.h"

namespace gripbench::sim {

struct Ball {
  Eigen::Vector3d centre = Eigen::Vector3d::Zero();
  double radius = 0.0;
};

/// Points as three plain arrays, so that loops over them vectorise. All spans have one length.
struct PointsView {
  std::span<const double> x, y, z;
  /// A ball that holds all of them, where it is known beforehand: finding one takes as long as the
  /// distance of a simple part.
  std::optional<Ball> within = std::nullopt;
};

/// Ball around the box of the points.
Ball bounding_ball(const PointsView& points);

/// The geometry of an object: the union of its parts, as a signed distance, with its fine relief.
/// Immutable; safe to share between threads. Frame and units: the object's frame, m.
///
/// The distance of a union is the least of its parts' distances: exact outside; inside, where parts
/// overlap, a depth that may be too small but never too large.
class ObjectShape {
 public:
  explicit ObjectShape(const hal::ObjectDescription& description);

  /// Signed distance of each point from the smooth surface, negative inside, into `distance`.
  /// `object_from_points` takes the points into the object's frame. First-order for ellipsoids, to
  /// the error that was reported when its field was sampled for meshes, exact for all other kinds
  /// of parts, rounded or not; points farther than `cutoff` from the surface may get any value
  /// above `cutoff`.
  void signed_distance(const Eigen::Isometry3d& object_from_points, const PointsView& points,
                       double cutoff, std::span<double> distance) const;

  /// Signed distance of one point in the object's frame.
  double signed_distance(const Eigen::Vector3d& point) const;

  /// Height of the fine relief (m, 0 to the texture's depth below zero: crests lie at 0, valleys at
  /// -depth) at surface points, into `height`.
  void relief(const Eigen::Isometry3d& object_from_points, const PointsView& points,
              std::span<double> height) const;

  bool has_relief() const;

  /// Length of the relief's shortest waves (m); who samples it more coarsely than twice a wave sees
  /// none of it.
  double relief_wavelength() const;

  /// How much of the relief bears at which depth, for whoever cannot see its waves.
  const BearingCurve& bearing_curve() const { return bearing_curve_; }

 private:
  void measure_bearing();

  struct Part {
    hal::ShapePart::Kind kind;
    Eigen::Vector3d core_size;
    double rounding;
    Eigen::Isometry3d part_from_object;
    /// A box around the part.
    Eigen::Vector3d box_centre, box_half;
    double half_sweep;              ///< of a torus
    std::optional<PrismBase> base;  ///< of a prism
    std::shared_ptr<const hal::MeshSolid> mesh;
  };
  template <typename Use>
  static decltype(auto) with_distance(const Part& part, Use&& use);
  std::vector<Part> parts_;
  hal::SurfaceTexture texture_;
  /// The relief is laid around the first part: half extents of its box, or its radius twice, and
  /// whether it is round. Around a mesh it is laid as around its bounding box.
  Eigen::Vector2d wrap_half_extents_ = Eigen::Vector2d::Zero();
  bool wraps_round_ = false;
  BearingCurve bearing_curve_;
};

}  // namespace gripbench::sim

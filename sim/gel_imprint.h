#pragma once

#include <vector>

#include <Eigen/Geometry>

#include "sim/object_shape.h"

namespace gripbench::sim {

/// The grid of nodes over a pad's face.
///
/// Pad frame: origin in the middle of the face, x across the finger, y down the finger to its tip,
/// z out of the gel towards the object; these are the tactile image's x, y and the direction its
/// camera looks in. Node (i, j) has index j * nx + i and lies at ((i - (nx - 1) / 2) * pitch, (j -
/// (ny - 1) / 2) * pitch).
struct PadGrid {
  int nx = 0;
  int ny = 0;
  double pitch = 0.0;  ///< m

  int size() const { return nx * ny; }
  double x(int i) const { return (i - 0.5 * (nx - 1)) * pitch; }
  double y(int j) const { return (j - 0.5 * (ny - 1)) * pitch; }
};

/// All that the camera in the gel needs to know of a pad at one instant.
struct GelImprint {
  PadGrid grid;
  /// The object's shape, or null if there is none near.
  const ObjectShape* shape = nullptr;
  Eigen::Isometry3d object_from_pad = Eigen::Isometry3d::Identity();
  /// Share of the penetration that the gel takes, the rest being the object's own softness: per
  /// node the gel's indentation is this times the object's penetration (0 to 1].
  double gel_share = 1.0;
  /// Per node: indentation of the gel (m, >= 0) and displacement of its surface in the pad's plane
  /// (m), in the contact and, decaying, around it.
  std::vector<float> indentation;
  std::vector<float> displacement_x;
  std::vector<float> displacement_y;
};

}  // namespace gripbench::sim

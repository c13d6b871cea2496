#pragma once

#include <string>
#include <vector>

#include "sim/triangle_tree.h"

namespace gripbench::sim {

/// What was put right in a surface so that it bounds a solid.
struct SurfaceRepairs {
  int joined_vertices = 0;    ///< corners at one place that became one
  int dropped_triangles = 0;  ///< two of whose corners are the same
  int turned_triangles = 0;   ///< that were turned to face outwards
  int pieces = 0;             ///< surfaces that share no edge
  int cavities = 0;           ///< of these, walls of a hollow inside another

  /// One line for each thing that was done, for the user.
  std::vector<std::string> lines() const;
};

/// Makes the surface that bounds a solid from a heap of triangles: joins corners at one place (a
/// millionth of the extent), drops triangles that are only an edge, turns all outwards.
///
/// Separate pieces are allowed: they are one rigid body. A piece inside another is its cavity.
/// @throws hal::InputError saying what keeps it from being one solid: holes, edges of three or more
/// triangles, surfaces with one side only (Moebius), pieces that touch at a vertex or cut each
/// other.
SurfaceRepairs make_solid(TriangleSurface& surface, const std::string& name);

/// Volume, centroid and second moments about the origin (integral of x x^T) of the solid, exact by
/// the divergence theorem.
struct SolidIntegrals {
  double volume = 0.0;
  Eigen::Vector3d centroid = Eigen::Vector3d::Zero();
  Eigen::Matrix3d second = Eigen::Matrix3d::Zero();
};
SolidIntegrals integrate_solid(const std::vector<Eigen::Vector3d>& vertices,
                               const std::vector<std::array<std::int32_t, 3>>& triangles);

}  // namespace gripbench::sim

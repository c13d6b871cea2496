#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hal/mesh_solid.h"
#include "sim/distance_sampling.h"
#include "sim/mesh_check.h"

namespace gripbench::sim {

/// How a user's mesh becomes an object.
struct MeshObjectOptions {
  double scale = 1.0;  ///< metres per unit of the file
  /// Turns about x, then y, then z, before it is stood on the table (rad).
  Eigen::Vector3d rotation = Eigen::Vector3d::Zero();
  double mass = 0.0;  ///< kg
  /// In the object's frame (m); without it the mesh is taken as of one density.
  std::optional<Eigen::Vector3d> mass_centre;
  SamplingOptions sampling;
};

/// A mesh that stands on the table and can be gripped, in the object's frame: origin in the middle
/// of its footprint.
struct MeshObject {
  /// The part's shape, about the middle of its bounds, and where that middle is in the object.
  hal::MeshSolid solid;
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  Eigen::Vector3d mass_centre = Eigen::Vector3d::Zero();
  double volume = 0.0;  ///< m^3
  SamplingError error;
  /// What was put right or should be known, one line each.
  std::vector<std::string> notes;
};

/// @throws hal::InputError in one line for a mesh that bounds no solid (see `make_solid`), is not
/// between 5 mm and 0.5 m large, has an impossible density, would tip over, or does not fit between
/// the jaws.
MeshObject make_mesh_object(const std::filesystem::path& file, const MeshObjectOptions& options);

/// A solid of a surface as it is, with its distance field.
hal::MeshSolid sampled_solid(TriangleSurface surface, const SamplingOptions& options = {});

}  // namespace gripbench::sim

#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "hal/objects.h"

namespace gripbench::experiments {

// What a simulator can make of objects without a workcell: portraits, and objects from meshes.

/// Pictures of objects standing alone on a table.
class PortraitStudio {
 public:
  /// @param assets the folder of all assets.
  /// @throws hal::DeviceError if there is no OpenGL.
  PortraitStudio(const std::filesystem::path& assets, int width_px, int height_px);
  ~PortraitStudio();
  PortraitStudio(const PortraitStudio&) = delete;
  PortraitStudio& operator=(const PortraitStudio&) = delete;

  /// The object fills the picture; 8-bit BGR.
  cv::Mat portrait(const hal::ObjectDescription& object);

 private:
  struct Renderer;
  std::unique_ptr<Renderer> renderer_;
};

/// A user's mesh, and how it shall stand.
struct MeshImport {
  std::filesystem::path file;
  double scale = 1.0;  ///< metres per unit of the file
  /// Turns about x, then y, then z (rad).
  Eigen::Vector3d rotation = Eigen::Vector3d::Zero();
  double mass = 0.0;  ///< kg
  /// In the object's frame (m); without it that of one density.
  std::optional<Eigen::Vector3d> mass_centre;
  int jobs = 1;
};

/// The mesh as a part of an object, and where that part and the mass centre lie in it (m).
struct ImportedMesh {
  hal::MeshSolid solid;
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  Eigen::Vector3d mass_centre = Eigen::Vector3d::Zero();
  double volume = 0.0;         ///< m^3
  double largest_error = 0.0;  ///< of the sampled surface (m)
  /// What was put right or should be known, one line each.
  std::vector<std::string> notes;
};

/// @throws hal::InputError in one line for a mesh that cannot be an object.
ImportedMesh import_mesh(const MeshImport& wish);

}  // namespace gripbench::experiments

#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "sim/mujoco_handles.h"

namespace gripbench::sim {

/// What an object adds to the rig's model.
struct ObjectAssets {
  /// Children of MJCF's `<asset>` (without that tag itself): meshes, textures, materials.
  std::string asset_xml;
  /// A `<body name="object">` of the world with the free joint `object_free`, its inertial and its
  /// geoms. Geoms that shall stand on the table keep contype and conaffinity 1.
  std::string body_xml;
  /// Files that the snippets name, by name, held in memory.
  std::map<std::string, std::vector<unsigned char>> files;
};

/// Compiles the rig's MJCF, with the object's snippets added when there is one.
///
/// The table's top is the world's z = 0, and the world's frame is the arm's base frame.
/// `timestep` in s. Asset files of the rig itself are not supported: its model is one file.
/// @throws hal::InputError with MuJoCo's own message when a file cannot be read or the model does
/// not compile; std::invalid_argument for a time step that is not positive.
MujocoModel build_scene(const std::filesystem::path& rig_xml, const ObjectAssets* object,
                        double timestep);

}  // namespace gripbench::sim

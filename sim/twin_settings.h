#pragma once

#include <cstdint>
#include <filesystem>

#include "hal/config.h"
#include "sim/camera_renderer.h"
#include "sim/grasp_variation.h"
#include "sim/pad_profile.h"
#include "sim/scene_variation.h"
#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// What a workcell file of backend `sim` says (assets/workcells/sim.yaml explains every key).
struct TwinSettings {
  std::filesystem::path objects;
  std::filesystem::path rig;
  double timestep = 1e-3;  ///< s
  SensorProfile tactile_finger;
  PadProfile plain_finger;
  /// Which gel, among all with this profile.
  std::uint64_t specimen = 1;
  double frame_rate = 20.0;  ///< Hz
  RenderOptions camera;
  VariationRanges camera_variation;
  GraspVariationRanges grasp_variation;

  /// @throws hal::ConfigError, hal::InputError; also from the profiles the file names.
  static TwinSettings from(hal::ConfigNode workcell);
};

}  // namespace gripbench::sim

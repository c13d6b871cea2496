#pragma once

#include <filesystem>

#include "hal/config.h"
#include "sim/gel_imprint.h"

namespace gripbench::sim {

/// Mechanics of a finger pad, as values per area of its face: a Winkler foundation with bristles
/// (see PadContact). Why the figures are what they are stands beside them in the profile's file.
struct PadProfile {
  PadGrid grid;
  /// Pressure per indentation and traction per bristle deflection, at small indentation (N/m^3).
  double normal_stiffness = 0.0;
  double tangential_stiffness = 0.0;
  /// Of the soft layer (m); indentation cannot reach it.
  double thickness = 0.0;
  /// Pressure and traction per speed (N·s/m^3).
  double normal_damping = 0.0;
  double tangential_damping = 0.0;
  /// Friction rises with sliding speed v as 1 + friction_slope * ln(1 + v / friction_speed).
  double friction_slope = 0.0;
  double friction_speed = 0.0;  ///< m/s
  /// Decay length of the surface's motion outside the contact (m).
  double layer_length = 0.0;

  /// Reads the mapping of a `pad:` key.
  /// @throws ConfigError for a missing, unknown or impossible value.
  static PadProfile from(hal::ConfigNode pad);

  /// Reads the profile of a finger without a camera: a file whose only key is `pad`.
  /// @throws InputError, ConfigError.
  static PadProfile load(const std::filesystem::path& file);
};

}  // namespace gripbench::sim

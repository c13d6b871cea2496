#pragma once

#include "hal/config.h"
#include "hal/wsg/wsg_client.h"

namespace gripbench::hal {

/// What a workcell file says of a WSG gripper.
struct WsgSettings {
  WsgOptions connection;
  /// Normal force per pad at which closing jaws stop (N): half of what the gripper is told.
  double force_limit = 40.0;
  /// Acceleration of the width (m/s^2).
  double acceleration = 1.0;
  /// Smallest change of width that the jaws resolve (m).
  double resolution = 2e-5;

  /// @throws ConfigError for a missing, unknown or impossible key.
  static WsgSettings from(ConfigNode node);
};

}  // namespace gripbench::hal

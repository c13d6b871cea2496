#pragma once

#include "hal/ur/ur_arm.h"

namespace gripbench::hal {

/// The runtime state may trail the program's registers by a few packages (s).
inline constexpr double kIdleMeansEnded = 0.3;

/// One package of the state stream.
struct UrArm::State {
  ArmState arm;
  UrStatus status;
  std::int32_t marker = 0;
  std::optional<UrPose> tcp_offset;

  bool idle() const { return status.runtime_state == UrRuntimeState::kStopped; }
  bool stands() const;
};

}  // namespace gripbench::hal

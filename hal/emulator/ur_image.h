#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string>

#include "hal/ur/robot_state.h"
#include "hal/ur/rotation_vector.h"
#include "hal/ur/rtde_fields.h"

namespace gripbench::hal {

/// Registers through which programs and RTDE clients talk.
struct UrRegisterSet {
  std::array<std::int32_t, kRtdeRegisters> integers{};
  std::array<double, kRtdeRegisters> floats{};
  std::bitset<kRtdeBitRegisters> bits;
};

/// All that an emulated controller shows in one cycle. Units of the controller: m, rad, N.
struct UrImage {
  /// Counts the cycles of 8 ms.
  std::uint64_t cycle = 0;
  /// The controller's own time (s): it has been on for some time when it first shows.
  double timestamp = 0.0;
  UrRobotMode robot_mode = UrRobotMode::kRunning;
  UrSafetyMode safety_mode = UrSafetyMode::kNormal;
  UrRuntimeState runtime_state = UrRuntimeState::kStopped;
  std::array<double, 6> joints{}, joint_speeds{};
  UrPose tcp_pose{}, tcp_speed{}, tcp_force{};
  UrPose flange_from_tcp{};
  double payload = 0.0;
  UrRegisterSet inputs, outputs;
  /// Name of the program that runs or ran last.
  std::string program;
};

}  // namespace gripbench::hal

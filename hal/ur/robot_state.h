#pragma once

#include <cstdint>
#include <string>

namespace gripbench::hal {

/// Modes of a UR controller as its interfaces number them (RTDE guide, CB3).
enum class UrRobotMode : std::int32_t {
  kNoController = -1,
  kDisconnected = 0,
  kConfirmSafety = 1,
  kBooting = 2,
  kPowerOff = 3,
  kPowerOn = 4,
  kIdle = 5,
  kBackdrive = 6,
  kRunning = 7,
  kUpdatingFirmware = 8,
};

enum class UrSafetyMode : std::int32_t {
  kNormal = 1,
  kReduced = 2,
  kProtectiveStop = 3,
  kRecovery = 4,
  kSafeguardStop = 5,
  kSystemEmergencyStop = 6,
  kRobotEmergencyStop = 7,
  kViolation = 8,
  kFault = 9,
  kValidateJointId = 10,
  kUndefined = 11,
};

enum class UrRuntimeState : std::uint32_t {
  kStopping = 0,
  kStopped = 1,
  kPlaying = 2,
  kPausing = 3,
  kPaused = 4,
  kResuming = 5,
};

/// Bits of safety_status_bits.
namespace ur_safety_bits {
inline constexpr std::uint32_t kNormal = 1u << 0;
inline constexpr std::uint32_t kReduced = 1u << 1;
inline constexpr std::uint32_t kProtectiveStopped = 1u << 2;
inline constexpr std::uint32_t kRecovery = 1u << 3;
inline constexpr std::uint32_t kSafeguardStopped = 1u << 4;
inline constexpr std::uint32_t kSystemEmergencyStopped = 1u << 5;
inline constexpr std::uint32_t kRobotEmergencyStopped = 1u << 6;
inline constexpr std::uint32_t kEmergencyStopped = 1u << 7;
inline constexpr std::uint32_t kViolation = 1u << 8;
inline constexpr std::uint32_t kFault = 1u << 9;
inline constexpr std::uint32_t kStoppedDueToSafety = 1u << 10;
}  // namespace ur_safety_bits

/// As the dashboard spells them: "POWER_OFF", "PROTECTIVE_STOP"; "mode 42" for a number that is
/// none.
std::string name_of(UrRobotMode mode);
std::string name_of(UrSafetyMode mode);

/// The arm may move: nothing of its safety system holds it.
bool allows_motion(UrSafetyMode mode);

/// The bits that the controller shows in this mode.
std::uint32_t safety_bits(UrSafetyMode mode);
/// The mode that explains the bits best, for firmware whose safety_mode is missing or lags.
UrSafetyMode mode_of_bits(std::uint32_t safety_status_bits);

/// What holds the arm and what to do about it, in words; empty when it may move.
std::string explain(UrSafetyMode mode);
std::string explain(UrRobotMode mode);

}  // namespace gripbench::hal

#include "hal/ur/robot_state.h"

#include <array>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

using namespace ur_safety_bits;

}  // namespace

std::string name_of(UrRobotMode mode) {
  switch (mode) {
    case UrRobotMode::kNoController:
      return "NO_CONTROLLER";
    case UrRobotMode::kDisconnected:
      return "DISCONNECTED";
    case UrRobotMode::kConfirmSafety:
      return "CONFIRM_SAFETY";
    case UrRobotMode::kBooting:
      return "BOOTING";
    case UrRobotMode::kPowerOff:
      return "POWER_OFF";
    case UrRobotMode::kPowerOn:
      return "POWER_ON";
    case UrRobotMode::kIdle:
      return "IDLE";
    case UrRobotMode::kBackdrive:
      return "BACKDRIVE";
    case UrRobotMode::kRunning:
      return "RUNNING";
    case UrRobotMode::kUpdatingFirmware:
      return "UPDATING_FIRMWARE";
  }
  return fmt::format("mode {}", static_cast<std::int32_t>(mode));
}

std::string name_of(UrSafetyMode mode) {
  switch (mode) {
    case UrSafetyMode::kNormal:
      return "NORMAL";
    case UrSafetyMode::kReduced:
      return "REDUCED";
    case UrSafetyMode::kProtectiveStop:
      return "PROTECTIVE_STOP";
    case UrSafetyMode::kRecovery:
      return "RECOVERY";
    case UrSafetyMode::kSafeguardStop:
      return "SAFEGUARD_STOP";
    case UrSafetyMode::kSystemEmergencyStop:
      return "SYSTEM_EMERGENCY_STOP";
    case UrSafetyMode::kRobotEmergencyStop:
      return "ROBOT_EMERGENCY_STOP";
    case UrSafetyMode::kViolation:
      return "VIOLATION";
    case UrSafetyMode::kFault:
      return "FAULT";
    case UrSafetyMode::kValidateJointId:
      return "VALIDATE_JOINT_ID";
    case UrSafetyMode::kUndefined:
      return "UNDEFINED_SAFETY_MODE";
  }
  return fmt::format("mode {}", static_cast<std::int32_t>(mode));
}

bool allows_motion(UrSafetyMode mode) {
  return mode == UrSafetyMode::kNormal || mode == UrSafetyMode::kReduced;
}

std::uint32_t safety_bits(UrSafetyMode mode) {
  switch (mode) {
    case UrSafetyMode::kNormal:
      return kNormal;
    case UrSafetyMode::kReduced:
      return kReduced;
    case UrSafetyMode::kProtectiveStop:
      return kProtectiveStopped | kStoppedDueToSafety;
    case UrSafetyMode::kRecovery:
      return kRecovery;
    case UrSafetyMode::kSafeguardStop:
      return kSafeguardStopped | kStoppedDueToSafety;
    case UrSafetyMode::kSystemEmergencyStop:
      return kSystemEmergencyStopped | kEmergencyStopped | kStoppedDueToSafety;
    case UrSafetyMode::kRobotEmergencyStop:
      return kRobotEmergencyStopped | kEmergencyStopped | kStoppedDueToSafety;
    case UrSafetyMode::kViolation:
      return kViolation | kStoppedDueToSafety;
    case UrSafetyMode::kFault:
      return kFault | kStoppedDueToSafety;
    default:
      return 0;
  }
}

UrSafetyMode mode_of_bits(std::uint32_t bits) {
  // The gravest first: bits of several causes may be set at once.
  static constexpr std::array<std::pair<std::uint32_t, UrSafetyMode>, 10> kGravestFirst = {{
      {kFault, UrSafetyMode::kFault},
      {kViolation, UrSafetyMode::kViolation},
      {kRobotEmergencyStopped, UrSafetyMode::kRobotEmergencyStop},
      {kSystemEmergencyStopped, UrSafetyMode::kSystemEmergencyStop},
      {kEmergencyStopped, UrSafetyMode::kRobotEmergencyStop},
      {kProtectiveStopped, UrSafetyMode::kProtectiveStop},
      {kSafeguardStopped, UrSafetyMode::kSafeguardStop},
      {kRecovery, UrSafetyMode::kRecovery},
      {kReduced, UrSafetyMode::kReduced},
      {kNormal, UrSafetyMode::kNormal},
  }};
  for (const auto& [bit, mode] : kGravestFirst) {
    if ((bits & bit) != 0) return mode;
  }
  return UrSafetyMode::kUndefined;
}

std::string explain(UrSafetyMode mode) {
  switch (mode) {
    case UrSafetyMode::kNormal:
    case UrSafetyMode::kReduced:
      return "";
    case UrSafetyMode::kProtectiveStop:
      return "protective stop: the arm met more force than it expected or left its path; find the "
             "cause, clear the way, then unlock it on the pendant or with the dashboard's 'unlock "
             "protective stop'";
    case UrSafetyMode::kRecovery:
      return "recovery mode: the arm stands outside its safety limits; move it back inside by hand "
             "with the pendant";
    case UrSafetyMode::kSafeguardStop:
      return "safeguard stop: a light curtain, gate or mat is open; leave the cell, then reset the "
             "safeguard";
    case UrSafetyMode::kSystemEmergencyStop:
      return "emergency stop of the cell: make the cell safe, release the cell's button, then "
             "power the arm on and release its brakes";
    case UrSafetyMode::kRobotEmergencyStop:
      return "emergency stop of the robot: make the cell safe, release the button on the pendant, "
             "then power the arm on and release its brakes";
    case UrSafetyMode::kViolation:
      return "safety violation: a safety limit was broken; read the pendant's log, then restart "
             "the safety system there";
    case UrSafetyMode::kFault:
      return "fault of the safety system: read the pendant's log and restart the controller";
    case UrSafetyMode::kValidateJointId:
      return "the joints' identity is being checked: confirm it on the pendant";
    case UrSafetyMode::kUndefined:
      break;
  }
  return fmt::format("the safety system is in an unknown state ({}); look at the pendant",
                     name_of(mode));
}

std::string explain(UrRobotMode mode) {
  switch (mode) {
    case UrRobotMode::kRunning:
      return "";
    case UrRobotMode::kPowerOff:
      return "the arm's power is off (POWER_OFF): power it on and release its brakes on the "
             "pendant or with the dashboard";
    case UrRobotMode::kPowerOn:
    case UrRobotMode::kIdle:
      return "the arm's brakes are on (" + name_of(mode) +
             "): release them on the pendant or with the dashboard's 'brake release'";
    case UrRobotMode::kConfirmSafety:
      return "the controller waits for its safety settings to be confirmed on the pendant "
             "(CONFIRM_SAFETY)";
    case UrRobotMode::kBackdrive:
      return "the arm is moved by hand (BACKDRIVE): let go of the free-drive button";
    default:
      break;
  }
  return "the controller is not ready (" + name_of(mode) + "): look at the pendant";
}

}  // namespace gripbench::hal

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hal/wsg/wsg_frame.h"

namespace gripbench::hal {

/// Commands of the WSG command set that this project speaks, with their parameters and answers.
/// Lengths are mm, speeds mm/s, accelerations mm/s^2, forces N summed over both fingers, as on the
/// wire. Parsers throw WireError.

enum class WsgCommand : std::uint8_t {
  kLoop = 0x06,
  kAnnounceDisconnect = 0x07,
  kHome = 0x20,
  kPrePosition = 0x21,
  kStop = 0x22,
  kFastStop = 0x23,
  kAcknowledge = 0x24,
  kGrasp = 0x25,
  kRelease = 0x26,
  kSetAcceleration = 0x30,
  kGetAcceleration = 0x31,
  kSetForceLimit = 0x32,
  kGetForceLimit = 0x33,
  kSetSoftLimits = 0x34,
  kGetSoftLimits = 0x35,
  kClearSoftLimits = 0x36,
  kOverdrive = 0x37,
  kTareForce = 0x38,
  kSystemState = 0x40,
  kGraspingState = 0x41,
  kWidth = 0x43,
  kSpeed = 0x44,
  kForce = 0x45,
  kTemperature = 0x46,
  kIdentity = 0x50,
  kLimits = 0x53,
};

/// What a person calls the command: "the motion", "homing".
std::string describe(WsgCommand command);

enum class WsgStatus : std::uint16_t {
  kSuccess = 0,
  kNotAvailable,
  kNoSensor,
  kNotInitialized,
  kAlreadyRunning,
  kNotSupported,
  kInconsistentData,
  kTimeout,
  kReadError,
  kWriteError,
  kNoResources,
  kChecksum,
  kNoParameterExpected,
  kNotEnoughParameters,
  kUnknownCommand,
  kFormatError,
  kAccessDenied,
  kAlreadyOpen,
  kFailed,
  kAborted,
  kInvalidHandle,
  kNotFound,
  kNotOpen,
  kInputOutput,
  kInvalidParameter,
  kIndexOutOfBounds,
  kPending,
  kOverrun,
  kRange,
  kAxisBlocked,
  kFileExists,
};

/// The status in words, with what to do about it where something can be done.
std::string explain(WsgStatus status);

enum class WsgGraspingState : std::uint8_t {
  kIdle,
  kGrasping,
  kNoPart,
  kPartLost,
  kHolding,
  kReleasing,
  kPositioning,
  kError,
};

std::string describe(WsgGraspingState state);

/// Bits of the system state.
enum WsgStateBit : std::uint32_t {
  kWsgReferenced = 1u << 0,
  kWsgMoving = 1u << 1,
  kWsgBlockedMinus = 1u << 2,
  kWsgBlockedPlus = 1u << 3,
  kWsgSoftLimitMinus = 1u << 4,
  kWsgSoftLimitPlus = 1u << 5,
  kWsgStopped = 1u << 6,
  kWsgTargetReached = 1u << 7,
  kWsgOverdrive = 1u << 8,
  kWsgForceControl = 1u << 9,
  kWsgFastStop = 1u << 12,
  kWsgTemperatureWarning = 1u << 13,
  kWsgTemperatureFault = 1u << 14,
  kWsgPowerFault = 1u << 15,
  kWsgCurrentFault = 1u << 16,
  kWsgFingerFault = 1u << 17,
  kWsgCommandFailure = 1u << 18,
  kWsgScriptRunning = 1u << 19,
  kWsgScriptFailure = 1u << 20,
};

/// Why the gripper cannot be trusted to grip, in words with what to do; empty if it can.
std::string explain_state(std::uint32_t state_bits);

/// An answer, or an automatic update of a value: the two look alike.
struct WsgAnswer {
  WsgStatus status = WsgStatus::kSuccess;
  /// Only with success.
  Bytes parameters;
};
WsgAnswer parse_answer(ByteView payload);
WsgFrame make_answer(WsgCommand command, WsgStatus status, ByteView parameters = {});

WsgFrame make_request(WsgCommand command, ByteView parameters = {});

/// Pre-position: the jaws move to `width`; clamp on block unless `stop_on_block`.
struct WsgPrePosition {
  bool relative = false;
  bool stop_on_block = false;
  float width = 0.0f;
  float speed = 0.0f;
};
WsgFrame make_pre_position(const WsgPrePosition& motion);
WsgPrePosition parse_pre_position(ByteView parameters);

/// Grasp and release: width of the part or of the opening, and speed.
struct WsgWidthSpeed {
  float width = 0.0f;
  float speed = 0.0f;
};
WsgFrame make_width_speed(WsgCommand command, const WsgWidthSpeed& motion);
WsgWidthSpeed parse_width_speed(ByteView parameters);

/// Which way homing moves.
enum class WsgHoming : std::uint8_t { kDefault, kOpening, kClosing };
WsgFrame make_homing(WsgHoming direction);
WsgHoming parse_homing(ByteView parameters);

/// Acknowledging takes a word, so that nobody does it by accident.
WsgFrame make_acknowledge();
bool is_acknowledgement(ByteView parameters);

/// Wish for a value, once or again and again.
struct WsgUpdateWish {
  bool automatic = false;
  bool on_change_only = false;
  /// ms, at least 10.
  std::uint16_t period = 0;
};
WsgFrame make_value_request(WsgCommand value, const WsgUpdateWish& wish);
WsgUpdateWish parse_update_wish(ByteView parameters);

/// A single number as parameter: width, speed, force, acceleration, force limit.
float parse_float(ByteView parameters);
Bytes float_bytes(float value);
std::uint32_t parse_state_bits(ByteView parameters);
Bytes state_bits_bytes(std::uint32_t bits);
WsgGraspingState parse_grasping_state(ByteView parameters);

/// Kind of device, hardware revision, firmware and serial number.
struct WsgIdentity {
  std::uint8_t kind = 0;
  std::uint8_t hardware = 0;
  /// Major, minor, and last number in four bits each from the top; the lowest four count release
  /// candidates.
  std::uint16_t firmware = 0;
  std::uint32_t serial = 0;
};
inline constexpr std::uint8_t kWsg50 = 1;
/// "WSG 50".
std::string describe_kind(std::uint8_t kind);
/// "2.6.4".
std::string describe_firmware(std::uint16_t firmware);
inline int firmware_major(std::uint16_t firmware) { return firmware >> 12; }
WsgIdentity parse_identity(ByteView parameters);
Bytes identity_bytes(const WsgIdentity& identity);

/// What the hardware can do.
struct WsgHardwareLimits {
  float stroke = 110.0f;
  float min_speed = 5.0f, max_speed = 420.0f;
  float min_acceleration = 100.0f, max_acceleration = 5000.0f;
  float min_force = 5.0f, nominal_force = 80.0f, overdrive_force = 120.0f;
};
WsgHardwareLimits parse_limits(ByteView parameters);
Bytes limits_bytes(const WsgHardwareLimits& limits);

}  // namespace gripbench::hal

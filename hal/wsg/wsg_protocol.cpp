#include "hal/wsg/wsg_protocol.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

constexpr std::string_view kAcknowledgement = "ack";

void expect_end(const LittleEndianReader& reader) {
  if (reader.left() > 0) throw WireError("the frame is longer than its command has parameters");
}

template <WireNumber... T>
void read(ByteView parameters, T&... values) {
  LittleEndianReader reader(parameters);
  ((values = reader.number<T>()), ...);
  expect_end(reader);
}

template <WireNumber T>
void put(T value, Bytes& bytes, std::size_t& at) {
  auto memory = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
  if constexpr (std::endian::native != std::endian::little) std::ranges::reverse(memory);
  std::ranges::copy(memory, bytes.begin() + static_cast<std::ptrdiff_t>(at));
  at += memory.size();
}

template <WireNumber... T>
Bytes bytes_of(T... values) {
  Bytes bytes((sizeof(T) + ...));
  std::size_t at = 0;
  (put(values, bytes, at), ...);
  return bytes;
}

std::uint8_t flags(bool first, bool second) {
  return static_cast<std::uint8_t>((first ? 1 : 0) | (second ? 2 : 0));
}

}  // namespace

std::string describe(WsgCommand command) {
  switch (command) {
    case WsgCommand::kLoop:
      return "the echo";
    case WsgCommand::kAnnounceDisconnect:
      return "the goodbye";
    case WsgCommand::kHome:
      return "homing";
    case WsgCommand::kPrePosition:
      return "the motion";
    case WsgCommand::kStop:
      return "the stop";
    case WsgCommand::kFastStop:
      return "the fast stop";
    case WsgCommand::kAcknowledge:
      return "the acknowledgement";
    case WsgCommand::kGrasp:
      return "the grasp";
    case WsgCommand::kRelease:
      return "the release";
    case WsgCommand::kSetAcceleration:
    case WsgCommand::kGetAcceleration:
      return "the acceleration";
    case WsgCommand::kSetForceLimit:
    case WsgCommand::kGetForceLimit:
      return "the force limit";
    case WsgCommand::kSetSoftLimits:
    case WsgCommand::kGetSoftLimits:
    case WsgCommand::kClearSoftLimits:
      return "the soft limits";
    case WsgCommand::kOverdrive:
      return "the overdrive mode";
    case WsgCommand::kTareForce:
      return "the tare of the force";
    case WsgCommand::kSystemState:
      return "the system state";
    case WsgCommand::kGraspingState:
      return "the grasping state";
    case WsgCommand::kWidth:
      return "the width";
    case WsgCommand::kSpeed:
      return "the speed";
    case WsgCommand::kForce:
      return "the force";
    case WsgCommand::kTemperature:
      return "the temperature";
    case WsgCommand::kIdentity:
      return "the identity";
    case WsgCommand::kLimits:
      return "the limits";
  }
  return fmt::format("command {:02x}", static_cast<unsigned>(command));
}

std::string explain(WsgStatus status) {
  static constexpr std::array<std::string_view, 31> kWords = {
      "success",
      "not available in the present state",
      "there is no such sensor",
      "the jaws are not homed; home them with nothing between them",
      "another command is being carried out",
      "this gripper does not support it",
      "inconsistent data",
      "the gripper ran into a timeout of its own; look at its web page",
      "the gripper failed to read; look at its web page",
      "the gripper failed to write; look at its web page",
      "the gripper is out of memory; switch it off and on",
      "the checksum was wrong; is the line disturbed?",
      "a parameter was sent where none is expected",
      "a parameter is missing",
      "the gripper does not know this command; is its firmware too old?",
      "the command's format was wrong",
      "access denied: the gripper is in fast stop; look at the part, then acknowledge",
      "already open",
      "the command failed",
      "it was stopped before it ended",
      "invalid handle",
      "not found",
      "not open",
      "input or output failed; look at the gripper's web page",
      "a parameter is invalid",
      "an index is out of bounds",
      "it is still being carried out",
      "too much data",
      "the target is beyond the soft limits set on the gripper's web page",
      "the jaws are blocked",
      "the file exists",
  };
  const auto code = static_cast<std::size_t>(status);
  if (code < kWords.size()) return fmt::format("{} (status {})", kWords[code], code);
  return fmt::format("unknown status {}", code);
}

std::string describe(WsgGraspingState state) {
  static constexpr std::array<std::string_view, 8> kWords = {
      "idle",    "gripping",  "no part found", "part lost",
      "holding", "releasing", "positioning",   "error"};
  const auto code = static_cast<std::size_t>(state);
  return code < kWords.size() ? std::string(kWords[code])
                              : fmt::format("unknown grasping state {}", code);
}

std::string explain_state(std::uint32_t state_bits) {
  static constexpr std::array<std::pair<WsgStateBit, std::string_view>, 6> kFaults = {{
      {kWsgFingerFault, "a finger reports a fault; look at the gripper's web page"},
      {kWsgCurrentFault, "the motor's current is too high; look for what blocks the jaws"},
      {kWsgPowerFault, "its supply voltage is out of range; check the 24 V supply"},
      {kWsgTemperatureFault, "it is too hot; let it cool down"},
      {kWsgFastStop, "it is in fast stop and its motor is off; look at the part, then acknowledge"},
      {kWsgScriptFailure, "a script on the gripper failed; look at its web page"},
  }};
  std::string words;
  for (const auto& [bit, fault] : kFaults) {
    if ((state_bits & bit) == 0) continue;
    if (!words.empty()) words += "; ";
    words += fault;
  }
  return words;
}

WsgAnswer parse_answer(ByteView payload) {
  LittleEndianReader reader(payload);
  WsgAnswer answer;
  answer.status = static_cast<WsgStatus>(reader.number<std::uint16_t>());
  const ByteView rest = reader.take(reader.left());
  answer.parameters.assign(rest.begin(), rest.end());
  return answer;
}

WsgFrame make_answer(WsgCommand command, WsgStatus status, ByteView parameters) {
  LittleEndianWriter writer;
  writer.number(static_cast<std::uint16_t>(status));
  if (status == WsgStatus::kSuccess) writer.append(parameters);
  return {static_cast<std::uint8_t>(command), writer.bytes()};
}

WsgFrame make_request(WsgCommand command, ByteView parameters) {
  return {static_cast<std::uint8_t>(command), Bytes(parameters.begin(), parameters.end())};
}

WsgFrame make_pre_position(const WsgPrePosition& motion) {
  return make_request(
      WsgCommand::kPrePosition,
      bytes_of(flags(motion.relative, motion.stop_on_block), motion.width, motion.speed));
}

WsgPrePosition parse_pre_position(ByteView parameters) {
  WsgPrePosition motion;
  std::uint8_t bits = 0;
  read(parameters, bits, motion.width, motion.speed);
  motion.relative = (bits & 1) != 0;
  motion.stop_on_block = (bits & 2) != 0;
  return motion;
}

WsgFrame make_width_speed(WsgCommand command, const WsgWidthSpeed& motion) {
  return make_request(command, bytes_of(motion.width, motion.speed));
}

WsgWidthSpeed parse_width_speed(ByteView parameters) {
  WsgWidthSpeed motion;
  read(parameters, motion.width, motion.speed);
  return motion;
}

WsgFrame make_homing(WsgHoming direction) {
  return make_request(WsgCommand::kHome, bytes_of(static_cast<std::uint8_t>(direction)));
}

WsgHoming parse_homing(ByteView parameters) {
  std::uint8_t direction = 0;
  read(parameters, direction);
  if (direction > static_cast<std::uint8_t>(WsgHoming::kClosing)) {
    throw WireError(fmt::format("{} is no direction of homing", direction));
  }
  return static_cast<WsgHoming>(direction);
}

WsgFrame make_acknowledge() {
  return make_request(WsgCommand::kAcknowledge, as_bytes(kAcknowledgement));
}

bool is_acknowledgement(ByteView parameters) {
  const ByteView word = as_bytes(kAcknowledgement);
  return std::equal(word.begin(), word.end(), parameters.begin(), parameters.end());
}

WsgFrame make_value_request(WsgCommand value, const WsgUpdateWish& wish) {
  return make_request(value, bytes_of(flags(wish.automatic, wish.on_change_only), wish.period));
}

WsgUpdateWish parse_update_wish(ByteView parameters) {
  WsgUpdateWish wish;
  std::uint8_t bits = 0;
  read(parameters, bits, wish.period);
  wish.automatic = (bits & 1) != 0;
  wish.on_change_only = (bits & 2) != 0;
  return wish;
}

float parse_float(ByteView parameters) {
  float value = 0.0f;
  read(parameters, value);
  return value;
}

Bytes float_bytes(float value) { return bytes_of(value); }

std::uint32_t parse_state_bits(ByteView parameters) {
  std::uint32_t bits = 0;
  read(parameters, bits);
  return bits;
}

Bytes state_bits_bytes(std::uint32_t bits) { return bytes_of(bits); }

WsgGraspingState parse_grasping_state(ByteView parameters) {
  std::uint8_t state = 0;
  read(parameters, state);
  return static_cast<WsgGraspingState>(state);
}

std::string describe_kind(std::uint8_t kind) {
  static constexpr std::array<std::string_view, 6> kKinds = {
      "an unknown device", "WSG 50", "WSG 32", "KMS 40", "WTS", "WSG 25"};
  return kind < kKinds.size() ? std::string(kKinds[kind])
                              : fmt::format("a device of kind {}", kind);
}

std::string describe_firmware(std::uint16_t firmware) {
  return fmt::format("{}.{}.{}", firmware >> 12, (firmware >> 8) & 15, (firmware >> 4) & 15);
}

WsgIdentity parse_identity(ByteView parameters) {
  WsgIdentity identity;
  read(parameters, identity.kind, identity.hardware, identity.firmware, identity.serial);
  return identity;
}

Bytes identity_bytes(const WsgIdentity& identity) {
  return bytes_of(identity.kind, identity.hardware, identity.firmware, identity.serial);
}

WsgHardwareLimits parse_limits(ByteView parameters) {
  WsgHardwareLimits limits;
  read(parameters, limits.stroke, limits.min_speed, limits.max_speed, limits.min_acceleration,
       limits.max_acceleration, limits.min_force, limits.nominal_force, limits.overdrive_force);
  return limits;
}

Bytes limits_bytes(const WsgHardwareLimits& limits) {
  return bytes_of(limits.stroke, limits.min_speed, limits.max_speed, limits.min_acceleration,
                  limits.max_acceleration, limits.min_force, limits.nominal_force,
                  limits.overdrive_force);
}

}  // namespace gripbench::hal

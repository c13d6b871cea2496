#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hal/net/bytes.h"
#include "hal/ur/robot_state.h"

namespace gripbench::hal {

/// Packages of a UR controller's primary (30001) and secondary (30002) interfaces, as bytes and
/// back. Source: Universal Robots, "Client interfaces" and its client library.
///
/// A package is a big-endian int32 of its whole size and a uint8 of its type: 16 the robot's state
/// in sub-packages, 20 a message. Parsers throw WireError on bytes that are none.

/// Compile and run-time errors of a script.
struct UrRuntimeException {
  std::int32_t line = 0;
  std::int32_t column = 0;
  std::string text;
};

/// A numbered message of the controller's log, "C204A3".
struct UrErrorCode {
  std::int32_t code = 0;
  std::int32_t argument = 0;
  /// 0 debug, 1 info, 2 warning, 3 violation, 4 fault.
  std::int32_t level = 0;
  std::string text;
};

/// PROGRAM_XXX_STARTED and PROGRAM_XXX_STOPPED, with the program's name as the text, or
/// SECONDARY_PROGRAM_EXCEPTION_XXX, with what went wrong in a running secondary program.
struct UrKeyMessage {
  std::int32_t code = 0;
  std::int32_t argument = 0;
  std::string title;
  std::string text;
};

/// The first package on both ports.
struct UrVersionMessage {
  std::string project;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::int32_t bugfix = 0;
  std::int32_t build = 0;
  std::string date;
};

struct UrTextMessage {
  std::string text;
};

struct UrSafetyMessage {
  UrSafetyMode mode = UrSafetyMode::kUndefined;
};

using UrMessage = std::variant<UrVersionMessage, UrTextMessage, UrSafetyMessage, UrErrorCode,
                               UrKeyMessage, UrRuntimeException>;

/// The sub-package "robot mode".
struct UrRobotModeData {
  std::uint64_t time_us = 0;
  bool connected = false;
  bool enabled = false;
  bool power_on = false;
  bool emergency_stopped = false;
  bool protective_stopped = false;
  bool program_running = false;
  bool program_paused = false;
  UrRobotMode mode = UrRobotMode::kDisconnected;
  double target_speed_fraction = 1.0;
  double speed_scaling = 1.0;
};

/// What a state package says, as far as it is of use here: rad, rad/s, m, rotation vector.
struct UrPrimaryState {
  UrRobotModeData mode;
  std::array<double, 6> joints{}, joint_speeds{};
  std::array<double, 6> tcp_pose{}, tcp_offset{};
};

struct PrimaryPackage {
  std::uint8_t type = 0;
  Bytes payload;
};

/// Cuts packages out of a stream of bytes; keeps at most one package and what came with it.
class PrimaryFramer {
 public:
  /// Beyond this a size is no size: the largest state packages have some 1500 bytes.
  static constexpr std::int32_t kMostBytes = 65536;

  void append(ByteView bytes);

  /// The next whole package, if it is there; call it until there is none before appending more.
  /// @throws WireError saying what came, if that is no such package.
  std::optional<PrimaryPackage> next();

 private:
  Bytes buffer_;
};

inline constexpr std::uint8_t kPrimaryState = 16;
inline constexpr std::uint8_t kPrimaryMessage = 20;

/// A message package's content; nothing for a kind that is of no use here.
std::optional<UrMessage> parse_message(ByteView payload);
/// `time_us` is the controller's own.
Bytes encode_message(const UrMessage& message, std::uint64_t time_us);

/// A state package's content; sub-packages that are not there leave zeros.
UrPrimaryState parse_state(ByteView payload);
Bytes encode_state(const UrPrimaryState& state);

}  // namespace gripbench::hal

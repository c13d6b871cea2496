#include "hal/ur/primary_packet.h"

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

constexpr std::int32_t kHeaderSize = 5;

/// Kinds of messages.
enum MessageKind : std::uint8_t {
  kText = 0,
  kVersion = 3,
  kSafetyMode = 5,
  kErrorCode = 6,
  kKey = 7,
  kRuntimeException = 10,
};

/// Kinds of sub-packages of a state.
enum StateKind : std::uint8_t { kRobotMode = 0, kJoints = 1, kCartesian = 4 };

constexpr std::int8_t kSourceInterface = -2;
constexpr std::int8_t kSourceController = -3;
/// A joint that runs (RTDE guide, joint_mode).
constexpr std::uint8_t kJointRunning = 253;

Bytes with_header(std::uint8_t type, const Bytes& payload) {
  return BigEndianWriter()
      .number(static_cast<std::int32_t>(kHeaderSize + payload.size()))
      .number(type)
      .append(payload)
      .bytes();
}

template <typename Numbers>
void read_into(BigEndianReader& reader, Numbers& numbers) {
  for (double& number : numbers) number = reader.number<double>();
}

template <typename Numbers>
void write_from(BigEndianWriter& writer, const Numbers& numbers) {
  for (double number : numbers) writer.number(number);
}

bool read_flag(BigEndianReader& reader) { return reader.number<std::uint8_t>() != 0; }

struct MessageWriter {
  std::uint64_t time_us;

  BigEndianWriter begin(std::int8_t source, MessageKind kind) const {
    return BigEndianWriter().number(time_us).number(source).number<std::uint8_t>(kind);
  }
  Bytes operator()(const UrVersionMessage& message) const {
    return begin(kSourceInterface, kVersion)
        .number(static_cast<std::uint8_t>(message.project.size()))
        .text(message.project)
        .number(message.major)
        .number(message.minor)
        .number(message.bugfix)
        .number(message.build)
        .text(message.date)
        .bytes();
  }
  Bytes operator()(const UrTextMessage& message) const {
    return begin(kSourceController, kText).text(message.text).bytes();
  }
  Bytes operator()(const UrSafetyMessage& message) const {
    return begin(kSourceController, kSafetyMode)
        .number<std::int32_t>(0)
        .number<std::int32_t>(0)
        .number(static_cast<std::uint8_t>(message.mode))
        .number<std::uint32_t>(0)
        .number<std::uint32_t>(0)
        .bytes();
  }
  Bytes operator()(const UrErrorCode& message) const {
    return begin(kSourceController, kErrorCode)
        .number(message.code)
        .number(message.argument)
        .number(message.level)
        .number<std::uint32_t>(0)
        .number<std::uint32_t>(0)
        .text(message.text)
        .bytes();
  }
  Bytes operator()(const UrKeyMessage& message) const {
    return begin(kSourceController, kKey)
        .number(message.code)
        .number(message.argument)
        .number(static_cast<std::uint8_t>(message.title.size()))
        .text(message.title)
        .text(message.text)
        .bytes();
  }
  Bytes operator()(const UrRuntimeException& message) const {
    return begin(kSourceController, kRuntimeException)
        .number(message.line)
        .number(message.column)
        .text(message.text)
        .bytes();
  }
};

UrVersionMessage read_version(BigEndianReader& reader) {
  UrVersionMessage message;
  message.project = reader.text(reader.number<std::uint8_t>());
  message.major = reader.number<std::uint8_t>();
  message.minor = reader.number<std::uint8_t>();
  message.bugfix = reader.number<std::int32_t>();
  message.build = reader.number<std::int32_t>();
  message.date = reader.rest();
  return message;
}

UrSafetyMessage read_safety(BigEndianReader& reader) {
  reader.take(2 * sizeof(std::int32_t));
  return {static_cast<UrSafetyMode>(reader.number<std::uint8_t>())};
}

UrErrorCode read_error_code(BigEndianReader& reader) {
  UrErrorCode message;
  message.code = reader.number<std::int32_t>();
  message.argument = reader.number<std::int32_t>();
  message.level = reader.number<std::int32_t>();
  // The type of a datum and the datum, which mean something only per code.
  reader.take(2 * sizeof(std::uint32_t));
  message.text = reader.rest();
  return message;
}

UrKeyMessage read_key(BigEndianReader& reader) {
  UrKeyMessage message;
  message.code = reader.number<std::int32_t>();
  message.argument = reader.number<std::int32_t>();
  message.title = reader.text(reader.number<std::uint8_t>());
  message.text = reader.rest();
  return message;
}

UrRuntimeException read_exception(BigEndianReader& reader) {
  UrRuntimeException message;
  message.line = reader.number<std::int32_t>();
  message.column = reader.number<std::int32_t>();
  message.text = reader.rest();
  return message;
}

UrRobotModeData read_robot_mode(BigEndianReader& reader) {
  UrRobotModeData data;
  data.time_us = reader.number<std::uint64_t>();
  data.connected = read_flag(reader);
  data.enabled = read_flag(reader);
  data.power_on = read_flag(reader);
  data.emergency_stopped = read_flag(reader);
  data.protective_stopped = read_flag(reader);
  data.program_running = read_flag(reader);
  data.program_paused = read_flag(reader);
  data.mode = static_cast<UrRobotMode>(reader.number<std::int8_t>());
  reader.take(sizeof(std::uint8_t));  // control mode
  data.target_speed_fraction = reader.number<double>();
  data.speed_scaling = reader.number<double>();
  return data;
}

Bytes robot_mode_bytes(const UrRobotModeData& data) {
  BigEndianWriter writer;
  writer.number(data.time_us);
  for (bool flag : {data.connected, data.enabled, data.power_on, data.emergency_stopped,
                    data.protective_stopped, data.program_running, data.program_paused}) {
    writer.number<std::uint8_t>(flag ? 1 : 0);
  }
  return writer.number(static_cast<std::int8_t>(data.mode))
      .number<std::uint8_t>(0)
      .number(data.target_speed_fraction)
      .number(data.speed_scaling)
      .number(1.0)
      .number<std::uint8_t>(0)
      .bytes();
}

Bytes joint_bytes(const UrPrimaryState& state) {
  BigEndianWriter writer;
  for (std::size_t i = 0; i < state.joints.size(); ++i) {
    writer.number(state.joints[i])
        .number(state.joints[i])
        .number(state.joint_speeds[i])
        .number(0.0f)   // current (A)
        .number(48.0f)  // voltage (V)
        .number(30.0f)  // temperature of the motor (degrees Celsius)
        .number(0.0f)   // no longer used
        .number(kJointRunning);
  }
  return writer.bytes();
}

void read_joints(BigEndianReader& reader, UrPrimaryState& state) {
  for (std::size_t i = 0; i < state.joints.size(); ++i) {
    state.joints[i] = reader.number<double>();
    reader.take(sizeof(double));  // target
    state.joint_speeds[i] = reader.number<double>();
    reader.take(4 * sizeof(float) + sizeof(std::uint8_t));
  }
}

}  // namespace

void PrimaryFramer::append(ByteView bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<PrimaryPackage> PrimaryFramer::next() {
  if (buffer_.size() < static_cast<std::size_t>(kHeaderSize)) return std::nullopt;
  BigEndianReader reader(buffer_);
  const auto size = reader.number<std::int32_t>();
  if (size < kHeaderSize || size > kMostBytes) {
    throw WireError("expected a package of a UR primary interface, got " + describe_bytes(buffer_));
  }
  if (buffer_.size() < static_cast<std::size_t>(size)) return std::nullopt;
  PrimaryPackage package;
  package.type = reader.number<std::uint8_t>();
  const ByteView payload = reader.take(size - kHeaderSize);
  package.payload.assign(payload.begin(), payload.end());
  buffer_.erase(buffer_.begin(), buffer_.begin() + size);
  return package;
}

std::optional<UrMessage> parse_message(ByteView payload) {
  BigEndianReader reader(payload);
  reader.take(sizeof(std::uint64_t) + sizeof(std::int8_t));  // time and source
  switch (reader.number<std::uint8_t>()) {
    case kText:
      return UrTextMessage{reader.rest()};
    case kVersion:
      return read_version(reader);
    case kSafetyMode:
      return read_safety(reader);
    case kErrorCode:
      return read_error_code(reader);
    case kKey:
      return read_key(reader);
    case kRuntimeException:
      return read_exception(reader);
    default:
      return std::nullopt;
  }
}

Bytes encode_message(const UrMessage& message, std::uint64_t time_us) {
  return with_header(kPrimaryMessage, std::visit(MessageWriter{time_us}, message));
}

UrPrimaryState parse_state(ByteView payload) {
  UrPrimaryState state;
  BigEndianReader all(payload);
  while (all.left() > 0) {
    const auto size = all.number<std::int32_t>();
    if (size < kHeaderSize) {
      throw WireError(fmt::format("a sub-package of {} bytes in a UR robot state", size));
    }
    BigEndianReader reader(all.take(size - sizeof size));
    switch (reader.number<std::uint8_t>()) {
      case kRobotMode:
        state.mode = read_robot_mode(reader);
        break;
      case kJoints:
        read_joints(reader, state);
        break;
      case kCartesian:
        read_into(reader, state.tcp_pose);
        read_into(reader, state.tcp_offset);
        break;
      default:
        break;
    }
  }
  return state;
}

Bytes encode_state(const UrPrimaryState& state) {
  BigEndianWriter cartesian;
  write_from(cartesian, state.tcp_pose);
  write_from(cartesian, state.tcp_offset);
  return with_header(kPrimaryState,
                     BigEndianWriter()
                         .append(with_header(kRobotMode, robot_mode_bytes(state.mode)))
                         .append(with_header(kJoints, joint_bytes(state)))
                         .append(with_header(kCartesian, cartesian.bytes()))
                         .bytes());
}

}  // namespace gripbench::hal

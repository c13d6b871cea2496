#include "hal/emulator/script_port_server.h"

#include <cmath>

#include "hal/emulator/faulty_line.h"
#include "hal/emulator/realtime_packet.h"
#include "hal/emulator/ur_script.h"

namespace gripbench::hal {
namespace {

constexpr Duration kLookUp{0.05};
/// Between two states on the slow ports (s).
constexpr double kStatePeriod = 0.1;
constexpr double kMicroseconds = 1e6;

std::uint64_t controller_time(const UrImage& image) {
  return static_cast<std::uint64_t>(image.timestamp * kMicroseconds);
}

UrVersionMessage version_message(const ControllerVersion& version) {
  UrVersionMessage message;
  message.project = "URControl";
  message.major = static_cast<std::uint8_t>(version.major);
  message.minor = static_cast<std::uint8_t>(version.minor);
  message.bugfix = static_cast<std::int32_t>(version.bugfix);
  message.build = static_cast<std::int32_t>(version.build);
  message.date = "20-06-2022, 00:00:00";
  return message;
}

UrPrimaryState primary_state(const UrImage& image) {
  UrPrimaryState state;
  UrRobotModeData& mode = state.mode;
  mode.time_us = controller_time(image);
  mode.connected = true;
  mode.enabled = true;
  mode.power_on = image.robot_mode >= UrRobotMode::kPowerOn;
  mode.emergency_stopped = image.safety_mode == UrSafetyMode::kRobotEmergencyStop ||
                           image.safety_mode == UrSafetyMode::kSystemEmergencyStop;
  mode.protective_stopped = image.safety_mode == UrSafetyMode::kProtectiveStop;
  mode.program_running = image.runtime_state == UrRuntimeState::kPlaying;
  mode.program_paused = image.runtime_state == UrRuntimeState::kPaused;
  mode.mode = image.robot_mode;
  state.joints = image.joints;
  state.joint_speeds = image.joint_speeds;
  state.tcp_pose = image.tcp_pose;
  state.tcp_offset = image.flange_from_tcp;
  return state;
}

}  // namespace

ScriptPortServer::ScriptPortServer(ScriptPort kind, UrController& controller, const ListenOn& where,
                                   LineFaults& faults)
    : kind_(kind),
      controller_(controller),
      faults_(faults),
      server_(where, [this](TcpConnection& connection, std::stop_token stop) {
        serve(connection, stop);
      }) {}

void ScriptPortServer::serve(TcpConnection& connection, std::stop_token stop) {
  FaultyLine line(connection, faults_);
  const UrImage first = controller_.image();
  if (kind_ != ScriptPort::kRealtime) {
    line.send(encode_message(version_message(controller_.version()), controller_time(first)));
  }
  // The controller's thread alone uses this.
  double next_state = first.timestamp;
  const auto on_image = [&](const UrImage& image) {
    if (kind_ == ScriptPort::kRealtime) {
      line.send(encode_realtime(image, controller_.version()));
    } else if (image.timestamp >= next_state) {
      next_state = std::max(next_state + kStatePeriod, image.timestamp);
      line.send(encode_state(primary_state(image)));
    }
  };
  const auto on_message = [&](const UrMessage& message) {
    if (kind_ == ScriptPort::kPrimary) line.send(encode_message(message, 0));
  };
  const UrController::Subscription subscription = controller_.subscribe(on_image, on_message);

  UrScriptReader reader;
  while (!stop.stop_requested()) {
    reader.append(line.receive(kLookUp));
    while (std::optional<std::string> program = reader.next()) {
      controller_.submit(*std::move(program));
    }
  }
}

}  // namespace gripbench::hal

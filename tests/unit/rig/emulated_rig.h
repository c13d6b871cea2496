#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "hal/emulator/camera_server.h"
#include "hal/emulator/netft_server.h"
#include "hal/emulator/ur_emulator.h"
#include "hal/emulator/wsg_server.h"
#include "hal/rig/rig_settings.h"
#include "hal/wsg/wsg_client.h"
#include "tests/unit/experiments/fake_workcell.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::hal {

/// Every device of a rig, emulated over one scripted workcell in real time, on free ports of the
/// loopback interface. Its object always stands before the arm, and never slips by its own account.
struct EmulatedRig {
  /// As dozens of rigs on one machine can keep it (s).
  static constexpr std::chrono::milliseconds kStatePeriod{5};

  explicit EmulatedRig(const experiments::FakeScript& script = {}, bool homed = true)
      : workcell([script] { return experiments::make_fake_workcell(script); }, kStatePeriod),
        control(board),
        arm(workcell, "127.0.0.1", kAnyUrPorts, unlocked_soon(), board, control),
        gripper(workcell, {}, {.homed = homed}, board, control),
        tactile(workcell, LiveCamera::kTactile, {}, board, control),
        camera(workcell, LiveCamera::kExternal, {}, board, control),
        netft(workcell, {}, {}, {.rate = 100.0}, board) {
    Placement placement;
    placement.object = "can";
    workcell.call([&](Workcell& cell) { cell.stage().present(placement); });
    for (const char* nothing : {"present", "watch"}) {
      control.add(nothing, "", "", [](const auto&) { return ""; });
    }
    control.add("take", "", "", [this](const auto&) {
      when_taken = workcell.state();
      return "";
    });
    control.add("slipped", "", "", [](const auto&) { return "no"; });
    control.listen({});
  }
  ~EmulatedRig() { control.close(); }

  /// Limits that the scripted workcell's grasps keep.
  static SafetyLimits safety() {
    return {.workspace = {Eigen::Vector3d(0.3, -0.2, 0.0), Eigen::Vector3d(0.6, 0.2, 0.35)},
            .table_height = 0.0,
            .finger_reach = 0.01,
            .table_clearance = 0.0,
            .max_tilt = 0.1,
            .max_speed = 0.6,
            .max_acceleration = 3.0,
            .max_jaw_speed = 0.4,
            .max_normal_force = 40.0,
            .max_lift = 0.12,
            .holding_force = 0.5};
  }

  RigSettings settings() const {
    RigSettings rig;
    rig.arm.host = "127.0.0.1";
    rig.arm.rtde_port = arm.ports().rtde;
    rig.arm.primary_port = arm.ports().primary;
    rig.arm.dashboard_port = arm.ports().dashboard;
    rig.arm.payload = 1.5;
    rig.arm.start_timeout = kPatience;
    rig.arm.heartbeat_timeout = kPatience;
    WsgOptions& wsg = rig.gripper.connection;
    wsg.host = "127.0.0.1";
    wsg.port = gripper.port();
    wsg.answer_timeout = Duration(2.0);
    wsg.stale_after = Duration(0.4);
    rig.tactile = video("tactile", tactile.port());
    rig.pixel_pitch = 0.00016;
    rig.camera = video("camera", camera.port());
    rig.safety = safety();
    rig.stage.home = {0.45, 0.0, 0.25};
    rig.stage.motion = {0.5, 2.0};
    rig.stage.holding_force = 0.5;
    rig.stage.jaw_speed = 0.4;
    rig.stage.open_width = 0.1;
    rig.stage.patience = kPatience;
    rig.operator_control = {"127.0.0.1", control.port()};
    return rig;
  }

  /// The same as a workcell file for another process; `more` is added to it.
  void write_workcell(const std::filesystem::path& path, const RigSettings& rig,
                      const std::string& more) const {
    const auto camera = [](const VideoSettings& video) {
      return fmt::format("url: '{}', width: {}, height: {}, rate: {}",
                         std::get<HttpVideo>(video.source).url, video.width_px, video.height_px,
                         video.rate_hz);
    };
    const UrSettings& ur = rig.arm;
    const WsgOptions& wsg = rig.gripper.connection;
    std::ofstream(path) << fmt::format(
        "backend: rig\n"
        "arm: {{host: 127.0.0.1, rtde_port: {}, primary_port: {}, dashboard_port: {}, rate: {},"
        " tcp: [0, 0, 0, 0, 0, 0], payload: 1.5, payload_centre: [0, 0, 0],"
        " start_timeout: {}, stale_after: {}, heartbeat_timeout: {}}}\n"
        "gripper: {{host: 127.0.0.1, port: {}, stale_after: {}}}\n"
        "tactile: {{{}, pixel_pitch: {}}}\n"
        "camera: {{{}}}\n"
        "safety: {{workspace: {{min: [0.3, -0.2, 0], max: [0.6, 0.2, 0.35]}}, table_height: 0,"
        " finger_reach: 0.01, table_clearance: 0, max_tilt: 0.1, max_speed: 0.6,"
        " max_acceleration: 3, max_jaw_speed: 0.4, max_normal_force: 40, max_lift: 0.12,"
        " holding_force: 0.5}}\n"
        "stage: {{home: [0.45, 0, 0.25], speed: {}, acceleration: {}, holding_force: 0.5,"
        " open_width: 0.1, jaw_speed: {}, patience: {}}}\n"
        "operator: {{control: '127.0.0.1:{}'}}\n"
        "{}",
        ur.rtde_port, ur.primary_port, ur.dashboard_port, ur.rate, ur.start_timeout, ur.stale_after,
        ur.heartbeat_timeout, wsg.port, wsg.stale_after.count(), camera(rig.tactile),
        rig.pixel_pitch, camera(rig.camera), rig.stage.motion.speed, rig.stage.motion.acceleration,
        rig.stage.jaw_speed, rig.stage.patience, control.port(), more);
  }

  /// The sensor at the wrist, which `settings` leaves out: a script says whether there is one.
  NetFtSettings net_ft() const {
    NetFtSettings settings;
    settings.host = "127.0.0.1";
    settings.port = netft.rdt_port();
    settings.http_port = netft.http_port();
    settings.answer_timeout = Duration(kPatience);
    return settings;
  }

  /// What the gripper says to whoever comes next, once it is free: before that it serves another.
  std::uint32_t gripper_state_bits() const {
    const RigClock clock;
    std::uint32_t bits = 0;
    const bool free = eventually([&] {
      try {
        bits = WsgClient(settings().gripper.connection, clock).newest().state_bits;
        return true;
      } catch (const DeviceError&) {
        return false;
      }
    });
    if (!free) throw DeviceError("gripper", "somebody else holds it");
    return bits;
  }

  LiveWorkcell workcell;
  /// As everything stood when the operator was asked to take what the jaws hold. To be read once
  /// the stage has presented something.
  std::optional<LiveState> when_taken;
  FaultBoard board;
  ControlServer control;
  UrEmulator arm;
  WsgServer gripper;
  CameraServer tactile, camera;
  NetFtServer netft;

 private:
  /// No test waits for a controller's caution.
  static UrControllerOptions unlocked_soon() {
    UrControllerOptions options;
    options.unlock_after = 0.05;
    return options;
  }
  static VideoSettings video(const std::string& device, std::uint16_t port) {
    VideoSettings settings;
    settings.device = device;
    settings.source = HttpVideo{"http://127.0.0.1:" + std::to_string(port) + "/stream"};
    settings.width_px = 96;
    settings.height_px = 72;
    settings.answer_timeout = Duration(kPatience);
    return settings;
  }
};

}  // namespace gripbench::hal

#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "hal/emulator/ur_emulator.h"
#include "hal/errors.h"
#include "hal/rig_clock.h"
#include "hal/ur/ur_arm.h"
#include "tests/unit/experiments/fake_workcell.h"

namespace gripbench::hal {

/// How long a test waits for what must happen (s): no test asserts how soon it does.
inline constexpr double kPatience = 20.0;

/// True once `condition` is, however long that takes within reason.
inline bool eventually(const std::function<bool()>& condition) {
  const RigClock clock;
  while (clock.now() < kPatience) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return condition();
}

/// The same within 1 um and 1e-6 rad.
inline bool same_pose(const Eigen::Isometry3d& a, const Eigen::Isometry3d& b) {
  const Eigen::Matrix3d turn = a.linear().transpose() * b.linear();
  return (a.translation() - b.translation()).norm() < 1e-6 &&
         Eigen::AngleAxisd(turn).angle() < 1e-6;
}

template <typename Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// What `function` throws once it does.
template <typename Function>
std::string message_when_it_throws(Function function) {
  std::string message;
  eventually([&] {
    message = message_of(function);
    return message != "nothing was thrown";
  });
  return message;
}

/// A UR controller emulated over a scripted workcell, on free ports of the loopback interface.
struct LoopbackRig {
  explicit LoopbackRig(UrControllerOptions options = {}, const experiments::FakeScript& script = {})
      : workcell([script] { return experiments::make_fake_workcell(script); }),
        control(board),
        emulator(workcell, "127.0.0.1", kAnyUrPorts, std::move(options), board, control) {
    Placement placement;
    placement.object = "can";
    workcell.call([&](Workcell& cell) { cell.stage().present(placement); });
  }

  UrSettings settings() const {
    UrSettings settings;
    settings.host = "127.0.0.1";
    settings.rtde_port = emulator.ports().rtde;
    settings.primary_port = emulator.ports().primary;
    settings.dashboard_port = emulator.ports().dashboard;
    settings.flange_from_tcp = {0.0, 0.0, 0.2, 0.0, 0.0, 0.0};
    settings.payload = 1.5;
    settings.payload_centre = {0.0, 0.0, 0.05};
    settings.start_timeout = kPatience;
    return settings;
  }

  LiveWorkcell workcell;
  FaultBoard board;
  ControlServer control;
  UrEmulator emulator;
};

}  // namespace gripbench::hal

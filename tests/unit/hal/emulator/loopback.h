#pragma once

#include "hal/emulator/ur_emulator.h"
#include "hal/ur/ur_arm.h"
#include "tests/unit/experiments/fake_workcell.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::hal {

/// The same within 1 um and 1e-6 rad.
inline bool same_pose(const Eigen::Isometry3d& a, const Eigen::Isometry3d& b) {
  const Eigen::Matrix3d turn = a.linear().transpose() * b.linear();
  return (a.translation() - b.translation()).norm() < 1e-6 &&
         Eigen::AngleAxisd(turn).angle() < 1e-6;
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
    // A machine that is busy with other work may hold up every thread for a while.
    settings.stale_after = 2.0;
    settings.heartbeat_timeout = kPatience;
    settings.answer_timeout = kPatience;
    return settings;
  }

  /// Beside another client that beats.
  UrSettings settings_of_another_client() const {
    UrSettings other = settings();
    ++other.marker_register;
    return other;
  }

  LiveWorkcell workcell;
  FaultBoard board;
  ControlServer control;
  UrEmulator emulator;
};

}  // namespace gripbench::hal

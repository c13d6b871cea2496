#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <thread>

#include "experiments/slip_label.h"
#include "hal/emulator/control_server.h"
#include "hal/emulator/live_workcell.h"

namespace gripbench::experiments {

/// Stands in for the person before an emulated rig: puts objects before the twin, and says whether
/// they slipped, by the same judge and thresholds as an experiment on the twin itself. It adds what
/// hal::RemoteOperator asks to the control interface: take, present, watch, slipped; and `truth`.
///
/// A rig is not carried home by magic: `present` is refused until arm and jaws stand where they
/// stood at the start.
class TwinOperator {
 public:
  /// Puts down `first`, so that the cameras have something to show. Workcell and control interface
  /// must outlive this; the interface listens after and is closed before it goes.
  /// @throws hal::InputError for an unknown object.
  TwinOperator(hal::LiveWorkcell& workcell, const LabelThresholds& thresholds,
               const hal::Placement& first, hal::ControlServer& control);

 private:
  using Words = hal::ControlServer::Words;

  std::string present(const Words& words);
  std::string watch();
  std::string slipped();
  std::string truth();
  void check_home() const;
  void look(std::stop_token stop);

  hal::LiveWorkcell& workcell_;
  const LabelThresholds thresholds_;
  /// As after the first object was put down.
  hal::LiveState home_;

  /// Only the workcell's thread uses these two.
  std::optional<SlipJudge> judge_;
  hal::Placement placement_;
  std::atomic<bool> watching_{false};
  std::jthread looking_;
};

}  // namespace gripbench::experiments

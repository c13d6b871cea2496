#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "hal/rig/rig_settings.h"
#include "tests/unit/rig/grasp_moment.h"

namespace gripbench::experiments {

/// What a fault does to the grasp that it comes into.
enum class Effect {
  kEndsIt,
  /// Nothing asks for what broke until the grasp is made.
  kNone,
  /// The script makes the same grasp again by itself.
  kAgain,
};

/// Who notices a fault first, and what stands between run and gripper.
enum class Watch {
  /// The run has the gripper's connection itself.
  kNobody,
  /// A watchdog that is as patient as the run's other devices.
  kPatient,
  /// A watchdog that notices a camera before the run does.
  kImpatient,
};

/// One row of the table. What it excepts comes with the reason.
struct Fault {
  struct Other {
    Effect effect;
    const char* because;
  };

  const char* name;
  /// Lines for the emulator's control interface.
  std::vector<std::string> inject, clear = {};
  /// One of these is to be named, the first falls silent; and one of those is to be said.
  std::vector<std::string> devices = {}, says = {};
  /// The gripper itself lets go.
  bool lets_go = false;
  /// Instead of a fault of a device the run's process is killed.
  bool kills_run = false;
  /// The device tells of it by itself, and the script gets no further.
  bool at_once = false;
  Watch watch = Watch::kPatient;
  /// Where it does not end the grasp.
  std::map<Moment, Other> otherwise = {};
  /// Where what moves may get to its end, and why nobody can know before.
  std::map<Moment, const char*> runs_on = {};
  /// Nobody can tell a moving arm to stop, and the person is told so: by the run, or the watchdog.
  std::string warns = {}, watchdog_warns = {};
  /// Rigs among which the moments are divided: more where grasps are made to their end, or somebody
  /// waits for what does not come.
  std::size_t rigs = 2;
  /// Changes to the rig's settings.
  std::function<void(hal::RigSettings&)> rig = {};

  bool names_device(const std::string& said) const {
    return std::any_of(devices.begin(), devices.end(),
                       [&](const std::string& device) { return said.starts_with(device + ": "); });
  }
  Effect effect_at(Moment moment) const {
    const auto found = otherwise.find(moment);
    return found == otherwise.end() ? Effect::kEndsIt : found->second.effect;
  }
};

const std::vector<Fault>& arm_faults();
const std::vector<Fault>& gripper_faults();
const std::vector<Fault>& sensor_faults();

}  // namespace gripbench::experiments

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/objects.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// What a scripted workcell does; every number is the script's, there is no physics behind it.
struct FakeScript {
  /// Jaw width below which the gel's pictures change (m).
  double touch_width = 0.0405;
  /// Width above which a lifted object slips, and how fast (m, m/s).
  double holding_width = 0.0390;
  double slip_speed = 0.004;
  /// The stage knows the truth; else an operator tells, if there is one.
  bool knows_truth = true;
  bool has_operator = false;
  /// What the stage tells of chance.
  hal::Variation variation = {};
  /// Cameras (Hz, s): the outside one exposes this much after the tactile one.
  double frame_rate = 20.0;
  double camera_skew = 0.012;
  /// From the command of a lift to its start (s).
  double arm_latency = 0.0;
  /// A sensor at the wrist, which feels nothing.
  bool has_force_torque = false;
  /// Faults: the cameras stall, or drop a picture, at this time after a grasp was presented.
  std::optional<double> tactile_stalls_at;
  std::optional<double> camera_stalls_at;
  std::optional<double> tactile_drops_at;
  /// The drop happens only the first so many times that a grasp is presented; always if empty.
  std::optional<int> tactile_drops_times;
  bool arm_refuses_lift = false;
  bool arm_ignores_lift = false;
  bool arm_refuses_stop = false;
  bool gripper_hangs = false;
  /// Pictures stay changed after the first touch.
  bool gel_sticks = false;
  /// Called whenever time passes, with the time since the grasp was presented and its name.
  std::function<void(double, const std::string&)> on_time;
};

/// What was asked of a workcell, for tests that look at the order of things.
struct FakeLog {
  std::vector<std::string> presented;
  /// How often it was left empty.
  int cleared = 0;
  int pictures_fetched = 0;
  int arm_stops = 0;
  int gripper_stops = 0;
};

/// A workcell of 96 x 72 pictures. `log` may be null and must outlive the workcell.
std::unique_ptr<hal::Workcell> make_fake_workcell(const FakeScript& script, FakeLog* log = nullptr);

/// Objects that the fake can stand before the arm.
hal::ObjectDescription fake_object(const std::string& name);

}  // namespace gripbench::experiments

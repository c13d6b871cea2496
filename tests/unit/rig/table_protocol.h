#pragma once

#include "experiments/grasp_protocol.h"
#include "hal/rig/rig_settings.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {

/// What counts as the silence of a device that is to fall silent, and of the others, which a busy
/// machine may keep waiting (s). By default an arm or a gripper is silent after a quarter of a
/// second (FaultTable.WhatFallsSilentByTheDefaultsEndsAGrasp has that): with dozens of rigs on two
/// processors as much would be a hiccup of the machine, not of a device.
inline constexpr double kSilent = 0.8;
inline constexpr double kLongSilent = 10.0;
/// Frames per second of both cameras, and states per second of the arm: enough for the script.
inline constexpr double kFrameRate = 10.0;
inline constexpr double kStateRate = 25.0;

/// One object, gripped and lifted slowly enough that a fault is noticed while its phase lasts.
inline GraspProtocol slow_protocol() {
  GraspProtocol protocol = fake_protocol();
  protocol.train_objects = {"egg"};
  protocol.test_objects = {"ball"};
  protocol.train_grasps = protocol.test_grasps = 12;
  protocol.approach.motion = {0.1, 2.0};
  protocol.squeeze.trial_lifts = 1;
  // Whether or not the trial slipped, every grasp holds.
  protocol.squeeze.depth = {0.001, 0.004};
  protocol.lift.jaw_speed = 0.006;
  protocol.lift.settle = 1.2;
  protocol.lift.distance = 0.085;
  protocol.lift.motion = {0.03, 1.2};
  protocol.lift.onset_speed = 0.01;
  protocol.patience.frame = kLongSilent;
  return protocol;
}

inline FakeScript slow_cameras() {
  FakeScript script;
  script.frame_rate = kFrameRate;
  script.has_force_torque = true;
  return script;
}

/// Impatient, after `silent` (s), with the device that a fault concerns alone.
inline hal::RigSettings patient(hal::RigSettings rig, const std::string& device, double silent) {
  const auto silence = [&](const char* of) { return device == of ? silent : kLongSilent; };
  rig.arm.rate = kStateRate;
  rig.arm.stale_after = rig.arm.heartbeat_timeout = silence("arm");
  rig.gripper.connection.stale_after = hal::Duration(silence("gripper"));
  rig.tactile.stale_after = hal::Duration(silence("tactile"));
  rig.camera.stale_after = hal::Duration(silence("camera"));
  rig.tactile.rate_hz = rig.camera.rate_hz = kFrameRate;
  if (rig.force_torque) rig.force_torque->stale_after = hal::Duration(silence("force_torque"));
  return rig;
}

}  // namespace gripbench::experiments

#pragma once

#include <memory>
#include <string>

#include "hal/arm.h"
#include "hal/camera.h"
#include "hal/clock.h"
#include "hal/force_torque_sensor.h"
#include "hal/gripper.h"
#include "hal/stage.h"
#include "hal/tactile_sensor.h"

namespace gripbench::hal {

/// A rig: everything an experiment may touch. Experiments do not ask what stands behind it.
///
/// Not thread-safe: one thread drives one workcell.
class Workcell {
 public:
  virtual ~Workcell() = default;

  virtual Clock& clock() = 0;
  virtual Arm& arm() = 0;
  virtual Gripper& gripper() = 0;
  /// The GelSight in the gripper's first finger.
  virtual TactileSensor& tactile() = 0;
  /// The webcam on the gripper's side.
  virtual Camera& camera() = 0;
  /// At the wrist; a rig without one throws DeviceError.
  virtual ForceTorqueSensor& force_torque() = 0;
  virtual Stage& stage() = 0;
};

}  // namespace gripbench::hal

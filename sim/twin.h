#pragma once

#include <array>
#include <memory>

#include "hal/force_torque_sensor.h"
#include "hal/objects.h"
#include "hal/stage.h"
#include "sim/grasp_variation.h"
#include "sim/grip_coupling.h"
#include "sim/mujoco_handles.h"
#include "sim/object_shape.h"
#include "sim/rig_controller.h"
#include "sim/twin_settings.h"

namespace gripbench::sim {

/// The physics of the rig with one object on its table.
///
/// All state of a grasp is set by `present`; nothing of an earlier one is left. Not thread-safe.
class Twin {
 public:
  /// @throws hal::InputError if model and object do not go together.
  Twin(const TwinSettings& settings, const hal::ObjectDescription& object);

  /// Puts the rig at home and the object on the table, as far off its placement and with the
  /// friction that `variation` says, and lets it come to rest there.
  void present(const hal::Placement& placement, const GraspVariation& variation);

  /// Advances the physics by one time step.
  void step();

  /// Whole steps since `present` returned.
  long steps() const { return steps_; }

  /// @throws hal::DeviceError if the physics blew up.
  void check() const;

  RigController& controller() { return controller_; }
  GripCoupling& grip() { return grip_; }
  hal::WrenchReading wrist() const;
  hal::SlipTruth slip_truth() const;
  std::array<hal::PadMap, 2> pad_maps() const;

  const hal::ObjectDescription& object() const { return object_; }
  const mjModel& model() const { return *model_; }
  const mjData& data() const { return *data_; }

 private:
  hal::ObjectDescription object_;
  ObjectShape shape_;
  MujocoModel model_;
  MujocoData data_;
  RigController controller_;
  GripCoupling grip_;
  int object_qpos_ = 0;
  int wrist_force_ = 0;
  int wrist_torque_ = 0;
  long steps_ = 0;
};

}  // namespace gripbench::sim

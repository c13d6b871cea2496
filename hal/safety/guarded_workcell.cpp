#include "hal/safety/guarded_workcell.h"

#include <algorithm>
#include <utility>

namespace gripbench::hal {
namespace {

/// What both guarded devices have to know of each other.
struct Guarded {
  std::unique_ptr<Workcell> inner;
  SafetyLimits limits;
  /// Height of the tool when the jaws were last told to move (m); before that, where the tool is.
  std::optional<double> grip_height;
};

class GuardedArm final : public Arm {
 public:
  explicit GuardedArm(Guarded& shared) : shared_(shared) {}
  ArmState read() override { return arm().read(); }
  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const LinearMotionLimits& motion) override {
    const ArmState now = arm().read();
    const SafetyState state{
        .base_from_tcp = now.base_from_tcp,
        .normal_force = shared_.inner->gripper().read().normal_force,
        .grip_height = shared_.grip_height.value_or(now.base_from_tcp.translation().z())};
    check_arm_motion(shared_.limits, state, base_from_tcp, motion);
    arm().start_move(base_from_tcp, motion);
  }
  bool moving() override { return arm().moving(); }
  void stop() override { arm().stop(); }

 private:
  Arm& arm() { return shared_.inner->arm(); }
  Guarded& shared_;
};

class GuardedGripper final : public Gripper {
 public:
  explicit GuardedGripper(Guarded& shared) : shared_(shared) {}
  GripperLimits limits() const override {
    GripperLimits device = shared_.inner->gripper().limits();
    device.max_speed = std::min(device.max_speed, shared_.limits.max_jaw_speed);
    device.max_normal_force = std::min(device.max_normal_force, shared_.limits.max_normal_force);
    return device;
  }
  GripperState read() override {
    const GripperState state = gripper().read();
    check_grip_force(shared_.limits, state.normal_force);
    return state;
  }
  void start_move(double width, double speed) override {
    check_jaw_motion(shared_.limits, speed);
    shared_.grip_height = shared_.inner->arm().read().base_from_tcp.translation().z();
    gripper().start_move(width, speed);
  }
  bool moving() override { return gripper().moving(); }
  void stop() override { gripper().stop(); }

 private:
  Gripper& gripper() { return shared_.inner->gripper(); }
  Guarded& shared_;
};

class GuardedWorkcell final : public Workcell {
 public:
  GuardedWorkcell(std::unique_ptr<Workcell> inner, const SafetyLimits& limits)
      : shared_{std::move(inner), limits, std::nullopt} {}

  Clock& clock() override { return shared_.inner->clock(); }
  Arm& arm() override { return arm_; }
  Gripper& gripper() override { return gripper_; }
  TactileSensor& tactile() override { return shared_.inner->tactile(); }
  Camera& camera() override { return shared_.inner->camera(); }
  ForceTorqueSensor& force_torque() override { return shared_.inner->force_torque(); }
  Stage& stage() override { return shared_.inner->stage(); }

 private:
  Guarded shared_;
  GuardedArm arm_{shared_};
  GuardedGripper gripper_{shared_};
};

}  // namespace

std::unique_ptr<Workcell> guard(std::unique_ptr<Workcell> inner, const SafetyLimits& limits) {
  return std::make_unique<GuardedWorkcell>(std::move(inner), limits);
}

}  // namespace gripbench::hal

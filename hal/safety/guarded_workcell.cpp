#include "hal/safety/guarded_workcell.h"

#include <algorithm>
#include <utility>

namespace gripbench::hal {
namespace {

/// What both guarded devices have to know of each other.
struct Guarded {
  std::unique_ptr<Workcell> inner;
  SafetyLimits limits;
  /// Height of the tool when the jaws were told to make the motion that took hold, or that may yet
  /// take hold (m). It stays while something is held: whoever could set it anew by a small motion
  /// of the jaws between two lifts could lift without end.
  std::optional<double> grip_height = std::nullopt;
  /// The jaws were last told to close; and where the arm was last told to go.
  bool closing = false;
  double arm_goal_height = 0.0;

  bool holds() { return inner->gripper().read().normal_force >= limits.holding_force; }
  double height() { return inner->arm().read().base_from_tcp.translation().z(); }
  /// What was held before anybody gave a command counts as gripped where it was first seen.
  void notice_what_is_held() {
    if (!grip_height && holds()) grip_height = height();
  }
};

class GuardedArm final : public Arm {
 public:
  explicit GuardedArm(Guarded& shared) : shared_(shared) {}
  ArmState read() override { return arm().read(); }
  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const LinearMotionLimits& motion) override {
    shared_.notice_what_is_held();
    const ArmState now = arm().read();
    Gripper& jaws = shared_.inner->gripper();
    const SafetyState state{
        .base_from_tcp = now.base_from_tcp,
        .normal_force = jaws.read().normal_force,
        .jaws_close = shared_.closing && jaws.moving(),
        .grip_height = shared_.grip_height.value_or(now.base_from_tcp.translation().z())};
    check_arm_motion(shared_.limits, state, base_from_tcp, motion);
    shared_.arm_goal_height = base_from_tcp.translation().z();
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
  bool homed() override { return gripper().homed(); }
  void start_homing() override {
    const SafetyState state{.base_from_tcp = shared_.inner->arm().read().base_from_tcp,
                            .normal_force = gripper().read().normal_force};
    check_homing(shared_.limits, state, shared_.inner->arm().moving());
    shared_.closing = false;
    gripper().start_homing();
  }
  void start_move(double width, double speed) override {
    check_jaw_motion(shared_.limits, speed);
    const bool closing = width < gripper().read().width;
    const double height = shared_.height();
    if (closing && shared_.inner->arm().moving()) {
      check_closing_in_motion(shared_.limits, shared_.arm_goal_height - height);
    }
    if (!shared_.holds()) {
      shared_.grip_height = height;
    } else {
      shared_.notice_what_is_held();
    }
    shared_.closing = closing;
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

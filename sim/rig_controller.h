#pragma once

#include <array>
#include <optional>
#include <vector>

#include <mujoco/mujoco.h>

#include <Eigen/Geometry>

#include "hal/arm.h"
#include "hal/gripper.h"
#include "sim/jaw_drive.h"
#include "sim/trajectory.h"
#include "sim/ur5_kinematics.h"

namespace gripbench::sim {

/// Drives the arm and the jaws of the rig's model (assets/mjcf/rig.xml) by forces, as the real
/// controllers do: nothing is ever put in place except by `reset`.
///
/// Arm: straight tool motions with the real arm's speed profile, turned into joint angles, tracked
/// by computed torque with a PID within the joints' torque limits. Jaws: see JawDrive.
/// Use: `reset` once, then per step: `update`, apply pad forces (xfrc_applied), `mj_step`.
///
/// One controller belongs to one mjData; it keeps the model's address, not the data's. Frames: all
/// poses are of the tool centre point in the arm's base frame, which is the world's.
class RigController {
 public:
  /// @throws hal::InputError naming whatever the model lacks.
  explicit RigController(const mjModel* model);

  /// Puts the rig's own joints at home (tool above the middle of the table, pointing down, x along
  /// the base's x; jaws open), at rest, and forgets every motion. Leaves other bodies, time and
  /// xfrc_applied as they are; ends with mj_forward.
  void reset(mjData* data);

  /// Starts a straight motion. One under way brakes along its path first; the new one follows from
  /// where that ends.
  /// @throws hal::MotionRefused, and changes nothing, when the path leaves the arm's reach, passes
  /// near a singular posture or below the table, demands a joint speed over pi rad/s, or when the
  /// limits are not positive.
  void start_move(const Eigen::Isometry3d& base_from_tcp, const hal::LinearMotionLimits& limits);
  /// True until the motion's profile has ended.
  bool moving() const;
  /// Brakes to a stand along the path.
  void stop();

  /// Starts the jaws to `width` (m, rounded to what they resolve) at `speed` (m/s, of the width).
  /// @throws hal::MotionRefused when either is beyond the gripper's limits.
  void start_jaws(double width, double speed) { jaws_.start(width, speed); }
  bool jaws_moving() const { return jaws_.moving(); }
  void stop_jaws() { jaws_.stop(); }
  hal::GripperLimits gripper_limits() const { return jaws_.limits(); }
  /// Normal force per pad at which closing jaws stop (N), up to the gripper's largest.
  void set_force_limit(double normal_force) { jaws_.set_force_limit(normal_force); }

  /// Measured at the last `update` or `reset`: distance between the pads' faces with nothing
  /// between them (m), and its rate (m/s).
  double jaw_width() const { return jaws_.measured_width(); }
  double jaw_speed() const { return jaws_.measured_speed(); }
  /// Force that bends each finger (N, positive when its pad is pressed): tactile, plain.
  std::array<double, 2> pad_forces() const { return jaws_.pad_forces(); }

  /// Advances the commanded motions by one time step and writes the actuators' controls; call it
  /// before every mj_step. It uses the inertia and bias forces that the last mj_step or mj_forward
  /// left in `data`.
  void update(mjData* data);

  /// Pose, velocity and joint angles at data's time, from the joints' positions and velocities.
  hal::ArmState arm_state(const mjData* data) const;
  /// Pose that the controller wants now; the difference to `arm_state` is the tracking error.
  Eigen::Isometry3d commanded_pose() const;
  /// Torques of the last `update` (N m).
  const JointVector& torques() const { return torques_; }

  /// Pose of the tool at home.
  Eigen::Isometry3d home_pose() const { return home_pose_; }
  /// Fixed pose of the tool centre point on the flange.
  const Eigen::Isometry3d& flange_from_tcp() const { return flange_from_tcp_; }

 private:
  /// A motion and the time since its start.
  struct TimedMotion {
    StraightMotion motion;
    double time = 0.0;
  };

  void check_path(const StraightMotion& motion, const hal::LinearMotionLimits& limits,
                  JointVector joints) const;
  JointVector joints_at(const Eigen::Isometry3d& base_from_tcp, const JointVector& near) const;
  void advance_reference();
  JointVector positions(const mjData* data) const;
  JointVector velocities(const mjData* data) const;

  const mjModel* model_;
  double step_;
  std::array<int, 6> qpos_, dof_, motor_;
  JointVector torque_limit_;
  Eigen::Isometry3d flange_from_tcp_, home_pose_;
  JointVector home_joints_;
  JawDrive jaws_;
  double home_width_, finger_reach_;

  std::optional<TimedMotion> current_;
  /// Follows once the current one has braked.
  std::optional<StraightMotion> next_;
  JointVector reference_, reference_velocity_, reference_acceleration_;
  JointVector error_integral_ = JointVector::Zero();
  JointVector torques_ = JointVector::Zero();
  std::vector<double> wanted_acceleration_, wanted_force_;
};

}  // namespace gripbench::sim

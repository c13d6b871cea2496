#include "sim/rig_controller.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include <fmt/format.h>

#include <Eigen/LU>

#include "hal/errors.h"
#include "sim/mujoco_handles.h"

namespace gripbench::sim {
namespace {

constexpr std::array<const char*, 6> kJointNames = {"shoulder_pan", "shoulder_lift", "elbow",
                                                    "wrist_1",      "wrist_2",       "wrist_3"};

// Triple pole of the joints' tracking error (rad/s): stiff as the real joints are, slow enough for
// one step of delay at 1 ms.
constexpr double kTrackingPole = 110.0;
constexpr double kProportional = 3.0 * kTrackingPole * kTrackingPole;
constexpr double kDerivative = 3.0 * kTrackingPole;
constexpr double kIntegral = kTrackingPole * kTrackingPole * kTrackingPole;

// A path is checked at points this far apart (m, turning counted as StraightMotion does).
constexpr double kCheckSpacing = 0.005;
// Least dexterity (m/rad) along a path; see ur5_dexterity. Home has 0.1.
constexpr double kMinDexterity = 0.015;
// Largest joint travel between checked points (rad): more means a change of posture.
constexpr double kMaxJointStep = 0.35;

Eigen::Map<const Eigen::VectorXd> numeric(const mjModel* model, const char* name, int size) {
  const int id = require_id(model, mjOBJ_NUMERIC, name);
  if (model->numeric_size[id] != size) {
    throw hal::InputError(
        fmt::format("the rig's model: numeric '{}' must have {} numbers", name, size));
  }
  return {model->numeric_data + model->numeric_adr[id], size};
}

Eigen::Isometry3d pose_in_body(const mjModel* model, int site) {
  const std::ptrdiff_t index = site;
  const mjtNum* p = model->site_pos + 3 * index;
  const mjtNum* q = model->site_quat + 4 * index;
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.linear() = Eigen::Quaterniond(q[0], q[1], q[2], q[3]).toRotationMatrix();
  pose.translation() << p[0], p[1], p[2];
  return pose;
}

std::string describe(const Eigen::Vector3d& point) {
  return fmt::format("({:.3f}, {:.3f}, {:.3f}) m", point.x(), point.y(), point.z());
}

[[noreturn]] void refuse(const std::string& why) { throw hal::MotionRefused("arm", why); }

/// Speed at a way along a trapezoidal profile, before smoothing.
double speed_on_way(double way, double length, const hal::LinearMotionLimits& limits) {
  const double to_nearer_end = std::max(0.0, std::min(way, length - way));
  return std::min(limits.speed, std::sqrt(2.0 * limits.acceleration * to_nearer_end));
}

}  // namespace

RigController::RigController(const mjModel* model)
    : model_(model),
      step_(model->opt.timestep),
      flange_from_tcp_(pose_in_body(model, require_id(model, mjOBJ_SITE, "tcp"))),
      home_pose_(Eigen::Isometry3d::Identity()),
      jaws_(model),
      home_width_(numeric(model, "home_width", 1)[0]),
      finger_reach_(numeric(model, "finger_reach", 1)[0]),
      wanted_acceleration_(model->nv, 0.0),
      wanted_force_(model->nv, 0.0) {
  for (int i = 0; i < 6; ++i) {
    const int joint = require_id(model, mjOBJ_JOINT, kJointNames[i]);
    qpos_[i] = model->jnt_qposadr[joint];
    dof_[i] = model->jnt_dofadr[joint];
    motor_[i] = require_id(model, mjOBJ_ACTUATOR, kJointNames[i]);
    torque_limit_[i] = model->actuator_ctrlrange[2 * motor_[i] + 1];
  }
  home_pose_.linear() = Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
  home_pose_.translation() = numeric(model, "home_tcp", 3);
  const std::optional<JointVector> home = ur5_inverse_nearest(
      home_pose_ * flange_from_tcp_.inverse(), numeric(model, "home_posture", 6));
  if (!home) throw hal::InputError("the rig's model: 'home_tcp' is out of the arm's reach");
  home_joints_ = reference_ = *home;
  reference_velocity_.setZero();
  reference_acceleration_.setZero();
}

void RigController::reset(mjData* data) {
  current_.reset();
  next_.reset();
  reference_ = home_joints_;
  reference_velocity_.setZero();
  reference_acceleration_.setZero();
  error_integral_.setZero();
  torques_.setZero();
  for (int i = 0; i < 6; ++i) {
    data->qpos[qpos_[i]] = home_joints_[i];
    data->qvel[dof_[i]] = 0.0;
    data->ctrl[motor_[i]] = 0.0;
  }
  jaws_.reset(data, home_width_);
  mj_forward(model_, data);
}

void RigController::start_move(const Eigen::Isometry3d& base_from_tcp,
                               const hal::LinearMotionLimits& limits) {
  if (!(limits.speed > 0.0) || !(limits.acceleration > 0.0)) {
    refuse("speed and acceleration of a motion must be positive");
  }
  if (!base_from_tcp.matrix().allFinite()) refuse("the target pose is not finite");
  if (!current_) {
    StraightMotion motion(commanded_pose(), base_from_tcp, limits);
    check_path(motion, limits, reference_);
    current_ = TimedMotion{std::move(motion), 0.0};
    return;
  }
  TimedMotion braked = *current_;
  braked.motion.brake(braked.time);
  const Eigen::Isometry3d stand = braked.motion.end();
  StraightMotion motion(stand, base_from_tcp, limits);
  check_path(motion, limits, joints_at(stand, reference_));
  current_ = std::move(braked);
  next_ = std::move(motion);
}

bool RigController::moving() const { return current_.has_value(); }

void RigController::stop() {
  next_.reset();
  if (current_) current_->motion.brake(current_->time);
}

void RigController::check_path(const StraightMotion& motion, const hal::LinearMotionLimits& limits,
                               JointVector joints) const {
  const Eigen::Isometry3d target = motion.pose_at_share(1.0);
  if (ur5_inverse(target * flange_from_tcp_.inverse()).empty()) {
    refuse("the target " + describe(target.translation()) + " is out of reach; choose one nearer");
  }
  const double length = motion.length();
  const int samples = 1 + static_cast<int>(std::ceil(length / kCheckSpacing));
  for (int i = 0; i <= samples; ++i) {
    const double share = static_cast<double>(i) / samples;
    const Eigen::Isometry3d pose = motion.pose_at_share(share);
    const Eigen::Vector3d tcp = pose.translation();
    if ((tcp + finger_reach_ * pose.linear().col(2)).z() < 0.0) {
      refuse("the fingers would pass below the table at " + describe(tcp));
    }
    const std::optional<JointVector> found =
        ur5_inverse_nearest(pose * flange_from_tcp_.inverse(), joints);
    if (!found) {
      refuse("the path leaves the arm's reach at " + describe(tcp) + "; go around the base");
    }
    const Eigen::Vector3d tcp_in_flange = flange_from_tcp_.translation();
    if ((*found - joints).lpNorm<Eigen::Infinity>() > kMaxJointStep ||
        ur5_dexterity(*found, tcp_in_flange) < kMinDexterity) {
      refuse("the path passes near a singular posture at " + describe(tcp) +
             "; go around it or turn the tool");
    }
    joints = *found;
    if (length <= 0.0) return;
    const Eigen::Matrix<double, 6, 1> tool_velocity =
        motion.direction() * (speed_on_way(share * length, length, limits) / length);
    const JointVector rates =
        ur5_jacobian(joints, tcp_in_flange).partialPivLu().solve(tool_velocity);
    if (rates.lpNorm<Eigen::Infinity>() > kJointSpeedLimit) {
      refuse(
          fmt::format("a joint would turn at {:.1f} rad/s at {}, over its {:.2f} rad/s; slow "
                      "the motion down",
                      rates.lpNorm<Eigen::Infinity>(), describe(tcp), kJointSpeedLimit));
    }
  }
}

/// Newton's method from near by; along a checked path three rounds reach rounding error.
JointVector RigController::joints_at(const Eigen::Isometry3d& base_from_tcp,
                                     const JointVector& near) const {
  JointVector joints = near;
  for (int round = 0; round < 20; ++round) {
    const Eigen::Isometry3d pose = ur5_forward(joints) * flange_from_tcp_;
    // For small turns the vector of the skew part is the rotation vector.
    const Eigen::Matrix3d turn = base_from_tcp.linear() * pose.linear().transpose();
    Eigen::Matrix<double, 6, 1> error;
    error << base_from_tcp.translation() - pose.translation(), 0.5 * (turn(2, 1) - turn(1, 2)),
        0.5 * (turn(0, 2) - turn(2, 0)), 0.5 * (turn(1, 0) - turn(0, 1));
    if (error.lpNorm<Eigen::Infinity>() < 1e-13) break;
    const JointVector correction =
        ur5_jacobian(joints, flange_from_tcp_.translation()).partialPivLu().solve(error);
    joints += correction;
    if (correction.lpNorm<Eigen::Infinity>() < 1e-9) break;
  }
  return joints;
}

/// The next joint angles; rates and accelerations are their differences, which is exactly what
/// MuJoCo's semi-implicit Euler step then integrates back to them.
void RigController::advance_reference() {
  JointVector target = reference_;
  if (current_) {
    current_->time += step_;
    const bool ended = current_->time >= current_->motion.duration();
    target =
        joints_at(current_->motion.pose(current_->time), reference_ + step_ * reference_velocity_);
    if (ended) {
      current_.reset();
      if (next_) current_ = TimedMotion{std::move(*next_), 0.0};
      next_.reset();
    }
  }
  const JointVector velocity = (target - reference_) / step_;
  reference_acceleration_ = (velocity - reference_velocity_) / step_;
  reference_velocity_ = velocity;
  reference_ = target;
}

void RigController::update(mjData* data) {
  const JointVector position_error = reference_ - positions(data);
  const JointVector velocity_error = reference_velocity_ - velocities(data);
  advance_reference();
  jaws_.advance(data);

  const JointVector integral = error_integral_ + step_ * position_error;
  const JointVector acceleration = reference_acceleration_ + kDerivative * velocity_error +
                                   kProportional * position_error + kIntegral * integral;
  for (int i = 0; i < 6; ++i) wanted_acceleration_[dof_[i]] = acceleration[i];
  jaws_.demand(wanted_acceleration_);

  mj_mulM(model_, data, wanted_force_.data(), wanted_acceleration_.data());
  for (int i = 0; i < model_->nv; ++i) wanted_force_[i] += data->qfrc_bias[i];
  for (int i = 0; i < 6; ++i) {
    const double wanted = wanted_force_[dof_[i]];
    torques_[i] = std::clamp(wanted, -torque_limit_[i], torque_limit_[i]);
    data->ctrl[motor_[i]] = torques_[i];
    // A saturated joint must not wind up.
    if (torques_[i] == wanted) error_integral_[i] = integral[i];
  }
  jaws_.apply(data, wanted_force_);
}

JointVector RigController::positions(const mjData* data) const {
  JointVector q;
  for (int i = 0; i < 6; ++i) q[i] = data->qpos[qpos_[i]];
  return q;
}

JointVector RigController::velocities(const mjData* data) const {
  JointVector v;
  for (int i = 0; i < 6; ++i) v[i] = data->qvel[dof_[i]];
  return v;
}

hal::ArmState RigController::arm_state(const mjData* data) const {
  hal::ArmState state;
  state.time = data->time;
  state.joint_positions = positions(data);
  state.base_from_tcp = ur5_forward(state.joint_positions) * flange_from_tcp_;
  state.tcp_velocity =
      ur5_jacobian(state.joint_positions, flange_from_tcp_.translation()) * velocities(data);
  return state;
}

Eigen::Isometry3d RigController::commanded_pose() const {
  return ur5_forward(reference_) * flange_from_tcp_;
}

}  // namespace gripbench::sim

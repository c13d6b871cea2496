#include "sim/jaw_drive.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hal/errors.h"
#include "sim/mujoco_handles.h"

namespace gripbench::sim {
namespace {

// WSG 50-110 with the fingers of 2018 mounted: stroke, speeds and force of its manual; 80 N is the
// sum of both sides.
constexpr hal::GripperLimits kWsg50 = {.min_width = 0.0,
                                       .max_width = 0.080,
                                       .min_speed = 0.005,
                                       .max_speed = 0.420,
                                       .max_normal_force = 40.0,
                                       .resolution = 2e-5};
// Largest acceleration of the width that the manual allows (m/s^2).
constexpr double kAcceleration = 5.0;
// Deceleration of the width when the current limit stalls the motor against a part (m/s^2).
constexpr double kStallDeceleration = 20.0;
// Pads must meet the force limit for this long (s), so that jaws do not give up on a finger that
// only swings.
constexpr double kBlockedTime = 0.020;
// Natural frequency of the position servo (rad/s), critically damped. Well above the fingers' own
// 300 to 450 rad/s it would be unstable at 1 ms; the screw's inertia does the rest.
constexpr double kServoFrequency = 250.0;

}  // namespace

JawDrive::JawDrive(const mjModel* model)
    : motor_(require_id(model, mjOBJ_ACTUATOR, "jaws")),
      step_(model->opt.timestep),
      limits_(kWsg50),
      force_limit_(kWsg50.max_normal_force) {
  constexpr std::array<const char*, 2> kJawNames = {"jaw_tactile", "jaw_plain"};
  constexpr std::array<const char*, 2> kFlexNames = {"flex_tactile", "flex_plain"};
  for (int i = 0; i < 2; ++i) {
    const int jaw = require_id(model, mjOBJ_JOINT, kJawNames[i]);
    const int flex = require_id(model, mjOBJ_JOINT, kFlexNames[i]);
    jaw_[i] = {model->jnt_qposadr[jaw], model->jnt_dofadr[jaw]};
    flex_[i] = {model->jnt_qposadr[flex], model->jnt_dofadr[flex]};
    stiffness_[i] = model->jnt_stiffness[flex];
  }
}

void JawDrive::set_force_limit(double normal_force) {
  if (!(normal_force > 0.0) || normal_force > limits_.max_normal_force) {
    throw hal::MotionRefused("gripper",
                             fmt::format("a force limit of {:g} N per pad is outside 0 to {:g} N",
                                         normal_force, limits_.max_normal_force));
  }
  force_limit_ = normal_force;
}

void JawDrive::reset(mjData* data, double width) {
  for (int i = 0; i < 2; ++i) {
    data->qpos[jaw_[i].qpos] = 0.5 * width;
    data->qvel[jaw_[i].dof] = 0.0;
    data->qpos[flex_[i].qpos] = 0.0;
    data->qvel[flex_[i].dof] = 0.0;
  }
  data->ctrl[motor_] = 0.0;
  moving_ = false;
  target_ = ramp_width_ = measured_width_ = width;
  ramp_speed_ = ramp_acceleration_ = measured_speed_ = 0.0;
  pad_forces_ = {};
}

void JawDrive::start(double width, double speed) {
  if (!(width >= limits_.min_width && width <= limits_.max_width)) {
    throw hal::MotionRefused(
        "gripper", fmt::format("a width of {:g} mm is outside {:g} to {:g} mm", 1e3 * width,
                               1e3 * limits_.min_width, 1e3 * limits_.max_width));
  }
  if (!(speed >= limits_.min_speed && speed <= limits_.max_speed)) {
    throw hal::MotionRefused(
        "gripper", fmt::format("a speed of {:g} mm/s is outside {:g} to {:g} mm/s", 1e3 * speed,
                               1e3 * limits_.min_speed, 1e3 * limits_.max_speed));
  }
  target_ = std::round(width / limits_.resolution) * limits_.resolution;
  speed_ = speed;
  blocked_time_ = 0.0;
  moving_ = true;
}

void JawDrive::stop() {
  if (!moving_) return;
  const double braking = ramp_speed_ * std::abs(ramp_speed_) / (2.0 * kAcceleration);
  target_ = std::clamp(ramp_width_ + braking, limits_.min_width, limits_.max_width);
}

/// Speed from which the jaws, pressing on something rigid, still stop at the force limit; softer
/// things stop them sooner.
double JawDrive::closing_speed_limit() const {
  const double force = std::max(pad_forces_[0], pad_forces_[1]);
  const double stiffness = std::max(stiffness_[0], stiffness_[1]);
  const double way = 2.0 * std::max(0.0, force_limit_ - force) / stiffness;
  return way < limits_.resolution ? 0.0 : std::sqrt(2.0 * kStallDeceleration * way);
}

void JawDrive::finish_at(double width) {
  ramp_width_ = target_ = width;
  ramp_speed_ = ramp_acceleration_ = 0.0;
  moving_ = false;
}

void JawDrive::advance(const mjData* data) {
  measured_width_ = data->qpos[jaw_[0].qpos] + data->qpos[jaw_[1].qpos];
  measured_speed_ = data->qvel[jaw_[0].dof] + data->qvel[jaw_[1].dof];
  for (int i = 0; i < 2; ++i) pad_forces_[i] = stiffness_[i] * data->qpos[flex_[i].qpos];
  width_error_ = ramp_width_ - measured_width_;
  speed_error_ = ramp_speed_ - measured_speed_;
  if (!moving_) {
    ramp_speed_ = ramp_acceleration_ = 0.0;
    return;
  }

  const double way = target_ - ramp_width_;
  // Speed from which constant deceleration in whole steps ends at the target.
  const double step_speed = kAcceleration * step_;
  const double braking_speed = -0.5 * step_speed + std::sqrt(0.25 * step_speed * step_speed +
                                                             2.0 * kAcceleration * std::abs(way));
  double wanted = std::copysign(std::min(speed_, braking_speed), way);
  double speed = std::clamp(wanted, ramp_speed_ - step_speed, ramp_speed_ + step_speed);
  if (speed < 0.0) {
    const double allowed = closing_speed_limit();
    blocked_time_ = allowed > 0.0 ? 0.0 : blocked_time_ + step_;
    if (blocked_time_ >= kBlockedTime) {
      finish_at(ramp_width_);
      return;
    }
    speed = std::max(speed, -allowed);
  }
  const bool arrives = std::abs(way) <= std::abs(speed) * step_ + 1e-9;
  if (arrives && std::abs(ramp_speed_) <= 2.0 * step_speed) {
    finish_at(target_);
    return;
  }
  ramp_acceleration_ = (speed - ramp_speed_) / step_;
  ramp_speed_ = speed;
  ramp_width_ += speed * step_;
}

void JawDrive::demand(std::span<double> acceleration) const {
  const double width_acceleration = ramp_acceleration_ + 2.0 * kServoFrequency * speed_error_ +
                                    kServoFrequency * kServoFrequency * width_error_;
  for (const Jaw& jaw : jaw_) acceleration[jaw.dof] = 0.5 * width_acceleration;
}

void JawDrive::apply(mjData* data, std::span<const double> force) const {
  double thrust = 0.0;
  for (int i = 0; i < 2; ++i) thrust += 0.5 * (force[jaw_[i].dof] - pad_forces_[i]);
  data->ctrl[motor_] = thrust;
}

}  // namespace gripbench::sim

#pragma once

#include <array>
#include <span>

#include <mujoco/mujoco.h>

#include "hal/gripper.h"

namespace gripbench::sim {

/// The WSG 50's motor and screw: moves both jaws of the rig's model along a ramp of the width.
///
/// The screw cannot be driven back, so its thrust carries whatever the pads press on it; the jaws
/// stay where the ramp puts them and the fingers bend. Closing jaws whose pads meet the force limit
/// slow down into it and stop there. Width and speed are those of both jaws together.
class JawDrive {
 public:
  /// @throws hal::InputError naming whatever the model lacks.
  explicit JawDrive(const mjModel* model);

  const hal::GripperLimits& limits() const { return limits_; }
  /// Normal force per pad at which closing jaws stop (N). @throws hal::MotionRefused outside
  /// (0, limits().max_normal_force].
  void set_force_limit(double normal_force);

  /// Puts the jaws at `width` (m) at rest, the fingers unbent.
  void reset(mjData* data, double width);

  /// @throws hal::MotionRefused when width or speed is beyond the limits.
  void start(double width, double speed);
  bool moving() const { return moving_; }
  /// Brakes the ramp, from where it is, as hard as it may.
  void stop();

  /// Reads the jaws and the fingers' bending, and advances the ramp by a time step.
  void advance(const mjData* data);
  /// Acceleration (m/s^2) that keeps a jaw on the ramp, into `acceleration` (per degree of
  /// freedom) for both jaws.
  void demand(std::span<double> acceleration) const;
  /// Writes the thrust for it, from `force` = M acceleration + bias (per degree of freedom).
  void apply(mjData* data, std::span<const double> force) const;

  double measured_width() const { return measured_width_; }
  double measured_speed() const { return measured_speed_; }
  const std::array<double, 2>& pad_forces() const { return pad_forces_; }
  double commanded_width() const { return ramp_width_; }

 private:
  double closing_speed_limit() const;
  void finish_at(double width);

  struct Jaw {
    int qpos, dof;
  };
  std::array<Jaw, 2> jaw_, flex_;
  std::array<double, 2> stiffness_;
  int motor_;
  double step_;
  hal::GripperLimits limits_;
  double force_limit_;

  bool moving_ = false;
  double target_ = 0.0, speed_ = 0.0;
  double blocked_time_ = 0.0;
  double ramp_width_ = 0.0, ramp_speed_ = 0.0, ramp_acceleration_ = 0.0;
  double width_error_ = 0.0, speed_error_ = 0.0;
  double measured_width_ = 0.0, measured_speed_ = 0.0;
  std::array<double, 2> pad_forces_{};
};

}  // namespace gripbench::sim

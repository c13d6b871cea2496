#pragma once

#include <vector>

#include <Eigen/Geometry>

#include "hal/arm.h"

namespace gripbench::sim {

/// Duration (s) over which an arm's controller smooths the corners of its speed profile: three
/// cycles of a CB3 controller, which runs at 125 Hz. Acceleration then ramps instead of jumping.
inline constexpr double kProfileSmoothing = 0.024;

/// Way, speed and acceleration along a path at one time (units of the path and s).
struct PathState {
  double distance = 0.0;
  double speed = 0.0;
  double acceleration = 0.0;
};

/// A way from rest to rest: trapezoidal speed profile (triangular where the way is too short to
/// reach full speed), passed through a moving average of `smoothing` seconds. The average of a
/// profile keeps its limits of speed and acceleration, and bounds the jerk by acceleration /
/// smoothing; the motion takes `smoothing` longer.
class SpeedProfile {
 public:
  /// A profile that stands at 0.
  SpeedProfile() = default;

  /// @throws std::invalid_argument unless length >= 0, smoothing >= 0, and speed and acceleration
  /// are positive.
  SpeedProfile(double length, double speed, double acceleration,
               double smoothing = kProfileSmoothing);

  /// State `time` s after the start; at rest before 0 and after `duration()`.
  PathState at(double time) const;

  /// Time from rest to rest (s).
  double duration() const { return end_ + smoothing_; }
  /// Way covered at the end: `length`, or less after `brake`.
  double length() const;

  /// From `time` on the motion brakes to a stand with its own acceleration, never passing the end.
  /// The state at `time` is unchanged and stays continuous up to acceleration.
  void brake(double time);

 private:
  /// A stretch of constant acceleration, until the next one starts.
  struct Stretch {
    double start, distance, speed, acceleration;
  };
  /// Distance, speed and the integral of distance over time of the profile before smoothing.
  struct Raw {
    double distance, speed, integral;
  };
  Raw raw_at(double time) const;
  void set_stretches(std::vector<Stretch> stretches, double end);

  std::vector<Stretch> stretches_;
  /// Integral of distance up to each stretch's start.
  std::vector<double> integrals_;
  double end_ = 0.0;
  double smoothing_ = 0.0;
  double acceleration_ = 0.0;
};

/// Straight motion of a frame from one pose to another: the position on a line, the orientation
/// turning about one axis by the same share of the way (slerp).
class StraightMotion {
 public:
  /// Turning counts like the way of a point at this distance (m), so that a motion which mostly or
  /// only turns is bounded by the same limits.
  static constexpr double kTurningRadius = 0.25;

  StraightMotion() = default;
  /// Poses in any one frame, m. @throws std::invalid_argument for limits that are not positive.
  StraightMotion(const Eigen::Isometry3d& from, const Eigen::Isometry3d& to,
                 const hal::LinearMotionLimits& limits);

  /// Pose `time` s after the start, in the frame of the given poses.
  Eigen::Isometry3d pose(double time) const;
  /// Linear (m/s), then angular velocity (rad/s) in that frame.
  Eigen::Matrix<double, 6, 1> velocity(double time) const;
  /// Linear (m/s^2), then angular acceleration (rad/s^2) in that frame.
  Eigen::Matrix<double, 6, 1> acceleration(double time) const;

  /// Pose at a share of the whole way, 0 to 1.
  Eigen::Isometry3d pose_at_share(double share) const;
  /// Velocity per unit of the share's rate: linear (m), then angular (rad).
  Eigen::Matrix<double, 6, 1> direction() const;
  /// Length of the whole way (m), turning included as by `kTurningRadius`.
  double length() const { return length_; }

  double duration() const { return profile_.duration(); }
  /// Pose where the motion ends.
  Eigen::Isometry3d end() const { return pose(duration()); }
  /// Brakes to a stand along the path from `time` on.
  void brake(double time) { profile_.brake(time); }

 private:
  double share(double distance) const { return length_ > 0.0 ? distance / length_ : 0.0; }

  Eigen::Isometry3d from_ = Eigen::Isometry3d::Identity();
  Eigen::Vector3d translation_ = Eigen::Vector3d::Zero();
  Eigen::Vector3d axis_ = Eigen::Vector3d::UnitZ();
  double angle_ = 0.0;
  double length_ = 0.0;
  SpeedProfile profile_;
};

}  // namespace gripbench::sim

#pragma once

#include <Eigen/Geometry>

namespace gripbench::hal {

/// Measured state of the arm at `time` (s on the workcell's clock).
struct ArmState {
  double time = 0.0;
  /// Pose of the tool centre point, the middle between the finger pads, in the arm's base frame
  /// (m). The tool's z axis points along the fingers, its x axis along the jaws' motion.
  Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
  /// Velocity of the tool centre point in the base frame: linear (m/s), then angular (rad/s).
  Eigen::Matrix<double, 6, 1> tcp_velocity = Eigen::Matrix<double, 6, 1>::Zero();
  /// Joint angles from base to wrist (rad).
  Eigen::Matrix<double, 6, 1> joint_positions = Eigen::Matrix<double, 6, 1>::Zero();
};

/// The tool at `point` (m, base frame), pointing straight down, its jaws along the base's x axis.
inline Eigen::Isometry3d tool_down_at(const Eigen::Vector3d& point) {
  Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
  base_from_tcp.linear() = Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
  base_from_tcp.translation() = point;
  return base_from_tcp;
}

/// Speed and acceleration of a straight motion of the tool centre point (m/s, m/s^2). The motion
/// follows a trapezoidal speed profile within both.
struct LinearMotionLimits {
  double speed = 0.25;
  double acceleration = 1.2;
};

/// A six-axis arm. Motions are started and then polled, so a caller can record while it moves.
class Arm {
 public:
  virtual ~Arm() = default;

  /// Newest measured state.
  /// @throws DeviceError if the state stream is broken or stale.
  virtual ArmState read() = 0;

  /// Starts a straight motion of the tool centre point to `base_from_tcp` (turning on the way, if
  /// the orientation differs) and returns at once. Replaces a motion under way.
  /// @throws MotionRefused if the path is out of reach or beyond a limit of the workcell.
  virtual void start_move(const Eigen::Isometry3d& base_from_tcp,
                          const LinearMotionLimits& limits) = 0;

  /// True while a started motion has not ended.
  virtual bool moving() = 0;

  /// Brakes to a stand along the path, also a motion that somebody else has started. On a real arm
  /// it returns once the arm is known to stand, which takes the time to brake and a few states, or
  /// seconds where its lines are cut; where nothing moves it does not wait. A simulated arm brakes
  /// while time goes on.
  /// @throws DeviceError if nothing shows that the arm stands: it may still move.
  virtual void stop() = 0;
};

}  // namespace gripbench::hal

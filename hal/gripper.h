#pragma once

namespace gripbench::hal {

/// Measured state of the gripper at `time` (s on the workcell's clock).
struct GripperState {
  double time = 0.0;
  /// Distance between the two pads' faces when nothing is between them (m).
  double width = 0.0;
  /// Rate of change of `width` (m/s); negative while closing.
  double speed = 0.0;
  /// Normal force that each pad presses on the part with (N): half of the sum a WSG-50 reports.
  double normal_force = 0.0;
};

/// What the gripper can do (m, m/s, N per pad).
struct GripperLimits {
  double min_width = 0.0;
  double max_width = 0.0;
  double min_speed = 0.0;
  double max_speed = 0.0;
  double max_normal_force = 0.0;
  /// Smallest change of width that the jaws resolve (m).
  double resolution = 0.0;
};

/// A parallel gripper with two finger pads. Motions are started and then polled.
class Gripper {
 public:
  virtual ~Gripper() = default;

  /// Limits of the device as mounted.
  virtual GripperLimits limits() const = 0;

  /// Newest measured state.
  /// @throws DeviceError if the device does not answer.
  virtual GripperState read() = 0;

  /// Whether the jaws know where they stand. A real gripper has to find its zero after power on,
  /// and refuses every other motion until then.
  /// @throws DeviceError if the device does not answer.
  virtual bool homed() = 0;

  /// Starts to find the jaws' zero and returns at once: they open all the way, at a pace of the
  /// device's own, and let go of what they hold. The end is polled as that of any motion.
  /// @throws MotionRefused if the device's own state forbids it.
  virtual void start_homing() = 0;

  /// Starts to move the jaws to `width` (m) at `speed` (m/s) and returns at once. Jaws that meet
  /// the force limit stop there.
  /// @throws MotionRefused if width, speed or the device's own state forbids it.
  virtual void start_move(double width, double speed) = 0;

  /// True while a started motion has not ended.
  virtual bool moving() = 0;

  /// Stops the jaws where they are, still holding; returns at once.
  virtual void stop() = 0;
};

}  // namespace gripbench::hal

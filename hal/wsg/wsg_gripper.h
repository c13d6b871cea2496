#pragma once

#include <optional>

#include "hal/gripper.h"
#include "hal/wsg/wsg_settings.h"

namespace gripbench::hal {

/// A Weiss Robotics WSG 50 behind hal::Gripper, over its binary protocol.
///
/// The device counts forces as the sum over both fingers; here they are per pad. While this object
/// lives, the connection is open; when it is destroyed, it says goodbye and the gripper keeps what
/// it holds. A process that dies without that makes the gripper let go.
class WsgGripper final : public Gripper {
 public:
  /// Connects. Moves nothing.
  /// @throws DeviceError, TimeoutError as WsgClient does.
  WsgGripper(WsgSettings settings, const Clock& clock);

  /// Sets acceleration and force limit. Moves nothing.
  /// @throws DeviceError if the gripper is in fast stop or has another fault.
  void prepare();

  GripperLimits limits() const override;
  GripperState read() override;

  bool homed() override;
  /// Opens, whichever way the device itself is set to home: closing could crush a gel. Its pace is
  /// the device's.
  void start_homing() override;

  /// The jaws clamp on what blocks them, with the force limit. Replaces a motion under way.
  void start_move(double width, double speed) override;

  /// Grasps a part of about `width` (m): jaws that close without meeting anything know that there
  /// is none; ones that hold a part notice when it is lost. See `grasping_state`.
  void start_grasp(double width, double speed);
  /// Opens to `width` (m) and forgets the part.
  void start_release(double width, double speed);

  /// @throws DeviceError if the motion ended otherwise than at its target or on a part.
  bool moving() override;
  /// Asks nothing of jaws at rest: what a stop makes of a grip is up to the gripper's firmware.
  void stop() override;

  /// Force limit per pad (N). @throws MotionRefused outside what the device can do.
  void set_force_limit(double normal_force);

  /// Turns the motor off; the part may drop. Only an acknowledgement ends that.
  void fast_stop();
  /// Ends a fast stop, after a person has looked at the gripper.
  void acknowledge();

  /// @throws DeviceError if the gripper is silent or has a fault: for RigClock::watch.
  void check() const;

  WsgGraspingState grasping_state() const { return client_.newest().grasping; }
  WsgIdentity identity() const { return client_.identity(); }
  std::uint64_t reconnections() const { return client_.reconnections(); }
  std::uint64_t garbled_frames() const { return client_.garbled(); }

 private:
  void begin(const WsgFrame& motion, double width, double speed);
  void demand_no_fault() const;
  void demand_homed() const;
  void end_motion_before();
  /// Until values have come that were all measured after now.
  void wait_for_fresh_state() const;

  WsgSettings settings_;
  const Clock& clock_;
  WsgClient client_;
  /// When the motion under way must have ended (s on the workcell's clock).
  std::optional<double> deadline_;
  bool stopped_by_us_ = false;
};

}  // namespace gripbench::hal

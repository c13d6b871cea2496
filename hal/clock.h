#pragma once

namespace gripbench::hal {

/// The one clock of a workcell. All times of its devices are seconds on this clock.
///
/// An experiment's only way to let time pass: in simulation `sleep_until` advances the physics, on
/// a real rig it waits, on a recording it moves the cursor.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Seconds since an origin of the workcell's choice. Never goes back, but Stage::present may
  /// start it anew: times of two grasps are not to be compared.
  virtual double now() const = 0;

  /// Returns when `now() >= time`; at once if that is already so.
  /// @throws DeviceError if a device fails while time passes.
  virtual void sleep_until(double time) = 0;
};

}  // namespace gripbench::hal

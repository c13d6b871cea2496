#pragma once

#include <array>
#include <mutex>
#include <optional>
#include <vector>

#include "hal/emulator/live_workcell.h"
#include "hal/wsg/wsg_protocol.h"

namespace gripbench::hal {

struct WsgDeviceOptions {
  WsgIdentity identity{kWsg50, 3, 0x2640, 1234567};
  WsgHardwareLimits limits{};
  /// The jaws need no homing first.
  bool homed = false;
};

/// An emulated WSG 50 with a live workcell's gripper as its jaws: takes requests, gives answers and
/// automatic updates, no sockets. Every function is safe from any thread.
class WsgDevice {
 public:
  /// The workcell must outlive the device.
  WsgDevice(LiveWorkcell& workcell, WsgDeviceOptions options);

  /// A client came; false while another is there.
  bool attach();
  /// It went; without having announced it, that is a fast stop: the motor goes off and the jaws
  /// relax.
  void detach();

  /// Carries out a request; returns what is to be sent at once.
  std::vector<WsgFrame> handle(const WsgFrame& request);
  /// Lets time pass; returns what is to be sent: results of motions and updates that are due.
  std::vector<WsgFrame> step();

  /// Something is jammed between the jaws: motions end blocked where they are.
  void block_jaws(bool blocked);

 private:
  struct Motion {
    WsgCommand command = WsgCommand::kPrePosition;
    double target = 0.0;
    bool closing = false;
    bool stop_on_block = false;
  };
  struct Updates {
    WsgCommand value = WsgCommand::kWidth;
    bool enabled = false, on_change_only = false;
    double period = 0.0, due = 0.0;
    Bytes last;
  };

  WsgFrame carry_out(WsgCommand command, ByteView parameters);
  WsgFrame value(WsgCommand command, ByteView parameters);
  WsgFrame begin(WsgCommand command, double target, double speed, bool stop_on_block);
  WsgStatus start_jaws(double target, double speed);
  WsgStatus end_of(const Motion& motion, const LiveState& state, bool blocked);
  std::optional<bool> jaws_ended(const Motion& motion, const LiveState& state);
  WsgStatus stop();
  void enter_fast_stop();
  void hold_jaws();
  void watch_part(const LiveState& state);
  bool within_soft_limits(double target) const;
  Bytes measure(WsgCommand value, const LiveState& state) const;
  std::uint32_t state_bits(const LiveState& state) const;
  void step_updates(const LiveState& state, std::vector<WsgFrame>& out);

  LiveWorkcell& workcell_;
  const WsgDeviceOptions options_;

  mutable std::mutex mutex_;
  bool attached_ = false, announced_ = false;
  bool referenced_, fast_stop_ = false, jammed_ = false;
  bool stopped_ = false, target_reached_ = false, overdrive_ = false;
  std::uint32_t blocked_bits_ = 0;
  float acceleration_ = 500.0f;
  float force_limit_;
  float force_zero_ = 0.0f;
  std::optional<WsgWidthSpeed> soft_limits_;
  WsgGraspingState grasping_ = WsgGraspingState::kIdle;
  std::optional<Motion> motion_;
  /// Of a motion that was cut short, still to be sent.
  std::vector<WsgFrame> results_;
  std::array<Updates, 5> updates_;
};

}  // namespace gripbench::hal

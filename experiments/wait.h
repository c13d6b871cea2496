#pragma once

#include <atomic>

#include "hal/errors.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// How often a wait looks whether it is over (s): the state rate of the arm, 125 Hz.
inline constexpr double kPollPeriod = 0.008;

/// A wish to stop that another thread, or a signal, may utter at any time.
struct StopRequest {
  const std::atomic<bool>* flag = nullptr;

  /// @throws Interrupted if the flag is up.
  void check() const {
    if (flag != nullptr && flag->load(std::memory_order_relaxed)) {
      throw hal::Interrupted("stopped as asked; run the same command again to go on from here");
    }
  }
};

/// Lets time pass until `done()`, looking every `kPollPeriod`.
/// @throws TimeoutError about `device` after `timeout` (s on the workcell's clock); Interrupted.
template <typename Condition>
void wait_until(hal::Workcell& workcell, const StopRequest& stop, double timeout,
                const char* device, const char* complaint, Condition done) {
  const double deadline = workcell.clock().now() + timeout;
  while (!done()) {
    stop.check();
    const double now = workcell.clock().now();
    if (now >= deadline) {
      throw hal::TimeoutError(device, complaint);
    }
    workcell.clock().sleep_until(now + kPollPeriod);
  }
}

/// Lets `duration` (s) pass.
inline void rest(hal::Workcell& workcell, const StopRequest& stop, double duration) {
  stop.check();
  workcell.clock().sleep_until(workcell.clock().now() + duration);
}

}  // namespace gripbench::experiments

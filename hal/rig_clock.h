#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "hal/clock.h"

namespace gripbench::hal {

/// The clock of a real rig: seconds since its construction, never set back. All drivers stamp what
/// arrives with it. `now` may be called from any thread.
class RigClock final : public Clock {
 public:
  double now() const override;

  /// Waits; every 20 ms, and last when it returns, it asks the devices whether all is well. That is
  /// at least once, also where the time has passed: this process may have been stopped meanwhile.
  void sleep_until(double time) override;

  /// Adds a question that `sleep_until` asks; it throws DeviceError if its device
  /// failed.
  void watch(std::function<void()> check) { checks_.push_back(std::move(check)); }

 private:
  std::chrono::steady_clock::time_point origin_ = std::chrono::steady_clock::now();
  std::vector<std::function<void()>> checks_;
};

}  // namespace gripbench::hal

#include "hal/rig_clock.h"

#include <algorithm>
#include <thread>

namespace gripbench::hal {
namespace {

constexpr double kBetweenChecks = 0.02;

}  // namespace

double RigClock::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - origin_).count();
}

void RigClock::sleep_until(double time) {
  while (true) {
    for (const auto& check : checks_) check();
    const double left = time - now();
    if (left <= 0.0) return;
    std::this_thread::sleep_for(std::chrono::duration<double>(std::min(left, kBetweenChecks)));
  }
}

}  // namespace gripbench::hal

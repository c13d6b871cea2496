// What every fault of the emulated devices does to a grasp, at every phase of it: rows and columns
// run by themselves, over the drivers' own sockets, through the watchdog's relay, the limits, the
// script and the store.

#include <span>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/rig/table_protocol.h"
#include "tests/unit/rig/table_row.h"

namespace gripbench::experiments {
namespace {

/// Rows are mostly waits: a dozen of them together keep half a processor busy. Each is made in two
/// parts, on a rig of its own each.
void run_at_once(const std::vector<Fault>& rows) {
  const std::span<const Moment> all = kMoments;
  const std::size_t half = all.size() / 2 + 1;
  std::vector<std::jthread> threads;
  for (const Fault& fault : rows) {
    for (const auto part : {all.first(half), all.subspan(half)}) {
      threads.emplace_back([&fault, part] { run_row(fault, part, kSilent); });
    }
  }
}

TEST(FaultTable, EveryFaultOfTheArmAtEveryPhaseOfAGrasp) { run_at_once(arm_faults()); }

TEST(FaultTable, EveryFaultOfTheGripperAndLostRunsAtEveryPhaseOfAGrasp) {
  run_at_once(gripper_faults());
}

TEST(FaultTable, EveryFaultOfASensorAtEveryPhaseOfAGrasp) { run_at_once(sensor_faults()); }

}  // namespace
}  // namespace gripbench::experiments

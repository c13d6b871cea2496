// What every fault of the emulated devices does to a grasp, at every phase of it: rows and columns
// run by themselves, over the drivers' own sockets, through the watchdog's relay, the limits, the
// script and the store.

#include <algorithm>
#include <array>
#include <atomic>
#include <semaphore>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/rig/table_protocol.h"
#include "tests/unit/rig/table_row.h"

namespace gripbench::experiments {
namespace {

/// Rows are mostly waits: so many rigs together keep about half a processor busy.
constexpr int kAtOnce = 24;

/// A busy machine proves nothing, and says so.
void skip_if(int not_judged) {
  if (not_judged > 0 && !testing::Test::HasFailure()) {
    GTEST_SKIP() << not_judged << " cells of the table were not judged: this machine was too busy "
                 << "to keep real time, each time that they were tried";
  }
}

void run_at_once(const std::vector<Fault>& rows) {
  std::counting_semaphore<> free(kAtOnce);
  std::atomic<int> not_judged{0};
  std::vector<std::jthread> threads;
  for (const Fault& fault : rows) {
    const std::size_t most = (kMoments.size() + fault.rigs - 1) / fault.rigs;
    for (std::size_t first = 0; first < kMoments.size(); first += most) {
      const auto part = std::span(kMoments).subspan(first, std::min(most, kMoments.size() - first));
      threads.emplace_back([&fault, &free, &not_judged, part] {
        free.acquire();
        not_judged += run_row(fault, part, kSilent);
        free.release();
      });
    }
  }
  threads.clear();
  skip_if(not_judged);
}

TEST(FaultTable, EveryFaultOfTheArmAtEveryPhaseOfAGrasp) { run_at_once(arm_faults()); }

TEST(FaultTable, EveryFaultOfTheGripperAndLostRunsAtEveryPhaseOfAGrasp) {
  run_at_once(gripper_faults());
}

TEST(FaultTable, EveryFaultOfASensorAtEveryPhaseOfAGrasp) { run_at_once(sensor_faults()); }

TEST(FaultTable, WhatFallsSilentByTheDefaultsEndsAGrasp) {
  static constexpr std::array kMoving = {Moment::kLift};
  std::vector<std::jthread> threads;
  std::atomic<int> not_judged{0};
  const auto begin = [&](const std::vector<Fault>& rows, const std::string& name, double silent) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Fault& fault) { return fault.name == name; });
    ASSERT_NE(row, rows.end()) << name;
    threads.emplace_back(
        [row, silent, &not_judged] { not_judged += run_row(*row, kMoving, silent); });
  };
  const hal::RigSettings defaults;
  begin(arm_faults(), "state stream dropped", defaults.arm.stale_after);
  begin(arm_faults(), "network lost", defaults.arm.stale_after);
  begin(gripper_faults(), "gripper frozen", defaults.gripper.connection.stale_after.count());
  begin(sensor_faults(), "tactile sensor frozen", defaults.tactile.stale_after.count());
  threads.clear();
  skip_if(not_judged);
}

}  // namespace
}  // namespace gripbench::experiments

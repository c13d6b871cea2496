// What every fault of the emulated devices does to a grasp, at every phase of it: rows and columns
// run by themselves, over the drivers' own sockets, through the watchdog's relay, the limits, the
// script and the store.

#include <algorithm>
#include <array>
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

void run_at_once(const std::vector<Fault>& rows) {
  std::counting_semaphore<> free(kAtOnce);
  std::vector<std::jthread> threads;
  for (const Fault& fault : rows) {
    const std::size_t most = (kMoments.size() + fault.rigs - 1) / fault.rigs;
    for (std::size_t first = 0; first < kMoments.size(); first += most) {
      const auto part = std::span(kMoments).subspan(first, std::min(most, kMoments.size() - first));
      threads.emplace_back([&fault, &free, part] {
        free.acquire();
        run_row(fault, part, kSilent);
        free.release();
      });
    }
  }
}

TEST(FaultTable, EveryFaultOfTheArmAtEveryPhaseOfAGrasp) { run_at_once(arm_faults()); }

TEST(FaultTable, EveryFaultOfTheGripperAndLostRunsAtEveryPhaseOfAGrasp) {
  run_at_once(gripper_faults());
}

TEST(FaultTable, EveryFaultOfASensorAtEveryPhaseOfAGrasp) { run_at_once(sensor_faults()); }

TEST(FaultTable, WhatFallsSilentByTheDefaultsEndsAGrasp) {
  static constexpr std::array kMoving = {Moment::kLift};
  std::vector<std::jthread> threads;
  const auto begin = [&](const std::vector<Fault>& rows, const std::string& name, double silent) {
    const auto row = std::find_if(rows.begin(), rows.end(),
                                  [&](const Fault& fault) { return fault.name == name; });
    ASSERT_NE(row, rows.end()) << name;
    threads.emplace_back([row, silent] { run_row(*row, kMoving, silent); });
  };
  const hal::RigSettings defaults;
  begin(arm_faults(), "state stream dropped", defaults.arm.stale_after);
  begin(arm_faults(), "network lost", defaults.arm.stale_after);
  begin(gripper_faults(), "gripper frozen", defaults.gripper.connection.stale_after.count());
  begin(sensor_faults(), "tactile sensor frozen", defaults.tactile.stale_after.count());
}

}  // namespace
}  // namespace gripbench::experiments

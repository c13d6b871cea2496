// A run for the watchdog's tests: grips what stands before the rig, lifts it slowly, and says
// "lifting" once it rises. Then it goes on as it is told: "hold" until it is killed, "hang" without
// looking at the rig, "end" in order, "resume" with another motion once it was stopped and
// continued.
//   watched_lift lift WORKCELL hold|hang|end|resume
// It is its own watchdog too, as gripbench is, and starts itself as such:
//   watched_lift watchdog --workcell FILE --port PORT --started-by-run

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "hal/errors.h"
#include "hal/rig/rig_watchdog.h"
#include "hal/rig/rig_workcell.h"

namespace {

using namespace gripbench;

Eigen::Isometry3d down_at(const Eigen::Vector3d& point) {
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.linear() = Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
  pose.translation() = point;
  return pose;
}

/// Until this process has been stopped for a while, and continues.
void wait_to_be_continued() {
  using Clock = std::chrono::steady_clock;
  for (auto last = Clock::now(); Clock::now() - last < std::chrono::seconds(2);) {
    last = Clock::now();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void lift(const std::string& file, const std::string& then) {
  const hal::RigSettings settings = hal::RigSettings::from(hal::ConfigNode::load(file));
  const auto rig = hal::make_rig_workcell(settings);
  const auto wait = [&](auto done) {
    while (!done()) rig->clock().sleep_until(rig->clock().now() + 0.01);
  };
  rig->arm().start_move(down_at({0.45, 0.0, 0.05}), {0.5, 2.0});
  wait([&] { return !rig->arm().moving(); });
  rig->gripper().start_move(0.039, 0.3);
  wait([&] { return !rig->gripper().moving(); });
  rig->arm().start_move(down_at({0.45, 0.0, 0.15}), {0.01, 1.0});
  wait([&] { return rig->arm().read().tcp_velocity.z() > 0.005; });
  std::cout << "lifting" << std::endl;
  if (then == "end") return;
  if (then == "resume") {
    wait_to_be_continued();
    rig->arm().start_move(down_at({0.45, 0.0, 0.14}), {0.5, 2.0});
  }
  while (then == "hang") std::this_thread::sleep_for(std::chrono::seconds(1));
  wait([] { return false; });
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv, argv + argc);
  try {
    if (words.size() == 7 && words[1] == "watchdog") {
      hal::serve_run_as_watchdog(words[3], static_cast<std::uint16_t>(std::stoi(words[5])));
    } else if (words.size() == 4) {
      lift(words[2], words[3]);
    } else {
      return 2;
    }
    return 0;
  } catch (const hal::Error& error) {
    std::cerr << "watched_lift: " << error.what() << std::endl;
    return 3;
  }
}

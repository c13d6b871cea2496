#include "hal/rig/rig_watchdog.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "hal/rig/rig_settings.h"
#include "hal/watchdog/start_watchdog.h"
#include "hal/watchdog/watchdog.h"

namespace gripbench::hal {
namespace {

std::atomic<bool> asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may not lock");

void catch_requests() {
  struct sigaction action {};
  action.sa_handler = [](int) { asked.store(true, std::memory_order_relaxed); };
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  // A closed terminal is no reason to let go, nor one that nobody reads.
  action.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &action, nullptr);
  sigaction(SIGPIPE, &action, nullptr);
}

std::unique_ptr<Watchdog> make_watchdog(const std::filesystem::path& workcell, std::uint16_t port) {
  WatchdogSettings settings = watchdog_settings(RigSettings::from(ConfigNode::load(workcell)));
  settings.port = port;
  return std::make_unique<Watchdog>(settings, [](const std::string& line) {
    fmt::print(stderr, "gripbench watchdog: {}\n", line);
  });
}

void serve(Watchdog& watchdog) {
  fmt::print("{}\n", watchdog.port());
  std::fflush(stdout);
  watchdog.run(asked);
}

}  // namespace

WatchdogSettings watchdog_settings(const RigSettings& rig) {
  WatchdogSettings settings;
  settings.arm = rig.arm;
  settings.gripper = rig.gripper;
  JawOpening& opening = settings.opening;
  opening.width = rig.stage.open_width.value_or(opening.width);
  opening.speed = std::min({opening.speed, rig.stage.jaw_speed, rig.safety.max_jaw_speed});
  if (!rig.watchdog) return settings;
  settings.port = rig.watchdog->port;
  settings.rules = rig.watchdog->rules;
  return settings;
}

void serve_as_watchdog(const std::filesystem::path& workcell, std::uint16_t port) {
  catch_requests();
  serve(*make_watchdog(workcell, port));
}

void serve_run_as_watchdog(const std::filesystem::path& workcell, std::uint16_t port) {
  catch_requests();
  std::unique_ptr<Watchdog> watchdog;
  try {
    watchdog = make_watchdog(workcell, port);
  } catch (const Error& error) {
    fmt::print("{}{}\n", kWatchdogFailed, error.what());
    std::fflush(stdout);
    return;
  }
  serve(*watchdog);
}

}  // namespace gripbench::hal

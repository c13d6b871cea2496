#include "hal/watchdog/watchdog.h"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "hal/errors.h"
#include "hal/rig/rig_settings.h"
#include "hal/watchdog/start_watchdog.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

std::atomic<bool> asked{false};

/// However often it is asked: ending at once would open a grip.
void catch_requests() {
  struct sigaction action {};
  action.sa_handler = [](int) { asked.store(true, std::memory_order_relaxed); };
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  action.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &action, nullptr);
  sigaction(SIGPIPE, &action, nullptr);
}

void watch(const fs::path& workcell, std::uint16_t port) {
  catch_requests();
  const hal::RigSettings rig = hal::RigSettings::from(hal::ConfigNode::load(workcell));
  hal::WatchdogSettings settings{.port = port, .rules = {}, .arm = rig.arm, .gripper = rig.gripper};
  if (rig.watchdog) settings.rules = rig.watchdog->rules;
  hal::Watchdog watchdog(settings, [](const std::string& line) {
    fmt::print(stderr, "gripbench watchdog: {}\n", line);
  });
  // Whoever started it reads this line.
  fmt::print("{}\n", watchdog.port());
  std::fflush(stdout);
  watchdog.run(asked);
}

}  // namespace

void add_watchdog_command(CLI::App& program) {
  struct Options {
    fs::path workcell;
    std::uint16_t port = hal::kWatchdogPort;
    bool open = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "watchdog",
      "Hold the gripper's connection in a process of its own, and stop the arm and keep the grip "
      "when a run dies. Runs on a rig start it by themselves");
  command->add_option("--workcell", options->workcell, "Workcell file of backend rig");
  command->add_option("--port", options->port, "Port of the loopback interface; 0 takes any")
      ->capture_default_str();
  command->footer("Example, once somebody has hold of the part:\n  gripbench watchdog release");
  CLI::App* release =
      command->add_subcommand("release", "End a watchdog that holds what a lost run gripped");
  release->add_option("--port", options->port, "Where it listens")->capture_default_str();
  release->add_flag("--open", options->open, "Open the jaws first: the part drops");
  release->footer("Example:\n  gripbench watchdog release --open");
  release->callback(
      [options] { hal::ask_watchdog(options->port, options->open ? "open" : "release"); });
  command->callback([command, options] {
    if (!command->get_subcommands().empty()) return;
    if (options->workcell.empty()) {
      throw hal::InputError("watchdog: --workcell is missing; see --help");
    }
    watch(options->workcell, options->port);
  });
}

}  // namespace gripbench::experiments

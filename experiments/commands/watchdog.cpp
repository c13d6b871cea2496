#include "hal/watchdog/watchdog.h"

#include <memory>

#include "experiments/commands/command.h"
#include "hal/errors.h"
#include "hal/rig/rig_watchdog.h"
#include "hal/watchdog/start_watchdog.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
void add_watchdog_command(CLI::App& program) {
  struct Options {
    fs::path workcell;
    std::uint16_t port = hal::kWatchdogPort;
    bool open = false;
    bool started_by_run = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "watchdog",
      "Hold the gripper's connection in a process of its own, and stop the arm and keep the grip "
      "when a run dies. Runs on a rig start it by themselves");
  command->add_option("--workcell", options->workcell, "Workcell file of backend rig");
  command->add_option("--port", options->port, "Port of the loopback interface; 0 takes any")
      ->capture_default_str();
  command->add_flag("--started-by-run", options->started_by_run,
                    "Say on standard output, not on standard error, why it cannot start");
  command->footer("Once somebody has hold of the part:\n\nExample:\n  gripbench watchdog release");
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
    if (options->started_by_run) {
      hal::serve_run_as_watchdog(options->workcell, options->port);
    } else {
      hal::serve_as_watchdog(options->workcell, options->port);
    }
  });
}

}  // namespace gripbench::experiments

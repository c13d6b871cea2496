#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/interrupt.h"
#include "experiments/rig_probe.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

void devices(const fs::path& workcell, ProbeOptions options) {
  const hal::RigSettings settings = hal::RigSettings::from(hal::ConfigNode::load(workcell));
  options.stop = &interrupt_flag();
  std::vector<std::string> failing;
  probe_rig(settings, options, [&](const DeviceReport& report) {
    fmt::print("{:<13}{}\n", report.device, report.faults.empty() ? "well" : "NOT WELL");
    for (const std::string& fact : report.facts) fmt::print("{:<13}{}\n", "", fact);
    for (const std::string& fault : report.faults) fmt::print("{:<13}wrong: {}\n", "", fault);
    std::fflush(stdout);
    if (!report.faults.empty()) failing.push_back(report.device);
  });
  if (failing.empty()) return;
  throw hal::DeviceError(workcell.string(),
                         fmt::format("something is wrong with: {}", fmt::join(failing, ", ")));
}

}  // namespace

void add_devices_command(CLI::App& program) {
  struct Options {
    fs::path workcell;
    ProbeOptions probe;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("devices",
                                             "Probe a real rig: connect to each device, tell "
                                             "versions, rates, latencies and what is wrong; "
                                             "nothing moves");
  command->add_option("WORKCELL", options->workcell, "A workcell file of backend rig")->required();
  command->add_option("--out", options->probe.pictures, "Folder for a picture from each camera");
  command->add_option("--watch", options->probe.watch, "How long each device is watched (s)")
      ->check(CLI::Range(0.2, 600.0))
      ->capture_default_str();
  command->add_flag("--acknowledge", options->probe.acknowledge,
                    "End the gripper's fast stop, once somebody has looked at the part");
  command->footer(
      "Example:\n  gripbench devices assets/workcells/loopback.yaml --out out/devices\n\n"
      "Ends with code 3 if anything is wrong.");
  command->callback([options] { devices(options->workcell, options->probe); });
}

}  // namespace gripbench::experiments

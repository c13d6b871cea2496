#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/emulated_rig.h"
#include "experiments/file_io.h"
#include "experiments/grasp_protocol.h"
#include "experiments/interrupt.h"
#include "experiments/workcell_factory.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

constexpr std::chrono::milliseconds kLookUp{100};
/// Lost time is told of in portions of this (s).
constexpr double kWorthTelling = 1.0;

struct EmulateRequest {
  EmulationOptions options;
  fs::path protocol;
  fs::path ports_file;
  int ports_from = 0;
};

void serve_until_interrupted(const EmulatedRig& rig) {
  double told = 0.0;
  while (!interrupt_flag().load(std::memory_order_relaxed)) {
    std::this_thread::sleep_for(kLookUp);
    const double lost = rig.lost();
    if (lost < told + kWorthTelling) continue;
    told = lost;
    fmt::print(stderr, "emulate: this machine is too slow or busy: {:.1f} s of real time lost\n",
               lost);
  }
}

/// Where a rig's file expects its devices; elsewhere the devices' own ports.
RigPorts ports_in(const fs::path& workcell) {
  if (choose_workcell(workcell).backend != "rig") return {};
  return RigPorts::of(hal::RigSettings::from(hal::ConfigNode::load(workcell)));
}

fs::path protocol_of(const EmulateRequest& request) {
  if (!request.protocol.empty()) return request.protocol;
  const WorkcellChoice workcell = choose_workcell(request.options.workcell);
  return workcell.protocol.value_or(assets_folder() / "protocols" / "loopback.yaml");
}

void emulate(EmulateRequest& request) {
  const GraspProtocol protocol = load_protocol(protocol_of(request));
  EmulationOptions& options = request.options;
  options.label = protocol.label;
  if (options.first.object.empty()) options.first.object = protocol.objects().front();
  options.first.position = protocol.positions.place.head<2>();
  const EmulatedRig rig(options);
  std::string lines;
  fmt::print("emulating on {}:", options.address);
  for (const auto& [name, port] : rig.ports().list()) {
    fmt::print(" {}={}", name, port);
    lines += fmt::format("{}: {}\n", name, port);
  }
  fmt::print("\n");
  std::fflush(stdout);
  if (!request.ports_file.empty()) write_file(request.ports_file, lines);
  serve_until_interrupted(rig);
  fmt::print("emulate: ended; {:.3f} s of real time lost\n", rig.lost());
}

}  // namespace

void add_emulate_command(CLI::App& program) {
  auto request = std::make_shared<EmulateRequest>();
  CLI::App* command = program.add_subcommand(
      "emulate", "Serve the simulated rig in real time over the devices' own protocols");
  request->options.workcell = assets_folder() / "workcells" / "loopback.yaml";
  command
      ->add_option("--workcell", request->options.workcell,
                   "The rig whose twin is served at the ports where the file expects its devices; "
                   "or a twin alone, a file of backend sim, at the devices' own ports")
      ->capture_default_str();
  command
      ->add_option("--bind", request->options.address,
                   "Address to listen on; beyond this machine only where you mean to")
      ->capture_default_str();
  CLI::Option* from =
      command
          ->add_option("--ports-from", request->ports_from,
                       "Listen on consecutive ports from here on; 0 takes any free ones")
          ->check(CLI::Range(0, 65525));
  command->add_option("--ports-file", request->ports_file,
                      "Write the ports there, NAME: PORT, once everything listens");
  command->add_option("--protocol", request->protocol,
                      "Whose thresholds say that an object slipped, and where objects stand; the "
                      "workcell's own, if left out");
  command->add_option("--object", request->options.first.object,
                      "What stands on the table at the start; the protocol's first object");
  command->footer(
      "Example:\n  gripbench emulate\n"
      "  gripbench collect --workcell assets/workcells/loopback.yaml   # in another terminal\n\n"
      "Ctrl-C ends it. Lines of text on the control port play the operator and make things go "
      "wrong; 'help' lists them.");
  command->callback([request, from] {
    request->options.ports = from->count() > 0
                                 ? RigPorts::from(static_cast<std::uint16_t>(request->ports_from))
                                 : ports_in(request->options.workcell);
    emulate(*request);
  });
}

}  // namespace gripbench::experiments

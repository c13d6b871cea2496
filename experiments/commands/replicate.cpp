#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/progress_bar.h"
#include "experiments/replicate_grasps.h"
#include "experiments/workcell_factory.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

struct ReplicateRequest {
  fs::path dataset;
  fs::path protocol;
  fs::path workcell;
  int jobs = default_jobs();
  bool no_edges = false;
};

std::vector<ReplicatedGrasp> make_again(const ReplicateRequest& request, const EpisodeStore& store,
                                        const WorkcellChoice& workcell) {
  GraspProtocol protocol = load_protocol(request.protocol);
  protocol.seed = store.info().seed;
  ProgressBar bar("replicate");
  ReplicateOptions options;
  options.jobs = std::min(request.jobs, workcell.most_jobs);
  options.find_edges = !request.no_edges;
  options.stop = stage_context(request.jobs).stop;
  options.progress = [&](std::size_t done, std::size_t total) {
    bar.update(static_cast<double>(done) / static_cast<double>(total), "lifting again",
               static_cast<double>(done), "grasps");
  };
  return replicate_grasps(store, protocol, load_objects(protocol), workcell.make, options);
}

void replicate(const ReplicateRequest& request) {
  const WorkcellChoice workcell = choose_workcell_without_rig(request.workcell);
  const EpisodeStore store = EpisodeStore::open(request.dataset);
  const std::vector<ReplicatedGrasp> grasps = make_again(request, store, workcell);
  const double period = 1.0 / workcell.make()->tactile().info().rate_hz;
  const ReplicationSummary summary = summarize(grasps, period);
  fmt::print("{}\n", replication_table(grasps));
  fmt::print("{}", summary_text(summary, period));
}

}  // namespace

void add_replicate_command(CLI::App& program) {
  auto request = std::make_shared<ReplicateRequest>();
  CLI::App* command = program.add_subcommand(
      "replicate",
      "Make a data set's grasps again on a simulated or recorded workcell, with the same "
      "parameters, and compare");
  request->workcell = assets_folder() / "workcells" / "sim.yaml";
  command->add_option("DATASET", request->dataset, "Folder of the data set")->required();
  command->add_option("--protocol", request->protocol, "The protocol it was made by")->required();
  command->add_option("--workcell", request->workcell, "The other workcell")->capture_default_str();
  command->add_flag("--no-edges", request->no_edges,
                    "Do not measure at which force each grasp begins to hold");
  add_jobs_option(*command, request->jobs);
  command->footer(
      "Example:\n  gripbench replicate out/loopback --protocol assets/protocols/loopback.yaml");
  command->callback([request] { replicate(*request); });
}

}  // namespace gripbench::experiments

#include <map>
#include <memory>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/merge_shards.h"
#include "experiments/progress_bar.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// Moves a bar by counts.
std::function<void(std::size_t, std::size_t)> progress_on(ProgressBar& bar, const char* now) {
  return [&bar, now](std::size_t done, std::size_t total) {
    bar.update(static_cast<double>(done) / static_cast<double>(total), now,
               static_cast<double>(done), "folders");
  };
}

/// One line for every object that lacks grasps.
std::vector<std::string> missing_lines(const EpisodeStore& store,
                                       const std::vector<PlannedGrasp>& missing) {
  std::map<std::string, std::string> grasps;
  for (const PlannedGrasp& grasp : missing) grasps[grasp.object] += " " + grasp.grasp;
  std::vector<std::string> lines;
  for (const auto& [object, names] : grasps) {
    lines.push_back(
        fmt::format("{}: lacks{}", (store.folder() / "episodes" / object).string(), names));
  }
  return lines;
}

void verify(const fs::path& dataset, int jobs) {
  const EpisodeStore store = EpisodeStore::open(dataset);
  std::vector<std::string> wrong;
  {
    ProgressBar bar("verify");
    wrong = store.verify(
        {.jobs = jobs, .stop = stage_context(jobs).stop, .progress = progress_on(bar, "reading")});
  }
  const std::vector<PlannedGrasp> missing = store.missing();
  for (const std::string& line : wrong) fmt::print(stderr, "{}\n", line);
  for (const std::string& line : missing_lines(store, missing)) fmt::print(stderr, "{}\n", line);
  if (!wrong.empty()) {
    throw hal::InputError(
        fmt::format("{}: {} damaged, missing or surplus; delete those episodes and collect again",
                    dataset.string(), wrong.size()));
  }
  if (!missing.empty()) {
    throw hal::InputError(fmt::format(
        "{}: {} of {} grasps are not there; run the same collect command again to make them",
        dataset.string(), missing.size(), store.info().plan->size()));
  }
  fmt::print("{}: {} episodes, sound, {}\n", dataset.string(), store.records().size(),
             store.dataset_hash());
}

struct MergeRequest {
  std::vector<fs::path> shards;
  fs::path out;
  bool copy = false;
  int jobs = default_jobs();
};

void merge(const MergeRequest& request) {
  MergeSummary summary;
  {
    ProgressBar bar("merge");
    MergeOptions options;
    options.transfer = request.copy ? EpisodeStore::Transfer::kCopy : EpisodeStore::Transfer::kLink;
    options.jobs = request.jobs;
    options.stop = stage_context(request.jobs).stop;
    options.progress = progress_on(bar, "checking and joining");
    summary = merge_shards(request.shards, request.out, options);
  }
  fmt::print("{}: {} grasps and {} positions of {} shards, {} folders linked and {} copied, {}\n",
             request.out.string(), summary.grasps, summary.positions, request.shards.size(),
             summary.linked, summary.copied, summary.dataset_hash);
}

}  // namespace

void add_verify_command(CLI::App& program) {
  struct Options {
    fs::path dataset;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "verify", "Check every file of a data set, and that no grasp is missing");
  command->add_option("DATASET", options->dataset, "Folder of the data set")->required();
  add_jobs_option(*command, options->jobs);
  command->footer("Example:\n  gripbench verify out/quick/dataset");
  command->callback([options] { verify(options->dataset, options->jobs); });
}

void add_merge_command(CLI::App& program) {
  auto request = std::make_shared<MergeRequest>();
  CLI::App* command = program.add_subcommand(
      "merge",
      "Join the shards of a data set to what one run gives. Files become hard links, which share "
      "their bytes with the shards, or copies where links cannot be; checksums are checked");
  command->add_option("SHARD", request->shards, "Folders that 'collect --shard' made")->required();
  command->add_option("--out", request->out, "Folder of the whole data set")->required();
  command->add_flag("--copy", request->copy, "Copy the files, so that the shards may be changed");
  add_jobs_option(*command, request->jobs);
  command->footer("Example:\n  gripbench merge out/shard_1 out/shard_2 --out out/grasps");
  command->callback([request] {
    if (!request->out.has_filename()) request->out = request->out.parent_path();
    const std::uint64_t seed = EpisodeStore::open(request->shards.front()).info().seed;
    run_recorded(request->out.parent_path() / (request->out.filename().string() + ".run"), seed,
                 [&](const Stage& stage) { stage("merge", [&] { merge(*request); }); });
  });
}

}  // namespace gripbench::experiments

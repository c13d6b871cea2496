#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/dataset_stats.h"
#include "experiments/episode_choice.h"
#include "experiments/episode_sheet.h"
#include "experiments/file_io.h"
#include "experiments/protocol_facts.h"
#include "experiments/stats_plot.h"
#include "experiments/stats_text.h"
#include "hal/errors.h"
#include "hal/objects.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// Masses of those objects of the data set that the catalogue holds (kg).
std::map<std::string, double> masses_of(const DatasetInfo& info, const fs::path& catalogue) {
  std::map<std::string, double> masses;
  for (const auto* objects : {&info.train_objects, &info.test_objects}) {
    for (const std::string& object : *objects) {
      const fs::path file = catalogue / (object + ".yaml");
      if (fs::exists(file)) masses[object] = hal::load_object(file).mass;
    }
  }
  return masses;
}

}  // namespace

void add_show_command(CLI::App& program) {
  struct Options {
    fs::path dataset;
    EpisodeChoice choice;
    std::string object;
    std::string label;
    std::string kind;
    fs::path out = "episodes.png";
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "show", "Draw episodes of a data set: a contact sheet, or a film with an --out *.mp4");
  command->add_option("DATASET", options->dataset, "Folder of the data set")->required();
  CLI::Option* named = command->add_option("--episode", options->choice.named,
                                           "OBJECT/GRASP; may be given many times");
  CLI::Option* object =
      command->add_option("--object", options->object, "Grasps of this object only")
          ->excludes(named);
  CLI::Option* label = command->add_option("--label", options->label, "Grasps that ended so only")
                           ->check(CLI::IsMember({"slip", "stable"}))
                           ->excludes(named);
  CLI::Option* kind =
      command->add_option("--kind", options->kind, "Slips of this kind only")
          ->check(CLI::IsMember({"incipient", "translation", "rotation", "lost", "unknown"}))
          ->excludes(named);
  command->add_option("--count", options->choice.count, "At most so many, spread evenly")
      ->check(CLI::Range(1, 1000))
      ->excludes(named)
      ->capture_default_str();
  command->add_option("--out", options->out, "A .png, .jpg or .mp4")->capture_default_str();
  command->footer(
      "Example:\n  gripbench show out/quick/dataset --kind rotation --count 4 --out rotation.png");
  command->callback([=] {
    EpisodeChoice& choice = options->choice;
    if (object->count() > 0) choice.object = options->object;
    if (label->count() > 0) choice.slip = options->label == "slip";
    if (kind->count() > 0) choice.kind = slip_kind_from(options->kind);
    const EpisodeStore store = EpisodeStore::open(options->dataset);
    const std::vector<EpisodeRecord> chosen = choose_episodes(store, choice);
    write_episodes(options->out,
                   {static_cast<int>(chosen.size()),
                    [&](int i) { return store.load(chosen[static_cast<std::size_t>(i)]); },
                    slip_threshold(store.info())});
    fmt::print("{}: {} episodes\n", options->out.string(), chosen.size());
  });
}

void add_stats_command(CLI::App& program) {
  struct Options {
    fs::path dataset;
    fs::path catalogue = assets_folder() / "objects";
    fs::path out;
    fs::path json;
    std::uint64_t seed = 1;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "stats",
      "Count a data set: balance, kinds of slip, onsets, margins, and what leaks the label");
  command->add_option("DATASET", options->dataset, "Folder of the data set")->required();
  command->add_option("--catalogue", options->catalogue, "Folder of the objects, for their masses")
      ->capture_default_str();
  command->add_option("--out", options->out, "Also draw the histograms, as .svg or .png");
  command->add_option("--json", options->json, "Also write all figures as JSON");
  command->add_option("--seed", options->seed, "Seed of the resampling")
      ->check(seed_range())
      ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  command->footer(
      "Example:\n  gripbench stats out/quick/dataset --out stats.svg --json stats.json");
  command->callback([options] {
    const EpisodeStore store = EpisodeStore::open(options->dataset);
    const StageContext context = stage_context(options->jobs);
    DatasetStatsOptions wanted;
    wanted.jobs = context.jobs;
    wanted.stop = context.stop;
    wanted.masses = masses_of(store.info(), options->catalogue);
    wanted.statistics.seed = options->seed;
    const DatasetStats stats = dataset_stats(store, wanted);
    fmt::print("{}", stats_text(stats));
    if (!options->json.empty()) write_file(options->json, stats_json(stats));
    if (!options->out.empty()) plot_stats(options->out, stats);
  });
}

}  // namespace gripbench::experiments

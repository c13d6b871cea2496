#include <map>
#include <memory>

#include "experiments/commands/command.h"
#include "experiments/sintef_stage.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

struct Preset {
  const char* protocol;
  std::vector<std::string> rows;
  bool real_input;
};

const std::map<std::string, Preset>& presets() {
  static const std::vector<std::string> rows{"threshold", "difference_both", "difference_tactile",
                                             "difference_vision", "raw_both"};
  static const std::map<std::string, Preset> all{{"quick", {"quick.yaml", rows, false}},
                                                 {"ci", {"ci.yaml", rows, true}},
                                                 {"full", {"li2018.yaml", rows, true}}};
  return all;
}

struct Options {
  std::string preset = "quick";
  fs::path out;
  fs::path workcell = assets_folder() / "workcells" / "sim.yaml";
  fs::path sintef = assets_folder().parent_path() / ".." / "shared" / "data" / "sintef_slip";
  std::uint64_t seed = 1;
  int jobs = default_jobs();
};

void bench(const Options& options, const Stage& stage) {
  const Preset& preset = presets().at(options.preset);
  const StageContext context = stage_context(options.jobs);
  const fs::path dataset = options.out / "dataset";
  const fs::path models = options.out / "models";
  const fs::path scores = options.out / "scores.csv";
  const fs::path real = options.out / "sintef";

  stage("collect", [&] {
    run_collect({options.workcell, assets_folder() / "protocols" / preset.protocol, dataset,
                 options.seed, 0, 1},
                context);
  });
  stage("train", [&] { run_train({dataset, models, preset.rows, options.seed}, context); });
  stage("evaluate", [&] {
    run_evaluate({dataset, models, preset.rows, scores, options.seed}, context);
  });
  if (preset.real_input) {
    stage("sintef", [&] { run_sintef_if_there({options.sintef, real, options.seed}, context); });
  }
  stage("report", [&] {
    run_report({dataset, scores, preset.real_input ? real / "section.md" : fs::path(), options.out,
                options.preset, options.seed});
  });
}

}  // namespace

void add_bench_command(CLI::App& program) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "bench", "Collect grasps, train detectors, evaluate them, report; goes on where it stopped");
  std::vector<std::string> names;
  for (const auto& [name, preset] : presets()) names.push_back(name);
  command
      ->add_option("--preset", options->preset,
                   "quick: 120 simulated grasps; ci: 300, and real recordings; "
                   "full: the whole experiment of Li et al. 2018")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command->add_option("--out", options->out, "Folder for data set, models and report")->required();
  command->add_option("--seed", options->seed, "Seed of everything that varies by chance")
      ->check(seed_range())
      ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  command->add_option("--workcell", options->workcell, "The rig")->capture_default_str();
  command
      ->add_option("--sintef", options->sintef,
                   "Real recordings of presets ci and full; left out if they are not there")
      ->capture_default_str();
  command->footer("Example:\n  gripbench bench --preset quick --out out/quick");
  command->callback([options] {
    run_recorded(options->out, options->seed, [&](const Stage& stage) { bench(*options, stage); });
  });
}

}  // namespace gripbench::experiments

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/detector_rows.h"
#include "experiments/grasp_protocol.h"
#include "experiments/sintef_stage.h"
#include "experiments/workcell_factory.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// "2/8": the second of eight parts.
void parse_shard(const std::string& text, CollectRequest& request) {
  const auto slash = text.find('/');
  try {
    std::size_t end = 0;
    const int part = std::stoi(text.substr(0, slash), &end);
    if (slash == std::string::npos || end != slash) throw std::invalid_argument("shard");
    const std::string rest = text.substr(slash + 1);
    const int parts = std::stoi(rest, &end);
    if (end != rest.size() || part < 1 || part > parts) throw std::invalid_argument("shard");
    request.shard = part - 1;
    request.shards = parts;
  } catch (const std::logic_error&) {
    throw hal::InputError("--shard " + text + ": must read I/N with 1 <= I <= N, as in 2/8");
  }
}

/// Fills in what the user left to the workcell's file, and says what that is.
void take_from_workcell(CollectRequest& request, const WorkcellChoice& workcell, bool writes) {
  const bool all_given = !request.protocol.empty() && !(writes && request.dataset.empty());
  if (request.protocol.empty()) {
    if (!workcell.protocol) {
      throw hal::InputError("--protocol: name the experiment; " + request.workcell.string() +
                            " has no 'protocol' of its own");
    }
    request.protocol = workcell.protocol->lexically_normal();
  }
  if (writes && request.dataset.empty()) {
    const std::string rig = request.workcell.stem(), task = request.protocol.stem();
    std::string name = rig == task ? rig : rig + "-" + task;
    if (request.shards > 1) name += fmt::format("-{}of{}", request.shard + 1, request.shards);
    request.dataset = fs::path("out") / name;
  }
  if (all_given) return;
  const std::string into = writes ? ", data set " + request.dataset.string() : "";
  fmt::print(stderr, "collect: protocol {}{}\n", request.protocol.string(), into);
}

std::vector<std::string> row_ids() {
  std::vector<std::string> ids;
  for (const DetectorRow& row : all_detector_rows()) ids.push_back(row.facts.id);
  return ids;
}

}  // namespace

void add_collect_command(CLI::App& program) {
  struct Options {
    CollectRequest request;
    std::uint64_t seed = 0;
    std::string shard = "1/1";
    bool dry_run = false;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "collect", "Run the grasp protocol on a rig; goes on where an earlier run stopped");
  options->request.workcell = assets_folder() / "workcells" / "sim.yaml";
  command->add_option("--workcell", options->request.workcell, "The rig")->capture_default_str();
  command->add_option("--protocol", options->request.protocol,
                      "The experiment; the workcell's own, if left out");
  command->add_option("--out", options->request.dataset,
                      "Folder of the data set; out/WORKCELL-PROTOCOL, if left out");
  CLI::Option* seed =
      command->add_option("--seed", options->seed, "In place of the protocol's own seed")
          ->check(seed_range());
  command->add_option("--shard", options->shard, "Make part I of N only, as I/N")
      ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  CLI::Option* jobs = command->get_option("--jobs");
  command->add_flag("--dry-run", options->dry_run,
                    "Print every motion, and what the operator is asked, as the rig's twin goes "
                    "through them; connect to nothing, move nothing, write nothing");
  command->footer(
      "Examples:\n  gripbench collect --protocol assets/protocols/li2018.yaml --out out/li2018\n"
      "  gripbench collect --workcell assets/workcells/loopback.yaml   # 'gripbench emulate' runs\n"
      "  gripbench collect --workcell assets/workcells/loopback.yaml --dry-run");
  command->callback([options, seed, jobs] {
    CollectRequest& request = options->request;
    const WorkcellChoice workcell = choose_workcell(request.workcell);
    // There is one real rig, however many cores there are.
    if (jobs->count() == 0) options->jobs = std::min(options->jobs, workcell.most_jobs);
    parse_shard(options->shard, request);
    take_from_workcell(request, workcell, !options->dry_run);
    if (!request.dataset.has_filename()) request.dataset = request.dataset.parent_path();
    if (seed->count() > 0) {
      request.seed = options->seed;
    } else {
      options->seed = load_protocol(request.protocol).seed;
    }
    if (options->dry_run) {
      run_rehearsal(options->request, stage_context(options->jobs));
      return;
    }
    run_recorded(options->request.dataset.parent_path() /
                     (options->request.dataset.filename().string() + ".run"),
                 options->seed, [&](const Stage& stage) {
                   stage("collect",
                         [&] { run_collect(options->request, stage_context(options->jobs)); });
                 });
  });
}

void add_train_command(CLI::App& program) {
  struct Options {
    TrainRequest request;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  options->request.rows = row_ids();
  CLI::App* command =
      program.add_subcommand("train", "Fit detectors on a data set's training objects");
  command->add_option("--data", options->request.dataset, "Folder of the data set")->required();
  command->add_option("--out", options->request.models, "Folder for the models")->required();
  command->add_option("--detectors", options->request.rows, "Which ones; all if left out")
      ->delimiter(',')
      ->check(CLI::IsMember(row_ids()));
  command->add_option("--seed", options->request.seed, "Seed of weights and order")
      ->check(seed_range())
      ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  command->footer(
      "Example:\n  gripbench train --data out/grasps --out out/models "
      "--detectors threshold,difference_both");
  command->callback([options] {
    run_recorded(options->request.models, options->request.seed, [&](const Stage& stage) {
      stage("train", [&] { run_train(options->request, stage_context(options->jobs)); });
    });
  });
}

void add_evaluate_command(CLI::App& program) {
  struct Options {
    EvaluateRequest request;
    fs::path recordings;
    fs::path out;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "evaluate",
      "Show a data set's test objects to trained detectors, or cross-validate on recordings");
  CLI::Option* dataset =
      command->add_option("--data", options->request.dataset, "Folder of the data set");
  CLI::Option* models =
      command->add_option("--models", options->request.models, "Folder of the models");
  CLI::Option* recordings = command->add_option(
      "--recordings", options->recordings,
      "In place of both: imported recordings, on which detectors are cross-validated");
  dataset->needs(models)->excludes(recordings);
  models->needs(dataset)->excludes(recordings);
  command
      ->add_option("--out", options->out,
                   "Folder for scores.csv, or for results.json and section.md")
      ->required();
  command->add_option("--detectors", options->request.rows, "Which ones; all there are if left out")
      ->delimiter(',')
      ->check(CLI::IsMember(row_ids()));
  command->add_option("--seed", options->request.seed, "Seed of the shuffled windows")
      ->check(seed_range())
      ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  command->footer(
      "Example:\n  gripbench evaluate --data out/grasps --models out/models --out out/results");
  command->callback([options] {
    if (options->recordings.empty() && options->request.dataset.empty()) {
      throw hal::InputError("evaluate: give --data and --models, or --recordings");
    }
    options->request.scores = options->out / "scores.csv";
    run_recorded(options->out, options->request.seed, [&](const Stage& stage) {
      stage("evaluate", [&] {
        const StageContext context = stage_context(options->jobs);
        if (options->recordings.empty()) {
          run_evaluate(options->request, context);
        } else {
          run_sintef_evaluation(options->recordings, options->out, options->request.seed, context);
        }
      });
    });
  });
}

void add_report_command(CLI::App& program) {
  struct Options {
    ReportRequest request;
    fs::path out;
  };
  auto options = std::make_shared<Options>();
  options->request.preset = "none";
  CLI::App* command = program.add_subcommand(
      "report", "Make tables, plot and contact sheet from the scores of an evaluation");
  command->add_option("--data", options->request.dataset, "Folder of the data set")->required();
  command->add_option("--scores", options->request.scores, "scores.csv of the evaluation")
      ->required();
  command->add_option("--out", options->request.out, "Folder for the report")->required();
  command->add_option("--seed", options->request.seed, "Seed of the resampling")
      ->check(seed_range())
      ->capture_default_str();
  command->footer(
      "Example:\n  gripbench report --data out/grasps --scores out/results/scores.csv "
      "--out out/results");
  command->callback([options] {
    run_recorded(options->request.out, options->request.seed, [&](const Stage& stage) {
      stage("report", [&] { run_report(options->request); });
    });
  });
}

}  // namespace gripbench::experiments

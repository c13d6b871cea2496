#include "experiments/bench_stages.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "experiments/accuracy_plot.h"
#include "experiments/collect.h"
#include "experiments/contact_sheet.h"
#include "experiments/detector_rows.h"
#include "experiments/evaluation.h"
#include "experiments/file_io.h"
#include "experiments/files.h"
#include "experiments/grasp_plan.h"
#include "experiments/parallel.h"
#include "experiments/progress_bar.h"
#include "experiments/protocol_facts.h"
#include "experiments/score_file.h"
#include "experiments/score_tables.h"
#include "experiments/stamp.h"
#include "experiments/training_source.h"
#include "experiments/workcell_factory.h"
#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

void check_stop(const StageContext& context) { StopRequest{context.stop}.check(); }

void say(const std::string& line) { fmt::print(stderr, "{}\n", line); }

fs::path model_file(const fs::path& models, const std::string& id) {
  return models / (id + ".model");
}

std::string split_summary(const std::vector<EpisodeRecord>& records) {
  const auto slips = std::count_if(records.begin(), records.end(),
                                   [](const EpisodeRecord& record) { return record.slip; });
  return fmt::format(
      "{} grasps, {:.0f}% slip", records.size(),
      100.0 * static_cast<double>(slips) / std::max(1.0, static_cast<double>(records.size())));
}

/// Rows whose model lies in the folder, of those wanted.
std::vector<DetectorRow> rows_to_evaluate(const EvaluateRequest& request) {
  if (!request.rows.empty()) return detector_rows(request.rows);
  std::vector<DetectorRow> rows;
  for (const DetectorRow& row : all_detector_rows()) {
    if (fs::exists(model_file(request.models, row.facts.id))) rows.push_back(row);
  }
  if (rows.empty()) {
    throw hal::InputError(request.models.string() + ": holds no model; run 'gripbench train'");
  }
  return rows;
}

/// Hands out `first` before others are made: a real rig is connected to but once.
WorkcellFactory starting_with(std::unique_ptr<hal::Workcell> first, WorkcellFactory make) {
  struct Stock {
    std::mutex mutex;
    std::unique_ptr<hal::Workcell> first;
  };
  auto stock = std::make_shared<Stock>();
  stock->first = std::move(first);
  return [stock, make = std::move(make)] {
    {
      const std::lock_guard lock(stock->mutex);
      if (stock->first) return std::move(stock->first);
    }
    return make();
  };
}

/// The grasp that shows best what a reader should see, if there is one: the stable one gripped
/// best, the slipping one that slid or, failing that, turned while it stayed in view.
std::optional<Episode> example_grasp(const EpisodeStore& store,
                                     const std::vector<EpisodeRecord>& records, bool slip) {
  const EpisodeRecord* best = nullptr;
  auto rank = [slip](const EpisodeRecord& record) {
    if (!slip) return record.grip_margin.value_or(0.0);
    return record.kind == SlipKind::kTranslation ? 2.0 : record.kind == SlipKind::kRotation;
  };
  for (const EpisodeRecord& record : records) {
    if (record.slip != slip) continue;
    if (best == nullptr || rank(record) > rank(*best)) best = &record;
  }
  if (best == nullptr) return std::nullopt;
  return store.load(*best);
}

}  // namespace

void run_rehearsal(const CollectRequest& request, const StageContext& context) {
  GraspProtocol protocol = load_protocol(request.protocol);
  if (request.seed) protocol.seed = *request.seed;
  const auto objects = load_objects(protocol);
  const std::unique_ptr<hal::Workcell> twin = make_rehearsal_twin(
      request.workcell, protocol, [](const std::string& line) { fmt::print("{}\n", line); });
  check_rig_suits(protocol, objects, *twin);
  rehearse(protocol, objects, *twin, StopRequest{context.stop}, request.shard, request.shards);
}

void run_collect(const CollectRequest& request, const StageContext& context) {
  GraspProtocol protocol = load_protocol(request.protocol);
  if (request.seed) protocol.seed = *request.seed;
  const auto objects = load_objects(protocol);
  const WorkcellChoice workcell = choose_workcell(request.workcell, StopRequest{context.stop});
  if (context.jobs > workcell.most_jobs) {
    throw hal::InputError(fmt::format("--jobs {}: a workcell of backend '{}' allows {}",
                                      context.jobs, workcell.backend, workcell.most_jobs));
  }
  // Whatever is wrong with the rig shall show before a data set is begun.
  std::unique_ptr<hal::Workcell> first = workcell.make();
  check_rig_suits(protocol, objects, *first);
  DatasetInfo info = dataset_info(protocol, GRIPBENCH_VERSION, request.shard, request.shards);
  info.rig_hash = workcell.hash;
  const bool was_there = std::filesystem::exists(request.dataset);
  EpisodeStore store = EpisodeStore::create_or_resume(request.dataset, info);
  CollectSummary summary;
  try {
    ProgressBar bar("collect");
    CollectOptions options;
    options.jobs = context.jobs;
    options.shard = request.shard;
    options.shards = request.shards;
    options.stop = context.stop;
    CollectProgress newest;
    const auto show = [&](const std::string& now) {
      // A search at a position is about as much work as a grasp.
      const double share = static_cast<double>(newest.done) /
                           static_cast<double>(std::max<std::size_t>(1, newest.total));
      bar.update(share, now, static_cast<double>(newest.done), "tasks");
    };
    options.progress = [&](const CollectProgress& progress) {
      newest = progress;
      show(fmt::format("{} {}, {} of {} grasps", progress.stage, progress.name,
                       progress.grasps_done, progress.grasps_total));
    };
    if (workcell.backend == "rig") {
      // Who stands beside a rig wants to know what it is about to do.
      options.phase = [&](const std::string& name, GraspPhase phase) {
        show(fmt::format("{}, {}", name, name_of(phase)));
      };
    }
    summary =
        collect(protocol, objects, starting_with(std::move(first), workcell.make), store, options);
  } catch (const hal::MotionRefused&) {
    // What the arm cannot reach, it says only when it is asked to go there.
    if (!was_there && !store.holds_anything()) fs::remove_all(request.dataset);
    throw;
  }
  say(fmt::format("collect: {} positions and {} grasps made, {} grasps were there; {}",
                  summary.positions, summary.grasps, summary.grasps_before,
                  split_summary(store.records())));
}

void run_train(const TrainRequest& request, const StageContext& context) {
  const EpisodeStore store = EpisodeStore::open(request.dataset);
  const auto records = records_of(store, store.info().train_objects);
  const std::string dataset = store.dataset_hash();
  auto stamp_of = [&](const DetectorRow& row) {
    return Stamp(
        model_file(request.models, row.facts.id),
        {"train", GRIPBENCH_VERSION, dataset, row.facts.title(), std::to_string(request.seed)});
  };
  std::vector<DetectorRow> rows = detector_rows(request.rows);
  std::erase_if(rows, [&](const DetectorRow& row) {
    const bool finished = stamp_of(row).valid();
    if (finished) say("train " + row.facts.id + ": was finished before");
    return finished;
  });
  if (rows.empty()) return;

  std::vector<std::string> summaries(rows.size());
  {
    ProgressBar bar("train");
    std::mutex mutex;
    std::vector<double> shares(rows.size(), 0.0);
    // One thread each: rows side by side are quicker than one row on all cores, and sums of a fixed
    // order make the same weights on any number of cores.
    for_each_parallel(rows.size(), context.jobs, [&](std::size_t i) {
      const DetectorRow& row = rows[i];
      const TrainedRow trained = train_row(
          row, training_source(store, records, 1), hal::split_seed(request.seed, row.facts.id, 0),
          1, [&](const std::string& stage, double share, const std::string& figures) {
            check_stop(context);
            const std::lock_guard lock(mutex);
            shares[i] = training_share(row.learned, stage, share);
            bar.update(std::accumulate(shares.begin(), shares.end(), 0.0) /
                           static_cast<double>(shares.size()),
                       row.facts.id + ": " + stage + " " + figures);
          });
      const fs::path file = model_file(request.models, row.facts.id);
      write_beside(file, [&](const fs::path& beside) { trained.detector->save(beside); });
      stamp_of(row).set();
      summaries[i] = trained.summary;
    });
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    say(fmt::format("train {}: {}", rows[i].facts.id, summaries[i]));
  }
}

void run_evaluate(const EvaluateRequest& request, const StageContext& context) {
  const EpisodeStore store = EpisodeStore::open(request.dataset);
  const auto records = records_of(store, store.info().test_objects);
  const auto rows = rows_to_evaluate(request);

  std::vector<std::string> made_from{"evaluate", GRIPBENCH_VERSION, store.dataset_hash(),
                                     std::to_string(request.seed)};
  std::vector<std::unique_ptr<detectors::SlipDetector>> loaded;
  std::vector<DetectorEntry> entries;
  for (const DetectorRow& row : rows) {
    const fs::path file = model_file(request.models, row.facts.id);
    loaded.push_back(detectors::load_detector(file));
    made_from.push_back(row.facts.title() + read_file(file));
    entries.push_back({row.facts.id, row.facts.kind, row.facts.source, row.facts.input, row.learned,
                       loaded.back().get()});
  }
  const Stamp stamp(request.scores, made_from);
  if (stamp.valid()) {
    say("evaluate: was finished before");
    return;
  }
  std::vector<WindowScore> scores;
  {
    ProgressBar bar("evaluate");
    EvaluateOptions options;
    options.seed = request.seed;
    options.jobs = context.jobs;
    options.interrupted = [&] { return context.stop != nullptr && context.stop->load(); };
    options.progress = [&](double share, std::size_t done) {
      bar.update(share, "", static_cast<double>(done), "grasps");
    };
    const EpisodeSource source{records.size(),
                               [&](std::size_t i) { return store.load(records[i]); }};
    scores = evaluate(entries, source, options);
  }
  write_scores(request.scores, scores);
  stamp.set();
}

void run_report(const ReportRequest& request) {
  const EpisodeStore store = EpisodeStore::open(request.dataset);
  const auto test = records_of(store, store.info().test_objects);
  ReportFacts facts;
  facts.preset = request.preset;
  facts.seed = request.seed;
  facts.software_version = GRIPBENCH_VERSION;
  facts.dataset_hash = store.dataset_hash();
  // An imported data set may have a test side only.
  if (!store.info().train_objects.empty()) {
    for (const EpisodeRecord& record : records_of(store, store.info().train_objects)) {
      add_to(facts.train, record);
    }
  }
  for (const EpisodeRecord& record : test) add_to(facts.test, record);
  facts.statistics.seed = request.seed;

  const auto scores = read_scores(request.scores);
  std::map<std::string, std::string> titles;
  for (const DetectorRow& row : all_detector_rows()) {
    facts.detectors.push_back(row.facts);
    titles[row.facts.id] = row.facts.title();
  }
  std::erase_if(facts.detectors, [&](const DetectorFacts& detector) {
    return std::none_of(scores.begin(), scores.end(),
                        [&](const WindowScore& score) { return score.detector == detector.id; });
  });
  const ScoreTables tables = tabulate(scores, facts.statistics, slip_threshold(store.info()));
  plot_accuracy_over_length(request.out, tables.accuracy, titles);
  std::vector<Episode> examples;
  for (const bool slip : {false, true}) {
    if (auto example = example_grasp(store, test, slip)) examples.push_back(std::move(*example));
  }
  write_contact_sheet(request.out / "contact_sheet.png", examples);
  const std::string real_input = !request.real_input.empty() && fs::exists(request.real_input)
                                     ? read_file(request.real_input)
                                     : "";
  write_report(request.out, facts, tables, real_input);
  say(fmt::format("report: {}", (request.out / "report.md").string()));
}

}  // namespace gripbench::experiments

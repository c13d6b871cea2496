#include "experiments/dataset_stats.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/lift_timing.h"
#include "experiments/parallel.h"
#include "experiments/protocol_facts.h"
#include "experiments/wait.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// What is read of an episode beyond its record.
struct Measured {
  std::optional<double> onset;
  std::optional<LiftTiming> timing;
  double force = 0.0;
  bool has_trace = false;
  bool knows_truth = false;
  std::vector<double> tactile_bytes;
  std::vector<double> external_bytes;
};

double file_bytes(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(file, error);
  if (error) {
    throw hal::InputError(file.string() + ": is missing; run 'gripbench verify'");
  }
  return static_cast<double>(size);
}

Measured measure(const EpisodeStore& store, const EpisodeRecord& record, double slip_distance,
                 const std::optional<double>& onset_speed) {
  Measured measured;
  const std::vector<TracePoint> trace = store.load_trace(record);
  measured.onset = slip_onset(trace, slip_distance);
  if (onset_speed) measured.timing = lift_timing(record, trace, *onset_speed);
  measured.has_trace = !trace.empty();
  measured.knows_truth = measured.has_trace && trace.front().truth.has_value();
  if (measured.has_trace) measured.force = trace.front().normal_force;
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    measured.tactile_bytes.push_back(
        file_bytes(store.picture_file(record, picture_name("tactile", i))));
    measured.external_bytes.push_back(
        file_bytes(store.picture_file(record, picture_name("external", i))));
  }
  return measured;
}

void count(OutcomeCounts& counts, const EpisodeRecord& record) {
  ++counts.grasps;
  ++counts.kinds[static_cast<std::size_t>(record.kind)];
}

/// Counts, ranges and margins; everything that needs the records alone.
void add_records(DatasetStats& stats, const std::vector<EpisodeRecord>& records,
                 const std::set<std::string>& test_objects,
                 const std::map<std::string, double>& masses) {
  std::map<std::pair<bool, std::string>, ObjectStats> objects;
  std::map<std::string, std::vector<double>> squeezes;
  std::vector<double> slip_squeezes;
  std::vector<double> stable_squeezes;
  for (const EpisodeRecord& record : records) {
    const GraspParameters& p = record.parameters;
    const bool test = test_objects.contains(p.object);
    ObjectStats& object = objects[{test, p.object}];
    object.object = p.object;
    object.test = test;
    count(object.outcomes, record);
    count(stats.all, record);
    count(test ? stats.test : stats.train, record);
    // Zero stands for "not known" in a data set that was imported.
    if (p.squeeze > 0.0) {
      squeezes[p.object].push_back(p.squeeze);
      (record.slip ? slip_squeezes : stable_squeezes).push_back(p.squeeze);
    }
    if (record.grip_margin) {
      stats.margins.add(*record.grip_margin, record.slip);
      const double size = std::abs(*record.grip_margin);
      ++stats.margin_parts[size < 0.05 ? 0 : size < 0.15 ? 1 : 2];
    }
  }
  std::vector<double> all_masses;
  for (auto& [key, object] : objects) {
    const auto mass = masses.find(object.object);
    if (mass != masses.end()) {
      object.mass = mass->second;
      all_masses.push_back(mass->second);
    }
    object.squeeze = range_of(squeezes[object.object]);
    ++(object.test ? stats.test_objects : stats.train_objects);
    stats.objects.push_back(std::move(object));
  }
  stats.mass = range_of(all_masses);
  stats.squeeze_slip = range_of(slip_squeezes);
  stats.squeeze_stable = range_of(stable_squeezes);
}

void add_timing(DatasetStats& stats, const std::vector<Measured>& measured) {
  std::vector<double> to_frame, outside, to_state;
  for (const Measured& one : measured) {
    if (!one.timing) continue;
    to_frame.push_back(one.timing->onset_to_frame);
    outside.push_back(one.timing->outside_after_tactile);
    to_state.push_back(one.timing->frame_to_state);
  }
  stats.onset_to_frame = range_of(to_frame);
  stats.outside_after_tactile = range_of(outside);
  stats.frame_to_state = range_of(to_state);
}

}  // namespace

std::optional<Range> range_of(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
  return Range{values.front(), median, values.back(), static_cast<int>(values.size())};
}

double OutcomeCounts::slip_share() const {
  return grasps == 0 ? 0.0 : static_cast<double>(slips()) / grasps;
}

double OutcomeCounts::rarer_share() const { return std::min(slip_share(), 1.0 - slip_share()); }

Histogram::Histogram(double from, double to, int bins)
    : first(from),
      width((to - from) / bins),
      slip(static_cast<std::size_t>(bins), 0),
      stable(static_cast<std::size_t>(bins), 0) {}

void Histogram::add(double value, bool slipped) {
  const double last = static_cast<double>(slip.size() - 1);
  const double bin = std::clamp(std::floor((value - first) / width), 0.0, last);
  ++(slipped ? slip : stable)[static_cast<std::size_t>(bin)];
}

int Histogram::total() const {
  int sum = 0;
  for (std::size_t i = 0; i < slip.size(); ++i) sum += slip[i] + stable[i];
  return sum;
}

std::optional<double> slip_onset(const std::vector<TracePoint>& trace, double slip_distance) {
  for (const TracePoint& point : trace) {
    if (!point.truth) return std::nullopt;
    const double slip =
        std::max(point.truth->pads[0].mean_distance, point.truth->pads[1].mean_distance);
    if (slip > slip_distance || point.truth->object_lost) return point.time;
  }
  return std::nullopt;
}

DatasetStats dataset_stats(const EpisodeStore& store, const DatasetStatsOptions& options) {
  const std::vector<EpisodeRecord> records = store.records();
  if (records.empty()) {
    throw hal::InputError(store.folder().string() + ": holds no grasp; run 'gripbench collect'");
  }
  DatasetStats stats;
  stats.dataset_hash = store.dataset_hash();
  stats.slip_distance = slip_threshold(store.info());
  const std::set<std::string> test_objects(store.info().test_objects.begin(),
                                           store.info().test_objects.end());
  add_records(stats, records, test_objects, options.masses);

  const StopRequest stop{options.stop};
  const std::optional<double> lifts_from = onset_speed(store.info());
  std::vector<Measured> measured(records.size());
  for_each_parallel(records.size(), options.jobs, [&](std::size_t i) {
    stop.check();
    measured[i] = measure(store, records[i], stats.slip_distance, lifts_from);
  });
  std::vector<double> forces;
  std::vector<BlindGrasp> blind;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const EpisodeRecord& record = records[i];
    const GraspParameters& p = record.parameters;
    stats.labels_measured = stats.labels_measured || measured[i].knows_truth;
    if (measured[i].onset && record.slip) {
      stats.slip_begins.add(*measured[i].onset - record.tactile_times[kLiftFrame], true);
    }
    if (measured[i].has_trace) forces.push_back(measured[i].force);
    blind.push_back({p.object, p.grasp, test_objects.contains(p.object), record.slip, p.squeeze,
                     std::move(measured[i].tactile_bytes), std::move(measured[i].external_bytes)});
  }
  stats.force = range_of(forces);
  add_timing(stats, measured);
  stats.predictions = predict_blindly(blind, options.statistics);
  return stats;
}

}  // namespace gripbench::experiments

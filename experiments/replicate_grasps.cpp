#include "experiments/replicate_grasps.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "experiments/lift_timing.h"
#include "experiments/parallel.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

/// Grasps as near to the edge as that count as near, as a share of the edge's force.
constexpr double kNearEdge = 0.15;

/// Value of rank `share` of the way through the sorted values; 0 if there are none.
double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0.0;
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

void add_jitter(const std::array<double, kFramesPerEpisode>& times, double period,
                std::vector<double>& jitter) {
  for (std::size_t i = 1; i < times.size(); ++i) {
    jitter.push_back(std::abs(times[i] - times[i - 1] - period));
  }
}

/// What every worker has to know.
struct Work {
  const EpisodeStore& store;
  const GraspProtocol& protocol;
  std::map<std::string, const hal::ObjectDescription*> objects;
  std::map<std::pair<std::string, std::string>, GraspPlan> plans;
  StopRequest stop;
  bool find_edges = true;
};

ReplicatedGrasp replicate(const Work& work, const EpisodeRecord& record, hal::Workcell& workcell) {
  work.stop.check();
  const GraspParameters& made = record.parameters;
  const hal::ObjectDescription& object = *work.objects.at(made.object);
  const GripPosition position =
      place_grip(work.protocol, object, made.position, made.height, made.offset, made.yaw);
  GraspScript script(workcell, work.protocol, work.stop);
  ReplicatedGrasp pair;
  pair.recorded = record;
  const std::vector<TracePoint> trace = work.store.load_trace(record);
  pair.recorded_force = trace.front().normal_force;
  pair.lift_to_frame = record.tactile_times[kLiftFrame] -
                       lift_onset(trace, work.protocol.lift.onset_speed).value_or(NAN);
  pair.again = script
                   .grasp(position, work.plans.at({made.object, made.grasp}), object,
                          made.barely_touch_width, made.barely_touch_width - made.squeeze)
                   .record;
  pair.force_again = pair.again.trace.front().normal_force;
  // An operator would be asked about every one of these lifts.
  if (work.find_edges && pair.again.trace.front().truth) {
    pair.edge = find_force_edge(script, position, pair.again, work.protocol.squeeze,
                                workcell.gripper().limits());
  }
  pair.again.trace.clear();
  return pair;
}

Work work_of(const EpisodeStore& store, const GraspProtocol& protocol,
             const std::vector<hal::ObjectDescription>& objects, const ReplicateOptions& options) {
  if (store.info().protocol_text != protocol.text || store.info().seed != protocol.seed) {
    throw hal::InputError(store.folder().string() + ": was made by another protocol or seed than " +
                          protocol.file.string());
  }
  Work work{store, protocol, {}, {}, {options.stop}, options.find_edges};
  for (const hal::ObjectDescription& object : objects) work.objects[object.name] = &object;
  for (GraspPlan& plan : plan_grasps(protocol)) {
    std::pair name(plan.object, plan.grasp);
    work.plans.emplace(std::move(name), std::move(plan));
  }
  return work;
}

}  // namespace

std::optional<double> ReplicatedGrasp::distance() const {
  if (!edge) return std::nullopt;
  return recorded_force / edge->force() - 1.0;
}

std::vector<ReplicatedGrasp> replicate_grasps(const EpisodeStore& store,
                                              const GraspProtocol& protocol,
                                              const std::vector<hal::ObjectDescription>& objects,
                                              const WorkcellFactory& make_workcell,
                                              const ReplicateOptions& options) {
  const Work work = work_of(store, protocol, objects, options);
  const std::vector<EpisodeRecord> records = store.records();
  std::vector<ReplicatedGrasp> grasps(records.size());
  std::mutex mutex;
  std::size_t done = 0;
  const auto jobs = static_cast<std::size_t>(options.jobs);
  // One workcell per worker, which takes every so many-th grasp.
  for_each_parallel(jobs, options.jobs, [&](std::size_t worker) {
    std::unique_ptr<hal::Workcell> workcell;
    for (std::size_t i = worker; i < records.size(); i += jobs) {
      if (!workcell) workcell = make_workcell();
      grasps[i] = replicate(work, records[i], *workcell);
      const std::lock_guard lock(mutex);
      if (options.progress) options.progress(++done, records.size());
    }
  });
  return grasps;
}

ReplicationSummary summarize(const std::vector<ReplicatedGrasp>& grasps, double frame_period) {
  ReplicationSummary summary;
  summary.grasps = grasps.size();
  std::vector<double> tactile, external, forces;
  for (const ReplicatedGrasp& grasp : grasps) {
    const std::optional<double> distance = grasp.distance();
    if (distance) ++summary.edges;
    if (distance && std::abs(*distance) <= kNearEdge) ++summary.near_edge;
    if (grasp.recorded.slip == grasp.again.slip) {
      ++summary.same_label;
    } else {
      ++summary.different;
      if (!distance) ++summary.different_without_edge;
      summary.worst_difference =
          std::max(summary.worst_difference, std::abs(distance.value_or(0.0)));
    }
    forces.push_back(std::abs(grasp.force_again / grasp.recorded_force - 1.0));
    add_jitter(grasp.recorded.tactile_times, frame_period, tactile);
    add_jitter(grasp.recorded.external_times, frame_period, external);
  }
  summary.force_difference = quantile(forces, 0.5);
  summary.tactile_jitter = quantile(tactile, 0.95);
  summary.external_jitter = quantile(external, 0.95);
  return summary;
}

std::string replication_table(const std::vector<ReplicatedGrasp>& grasps) {
  std::string table = fmt::format("{:<22} {:>8} {:>8} {:>8} {:>8} {:>8} {:>11} {:>11} {:>8}  {}\n",
                                  "grasp", "force N", "again N", "edge N", "off edge", "margin",
                                  "recorded", "again", "T(0) ms", "same label");
  for (const ReplicatedGrasp& grasp : grasps) {
    const GraspParameters& made = grasp.recorded.parameters;
    const std::optional<double> distance = grasp.distance();
    table += fmt::format(
        "{:<22} {:>8.2f} {:>8.2f} {:>8} {:>8} {:>+7.1f}% {:>11} {:>11} {:>8.1f}  {}\n",
        made.object + "/" + made.grasp, grasp.recorded_force, grasp.force_again,
        distance ? fmt::format("{:.2f}", grasp.edge->force()) : "-",
        distance ? fmt::format("{:+.1f}%", 100.0 * *distance) : "-", 100.0 * grasp.margin(),
        to_string(grasp.recorded.kind), to_string(grasp.again.kind), 1e3 * grasp.lift_to_frame,
        grasp.recorded.slip == grasp.again.slip ? "yes" : "NO");
  }
  return table;
}

std::string summary_text(const ReplicationSummary& summary, double frame_period) {
  std::string text =
      fmt::format("{} of {} grasps have the same label", summary.same_label, summary.grasps);
  const std::size_t measured = summary.different - summary.different_without_edge;
  if (measured > 0) {
    text += fmt::format("; {} differ, at most {:.1f}% from the edge", measured,
                        100.0 * summary.worst_difference);
  }
  if (summary.different_without_edge > 0) {
    text += fmt::format("; {} differ whose edge was not found", summary.different_without_edge);
  }
  text += fmt::format(
      "\nedge between slipping and holding: measured for {}, of which {} are within {:.0f}% of it\n"
      "normal force: median difference {:.2f}%\n"
      "frames, 95th percentile off {:.0f} ms: tactile {:.2f} ms, outside {:.2f} ms\n",
      summary.edges, summary.near_edge, 100.0 * kNearEdge, 100.0 * summary.force_difference,
      1e3 * frame_period, 1e3 * summary.tactile_jitter, 1e3 * summary.external_jitter);
  return text;
}

}  // namespace gripbench::experiments

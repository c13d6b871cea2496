#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/collect.h"
#include "experiments/episode_store.h"
#include "experiments/force_edge.h"
#include "experiments/grasp_protocol.h"
#include "hal/objects.h"

namespace gripbench::experiments {

/// A grasp of a data set beside the same grasp, made again on another workcell.
struct ReplicatedGrasp {
  /// As recorded; without trace.
  EpisodeRecord recorded;
  /// Made again: same object, placement, jaw widths, seed and lift phase.
  EpisodeRecord again;
  /// Time from the moment at which the arm was first measured to lift to T(0) (s): at least 0, and
  /// below the frames' period.
  double lift_to_frame = 0.0;
  /// Normal force per pad before the lift (N).
  double recorded_force = 0.0;
  double force_again = 0.0;

  /// Where this grasp begins to hold, on the other workcell; nothing where that was not looked for
  /// or no force gives the other label.
  std::optional<ForceEdge> edge;

  /// Grip margin of the grasp made again, whose friction is known: what a closed form says of the
  /// edge, for an object that does not turn.
  double margin() const { return again.grip_margin.value(); }
  /// How far the recorded grasp was from the measured edge: over 0 it should hold.
  std::optional<double> distance() const;
};

/// What the comparison says, over all grasps.
struct ReplicationSummary {
  std::size_t grasps = 0, same_label = 0;
  /// With an edge that was measured, and of these within 15% of it.
  std::size_t edges = 0, near_edge = 0;
  /// With different labels, and of these those whose edge was not measured.
  std::size_t different = 0, different_without_edge = 0;
  /// Distance from the edge of the farthest grasp with different labels.
  double worst_difference = 0.0;
  /// Median of |again / recorded - 1| of the normal force before the lift.
  double force_difference = 0.0;
  /// 95th percentile of the deviation of the frames' spacing from their period (s), both cameras.
  double tactile_jitter = 0.0, external_jitter = 0.0;
};

struct ReplicateOptions {
  int jobs = 1;
  /// Measure each grasp's edge by trial lifts, where the other workcell knows what slips.
  bool find_edges = true;
  /// Raised from outside to stop; may be null.
  const std::atomic<bool>* stop = nullptr;
  std::function<void(std::size_t done, std::size_t total)> progress = {};
};

/// Makes every grasp of a data set again with the parameters that it recorded.
/// @throws hal::InputError if the data set is of another protocol; as `collect`.
std::vector<ReplicatedGrasp> replicate_grasps(const EpisodeStore& store,
                                              const GraspProtocol& protocol,
                                              const std::vector<hal::ObjectDescription>& objects,
                                              const WorkcellFactory& make_workcell,
                                              const ReplicateOptions& options);

/// `frame_period`: of both cameras (s).
ReplicationSummary summarize(const std::vector<ReplicatedGrasp>& grasps, double frame_period);

/// A table, one line per grasp.
std::string replication_table(const std::vector<ReplicatedGrasp>& grasps);

/// The summary in words, some lines. `frame_period`: as above (s).
std::string summary_text(const ReplicationSummary& summary, double frame_period);

}  // namespace gripbench::experiments

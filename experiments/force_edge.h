#pragma once

#include <optional>

#include "experiments/episode.h"
#include "experiments/grasp_script.h"
#include "hal/gripper.h"

namespace gripbench::experiments {

/// The normal forces per pad (N) between which one grasp goes from slipping to holding.
struct ForceEdge {
  double slips = 0.0;
  double holds = 0.0;

  /// The edge itself: halfway in the logarithm.
  double force() const;
};

/// Measures at which force one grasp begins to hold: the same grasp, with all that chance decided
/// about it, is lifted again and again, its jaws now wider and now narrower, until the forces on
/// both sides of the edge are 2% apart or the jaws resolve no finer.
/// The closed-form grip margin says less: an object that turns in the grip slips far beyond zero.
/// @param made the grasp, with its own label; its trace begins before the lift.
/// @param position where it was made.
/// @return nothing if no depth within `rules` gives the other label.
/// @throws as GraspScript::trial_lift.
std::optional<ForceEdge> find_force_edge(GraspScript& script, const GripPosition& position,
                                         const EpisodeRecord& made, const SqueezeRules& rules,
                                         const hal::GripperLimits& gripper);

}  // namespace gripbench::experiments

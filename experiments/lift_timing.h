#pragma once

#include <optional>
#include <span>

#include "experiments/episode.h"

namespace gripbench::experiments {

/// When the tool was first measured to rise at `onset_speed` (m/s) or faster, in seconds of the
/// trace.
std::optional<double> lift_onset(std::span<const TracePoint> trace, double onset_speed);

/// How the times of one grasp's devices lie to each other, all on one clock (s).
struct LiftTiming {
  /// From the onset of the lift, by the arm's states, to the exposure of T(0).
  double onset_to_frame = 0.0;
  /// From a tactile picture's exposure to that of the outside picture beside it, the middle one.
  double outside_after_tactile = 0.0;
  /// From a picture's exposure, of either camera, to the nearest state of the arm, the longest.
  double frame_to_state = 0.0;
};

/// Nothing where the trace does not show the lift.
std::optional<LiftTiming> lift_timing(const EpisodeRecord& record,
                                      std::span<const TracePoint> trace, double onset_speed);

}  // namespace gripbench::experiments

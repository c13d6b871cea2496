#include "experiments/lift_timing.h"

#include <algorithm>
#include <cmath>

namespace gripbench::experiments {
namespace {

double to_nearest_state(std::span<const TracePoint> trace, double time) {
  const auto after =
      std::lower_bound(trace.begin(), trace.end(), time,
                       [](const TracePoint& point, double t) { return point.time < t; });
  if (after == trace.end()) return time - trace.back().time;
  if (after == trace.begin()) return after->time - time;
  return std::min(after->time - time, time - (after - 1)->time);
}

}  // namespace

std::optional<double> lift_onset(std::span<const TracePoint> trace, double onset_speed) {
  const auto rising = std::find_if(trace.begin(), trace.end(), [&](const TracePoint& point) {
    return point.tcp_speed_z >= onset_speed;
  });
  if (rising == trace.end()) return std::nullopt;
  return rising->time;
}

std::optional<LiftTiming> lift_timing(const EpisodeRecord& record,
                                      std::span<const TracePoint> trace, double onset_speed) {
  const std::optional<double> onset = lift_onset(trace, onset_speed);
  if (!onset) return std::nullopt;
  LiftTiming timing{.onset_to_frame = record.tactile_times[kLiftFrame] - *onset};
  std::array<double, kFramesPerEpisode> after{};
  for (std::size_t i = 0; i < after.size(); ++i) {
    const double tactile = record.tactile_times[i], outside = record.external_times[i];
    after[i] = outside - tactile;
    timing.frame_to_state = std::max({timing.frame_to_state, to_nearest_state(trace, tactile),
                                      to_nearest_state(trace, outside)});
  }
  std::nth_element(after.begin(), after.begin() + after.size() / 2, after.end());
  timing.outside_after_tactile = after[after.size() / 2];
  return timing;
}

}  // namespace gripbench::experiments

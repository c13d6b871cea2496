#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace gripbench::experiments {

/// How far a grasp has got.
enum class GraspPhase {
  kPresent,
  kApproach,
  kTouchSearch,
  kClosing,
  kRest,
  kLift,
  kEnd,
};

/// Where a script is in the present grasp, for those who have to tell why it ended early.
struct GraspProgress {
  GraspPhase phase = GraspPhase::kPresent;
  /// When the grasp was presented (s on the workcell's clock); before that, when it was asked for.
  double begun = 0.0;
  /// Why the arm could not be brought to a stand after a failure; empty if it was.
  std::string not_stopped = {};
  /// Called by the script whenever it enters a phase; may be empty.
  std::function<void(GraspPhase)> entered = {};
};

/// "approach", "touch search", ...: how records and messages call it.
constexpr std::string_view name_of(GraspPhase phase) {
  switch (phase) {
    case GraspPhase::kPresent:
      return "present";
    case GraspPhase::kApproach:
      return "approach";
    case GraspPhase::kTouchSearch:
      return "touch search";
    case GraspPhase::kClosing:
      return "closing";
    case GraspPhase::kRest:
      return "rest";
    case GraspPhase::kLift:
      return "lift";
    case GraspPhase::kEnd:
      return "end";
  }
  return "unknown";
}

}  // namespace gripbench::experiments

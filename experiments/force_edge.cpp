#include "experiments/force_edge.h"

#include <algorithm>
#include <cmath>

namespace gripbench::experiments {
namespace {

/// The two sides of the edge need not be nearer to each other than that.
constexpr double kNearEnough = 1.02;
/// The first step of the depth away from the grasp's own; the next ones grow.
constexpr double kFirstStep = 1.1;

/// One grip that was lifted.
struct Lift {
  double depth = 0.0;
  double width = 0.0;
  double force = 0.0;
  bool slipped = false;
};

class EdgeSearch {
 public:
  EdgeSearch(GraspScript& script, const GripPosition& position, const EpisodeRecord& made,
             const SqueezeRules& rules, const hal::GripperLimits& gripper)
      : script_(script), position_(position), made_(made), rules_(rules), gripper_(gripper) {}

  std::optional<ForceEdge> run() {
    const GraspParameters& p = made_.parameters;
    Lift one{.depth = std::clamp(p.squeeze + rules_.first_contact, shallowest(), deepest()),
             .width = p.barely_touch_width - p.squeeze,
             .force = made_.trace.front().normal_force,
             .slipped = made_.slip};
    const std::optional<Lift> beyond = step_over_edge(one);
    if (!beyond) return std::nullopt;
    Lift other = *beyond;
    while (!near_enough(one, other)) {
      const Lift between = lift(std::sqrt(one.depth * other.depth));
      (between.slipped == one.slipped ? one : other) = between;
    }
    return one.slipped ? ForceEdge{one.force, other.force} : ForceEdge{other.force, one.force};
  }

 private:
  double shallowest() const { return rules_.depth[0]; }
  double deepest() const {
    const double touch = made_.parameters.barely_touch_width;
    return std::max(shallowest(),
                    std::min(rules_.depth[1], touch - gripper_.min_width + rules_.first_contact));
  }

  /// Goes towards the edge until a lift ends otherwise than `one`, which stays the last that did
  /// not.
  std::optional<Lift> step_over_edge(Lift& one) {
    const double end = one.slipped ? deepest() : shallowest();
    for (double step = kFirstStep; one.depth != end; step *= step) {
      const double depth =
          one.slipped ? std::min(one.depth * step, end) : std::max(one.depth / step, end);
      const Lift next = lift(depth);
      if (next.slipped != one.slipped) return next;
      one = next;
    }
    return std::nullopt;
  }

  bool near_enough(const Lift& a, const Lift& b) const {
    // On the jaws' grid, whose points are not exactly a resolution apart in floating point.
    return std::max(a.force, b.force) <= kNearEnough * std::min(a.force, b.force) ||
           std::abs(a.width - b.width) < 1.5 * gripper_.resolution;
  }

  Lift lift(double depth) {
    const GraspParameters& p = made_.parameters;
    const double width = std::max(
        grip_width(p.barely_touch_width, depth, rules_, gripper_.resolution), gripper_.min_width);
    const TrialResult trial = script_.trial_lift(position_, p.barely_touch_width, width,
                                                 p.object + "/" + p.grasp, p.seed);
    return {depth, width, trial.normal_force, trial.label.slip};
  }

  GraspScript& script_;
  const GripPosition& position_;
  const EpisodeRecord& made_;
  const SqueezeRules& rules_;
  const hal::GripperLimits& gripper_;
};

}  // namespace

double ForceEdge::force() const { return std::sqrt(slips * holds); }

std::optional<ForceEdge> find_force_edge(GraspScript& script, const GripPosition& position,
                                         const EpisodeRecord& made, const SqueezeRules& rules,
                                         const hal::GripperLimits& gripper) {
  return EdgeSearch(script, position, made, rules, gripper).run();
}

}  // namespace gripbench::experiments

#include "experiments/position_search.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hal/seed.h"

namespace gripbench::experiments {

bool PositionRecord::edge_found() const {
  const auto slipped = [](const TrialLift& trial) { return trial.slip; };
  return std::any_of(trials.begin(), trials.end(), slipped) &&
         !std::all_of(trials.begin(), trials.end(), slipped);
}

PositionRecord search_position(hal::Workcell& workcell, const GraspProtocol& protocol,
                               const StopRequest& stop, const GripPosition& position,
                               GraspProgress* progress) {
  GraspScript script(workcell, protocol, stop, progress);
  const Touch touch = script.touch(position);
  const hal::GripperLimits gripper = workcell.gripper().limits();
  PositionRecord record{.object = position.object,
                        .index = position.index,
                        .height = position.height,
                        .offset = position.offset,
                        .yaw = position.yaw,
                        .barely_touch_width = touch.width,
                        .reference = touch.reference,
                        .touch = touch.touch,
                        .gripper = gripper,
                        .tactile_camera = workcell.tactile().info(),
                        .external_camera = workcell.camera().info(),
                        .pixel_pitch = workcell.tactile().pixel_pitch()};

  const SqueezeRules& rules = protocol.squeeze;
  double slips = rules.depth[0];
  // The jaws cannot close beyond their own end.
  double holds = std::min(rules.depth[1], touch.width - gripper.min_width + rules.first_contact);
  holds = std::max(holds, slips);
  for (int k = 0; k < rules.trial_lifts && holds - slips > gripper.resolution; ++k) {
    const double depth = std::sqrt(slips * holds);
    const double width = grip_width(touch.width, depth, rules, gripper.resolution);
    const SlipLabel label = script
                                .trial_lift(position, touch.width, width,
                                            fmt::format("{}/trial_{}", position.name(), k),
                                            hal::split_seed(position.seed, "trial", k))
                                .label;
    record.trials.push_back(
        {.squeeze = touch.width - width, .slip = label.slip, .reason = label.reason});
    (label.slip ? slips : holds) = depth;
  }
  record.edge_depth = std::sqrt(slips * holds);
  return record;
}

double planned_width(const PositionRecord& position, const GraspPlan& plan,
                     const SqueezeRules& rules) {
  const double width =
      grip_width(position.barely_touch_width, position.edge_depth * plan.depth_factor, rules,
                 position.gripper.resolution);
  return std::max(width, position.gripper.min_width);
}

}  // namespace gripbench::experiments

#include "tests/physics/step_halving.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "experiments/grasp_script.h"
#include "experiments/position_search.h"
#include "sim/sim_workcell.h"

namespace gripbench::testing {
namespace {

namespace fs = std::filesystem;
using namespace experiments;

const fs::path kAssets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";

void replace(std::string& text, const std::string& from, const std::string& to) {
  std::size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("sim.yaml has no '" + from + "' any more");
  for (; at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

fs::path halved_workcell_file(const fs::path& folder) {
  std::ifstream in(kAssets / "workcells/sim.yaml");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  replace(text, "timestep: 0.0005\n", "timestep: 0.00025\n");
  replace(text, "../", kAssets.string() + "/");
  const fs::path file = folder / "sim_half_step.yaml";
  std::ofstream(file) << text;
  return file;
}

/// Mean over the nodes in contact of how far the object's surface moved over the pad (m).
Eigen::Vector2d motion_over(const hal::PadMap& pad) {
  Eigen::Vector2d sum = Eigen::Vector2d::Zero();
  int nodes = 0;
  for (int n = 0; n < pad.size(); ++n) {
    if (!pad.in_contact(n)) continue;
    sum.x() += pad.displacement_x[n] + pad.slip_x[n];
    sum.y() += pad.displacement_y[n] + pad.slip_y[n];
    ++nodes;
  }
  return sum / std::max(nodes, 1);
}

/// A stage that watches a trial lift and keeps from it that the object slips, so that it is not
/// broken off.
class WatchingStage final : public hal::Stage {
 public:
  WatchingStage(hal::Workcell& inner, const LabelThresholds& thresholds)
      : inner_(inner), judge_(thresholds) {}

  void present(const hal::Placement& placement) override { inner_.stage().present(placement); }
  void zero_slip() override {
    inner_.stage().zero_slip();
    at_rest_ = inner_.stage().pad_maps().value();
  }
  std::optional<hal::SlipTruth> slip_truth() override {
    const hal::SlipTruth truth = inner_.stage().slip_truth().value();
    judge_.see(truth);
    for (const hal::PadSlip& pad : truth.pads) slip = std::max(slip, pad.mean_distance);
    return hal::SlipTruth{};
  }
  std::optional<std::array<hal::PadMap, 2>> pad_maps() override {
    return inner_.stage().pad_maps();
  }
  hal::Variation variation() override { return inner_.stage().variation(); }
  std::optional<bool> operator_says_slipped() override { return {}; }
  void clear() override {}

  SlipLabel label() const { return judge_.label(); }
  double displacement() const {
    const std::array<hal::PadMap, 2> now = inner_.stage().pad_maps().value();
    double sum = 0.0;
    for (std::size_t i = 0; i < 2; ++i) {
      sum += (motion_over(now[i]) - motion_over(at_rest_[i])).norm();
    }
    return 0.5 * sum;
  }

  double slip = 0.0;

 private:
  hal::Workcell& inner_;
  SlipJudge judge_;
  std::array<hal::PadMap, 2> at_rest_{};
};

class WatchingWorkcell final : public hal::Workcell {
 public:
  WatchingWorkcell(hal::Workcell& inner, hal::Stage& stage) : inner_(inner), stage_(stage) {}
  hal::Clock& clock() override { return inner_.clock(); }
  hal::Arm& arm() override { return inner_.arm(); }
  hal::Gripper& gripper() override { return inner_.gripper(); }
  hal::TactileSensor& tactile() override { return inner_.tactile(); }
  hal::Camera& camera() override { return inner_.camera(); }
  hal::ForceTorqueSensor& force_torque() override { return inner_.force_torque(); }
  hal::Stage& stage() override { return stage_; }

 private:
  hal::Workcell& inner_;
  hal::Stage& stage_;
};

GraspOutcome lift(hal::Workcell& workcell, const GraspProtocol& protocol,
                  const hal::ObjectDescription& object, const GripPosition& position,
                  const GraspPlan& plan, double touch_width, double width) {
  WatchingStage stage(workcell, protocol.label);
  WatchingWorkcell watched(workcell, stage);
  const StopRequest never;
  const TrialResult trial =
      GraspScript(watched, protocol, never)
          .trial_lift(position, touch_width, width, plan.object + "/" + plan.grasp, plan.seed);
  const hal::Variation drawn = stage.variation();
  return {.label = stage.label(),
          .margin = grip_margin(object.mass, drawn.at("friction_gel") + drawn.at("friction_rubber"),
                                trial.normal_force, protocol.lift.motion.acceleration),
          .displacement = stage.displacement(),
          .slip = stage.slip};
}

}  // namespace

double HalvedGrasp::change() const {
  return std::abs(half.displacement - whole.displacement) /
         std::max(whole.displacement, half.displacement);
}

HalvedRigs::HalvedRigs(const fs::path& folder)
    : whole_(sim::make_workcell(hal::ConfigNode::load(kAssets / "workcells/sim.yaml"))),
      half_(sim::make_workcell(hal::ConfigNode::load(halved_workcell_file(folder)))) {}

std::vector<HalvedGrasp> HalvedRigs::run(const GraspProtocol& protocol,
                                         const hal::ObjectDescription& object,
                                         const GripPosition& position,
                                         const std::vector<GraspPlan>& plans) {
  std::vector<HalvedGrasp> grasps;
  const StopRequest never;
  const PositionRecord found = search_position(*whole_, protocol, never, position);
  for (const GraspPlan& plan : plans) {
    if (plan.object != position.object || plan.position != position.index) continue;
    const double width = grip_width(found.barely_touch_width, plan.depth_factor * found.edge_depth,
                                    protocol.squeeze, found.gripper.resolution);
    const auto made_with = [&](hal::Workcell& workcell) {
      return lift(workcell, protocol, object, position, plan, found.barely_touch_width, width);
    };
    grasps.push_back({plan.object + "/" + plan.grasp, made_with(*whole_), made_with(*half_)});
  }
  return grasps;
}

HalvingSummary summarise(const std::vector<HalvedGrasp>& grasps, double margin, double tolerance) {
  HalvingSummary summary;
  for (const HalvedGrasp& grasp : grasps) {
    ++summary.grasps;
    if (std::abs(grasp.whole.margin) <= margin) continue;
    ++summary.clear;
    summary.changed += grasp.same_outcome() ? 0 : 1;
    if (!grasp.stable()) continue;
    ++summary.stable;
    summary.moved_otherwise += grasp.change() > tolerance ? 1 : 0;
    summary.largest_change = std::max(summary.largest_change, grasp.change());
  }
  return summary;
}

}  // namespace gripbench::testing

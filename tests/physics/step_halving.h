#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_protocol.h"
#include "experiments/slip_label.h"
#include "hal/workcell.h"

// PHYSICS "Tests of the mechanics", step halved: grasps of a protocol's own distribution, each made
// twice, at the workcell's time step and at half of it, from the same position, touch and width.

namespace gripbench::testing {

/// What became of one grasp at one time step.
struct GraspOutcome {
  experiments::SlipLabel label;
  /// Signed grip margin at rest before the lift.
  double margin = 0.0;
  /// How far the object moved over the pads from rest to the end of the lift, stretch of the gel
  /// and slip together; mean over nodes in contact, then over the pads (m).
  double displacement = 0.0;
  /// Mean slip of the pad that slipped farther, as the label counts it (m).
  double slip = 0.0;
};

struct HalvedGrasp {
  std::string name;
  GraspOutcome whole, half;

  bool same_outcome() const { return whole.label.slip == half.label.slip; }
  bool stable() const { return !whole.label.slip && !half.label.slip; }
  /// Change of the displacement as a share of it.
  double change() const;
};

/// Both workcells of one thread: assets/workcells/sim.yaml with its own time step and half of it.
class HalvedRigs {
 public:
  /// `folder`: where the workcell file with the halved step may be written.
  explicit HalvedRigs(const std::filesystem::path& folder);

  /// Finds touch and edge of `position` at the whole step, then makes those of `plans` that lie at
  /// it with both steps. No picture is drawn but while the touch is looked for.
  std::vector<HalvedGrasp> run(const experiments::GraspProtocol& protocol,
                               const hal::ObjectDescription& object,
                               const experiments::GripPosition& position,
                               const std::vector<experiments::GraspPlan>& plans);

 private:
  std::unique_ptr<hal::Workcell> whole_, half_;
};

/// What the criterion asks of many grasps.
struct HalvingSummary {
  int grasps = 0;
  /// Beyond the margin, and of these those with another outcome.
  int clear = 0;
  int changed = 0;
  /// Stable at both steps and beyond the margin, and of these those that moved differently.
  int stable = 0;
  int moved_otherwise = 0;
  double largest_change = 0.0;
};

/// @param margin grasps nearer to the edge than this are not counted.
/// @param tolerance share by which the displacement of a stable one may change.
HalvingSummary summarise(const std::vector<HalvedGrasp>& grasps, double margin, double tolerance);

}  // namespace gripbench::testing

#pragma once

#include "experiments/episode.h"
#include "experiments/grasp_phase.h"
#include "experiments/grasp_plan.h"
#include "experiments/grasp_protocol.h"
#include "experiments/slip_label.h"
#include "experiments/touch_search.h"
#include "experiments/wait.h"
#include "hal/objects.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// What a lift without pictures tells.
struct TrialResult {
  SlipLabel label;
  /// Per pad, at rest before the lift (N).
  double normal_force = 0.0;
};

/// The grasp experiment of Li, Dong, Adelson 2018, section IV-A, on any workcell.
///
/// Every grasp begins with `Stage::present`, which leaves the rig open, empty and at home; nothing
/// is carried over from the grasp before. Whatever ends a grasp early, arm and jaws are stopped,
/// the jaws still holding. All functions throw DeviceError (TimeoutError, MotionRefused) for a
/// failing device and Interrupted when asked to stop.
class GraspScript {
 public:
  /// All must outlive the script. How far it has got is written into `progress`, if there is one.
  GraspScript(hal::Workcell& workcell, const GraspProtocol& protocol, const StopRequest& stop,
              GraspProgress* progress = nullptr)
      : workcell_(workcell), protocol_(protocol), stop_(stop), progress_(progress) {}

  /// Comes down on the position and closes until the tactile images say: barely touching.
  Touch touch(const GripPosition& position);

  /// A lift without pictures, to learn whether a grip of this width holds; ends as soon as it
  /// slips.
  /// @throws DeviceError if neither the rig nor an operator can tell.
  TrialResult trial_lift(const GripPosition& position, double touch_width, double width,
                         const std::string& name, std::uint64_t seed);

  /// The grasp itself: grip, lift, record T(-2) to T(12), label.
  /// @param object gives mass and friction for the grip margin.
  Episode grasp(const GripPosition& position, const GraspPlan& plan,
                const hal::ObjectDescription& object, double touch_width, double width);

  /// Leaves the rig empty after the last grasp.
  void clear();

 private:
  void present(const hal::Placement& placement);
  void enter(GraspPhase phase);
  void approach(const GripPosition& position, double open_width);
  void grip(const GripPosition& position, double touch_width, double width);
  void start_lift(const GripPosition& position);
  Episode record_lift(const GripPosition& position, double lift_phase);
  SlipLabel judge(std::span<const TracePoint> trace);
  SlipLabel ask_operator();
  void move_arm(const Eigen::Vector3d& to);
  void wait_for_arm();

  hal::Workcell& workcell_;
  const GraspProtocol& protocol_;
  const StopRequest& stop_;
  GraspProgress* progress_;
};

/// Signed grip margin (mu1 + mu2) N / m (g + a) - 1 of a grip on `mass` (kg) that presses with
/// `normal_force` (N) per pad, lifted with `acceleration` (m/s^2): positive when it should hold.
/// `friction` is the sum of the coefficients at both pads.
double grip_margin(double mass, double friction, double normal_force, double acceleration);

/// Normal force per pad at which that margin is zero for an object of the catalogue (N).
double holding_force(const hal::ObjectDescription& object, double acceleration);

}  // namespace gripbench::experiments

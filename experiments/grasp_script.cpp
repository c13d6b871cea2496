#include "experiments/grasp_script.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

#include <Eigen/Geometry>

#include "experiments/lift_recorder.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

constexpr double kGravity = 9.80665;

/// Sum over both pads: of this grasp where the stage knows it, else by the catalogue.
double friction_of(const hal::ObjectDescription& object, const hal::Variation& variation) {
  const auto gel = variation.find("friction_gel"), rubber = variation.find("friction_rubber");
  const bool known = gel != variation.end() && rubber != variation.end();
  return known ? gel->second + rubber->second : object.friction_gel + object.friction_rubber;
}

/// Brings a rig to a stand when a grasp ends by an exception.
class StopOnFailure {
 public:
  StopOnFailure(hal::Workcell& workcell, GraspProgress* progress)
      : workcell_(workcell), progress_(progress), exceptions_(std::uncaught_exceptions()) {}
  ~StopOnFailure() {
    if (std::uncaught_exceptions() == exceptions_) return;
    // The device that failed may refuse; the other one shall stop all the same, and the first
    // error is the one to tell of.
    try {
      workcell_.arm().stop();
    } catch (const hal::Error& error) {
      if (progress_ != nullptr) progress_->not_stopped = error.what();
    }
    try {
      workcell_.gripper().stop();
    } catch (const hal::Error&) {
    }
  }
  StopOnFailure(const StopOnFailure&) = delete;
  StopOnFailure& operator=(const StopOnFailure&) = delete;

 private:
  hal::Workcell& workcell_;
  GraspProgress* progress_;
  int exceptions_;
};

}  // namespace

Touch GraspScript::touch(const GripPosition& position) {
  const StopOnFailure guard(workcell_, progress_);
  present(position.placement(position.name() + "/touch", position.seed));
  const hal::GripperLimits limits = workcell_.gripper().limits();
  const double open_width =
      on_resolution(std::min(position.extent + protocol_.approach.jaw_clearance, limits.max_width),
                    limits.resolution);
  approach(position, open_width);
  enter(GraspPhase::kTouchSearch);
  return find_barely_touch(workcell_, protocol_, stop_, open_width);
}

TrialResult GraspScript::trial_lift(const GripPosition& position, double touch_width, double width,
                                    const std::string& name, std::uint64_t seed) {
  const StopOnFailure guard(workcell_, progress_);
  present(position.placement(name, seed));
  grip(position, touch_width, width);
  const double normal_force = workcell_.gripper().read().normal_force;
  workcell_.stage().zero_slip();
  start_lift(position);

  SlipJudge judge(protocol_.label);
  bool rig_knows = true;
  const auto slipped_or_ended = [&](bool ended) {
    const std::optional<hal::SlipTruth> truth = workcell_.stage().slip_truth();
    rig_knows = truth.has_value();
    if (truth) judge.see(*truth);
    return ended || judge.slipped();
  };
  wait_until(workcell_, stop_, protocol_.patience.motion, "arm",
             "the lift did not end in time; check the arm",
             [&] { return slipped_or_ended(!workcell_.arm().moving()); });
  // A grasp is watched until T(12), a little longer than the arm moves.
  const double watched_until = workcell_.clock().now() + 2.0 / workcell_.tactile().info().rate_hz;
  wait_until(workcell_, stop_, protocol_.patience.motion, "arm", "time does not pass",
             [&] { return slipped_or_ended(workcell_.clock().now() >= watched_until); });
  return {rig_knows ? judge.label() : ask_operator(), normal_force};
}

void GraspScript::clear() {
  const StopOnFailure guard(workcell_, progress_);
  workcell_.stage().clear();
}

Episode GraspScript::grasp(const GripPosition& position, const GraspPlan& plan,
                           const hal::ObjectDescription& object, double touch_width, double width) {
  const StopOnFailure guard(workcell_, progress_);
  present(position.placement(plan.object + "/" + plan.grasp, plan.seed));
  grip(position, touch_width, width);
  Episode episode = record_lift(position, plan.lift_phase);
  enter(GraspPhase::kEnd);
  wait_for_arm();

  EpisodeRecord& record = episode.record;
  const SlipLabel label = judge(record.trace);
  record.slip = label.slip;
  record.kind = label.kind;
  record.reason = label.reason;
  record.variation = workcell_.stage().variation();
  record.grip_margin =
      grip_margin(object.mass, friction_of(object, record.variation),
                  record.trace.front().normal_force, protocol_.lift.motion.acceleration);
  record.parameters = {.object = plan.object,
                       .grasp = plan.grasp,
                       .seed = plan.seed,
                       .position = position.index,
                       .height = position.height,
                       .offset = position.offset,
                       .yaw = position.yaw,
                       .barely_touch_width = touch_width,
                       .squeeze = touch_width - width};
  return episode;
}

void GraspScript::enter(GraspPhase phase) {
  if (progress_ == nullptr) return;
  progress_->phase = phase;
  if (progress_->entered) progress_->entered(phase);
}

void GraspScript::present(const hal::Placement& placement) {
  enter(GraspPhase::kPresent);
  if (progress_ != nullptr) progress_->begun = workcell_.clock().now();
  workcell_.stage().present(placement);
  // The clock may have begun anew.
  if (progress_ != nullptr) progress_->begun = workcell_.clock().now();
}

void GraspScript::approach(const GripPosition& position, double open_width) {
  enter(GraspPhase::kApproach);
  workcell_.gripper().start_move(open_width, protocol_.approach.jaw_speed);
  try {
    move_arm(position.above);
    wait_until(workcell_, stop_, protocol_.patience.motion, "gripper",
               "the jaws did not open in time; check the gripper",
               [&] { return !workcell_.gripper().moving(); });
    check_jaws_between(workcell_, open_width, workcell_.gripper().limits().max_width);
    move_arm(position.grip);
  } catch (const hal::MotionRefused& refused) {
    const std::string why = std::string(refused.what()).substr(refused.device().size() + 2);
    throw hal::MotionRefused(
        refused.device(),
        fmt::format("{} (on the way to {}; 'positions' in the protocol say where that is)", why,
                    position.name()));
  }
}

void GraspScript::grip(const GripPosition& position, double touch_width, double width) {
  const hal::GripperLimits limits = workcell_.gripper().limits();
  approach(position, std::min(touch_width + protocol_.approach.jaw_clearance, limits.max_width));
  enter(GraspPhase::kClosing);
  move_jaws(workcell_, protocol_, stop_, std::max(width, limits.min_width),
            protocol_.lift.jaw_speed);
  // A stiff object may stop the jaws on their way from the first touch to their goal.
  check_jaws_between(workcell_, width, touch_width);
  enter(GraspPhase::kRest);
  rest(workcell_, stop_, protocol_.lift.settle);
}

void GraspScript::start_lift(const GripPosition& position) {
  enter(GraspPhase::kLift);
  const Eigen::Vector3d lifted = position.grip + protocol_.lift.distance * Eigen::Vector3d::UnitZ();
  workcell_.arm().start_move(hal::tool_down_at(lifted), protocol_.lift.motion);
}

Episode GraspScript::record_lift(const GripPosition& position, double lift_phase) {
  LiftRecorder recorder(workcell_, protocol_);
  const auto record_until = [&](double timeout, const char* device, const char* complaint,
                                auto done) {
    const double poll_period = 1.0 / protocol_.lift.trace_rate;
    double next_poll = workcell_.clock().now();
    const double deadline = next_poll + timeout;
    for (recorder.poll(); !done(); recorder.poll()) {
      stop_.check();
      if (workcell_.clock().now() >= deadline) throw hal::TimeoutError(device, complaint);
      next_poll += poll_period;
      workcell_.clock().sleep_until(next_poll);
    }
  };

  // Slip counts from the grip at rest. The two pictures before the lift are taken while nothing
  // moves, so that zero at the first of them is zero at T(-2), whichever frame that becomes.
  workcell_.stage().zero_slip();
  record_until(protocol_.patience.motion, "tactile", "no pictures came before the lift",
               [&] { return recorder.tactile_frames() >= kLiftFrame; });
  // Frames and lift are not in step on a real rig.
  const double begin = workcell_.clock().now() + lift_phase / workcell_.tactile().info().rate_hz;
  record_until(protocol_.patience.motion, "arm", "time does not pass",
               [&] { return workcell_.clock().now() >= begin; });
  recorder.expect_lift();
  start_lift(position);
  record_until(protocol_.patience.motion, "arm",
               "the lift was commanded and the tool did not rise; check the arm",
               [&] { return recorder.lift_began(); });
  record_until(protocol_.patience.motion, "tactile", "the recording did not end in time",
               [&] { return recorder.complete(); });
  return recorder.episode();
}

SlipLabel GraspScript::judge(std::span<const TracePoint> trace) {
  const std::optional<SlipLabel> known = label_from_truth(trace, protocol_.label);
  return known ? *known : ask_operator();
}

SlipLabel GraspScript::ask_operator() {
  const std::optional<bool> slipped = workcell_.stage().operator_says_slipped();
  if (!slipped) {
    throw hal::DeviceError("stage",
                           "nobody can tell whether the object slipped: this workcell has neither "
                           "the truth nor an operator who knows");
  }
  return label_from_operator(*slipped);
}

void GraspScript::move_arm(const Eigen::Vector3d& to) {
  workcell_.arm().start_move(hal::tool_down_at(to), protocol_.approach.motion);
  wait_for_arm();
}

void GraspScript::wait_for_arm() {
  wait_until(workcell_, stop_, protocol_.patience.motion, "arm",
             "the motion did not end in time; check the arm",
             [&] { return !workcell_.arm().moving(); });
}

double grip_margin(double mass, double friction, double normal_force, double acceleration) {
  return friction * normal_force / (mass * (kGravity + acceleration)) - 1.0;
}

double holding_force(const hal::ObjectDescription& object, double acceleration) {
  return object.mass * (kGravity + acceleration) / (object.friction_gel + object.friction_rubber);
}

}  // namespace gripbench::experiments

#include "experiments/rig_rehearsal.h"

#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "experiments/slip_label.h"
#include "experiments/wait.h"
#include "hal/rig/operator.h"
#include "hal/rig/rig_stage.h"
#include "hal/safety/guarded_workcell.h"

namespace gripbench::experiments {
namespace {

/// The twin's own way back to where the rig would have stayed, which no rig makes.
constexpr hal::LinearMotionLimits kBack{.speed = 0.25, .acceleration = 1.2};
constexpr double kJawsBack = 0.1;
/// So near is the same place (m).
constexpr double kSamePlace = 1e-4;

/// What the twin knows about the grip since the operator began to watch.
class Watch {
 public:
  explicit Watch(const LabelThresholds& thresholds) : thresholds_(thresholds) {}
  void begin() { judge_.emplace(thresholds_); }
  void end() { judge_.reset(); }
  void look(hal::Workcell& twin) {
    if (!judge_) return;
    const std::optional<hal::SlipTruth> truth = twin.stage().slip_truth();
    if (truth) judge_->see(*truth);
  }
  std::optional<bool> slipped() const {
    return judge_ ? std::optional(judge_->label().slip) : std::nullopt;
  }

 private:
  const LabelThresholds thresholds_;
  std::optional<SlipJudge> judge_;
};

class RehearsedOperator final : public hal::Operator {
 public:
  /// All must outlive the operator.
  RehearsedOperator(hal::Workcell& twin, Watch& watch, const Announce& announce)
      : twin_(twin), watch_(watch), announce_(announce) {}

  void take_what_is_held() override { show(hal::question_to_take()); }
  void stand_clear() override { show(hal::question_to_stand_clear()); }
  void place(const hal::Placement& placement) override {
    show(hal::question_to_place(placement));
    watch_.end();
    const Eigen::Isometry3d tool = twin_.arm().read().base_from_tcp;
    const double width = twin_.gripper().read().width;
    // The twin begins anew, with arm and jaws where its own file has them.
    twin_.stage().present(placement);
    bring_back(tool, width);
  }
  void watch() override {
    twin_.stage().zero_slip();
    watch_.begin();
  }
  std::optional<bool> slipped(const hal::Placement& placement) override {
    show(hal::question_whether_slipped(placement));
    return watch_.slipped();
  }

 private:
  void show(const std::string& question) {
    announce_(fmt::format("{:8.3f} s  asks  {}", twin_.clock().now(), question));
  }
  void bring_back(const Eigen::Isometry3d& tool, double width) {
    const auto wait = [&](auto moving) {
      while (moving()) twin_.clock().sleep_until(twin_.clock().now() + kPollPeriod);
    };
    if (std::abs(twin_.gripper().read().width - width) > kSamePlace) {
      twin_.gripper().start_move(width, kJawsBack);
      wait([&] { return twin_.gripper().moving(); });
    }
    if (!twin_.arm().read().base_from_tcp.isApprox(tool, kSamePlace)) {
      twin_.arm().start_move(tool, kBack);
      wait([&] { return twin_.arm().moving(); });
    }
  }

  hal::Workcell& twin_;
  Watch& watch_;
  const Announce& announce_;
};

/// Somebody looks at the grip whenever time has passed.
class WatchingClock final : public hal::Clock {
 public:
  WatchingClock(hal::Workcell& twin, Watch& watch) : twin_(twin), watch_(watch) {}
  double now() const override { return twin_.clock().now(); }
  void sleep_until(double time) override {
    twin_.clock().sleep_until(time);
    watch_.look(twin_);
  }

 private:
  hal::Workcell& twin_;
  Watch& watch_;
};

class RigRehearsal final : public hal::Workcell {
 public:
  RigRehearsal(const hal::RigSettings& rig, const LabelThresholds& thresholds,
               std::unique_ptr<hal::Workcell> twin, Announce announce)
      : announce_(std::move(announce)),
        twin_(*twin),
        watch_(thresholds),
        devices_(hal::guard(announced(std::move(twin), announce_), rig.safety)),
        stage_(rig.stage, clock_, devices_->arm(), devices_->gripper(),
               std::make_unique<RehearsedOperator>(twin_, watch_, announce_)) {}

  hal::Clock& clock() override { return clock_; }
  hal::Arm& arm() override { return devices_->arm(); }
  hal::Gripper& gripper() override { return devices_->gripper(); }
  hal::TactileSensor& tactile() override { return devices_->tactile(); }
  hal::Camera& camera() override { return devices_->camera(); }
  hal::ForceTorqueSensor& force_torque() override { return devices_->force_torque(); }
  hal::Stage& stage() override { return stage_; }

 private:
  const Announce announce_;
  /// As it is, below what announces and guards; belongs to `devices_`.
  hal::Workcell& twin_;
  Watch watch_;
  std::unique_ptr<hal::Workcell> devices_;
  WatchingClock clock_{twin_, watch_};
  hal::RigStage stage_;
};

}  // namespace

std::unique_ptr<hal::Workcell> make_rig_rehearsal(const hal::RigSettings& rig,
                                                  const GraspProtocol& protocol,
                                                  std::unique_ptr<hal::Workcell> twin,
                                                  Announce announce) {
  // A twin without an object is no workcell yet.
  hal::Placement first;
  first.object = protocol.objects().front();
  first.position = protocol.positions.place.head<2>();
  twin->stage().present(first);
  return std::make_unique<RigRehearsal>(rig, protocol.label, std::move(twin), std::move(announce));
}

}  // namespace gripbench::experiments

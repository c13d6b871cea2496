#include "experiments/rehearsal.h"

#include <algorithm>
#include <map>
#include <numbers>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_script.h"
#include "experiments/position_search.h"

namespace gripbench::experiments {
namespace {

class AnnouncedArm final : public hal::Arm {
 public:
  AnnouncedArm(hal::Workcell& inner, const Announce& announce)
      : inner_(inner), announce_(announce) {}
  hal::ArmState read() override { return inner_.arm().read(); }
  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const hal::LinearMotionLimits& limits) override {
    const Eigen::Vector3d to = base_from_tcp.translation();
    announce_(fmt::format("{:8.3f} s  arm   to ({:.4f}, {:.4f}, {:.4f}) m, {:g} m/s, {:g} m/s^2",
                          inner_.clock().now(), to.x(), to.y(), to.z(), limits.speed,
                          limits.acceleration));
    inner_.arm().start_move(base_from_tcp, limits);
  }
  bool moving() override { return inner_.arm().moving(); }
  void stop() override {
    announce_(fmt::format("{:8.3f} s  arm   stop", inner_.clock().now()));
    inner_.arm().stop();
  }

 private:
  hal::Workcell& inner_;
  const Announce& announce_;
};

class AnnouncedGripper final : public hal::Gripper {
 public:
  AnnouncedGripper(hal::Workcell& inner, const Announce& announce)
      : inner_(inner), announce_(announce) {}
  hal::GripperLimits limits() const override { return inner_.gripper().limits(); }
  hal::GripperState read() override { return inner_.gripper().read(); }
  bool homed() override { return homed_; }
  void start_homing() override {
    announce_(
        fmt::format("{:8.3f} s  jaws  home: open all the way, at the gripper's own pace; only if "
                    "it has no zero",
                    inner_.clock().now()));
    inner_.gripper().start_homing();
    homed_ = true;
  }
  void start_move(double width, double speed) override {
    announce_(fmt::format("{:8.3f} s  jaws  to {:.2f} mm, {:g} mm/s", inner_.clock().now(),
                          1e3 * width, 1e3 * speed));
    inner_.gripper().start_move(width, speed);
  }
  bool moving() override { return inner_.gripper().moving(); }
  void stop() override {
    announce_(fmt::format("{:8.3f} s  jaws  stop", inner_.clock().now()));
    inner_.gripper().stop();
  }

 private:
  hal::Workcell& inner_;
  const Announce& announce_;
  /// Nobody knows before whether the real one has a zero; what is shown is more, not less.
  bool homed_ = false;
};

class AnnouncedStage final : public hal::Stage {
 public:
  AnnouncedStage(hal::Workcell& inner, const Announce& announce)
      : inner_(inner), announce_(announce) {}
  void present(const hal::Placement& placement) override {
    announce_(fmt::format("{}: {} at x {:.4f} m, y {:.4f} m, turned {:.1f} degrees",
                          placement.grasp, placement.object, placement.position.x(),
                          placement.position.y(), placement.yaw * 180.0 / std::numbers::pi));
    inner_.stage().present(placement);
  }
  void zero_slip() override { inner_.stage().zero_slip(); }
  std::optional<hal::SlipTruth> slip_truth() override { return inner_.stage().slip_truth(); }
  std::optional<std::array<hal::PadMap, 2>> pad_maps() override {
    return inner_.stage().pad_maps();
  }
  hal::Variation variation() override { return inner_.stage().variation(); }
  std::optional<bool> operator_says_slipped() override {
    return inner_.stage().operator_says_slipped();
  }
  void clear() override { inner_.stage().clear(); }

 private:
  hal::Workcell& inner_;
  const Announce& announce_;
};

class AnnouncedWorkcell final : public hal::Workcell {
 public:
  AnnouncedWorkcell(std::unique_ptr<hal::Workcell> inner, Announce announce)
      : inner_(std::move(inner)), announce_(std::move(announce)) {}

  hal::Clock& clock() override { return inner_->clock(); }
  hal::Arm& arm() override { return arm_; }
  hal::Gripper& gripper() override { return gripper_; }
  hal::TactileSensor& tactile() override { return inner_->tactile(); }
  hal::Camera& camera() override { return inner_->camera(); }
  hal::ForceTorqueSensor& force_torque() override { return inner_->force_torque(); }
  hal::Stage& stage() override { return stage_; }

 private:
  std::unique_ptr<hal::Workcell> inner_;
  Announce announce_;
  AnnouncedArm arm_{*inner_, announce_};
  AnnouncedGripper gripper_{*inner_, announce_};
  AnnouncedStage stage_{*inner_, announce_};
};

}  // namespace

std::unique_ptr<hal::Workcell> announced(std::unique_ptr<hal::Workcell> inner, Announce announce) {
  return std::make_unique<AnnouncedWorkcell>(std::move(inner), std::move(announce));
}

void rehearse(const GraspProtocol& protocol, const std::vector<hal::ObjectDescription>& objects,
              hal::Workcell& workcell, const StopRequest& stop, int shard, int shards) {
  GraspScript script(workcell, protocol, stop);
  std::map<std::string, std::vector<GraspPlan>> grasps;
  std::set<std::pair<std::string, int>> wanted;
  for (const GraspPlan& plan : grasps_of_shard(protocol, shard, shards)) {
    grasps[plan.object].push_back(plan);
    wanted.emplace(plan.object, plan.position);
  }
  const std::vector<GripPosition> positions = plan_positions(protocol, objects);
  std::map<std::string, const hal::ObjectDescription*> by_name;
  for (const hal::ObjectDescription& object : objects) by_name[object.name] = &object;
  std::vector<std::string> order;
  for (const auto& [object, of_object] : grasps) order.push_back(object);
  shuffle_objects(protocol, order);
  for (const std::string& object : order) {
    std::map<int, std::pair<const GripPosition*, PositionRecord>> known;
    for (const GripPosition& position : positions) {
      if (position.object != object || !wanted.contains({object, position.index})) continue;
      known.emplace(position.index,
                    std::pair(&position, search_position(workcell, protocol, stop, position)));
    }
    shuffle_grasps(protocol, object, grasps.at(object));
    for (const GraspPlan& plan : grasps.at(object)) {
      stop.check();
      const auto& [position, found] = known.at(plan.position);
      script.grasp(*position, plan, *by_name.at(object), found.barely_touch_width,
                   planned_width(found, plan, protocol.squeeze));
    }
  }
  script.clear();
}

}  // namespace gripbench::experiments

#include "tests/unit/experiments/fake_workcell.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <opencv2/imgproc.hpp>

#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

const cv::Size kPicture(96, 72);
constexpr double kStep = 0.001;

/// All the state there is. Jaws and arm move at constant speed in steps of 1 ms.
struct World {
  FakeScript script;
  FakeLog* log = nullptr;
  long steps = 0;
  double now = 0.0;
  double presented = 0.0;
  hal::Placement placement;
  double width = 0.1;
  double width_goal = 0.1;
  double width_speed = 0.0;
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  Eigen::Isometry3d goal = Eigen::Isometry3d::Identity();
  double arm_speed = 0.0;
  double arm_starts = 0.0;
  Eigen::Vector3d velocity = Eigen::Vector3d::Zero();
  bool lifting = false;
  bool touched = false;
  double slip = 0.0;
  double slip_zero = 0.0;
  /// What the pictures depend on, at each step: they are drawn later.
  struct Moment {
    double width, slip;
    bool touched;
  };
  std::vector<Moment> history;
  /// How often each grasp was presented.
  std::map<std::string, int> presentations;

  double since_presented() const { return now - presented; }

  void step() {
    now = ++steps * kStep;
    const double jaw_step = std::min(width_speed * kStep, std::abs(width_goal - width));
    if (!script.gripper_hangs) width += std::copysign(jaw_step, width_goal - width);
    velocity.setZero();
    if (now > arm_starts) {
      const Eigen::Vector3d way = goal.translation() - pose.translation();
      const double distance = std::min(arm_speed * kStep, way.norm());
      if (distance > 1e-12) {
        velocity = way.normalized() * distance / kStep;
        pose.translation() += way.normalized() * distance;
      }
    }
    touched = width <= script.touch_width || (script.gel_sticks && touched);
    if (lifting && width > script.holding_width && velocity.z() > 0.0) {
      slip += script.slip_speed * kStep;
    }
    history.push_back({width, slip, touched});
    if (script.on_time) script.on_time(since_presented(), placement.grasp);
  }
};

cv::Mat noise_picture(const World& world, double time, std::uint64_t camera) {
  hal::SeededDraw draw(hal::split_seed(world.placement.seed + camera, "picture",
                                       static_cast<std::uint64_t>(std::llround(time * 1e4))));
  cv::Mat picture(kPicture, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const auto noise = static_cast<int>(draw.uniform(-3.0, 4.0));
      picture.at<cv::Vec3b>(y, x) = cv::Vec3b(100 + x / 2 + noise, 120 + noise, 90 + y / 2 + noise);
    }
  }
  return picture;
}

class FakeClock final : public hal::Clock {
 public:
  explicit FakeClock(World& world) : world_(world) {}
  double now() const override { return world_.now; }
  void sleep_until(double time) override {
    // Whole steps, so that rounding of `time` cannot make one more or less.
    const long last = std::lround(std::ceil(time / kStep - 1e-6));
    while (world_.steps < last) world_.step();
  }

 private:
  World& world_;
};

class FakeArm final : public hal::Arm {
 public:
  explicit FakeArm(World& world) : world_(world) {}
  hal::ArmState read() override {
    hal::ArmState state;
    state.time = world_.now;
    state.base_from_tcp = world_.pose;
    state.tcp_velocity.head<3>() = world_.velocity;
    return state;
  }
  void start_move(const Eigen::Isometry3d& goal, const hal::LinearMotionLimits& limits) override {
    const bool lift = goal.translation().z() > world_.pose.translation().z() &&
                      world_.width <= world_.script.touch_width;
    if (lift && world_.script.arm_refuses_lift) {
      throw hal::MotionRefused("arm", "the goal is out of reach");
    }
    if (lift && world_.script.arm_ignores_lift) return;
    world_.lifting = lift;
    world_.arm_starts = world_.now + (lift ? world_.script.arm_latency : 0.0);
    world_.goal = goal;
    world_.pose.linear() = goal.linear();
    world_.arm_speed = limits.speed;
  }
  bool moving() override {
    return (world_.goal.translation() - world_.pose.translation()).norm() > 1e-9;
  }
  void stop() override {
    if (world_.script.arm_refuses_stop) {
      throw hal::DeviceError("arm", "the controller cannot be reached");
    }
    world_.goal = world_.pose;
    if (world_.log != nullptr) ++world_.log->arm_stops;
  }

 private:
  World& world_;
};

class FakeGripper final : public hal::Gripper {
 public:
  explicit FakeGripper(World& world) : world_(world) {}
  hal::GripperLimits limits() const override {
    return {.min_width = 0.0,
            .max_width = 0.1,
            .min_speed = 0.005,
            .max_speed = 0.42,
            .max_normal_force = 40.0,
            .resolution = 0.00002};
  }
  hal::GripperState read() override {
    return {.time = world_.now,
            .width = world_.width,
            .speed = moving() ? -world_.width_speed : 0.0,
            .normal_force = std::max(0.0, world_.script.touch_width - world_.width) * 2000.0};
  }
  bool homed() override { return true; }
  void start_homing() override { start_move(limits().max_width, 0.1); }
  void start_move(double width, double speed) override {
    world_.width_goal = width;
    world_.width_speed = speed;
  }
  bool moving() override { return std::abs(world_.width - world_.width_goal) > 1e-12; }
  void stop() override {
    world_.width_goal = world_.width;
    if (world_.log != nullptr) ++world_.log->gripper_stops;
  }

 private:
  World& world_;
};

/// Both cameras: frame k is exposed at k / rate + skew and drawn when it is asked for.
class FakeCamera final : public hal::TactileSensor {
 public:
  FakeCamera(World& world, bool tactile) : world_(world), tactile_(tactile) {}
  hal::CameraInfo info() const override {
    return {.width_px = kPicture.width,
            .height_px = kPicture.height,
            .rate_hz = world_.script.frame_rate};
  }
  double pixel_pitch() const override { return 0.00016; }
  hal::Frame newest() override { return take(newest_index()); }
  std::optional<hal::Frame> next_after(double time) override {
    auto index = static_cast<long>(std::ceil((time - skew()) * world_.script.frame_rate));
    index = std::max(index, static_cast<long>((world_.now - 0.5) * world_.script.frame_rate));
    while (time_of(index) <= time + 1e-12) ++index;
    if (is_dropped(index)) ++index;
    if (index < 0 || index > newest_index()) return std::nullopt;
    return take(index);
  }

 private:
  double skew() const { return tactile_ ? 0.0 : world_.script.camera_skew; }
  double time_of(long index) const { return index / world_.script.frame_rate + skew(); }
  bool is_dropped(long index) const {
    if (!tactile_ || !world_.script.tactile_drops_at) return false;
    const std::optional<int>& times = world_.script.tactile_drops_times;
    const auto presented = world_.presentations.find(world_.placement.grasp);
    if (times && presented != world_.presentations.end() && presented->second > *times) {
      return false;
    }
    const double age = time_of(index) - world_.presented - *world_.script.tactile_drops_at;
    return age >= 0.0 && age < 1.0 / world_.script.frame_rate;
  }
  long newest_index() const {
    double until = world_.now;
    const auto& stall = tactile_ ? world_.script.tactile_stalls_at : world_.script.camera_stalls_at;
    if (stall) until = std::min(until, world_.presented + *stall);
    auto index = static_cast<long>((until - skew()) * world_.script.frame_rate) + 1;
    while (time_of(index) > until + 1e-12) --index;
    return index;
  }
  hal::Frame take(long index) {
    if (world_.log != nullptr) ++world_.log->pictures_fetched;
    const double time = time_of(index);
    cv::Mat picture = noise_picture(world_, time, tactile_ ? 1 : 2);
    const auto step = static_cast<std::size_t>(std::max(0.0, std::round(time / kStep)));
    if (!world_.history.empty()) {
      const World::Moment& moment = world_.history[std::min(step, world_.history.size() - 1)];
      const double depth = world_.script.touch_width - moment.width;
      const int shift = static_cast<int>(std::lround(moment.slip * 4000.0));
      if (tactile_ && moment.touched) {
        const int radius = 6 + static_cast<int>(std::clamp(depth * 4000.0, 0.0, 25.0));
        cv::circle(picture, {48, 36 + shift}, radius, {170, 60, 160}, cv::FILLED);
      }
      if (!tactile_) cv::rectangle(picture, {30, 20 + shift, 30, 20}, {30, 40, 200}, cv::FILLED);
    }
    return {.image = picture, .time = time, .sequence = static_cast<std::uint64_t>(index)};
  }

  World& world_;
  bool tactile_;
};

class FakeForceTorque final : public hal::ForceTorqueSensor {
 public:
  explicit FakeForceTorque(World& world) : world_(world) {}
  hal::WrenchReading read() override {
    bias();
    return {.time = world_.now};
  }
  void bias() override {
    if (!world_.script.has_force_torque) throw hal::DeviceError("force_torque", "not mounted");
  }

 private:
  World& world_;
};

class FakeStage final : public hal::Stage {
 public:
  explicit FakeStage(World& world) : world_(world) {}

  void present(const hal::Placement& placement) override {
    // As in simulation, the clock begins anew: nothing of the grasp before is left.
    World fresh;
    fresh.script = world_.script;
    fresh.log = world_.log;
    fresh.placement = placement;
    fresh.presentations = world_.presentations;
    ++fresh.presentations[placement.grasp];
    fresh.steps = 300;
    fresh.now = fresh.presented = 0.3;
    fresh.pose.translation() = Eigen::Vector3d(0.45, 0.0, 0.3);
    fresh.pose.linear() = Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
    fresh.goal = fresh.pose;
    fresh.history.assign(300, {fresh.width, 0.0, false});
    world_ = fresh;
    if (world_.log != nullptr) world_.log->presented.push_back(placement.grasp);
  }
  void zero_slip() override { world_.slip_zero = world_.slip; }
  std::optional<hal::SlipTruth> slip_truth() override {
    if (!world_.script.knows_truth) return std::nullopt;
    hal::SlipTruth truth;
    for (hal::PadSlip& pad : truth.pads) {
      pad.mean_distance = world_.slip - world_.slip_zero;
      pad.translation.y() = pad.mean_distance;
      pad.contact_area = 1e-4;
      pad.force.z() = std::max(0.0, world_.script.touch_width - world_.width) * 2000.0;
    }
    return truth;
  }
  std::optional<std::array<hal::PadMap, 2>> pad_maps() override {
    if (!world_.script.knows_truth) return std::nullopt;
    hal::PadMap map{.nx = 2, .ny = 1, .pitch = 1e-3};
    for (auto* field : {&map.pressure, &map.traction_x, &map.traction_y, &map.slip_x, &map.slip_y,
                        &map.displacement_x, &map.displacement_y}) {
      field->assign(2, 0.0);
    }
    map.indentation.assign(2, 1e-4);
    map.sticking.assign(2, 1);
    map.slip_y.assign(2, world_.slip - world_.slip_zero);
    return std::array{map, map};
  }
  hal::Variation variation() override { return world_.script.variation; }
  std::optional<bool> operator_says_slipped() override {
    if (!world_.script.has_operator) return std::nullopt;
    return world_.slip - world_.slip_zero > 0.0003;
  }
  void clear() override {
    if (world_.log != nullptr) ++world_.log->cleared;
  }

 private:
  World& world_;
};

class FakeWorkcell final : public hal::Workcell {
 public:
  FakeWorkcell(const FakeScript& script, FakeLog* log) {
    world_.script = script;
    world_.log = log;
  }
  hal::Clock& clock() override { return clock_; }
  hal::Arm& arm() override { return arm_; }
  hal::Gripper& gripper() override { return gripper_; }
  hal::TactileSensor& tactile() override { return tactile_; }
  hal::Camera& camera() override { return camera_; }
  hal::ForceTorqueSensor& force_torque() override { return force_torque_; }
  hal::Stage& stage() override { return stage_; }

 private:
  World world_;
  FakeClock clock_{world_};
  FakeArm arm_{world_};
  FakeGripper gripper_{world_};
  FakeCamera tactile_{world_, true};
  FakeCamera camera_{world_, false};
  FakeForceTorque force_torque_{world_};
  FakeStage stage_{world_};
};

}  // namespace

std::unique_ptr<hal::Workcell> make_fake_workcell(const FakeScript& script, FakeLog* log) {
  return std::make_unique<FakeWorkcell>(script, log);
}

hal::ObjectDescription fake_object(const std::string& name) {
  hal::ObjectDescription object;
  object.name = name;
  object.mass = 0.2;
  object.mass_centre = {0.0, 0.0, 0.05};
  object.friction_gel = 0.8;
  object.friction_rubber = 0.7;
  object.bounds_min = {-0.02, -0.015, 0.0};
  object.bounds_max = {0.02, 0.015, 0.1};
  return object;
}

}  // namespace gripbench::experiments

#include "hal/replay/replay_workcell.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/replay/recording.h"

namespace gripbench::hal {
namespace {

/// Rounding of the clock must not hide a state that is due (s).
constexpr double kTimeTolerance = 1e-6;
/// Jaws are at a recorded width within this (m).
constexpr double kWidthTolerance = 1e-6;
/// How long cameras keep their pictures, as Camera promises (s).
constexpr double kBuffered = 0.5;

/// What is before the arm, and how far its recording has run: the state that all devices share.
struct Scene {
  double now = 0.0;
  /// When the present scene was set up.
  double begin = 0.0;
  RecordedPosition position;
  std::optional<RecordedGrasp> grasp;
  std::optional<bool> trial_slipped;
  double width = 0.0;
  Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
  /// When the recorded lift was commanded, and when its first tactile frame is due.
  std::optional<double> commanded;
  double origin = 0.0;

  bool gripped() const {
    return grasp && width <= grasp->barely_touch_width - grasp->squeeze + kWidthTolerance;
  }

  void start_recording() {
    commanded = now;
    // One period of rest pictures apart, so that none of them lies near a recorded one.
    const double first = std::min(grasp->tactile.front().time, grasp->external.front().time);
    origin = now + 1.0 / position.tactile_camera.rate_hz - first;
  }

  /// The recorded state that holds now; nothing before the recording runs.
  const RecordedState* state() const {
    if (!commanded) return nullptr;
    const double cursor = now - origin + kTimeTolerance;
    const auto after =
        std::upper_bound(grasp->trace.begin(), grasp->trace.end(), cursor,
                         [](double time, const RecordedState& s) { return time < s.time; });
    return after == grasp->trace.begin() ? nullptr : &*std::prev(after);
  }
};

class ReplayClock final : public Clock {
 public:
  explicit ReplayClock(Scene& scene) : scene_(scene) {}
  double now() const override { return scene_.now; }
  void sleep_until(double time) override { scene_.now = std::max(scene_.now, time); }

 private:
  Scene& scene_;
};

class ReplayArm final : public Arm {
 public:
  explicit ReplayArm(Scene& scene) : scene_(scene) {}

  ArmState read() override {
    ArmState arm;
    if (const RecordedState* state = scene_.state()) {
      arm.time = scene_.origin + state->time;
      arm.base_from_tcp = state->base_from_tcp;
      arm.tcp_velocity[2] = state->tcp_speed_z;
    } else {
      // Between the command and the first recorded state nothing new is known.
      arm.time = scene_.commanded.value_or(scene_.now);
      arm.base_from_tcp = scene_.base_from_tcp;
    }
    return arm;
  }

  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const LinearMotionLimits& limits) override {
    if (limits.speed <= 0.0 || limits.acceleration <= 0.0) {
      throw MotionRefused("arm", "speed and acceleration must be above 0");
    }
    const bool upwards =
        base_from_tcp.translation().z() > scene_.base_from_tcp.translation().z() + kWidthTolerance;
    if (upwards && scene_.gripped() && !scene_.commanded) scene_.start_recording();
    if (!scene_.commanded) scene_.base_from_tcp = base_from_tcp;
  }

  bool moving() override {
    return scene_.commanded &&
           scene_.now - scene_.origin + kTimeTolerance < scene_.grasp->trace.back().time;
  }

  void stop() override {}

 private:
  Scene& scene_;
};

class ReplayGripper final : public Gripper {
 public:
  explicit ReplayGripper(Scene& scene) : scene_(scene) {}

  GripperLimits limits() const override { return scene_.position.gripper; }

  GripperState read() override {
    GripperState gripper{.time = scene_.now, .width = scene_.width};
    const RecordedState* state = scene_.state();
    if (state == nullptr && scene_.gripped()) state = &scene_.grasp->trace.front();
    if (state != nullptr) {
      gripper.width = state->jaw_width;
      gripper.normal_force = state->normal_force;
    }
    return gripper;
  }

  bool homed() override { return true; }
  void start_homing() override { scene_.width = limits().max_width; }

  void start_move(double width, double speed) override {
    const GripperLimits allowed = limits();
    if (width < allowed.min_width - kWidthTolerance ||
        width > allowed.max_width + kWidthTolerance || speed <= 0.0 || speed > allowed.max_speed) {
      throw MotionRefused(
          "gripper", fmt::format("cannot move to {:.1f} mm at {:.0f} mm/s: the recorded gripper "
                                 "spans {:.1f} to {:.1f} mm, at up to {:.0f} mm/s",
                                 width * 1e3, speed * 1e3, allowed.min_width * 1e3,
                                 allowed.max_width * 1e3, allowed.max_speed * 1e3));
    }
    scene_.width = width;
  }

  bool moving() override { return false; }
  void stop() override {}

 private:
  Scene& scene_;
};

/// Pictures in order of time: repeated at rest, then recorded, then repeated again.
class PictureSchedule {
 public:
  explicit PictureSchedule(Scene& scene) : scene_(scene) {}

  Frame newest(const CameraInfo& info, const std::vector<RecordedPicture>* recorded,
               const RecordedPicture& rest) const {
    const Timeline timeline(scene_, info, recorded);
    return frame(timeline, timeline.last_at_or_before(scene_.now), recorded, rest);
  }

  std::optional<Frame> next_after(double time, const CameraInfo& info,
                                  const std::vector<RecordedPicture>* recorded,
                                  const RecordedPicture& rest) const {
    const Timeline timeline(scene_, info, recorded);
    const double kept_since = std::max(time, scene_.now - kBuffered);
    const long index = std::max(timeline.last_at_or_before(kept_since) + 1, 0L);
    if (timeline.time_of(index) > scene_.now) return std::nullopt;
    return frame(timeline, index, recorded, rest);
  }

 private:
  /// When the pictures since `Scene::begin` are due, by index.
  class Timeline {
   public:
    Timeline(const Scene& scene, const CameraInfo& info,
             const std::vector<RecordedPicture>* recorded)
        : begin_(scene.begin), period_(1.0 / info.rate_hz), origin_(scene.origin) {
      if (!scene.commanded) return;
      recorded_ = recorded;
      rests_ = resting_at(*scene.commanded) + 1;
    }

    double time_of(long index) const {
      if (recorded_ == nullptr || index < rests_) return begin_ + index * period_;
      const long i = index - rests_;
      const long last = static_cast<long>(recorded_->size()) - 1;
      if (i <= last) return origin_ + (*recorded_)[i].time;
      return origin_ + recorded_->back().time + (i - last) * period_;
    }

    /// Index of the last picture not after `time`; -1 if there is none.
    long last_at_or_before(double time) const {
      if (recorded_ == nullptr) return resting_at(time);
      long index = std::min(resting_at(time), rests_ - 1);
      while (time_of(index + 1) <= time) ++index;
      return index;
    }

    /// Which recorded picture it shows; nothing at rest.
    std::optional<std::size_t> picture_of(long index) const {
      if (recorded_ == nullptr || index < rests_) return std::nullopt;
      return std::min<std::size_t>(index - rests_, recorded_->size() - 1);
    }

   private:
    long resting_at(double time) const {
      long index = std::max(static_cast<long>((time - begin_) / period_) - 1, -1L);
      while (begin_ + (index + 1) * period_ <= time) ++index;
      return index;
    }

    double begin_;
    double period_;
    double origin_;
    const std::vector<RecordedPicture>* recorded_ = nullptr;
    long rests_ = 0;
  };

  static Frame frame(const Timeline& timeline, long index,
                     const std::vector<RecordedPicture>* recorded, const RecordedPicture& rest) {
    const std::optional<std::size_t> picture = timeline.picture_of(index);
    return {.image = picture ? (*recorded)[*picture].read() : rest.read(),
            .time = timeline.time_of(index),
            .sequence = static_cast<std::uint64_t>(index)};
  }

  Scene& scene_;
};

class ReplayTactile final : public TactileSensor {
 public:
  explicit ReplayTactile(Scene& scene) : scene_(scene), schedule_(scene) {}

  CameraInfo info() const override { return scene_.position.tactile_camera; }
  double pixel_pitch() const override { return scene_.position.pixel_pitch; }
  Frame newest() override { return schedule_.newest(info(), recorded(), at_rest()); }
  std::optional<Frame> next_after(double time) override {
    return schedule_.next_after(time, info(), recorded(), at_rest());
  }

 private:
  const std::vector<RecordedPicture>* recorded() const {
    return scene_.grasp ? &scene_.grasp->tactile : nullptr;
  }
  const RecordedPicture& at_rest() const {
    if (scene_.gripped()) return scene_.grasp->tactile.front();
    const bool touched = scene_.width <= scene_.position.barely_touch_width + kWidthTolerance;
    return touched ? scene_.position.touch : scene_.position.reference;
  }

  Scene& scene_;
  PictureSchedule schedule_;
};

class ReplayCamera final : public Camera {
 public:
  explicit ReplayCamera(Scene& scene) : scene_(scene), schedule_(scene) {}

  CameraInfo info() const override { return scene_.position.external_camera; }
  Frame newest() override { return schedule_.newest(info(), recorded(), at_rest()); }
  std::optional<Frame> next_after(double time) override {
    return schedule_.next_after(time, info(), recorded(), at_rest());
  }

 private:
  const std::vector<RecordedPicture>* recorded() const {
    return scene_.grasp ? &scene_.grasp->external : nullptr;
  }
  const RecordedPicture& at_rest() const {
    if (!scene_.grasp) {
      throw DeviceError("camera", "no outside picture was recorded of this preparation");
    }
    return scene_.grasp->external.front();
  }

  Scene& scene_;
  PictureSchedule schedule_;
};

class ReplayForceTorque final : public ForceTorqueSensor {
 public:
  WrenchReading read() override { refuse(); }
  void bias() override { refuse(); }

 private:
  [[noreturn]] static void refuse() {
    throw DeviceError("force_torque", "a recorded workcell has none");
  }
};

/// "OBJECT/GRASP", "OBJECT/position_P/touch" or "OBJECT/position_P/trial_K".
struct GraspName {
  std::string object;
  std::string grasp;
  std::optional<int> position;
  std::optional<int> trial;
};

/// The number behind `prefix` in `text`, if it is just that.
std::optional<int> number_behind(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  text.remove_prefix(prefix.size());
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

GraspName parse_name(const std::string& text) {
  const std::size_t first = text.find('/');
  if (first == std::string::npos) {
    throw InputError("'" + text + "' names no recorded grasp; expected OBJECT/GRASP");
  }
  GraspName name{.object = text.substr(0, first),
                 .grasp = text.substr(first + 1),
                 .position = std::nullopt,
                 .trial = std::nullopt};
  const std::size_t second = name.grasp.find('/');
  if (second != std::string::npos) {
    name.position = number_behind("position_", name.grasp.substr(0, second));
    name.trial = number_behind("trial_", name.grasp.substr(second + 1));
    name.grasp = name.grasp.substr(second + 1);
    if (!name.position || (!name.trial && name.grasp != "touch")) {
      throw InputError("'" + text + "' names no recorded grasp, touch or trial");
    }
  }
  return name;
}

class ReplayStage final : public Stage {
 public:
  ReplayStage(Scene& scene, const RecordedDataset& dataset) : scene_(scene), dataset_(dataset) {}

  void present(const Placement& placement) override {
    const GraspName name = parse_name(placement.grasp);
    Scene next;
    next.now = scene_.now;
    next.begin = scene_.now;
    if (name.position) {
      next.position = dataset_.position(name.object, *name.position);
      if (name.trial) next.trial_slipped = outcome(next.position, *name.trial, placement.grasp);
    } else {
      next.grasp = dataset_.grasp(name.object, name.grasp);
      next.position = dataset_.position(name.object, next.grasp->position);
    }
    next.width = next.position.gripper.max_width;
    if (next.grasp) {
      constexpr double kHomeAboveGrip = 0.5;
      next.base_from_tcp = next.grasp->trace.front().base_from_tcp;
      next.base_from_tcp.pretranslate(kHomeAboveGrip * Eigen::Vector3d::UnitZ());
    }
    scene_ = std::move(next);
  }

  void zero_slip() override {}

  std::optional<SlipTruth> slip_truth() override {
    if (!scene_.grasp) return std::nullopt;
    const RecordedState* state = scene_.state();
    return state != nullptr ? state->truth : scene_.grasp->trace.front().truth;
  }

  std::optional<std::array<PadMap, 2>> pad_maps() override { return std::nullopt; }

  Variation variation() override { return scene_.grasp ? scene_.grasp->variation : Variation{}; }

  std::optional<bool> operator_says_slipped() override {
    return scene_.grasp ? std::optional(scene_.grasp->slip) : scene_.trial_slipped;
  }

  void clear() override {}

 private:
  static bool outcome(const RecordedPosition& position, int trial, const std::string& name) {
    if (trial < 0 || trial >= static_cast<int>(position.trials.size())) {
      throw InputError("'" + name + "' was not recorded; a recording can only repeat what was");
    }
    return position.trials[trial];
  }

  Scene& scene_;
  const RecordedDataset& dataset_;
};

class ReplayWorkcell final : public Workcell {
 public:
  explicit ReplayWorkcell(const std::filesystem::path& folder) : dataset_(folder) {
    scene_.position = dataset_.any_position();
    scene_.width = scene_.position.gripper.max_width;
  }

  Clock& clock() override { return clock_; }
  Arm& arm() override { return arm_; }
  Gripper& gripper() override { return gripper_; }
  TactileSensor& tactile() override { return tactile_; }
  Camera& camera() override { return camera_; }
  ForceTorqueSensor& force_torque() override { return force_torque_; }
  Stage& stage() override { return stage_; }

 private:
  RecordedDataset dataset_;
  Scene scene_;
  ReplayClock clock_{scene_};
  ReplayArm arm_{scene_};
  ReplayGripper gripper_{scene_};
  ReplayTactile tactile_{scene_};
  ReplayCamera camera_{scene_};
  ReplayForceTorque force_torque_;
  ReplayStage stage_{scene_, dataset_};
};

}  // namespace

std::unique_ptr<Workcell> make_replay_workcell(const std::filesystem::path& dataset) {
  return std::make_unique<ReplayWorkcell>(dataset);
}

}  // namespace gripbench::hal

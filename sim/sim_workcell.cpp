#include "sim/sim_workcell.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include "hal/errors.h"
#include "hal/seed.h"
#include "sim/frame_ring.h"
#include "sim/gelsight_image.h"
#include "sim/jaw_drive.h"
#include "sim/scene.h"
#include "sim/twin.h"
#include "sim/webcam.h"

namespace gripbench::sim {
namespace {

/// Twins of this many objects stay compiled, the latest used first.
constexpr std::size_t kTwinsKept = 16;
/// Of jaws that a real gripper would open to find its zero (m/s).
constexpr double kHomingSpeed = 0.05;

/// The physics of the present grasp with the cameras that watch it: what all devices share.
class Session {
 public:
  explicit Session(TwinSettings settings)
      : settings_(std::move(settings)),
        catalogue_(settings_.objects),
        gripper_limits_(
            JawDrive(build_scene(settings_.rig, nullptr, settings_.timestep).get()).limits()),
        gel_image_(settings_.tactile_finger.optics, settings_.specimen),
        webcam_(settings_.camera, settings_.camera_variation),
        tactile_frames_("tactile",
                        [this](const GelImprint& imprint, std::uint64_t sequence) {
                          cv::Mat image;
                          gel_image_.render(imprint, hal::split_seed(seed_, "gel noise", sequence),
                                            image);
                          return image;
                        }),
        webcam_frames_("camera", [this](const std::vector<double>& qpos, std::uint64_t sequence) {
          return webcam_.render(qpos, sequence);
        }) {}

  void present(const hal::Placement& placement) {
    const auto no_tactile_drawing = tactile_frames_.halt();
    const auto no_webcam_drawing = webcam_frames_.halt();
    twin_ = &twin_of(placement.object);
    seed_ = placement.seed;
    const GraspVariation variation =
        draw_grasp_variation(seed_, settings_.grasp_variation, twin_->object());
    twin_->present(placement, variation);
    gel_image_.set_condition(variation.gel);
    webcam_.begin(twin_->model(), hal::split_seed(seed_, "scene", 0));
    tactile_frames_.clear(no_tactile_drawing);
    webcam_frames_.clear(no_webcam_drawing);
    // The cameras run on their own: where in their period the grasp begins is chance.
    hal::SeededDraw draw(hal::split_seed(seed_, "camera phase", 0));
    const double phase = draw.uniform(0.0, period());
    next_tactile_ = phase;
    next_webcam_ = phase + webcam_.delay();
    drawn_.clear();
    describe(variation, drawn_);
    describe(webcam_.variation(), drawn_);
  }

  double now() const { return twin_ == nullptr ? 0.0 : twin_->steps() * settings_.timestep; }

  void run_until(double time) {
    Twin& twin = present_twin();
    // Whole steps, so that rounding of `time` cannot make one step more or less.
    const long last = std::lround(std::ceil(time / settings_.timestep - 1e-6));
    while (twin.steps() < last) {
      twin.step();
      take_frames();
    }
    twin.check();
  }

  /// @throws hal::DeviceError if no object has been presented yet.
  Twin& present_twin() {
    if (twin_ == nullptr) throw hal::DeviceError("twin", "nothing has been presented yet");
    return *twin_;
  }

  const hal::Variation& drawn() const { return drawn_; }
  const TwinSettings& settings() const { return settings_; }
  const hal::GripperLimits& gripper_limits() const { return gripper_limits_; }
  FrameRing<GelImprint>& tactile_frames() { return tactile_frames_; }
  FrameRing<std::vector<double>>& webcam_frames() { return webcam_frames_; }
  hal::CameraInfo tactile_info() const {
    return {gel_image_.width(), gel_image_.height(), settings_.frame_rate};
  }

 private:
  double period() const { return 1.0 / settings_.frame_rate; }

  Twin& twin_of(const std::string& object) {
    const auto known = std::find_if(twins_.begin(), twins_.end(),
                                    [&](const auto& entry) { return entry.first == object; });
    if (known != twins_.end()) {
      twins_.splice(twins_.begin(), twins_, known);
    } else {
      auto twin = std::make_unique<Twin>(settings_, catalogue_.load(object));
      if (twins_.size() >= kTwinsKept) {
        webcam_.forget(twins_.back().second->model());
        twins_.pop_back();
      }
      twins_.emplace_front(object, std::move(twin));
    }
    return *twins_.front().second;
  }

  void take_frames() {
    const double time = now();
    if (time >= next_tactile_) {
      twin_->grip().imprint(0, twin_->data(), tactile_frames_.take(time));
      next_tactile_ += period();
    }
    if (time >= next_webcam_) {
      const mjData& data = twin_->data();
      webcam_frames_.take(time).assign(data.qpos, data.qpos + twin_->model().nq);
      next_webcam_ += period();
    }
  }

  TwinSettings settings_;
  hal::ObjectCatalogue catalogue_;
  hal::GripperLimits gripper_limits_;
  GelSightImage gel_image_;
  Webcam webcam_;
  std::list<std::pair<std::string, std::unique_ptr<Twin>>> twins_;
  Twin* twin_ = nullptr;
  std::uint64_t seed_ = 0;
  hal::Variation drawn_;
  FrameRing<GelImprint> tactile_frames_;
  FrameRing<std::vector<double>> webcam_frames_;
  double next_tactile_ = 0.0;
  double next_webcam_ = 0.0;
};

class SimClock final : public hal::Clock {
 public:
  explicit SimClock(Session& session) : session_(session) {}
  double now() const override { return session_.now(); }
  void sleep_until(double time) override { session_.run_until(time); }

 private:
  Session& session_;
};

class SimArm final : public hal::Arm {
 public:
  explicit SimArm(Session& session) : session_(session) {}
  hal::ArmState read() override {
    Twin& twin = session_.present_twin();
    hal::ArmState state = twin.controller().arm_state(&twin.data());
    state.time = session_.now();
    return state;
  }
  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const hal::LinearMotionLimits& limits) override {
    session_.present_twin().controller().start_move(base_from_tcp, limits);
  }
  bool moving() override { return session_.present_twin().controller().moving(); }
  void stop() override { session_.present_twin().controller().stop(); }

 private:
  Session& session_;
};

class SimGripper final : public hal::Gripper {
 public:
  explicit SimGripper(Session& session) : session_(session) {}
  hal::GripperLimits limits() const override { return session_.gripper_limits(); }
  hal::GripperState read() override {
    const RigController& controller = session_.present_twin().controller();
    const auto forces = controller.pad_forces();
    return {session_.now(), controller.jaw_width(), controller.jaw_speed(),
            std::max(0.0, 0.5 * (forces[0] + forces[1]))};
  }
  bool homed() override { return true; }
  void start_homing() override { start_move(limits().max_width, kHomingSpeed); }
  void start_move(double width, double speed) override {
    session_.present_twin().controller().start_jaws(width, speed);
  }
  bool moving() override { return session_.present_twin().controller().jaws_moving(); }
  void stop() override { session_.present_twin().controller().stop_jaws(); }

 private:
  Session& session_;
};

class SimTactileSensor final : public hal::TactileSensor {
 public:
  explicit SimTactileSensor(Session& session) : session_(session) {}
  hal::CameraInfo info() const override { return session_.tactile_info(); }
  hal::Frame newest() override { return session_.tactile_frames().newest(); }
  std::optional<hal::Frame> next_after(double time) override {
    return session_.tactile_frames().next_after(time);
  }
  std::optional<std::function<hal::Frame()>> next_after_to_draw(double time) override {
    return session_.tactile_frames().next_after_to_draw(time);
  }
  double pixel_pitch() const override {
    return session_.settings().tactile_finger.optics.pixel_pitch;
  }

 private:
  Session& session_;
};

class SimCamera final : public hal::Camera {
 public:
  explicit SimCamera(Session& session) : session_(session) {}
  hal::CameraInfo info() const override {
    const TwinSettings& settings = session_.settings();
    return {settings.camera.width_px, settings.camera.height_px, settings.frame_rate};
  }
  hal::Frame newest() override { return session_.webcam_frames().newest(); }
  std::optional<hal::Frame> next_after(double time) override {
    return session_.webcam_frames().next_after(time);
  }
  std::optional<std::function<hal::Frame()>> next_after_to_draw(double time) override {
    return session_.webcam_frames().next_after_to_draw(time);
  }

 private:
  Session& session_;
};

class SimForceTorqueSensor final : public hal::ForceTorqueSensor {
 public:
  explicit SimForceTorqueSensor(Session& session) : session_(session) {}
  hal::WrenchReading read() override {
    hal::WrenchReading reading = session_.present_twin().wrist();
    reading.force -= bias_.force;
    reading.torque -= bias_.torque;
    return reading;
  }
  void bias() override { bias_ = session_.present_twin().wrist(); }

 private:
  Session& session_;
  hal::WrenchReading bias_;
};

class SimStage final : public hal::Stage {
 public:
  explicit SimStage(Session& session) : session_(session) {}
  void present(const hal::Placement& placement) override { session_.present(placement); }
  void zero_slip() override {
    for (int i = 0; i < 2; ++i) session_.present_twin().grip().pad(i).zero_slip();
  }
  std::optional<hal::SlipTruth> slip_truth() override {
    return session_.present_twin().slip_truth();
  }
  std::optional<std::array<hal::PadMap, 2>> pad_maps() override {
    return session_.present_twin().pad_maps();
  }
  hal::Variation variation() override { return session_.drawn(); }
  std::optional<bool> operator_says_slipped() override { return std::nullopt; }
  void clear() override {}

 private:
  Session& session_;
};

class SimWorkcell final : public hal::Workcell {
 public:
  explicit SimWorkcell(TwinSettings settings) : session_(std::move(settings)) {}

  hal::Clock& clock() override { return clock_; }
  hal::Arm& arm() override { return arm_; }
  hal::Gripper& gripper() override { return gripper_; }
  hal::TactileSensor& tactile() override { return tactile_; }
  hal::Camera& camera() override { return camera_; }
  hal::ForceTorqueSensor& force_torque() override { return force_torque_; }
  hal::Stage& stage() override { return stage_; }

 private:
  Session session_;
  SimClock clock_{session_};
  SimArm arm_{session_};
  SimGripper gripper_{session_};
  SimTactileSensor tactile_{session_};
  SimCamera camera_{session_};
  SimForceTorqueSensor force_torque_{session_};
  SimStage stage_{session_};
};

}  // namespace

std::unique_ptr<hal::Workcell> make_workcell(hal::ConfigNode workcell_file) {
  return std::make_unique<SimWorkcell>(TwinSettings::from(std::move(workcell_file)));
}

}  // namespace gripbench::sim

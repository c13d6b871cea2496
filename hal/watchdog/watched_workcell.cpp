#include "hal/watchdog/watched_workcell.h"

#include <utility>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

/// What `call` gives, or why it cannot.
template <typename Call>
auto explained(WatchedRun& run, Call call) {
  try {
    return call();
  } catch (const DeviceError&) {
    run.explain_fault();
    throw;
  }
}

class WatchedClock final : public Clock {
 public:
  WatchedClock(WatchedRun& run, Workcell& inner) : run_(run), inner_(inner) {}
  double now() const override { return inner_.clock().now(); }
  void sleep_until(double time) override {
    explained(run_, [&] { inner_.clock().sleep_until(time); });
  }

 private:
  WatchedRun& run_;
  Workcell& inner_;
};

class WatchedArm final : public Arm {
 public:
  WatchedArm(WatchedRun& run, Workcell& inner) : run_(run), inner_(inner) {}
  ArmState read() override {
    return explained(run_, [&] { return inner_.arm().read(); });
  }
  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const LinearMotionLimits& limits) override {
    run_.demand_rig();
    explained(run_, [&] { inner_.arm().start_move(base_from_tcp, limits); });
  }
  bool moving() override {
    return explained(run_, [&] { return inner_.arm().moving(); });
  }
  void stop() override { inner_.arm().stop(); }

 private:
  WatchedRun& run_;
  Workcell& inner_;
};

class WatchedGripper final : public Gripper {
 public:
  WatchedGripper(WatchedRun& run, Workcell& inner) : run_(run), inner_(inner) {}
  GripperLimits limits() const override { return inner_.gripper().limits(); }
  GripperState read() override {
    return explained(run_, [&] { return inner_.gripper().read(); });
  }
  bool homed() override {
    return explained(run_, [&] { return inner_.gripper().homed(); });
  }
  void start_homing() override {
    run_.demand_rig();
    explained(run_, [&] { inner_.gripper().start_homing(); });
  }
  void start_move(double width, double speed) override {
    run_.demand_rig();
    explained(run_, [&] { inner_.gripper().start_move(width, speed); });
  }
  bool moving() override {
    return explained(run_, [&] { return inner_.gripper().moving(); });
  }
  void stop() override { inner_.gripper().stop(); }

 private:
  WatchedRun& run_;
  Workcell& inner_;
};

/// `Kind` is Camera or TactileSensor.
template <typename Kind>
class WatchedCamera : public Kind {
 public:
  WatchedCamera(WatchedRun& run, Kind& inner) : inner_(inner), run_(run) {}
  CameraInfo info() const override { return inner_.info(); }
  Frame newest() override {
    return explained(run_, [&] { return inner_.newest(); });
  }
  std::optional<Frame> next_after(double time) override {
    return explained(run_, [&] { return inner_.next_after(time); });
  }

 protected:
  Kind& inner_;

 private:
  WatchedRun& run_;
};

class WatchedTactileSensor final : public WatchedCamera<TactileSensor> {
 public:
  using WatchedCamera::WatchedCamera;
  double pixel_pitch() const override { return inner_.pixel_pitch(); }
};

class WatchedForceTorque final : public ForceTorqueSensor {
 public:
  WatchedForceTorque(WatchedRun& run, Workcell& inner) : run_(run), inner_(inner) {}
  WrenchReading read() override {
    return explained(run_, [&] { return inner_.force_torque().read(); });
  }
  void bias() override {
    explained(run_, [&] { inner_.force_torque().bias(); });
  }

 private:
  WatchedRun& run_;
  Workcell& inner_;
};

class WatchedWorkcell final : public Workcell {
 public:
  WatchedWorkcell(WatchedRun& run, std::unique_ptr<Workcell> inner)
      : inner_(std::move(inner)),
        clock_(run, *inner_),
        arm_(run, *inner_),
        gripper_(run, *inner_),
        tactile_(run, inner_->tactile()),
        camera_(run, inner_->camera()),
        force_torque_(run, *inner_) {}

  Clock& clock() override { return clock_; }
  Arm& arm() override { return arm_; }
  Gripper& gripper() override { return gripper_; }
  TactileSensor& tactile() override { return tactile_; }
  Camera& camera() override { return camera_; }
  ForceTorqueSensor& force_torque() override {
    // A rig without one says so.
    inner_->force_torque();
    return force_torque_;
  }
  Stage& stage() override { return inner_->stage(); }

 private:
  std::unique_ptr<Workcell> inner_;
  WatchedClock clock_;
  WatchedArm arm_;
  WatchedGripper gripper_;
  WatchedTactileSensor tactile_;
  WatchedCamera<Camera> camera_;
  WatchedForceTorque force_torque_;
};

}  // namespace

std::unique_ptr<Workcell> under_watch(WatchedRun& run, std::unique_ptr<Workcell> inner) {
  return std::make_unique<WatchedWorkcell>(run, std::move(inner));
}

}  // namespace gripbench::hal

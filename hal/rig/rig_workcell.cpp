#include "hal/rig/rig_workcell.h"

#include <iostream>
#include <optional>
#include <utility>

#include <unistd.h>

#include "hal/errors.h"
#include "hal/netft/netft_sensor.h"
#include "hal/rig/remote_operator.h"
#include "hal/rig/rig_watchdog.h"
#include "hal/rig_clock.h"
#include "hal/safety/guarded_workcell.h"
#include "hal/ur/ur_arm.h"
#include "hal/video/video_camera.h"
#include "hal/watchdog/start_watchdog.h"
#include "hal/watchdog/watched_run.h"
#include "hal/watchdog/watched_workcell.h"
#include "hal/wsg/wsg_gripper.h"

namespace gripbench::hal {
namespace {

/// The watchdog's process and this run's end of the line to it.
struct Watched {
  /// Waits, once the run has said goodbye, until the process has ended.
  struct Process {
    WatchdogProcess started;
    ~Process() { wait_for_end(started); }
  };
  Process process;
  WatchedRun run;

  Watched(const RigWatch& watch, const RigSettings& settings)
      : process{find_or_start_watchdog(watch.program, settings.file, watchdog_settings(settings))},
        run(process.started.port, watch.rules.beat_timeout) {}
};

std::unique_ptr<Watched> watch(const RigSettings& settings) {
  return settings.watchdog ? std::make_unique<Watched>(*settings.watchdog, settings) : nullptr;
}

/// The gripper, through the watchdog where there is one.
WsgSettings gripper_of(const RigSettings& settings, const Watched* watched) {
  WsgSettings gripper = settings.gripper;
  if (watched == nullptr) return gripper;
  gripper.connection.host = "127.0.0.1";
  gripper.connection.port = watched->run.gripper_port();
  return gripper;
}

/// The devices as they are, without limits and without anybody who places objects.
class RigDevices final : public Workcell {
 public:
  RigDevices(const RigSettings& settings, const std::function<void()>& stop_check)
      : watched_(watch(settings)),
        arm_(settings.arm, clock_),
        gripper_(gripper_of(settings, watched_.get()), clock_),
        tactile_(settings.tactile, settings.pixel_pitch, clock_),
        camera_(settings.camera, clock_) {
    if (settings.force_torque) force_torque_.emplace(*settings.force_torque, clock_);
    arm_.prepare();
    gripper_.prepare();
    clock_.watch(stop_check);
    clock_.watch([this] { arm_.check(); });
    clock_.watch([this] { gripper_.check(); });
    clock_.watch([this] { tactile_.stream().check(); });
    clock_.watch([this] { camera_.stream().check(); });
    if (force_torque_) clock_.watch([this] { force_torque_->read(); });
    if (!watched_) return;
    WatchedRun& run = watched_->run;
    run.tell_frames_of("tactile", [this] { return tactile_.stream().counts().received; });
    run.tell_frames_of("camera", [this] { return camera_.stream().counts().received; });
    clock_.watch([&run] { run.come_by(); });
  }
  ~RigDevices() override {
    if (watched_) watched_->run.forget_cameras();
  }

  /// Null where nobody watches.
  WatchedRun* watched_run() { return watched_ ? &watched_->run : nullptr; }

  Clock& clock() override { return clock_; }
  Arm& arm() override { return arm_; }
  Gripper& gripper() override { return gripper_; }
  TactileSensor& tactile() override { return tactile_; }
  Camera& camera() override { return camera_; }
  ForceTorqueSensor& force_torque() override {
    if (!force_torque_) throw DeviceError("force_torque", "this rig has none");
    return *force_torque_;
  }
  Stage& stage() override { throw DeviceError("stage", "devices alone have none"); }

 private:
  // Goes last: the gripper's goodbye passes through it.
  std::unique_ptr<Watched> watched_;
  RigClock clock_;
  UrArm arm_;
  WsgGripper gripper_;
  VideoTactileSensor tactile_;
  VideoCamera camera_;
  std::optional<NetFtSensor> force_torque_;
};

std::unique_ptr<Operator> make_operator(const RigSettings& settings,
                                        const std::function<void()>& stop_check) {
  if (!settings.operator_control) {
    return std::make_unique<TerminalOperator>(STDIN_FILENO, std::cerr, stop_check);
  }
  return std::make_unique<RemoteOperator>(settings.operator_control->host,
                                          settings.operator_control->port);
}

std::unique_ptr<Workcell> make_devices(const RigSettings& settings,
                                       const std::function<void()>& stop_check) {
  auto devices = std::make_unique<RigDevices>(settings, stop_check);
  WatchedRun* const run = devices->watched_run();
  if (run == nullptr) return devices;
  return under_watch(*run, std::move(devices));
}

/// The guarded devices, and the stage, which drives them too.
class RigWorkcell final : public Workcell {
 public:
  RigWorkcell(const RigSettings& settings, const std::function<void()>& stop_check)
      : person_(make_operator(settings, stop_check)),
        devices_(guard(make_devices(settings, stop_check), settings.safety)),
        stage_(settings.stage, devices_->clock(), devices_->arm(), devices_->gripper(),
               std::move(person_)) {}

  Clock& clock() override { return devices_->clock(); }
  Arm& arm() override { return devices_->arm(); }
  Gripper& gripper() override { return devices_->gripper(); }
  TactileSensor& tactile() override { return devices_->tactile(); }
  Camera& camera() override { return devices_->camera(); }
  ForceTorqueSensor& force_torque() override { return devices_->force_torque(); }
  Stage& stage() override { return stage_; }

 private:
  std::unique_ptr<Operator> person_;
  std::unique_ptr<Workcell> devices_;
  RigStage stage_;
};

}  // namespace

std::unique_ptr<Workcell> make_rig_workcell(const RigSettings& settings,
                                            const std::function<void()>& stop_check) {
  return std::make_unique<RigWorkcell>(settings, stop_check);
}

}  // namespace gripbench::hal

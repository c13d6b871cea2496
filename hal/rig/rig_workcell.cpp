#include "hal/rig/rig_workcell.h"

#include <iostream>
#include <optional>
#include <utility>

#include "hal/errors.h"
#include "hal/netft/netft_sensor.h"
#include "hal/rig/remote_operator.h"
#include "hal/rig_clock.h"
#include "hal/safety/guarded_workcell.h"
#include "hal/ur/ur_arm.h"
#include "hal/video/video_camera.h"
#include "hal/wsg/wsg_gripper.h"

namespace gripbench::hal {
namespace {

/// The devices as they are, without limits and without anybody who places objects.
class RigDevices final : public Workcell {
 public:
  explicit RigDevices(const RigSettings& settings)
      : arm_(settings.arm, clock_),
        gripper_(settings.gripper, clock_),
        tactile_(settings.tactile, settings.pixel_pitch, clock_),
        camera_(settings.camera, clock_) {
    if (settings.force_torque) force_torque_.emplace(*settings.force_torque, clock_);
    arm_.prepare();
    gripper_.prepare();
    clock_.watch([this] { arm_.check(); });
    clock_.watch([this] { gripper_.check(); });
    clock_.watch([this] { tactile_.stream().check(); });
    clock_.watch([this] { camera_.stream().check(); });
    if (force_torque_) clock_.watch([this] { force_torque_->read(); });
  }

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
  RigClock clock_;
  UrArm arm_;
  // Where the gripper's connection comes from: settings.gripper.connection names host and port.
  WsgGripper gripper_;
  VideoTactileSensor tactile_;
  VideoCamera camera_;
  std::optional<NetFtSensor> force_torque_;
};

std::unique_ptr<Operator> make_operator(const RigSettings& settings) {
  if (!settings.operator_control) return std::make_unique<TerminalOperator>(std::cin, std::cerr);
  return std::make_unique<RemoteOperator>(settings.operator_control->host,
                                          settings.operator_control->port);
}

/// The guarded devices, and the stage, which drives them too.
class RigWorkcell final : public Workcell {
 public:
  explicit RigWorkcell(const RigSettings& settings)
      : person_(make_operator(settings)),
        devices_(guard(std::make_unique<RigDevices>(settings), settings.safety)),
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

std::unique_ptr<Workcell> make_rig_workcell(const RigSettings& settings) {
  return std::make_unique<RigWorkcell>(settings);
}

}  // namespace gripbench::hal

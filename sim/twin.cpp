#include "sim/twin.h"

#include <cmath>

#include "sim/object_assets.h"
#include "sim/pad_truth.h"
#include "sim/scene.h"

namespace gripbench::sim {
namespace {

/// Time in which an object put down comes to rest (s).
constexpr double kSettleTime = 0.2;

MujocoModel build_model(const TwinSettings& settings, const hal::ObjectDescription& object) {
  const ObjectAssets assets = object_assets(object);
  return build_scene(settings.rig, &assets, settings.timestep);
}

}  // namespace

Twin::Twin(const TwinSettings& settings, const hal::ObjectDescription& object)
    : object_(object),
      shape_(object),
      model_(build_model(settings, object)),
      data_(make_data(model_.get())),
      controller_(model_.get()),
      grip_(*model_, settings.tactile_finger.pad, settings.plain_finger) {
  object_qpos_ = model_->jnt_qposadr[require_id(model_.get(), mjOBJ_JOINT, "object_free")];
  wrist_force_ = model_->sensor_adr[require_id(model_.get(), mjOBJ_SENSOR, "wrist_force")];
  wrist_torque_ = model_->sensor_adr[require_id(model_.get(), mjOBJ_SENSOR, "wrist_torque")];
}

void Twin::present(const hal::Placement& placement, const GraspVariation& variation) {
  mj_resetData(model_.get(), data_.get());
  grip_.set_object(shape_, {variation.friction_gel, object_.surface_stiffness},
                   {variation.friction_rubber, object_.surface_stiffness});
  grip_.reset();
  mjtNum* pose = data_->qpos + object_qpos_;
  const Eigen::Vector2d stand = placement.position + variation.placement_shift;
  const double turn = placement.yaw + variation.placement_turn;
  pose[0] = stand.x();
  pose[1] = stand.y();
  pose[2] = 0.0;
  pose[3] = std::cos(0.5 * turn);
  pose[4] = pose[5] = 0.0;
  pose[6] = std::sin(0.5 * turn);
  controller_.reset(data_.get());
  const long settle = std::lround(kSettleTime / model_->opt.timestep);
  for (long i = 0; i < settle; ++i) step();
  check();
  steps_ = 0;
}

void Twin::step() {
  controller_.update(data_.get());
  mj_step1(model_.get(), data_.get());
  grip_.apply(*model_, *data_);
  mj_step2(model_.get(), data_.get());
  ++steps_;
}

void Twin::check() const { check_stable(data_.get()); }

hal::WrenchReading Twin::wrist() const {
  hal::WrenchReading reading;
  reading.time = steps_ * model_->opt.timestep;
  reading.force = Eigen::Map<const Eigen::Vector3d>(data_->sensordata + wrist_force_);
  reading.torque = Eigen::Map<const Eigen::Vector3d>(data_->sensordata + wrist_torque_);
  return reading;
}

hal::SlipTruth Twin::slip_truth() const {
  hal::SlipTruth truth;
  for (int i = 0; i < 2; ++i) truth.pads[i] = grip_.pad(i).slip();
  truth.object_lost = !grip_.pad(0).touching() && !grip_.pad(1).touching();
  return truth;
}

std::array<hal::PadMap, 2> Twin::pad_maps() const {
  return {pad_map(grip_.pad(0)), pad_map(grip_.pad(1))};
}

}  // namespace gripbench::sim

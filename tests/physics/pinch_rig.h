#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <mujoco/mujoco.h>

#include "sim/grip_coupling.h"
#include "tests/physics/pads.h"

namespace gripbench::sim::testing {

struct FreeMujoco {
  void operator()(mjModel* m) const { mj_deleteModel(m); }
  void operator()(mjData* d) const { mj_deleteData(d); }
};
using ModelHandle = std::unique_ptr<mjModel, FreeMujoco>;
using DataHandle = std::unique_ptr<mjData, FreeMujoco>;

/// Compiles a model from its XML text.
inline ModelHandle compile(const std::string& xml) {
  mjVFS files;
  mj_defaultVFS(&files);
  mj_makeEmptyFileVFS(&files, "model.xml", static_cast<int>(xml.size()));
  std::copy(xml.begin(), xml.end(), static_cast<char*>(files.filedata[0]));
  char error[500] = "";
  ModelHandle model(mj_loadXML("model.xml", &files, error, sizeof error));
  mj_deleteVFS(&files);
  if (!model) throw std::runtime_error(error);
  return model;
}

inline DataHandle make_data(const mjModel& model) { return DataHandle(mj_makeData(&model)); }

/// Two finger pads on springs that pinch a free object between them, at rest in the world: the
/// smallest model that GripCoupling drives. Pad "tactile" stands at +x, "plain" at -x; y of both
/// pads points down. The grip is set by the springs' rest positions; acceleration upward by more
/// gravity.
class PinchRig {
 public:
  struct Setup {
    hal::ObjectDescription object;
    double friction_tactile = 0.6;
    double friction_plain = 0.6;
    /// Half the object's width where the pads meet it (m).
    double half_width = 10e-3;
    PadProfile pad = quasi_static_gel();
    /// The plain finger's, where it is not of the same gel.
    std::optional<PadProfile> plain_pad = std::nullopt;
    double finger_stiffness = 1.2e4;
    double timestep = 1e-3;
    /// Where the pads' middle is beside the object's origin, along y (m).
    double grip_offset = 0.0;
  };

  explicit PinchRig(const Setup& setup) : setup_(setup), shape_(setup.object) {
    const std::string xml = fmt::format(
        R"(<mujoco>
  <option timestep="{dt}"/>
  <worldbody>
    <body name="finger_tactile" pos="{x} {y} 0">
      <joint name="flex_tactile" type="slide" axis="-1 0 0" stiffness="{k}" damping="{c}"/>
      <inertial mass="0.1" pos="0 0 0" diaginertia="1e-4 1e-4 1e-4"/>
      <site name="pad_tactile" xyaxes="0 1 0 0 0 -1"/>
    </body>
    <body name="finger_plain" pos="-{x} {y} 0">
      <joint name="flex_plain" type="slide" axis="1 0 0" stiffness="{k}" damping="{c}"/>
      <inertial mass="0.1" pos="0 0 0" diaginertia="1e-4 1e-4 1e-4"/>
      <site name="pad_plain" xyaxes="0 -1 0 0 0 -1"/>
    </body>
    <body name="object">
      <freejoint/>
      <inertial mass="{m}" pos="0 0 0" diaginertia="{i} {i} {i}"/>
    </body>
  </worldbody>
</mujoco>)",
        fmt::arg("dt", setup.timestep), fmt::arg("x", setup.half_width),
        fmt::arg("y", setup.grip_offset), fmt::arg("k", setup.finger_stiffness),
        fmt::arg("c", 0.6 * 2 * std::sqrt(0.1 * setup.finger_stiffness)),
        fmt::arg("m", setup.object.mass), fmt::arg("i", 0.4 * setup.object.mass * 1e-4));
    model_ = compile(xml);
    data_ = make_data(*model_);
    coupling_ =
        std::make_unique<GripCoupling>(*model_, setup.pad, setup.plain_pad.value_or(setup.pad));
    coupling_->set_object(shape_, {setup.friction_tactile, setup.object.surface_stiffness},
                          {setup.friction_plain, setup.object.surface_stiffness});
  }

  /// Presses each pad with about `force` (N): exactly so at rest.
  void set_grip(double force) {
    // Spring and foundation in series; the rest position is found from the force the spring must
    // give, corrected by where the finger stands now.
    for (const char* name : {"flex_tactile", "flex_plain"}) {
      const int joint = mj_name2id(model_.get(), mjOBJ_JOINT, name);
      const int address = model_->jnt_qposadr[joint];
      model_->qpos_spring[address] = data_->qpos[address] + force / setup_.finger_stiffness;
    }
  }

  void set_acceleration(double upward) { model_->opt.gravity[2] = -(kGravity + upward); }

  void step() {
    mj_step1(model_.get(), data_.get());
    coupling_->apply(*model_, *data_);
    mj_step2(model_.get(), data_.get());
  }

  /// Grips with `force` in weightlessness, then lets gravity come on smoothly over `ramp` seconds.
  void grip_and_load(double force, double ramp = 0.3) {
    set_acceleration(-kGravity);
    for (double t = 0; t < 0.3; t += setup_.timestep) {
      set_grip(force);
      step();
    }
    for (double t = 0; t < ramp; t += setup_.timestep) {
      const double s = t / ramp;
      set_acceleration(kGravity * (s * s * (3 - 2 * s) - 1));
      set_grip(force);
      step();
    }
    set_acceleration(0.0);
  }

  void run(double seconds) {
    for (double t = 0; t < seconds; t += setup_.timestep) step();
  }

  double height() const { return data_->xpos[3 * object_body() + 2]; }
  double sinking_speed() const { return -data_->qvel[model_->nv - 4]; }
  double tilt() const {
    return std::acos(std::clamp(data_->xmat[9 * object_body() + 8], -1.0, 1.0));
  }
  /// Turn about x, the pads' normal (rad).
  double turn() const {
    return std::atan2(data_->xmat[9 * object_body() + 7], data_->xmat[9 * object_body() + 8]);
  }
  double normal_force(int pad) const { return coupling_->pad(pad).slip().force.z(); }
  GripCoupling& coupling() { return *coupling_; }
  mjModel& model() { return *model_; }
  mjData& data() { return *data_; }
  const Setup& setup() const { return setup_; }

  static constexpr double kGravity = 9.81;

 private:
  int object_body() const { return mj_name2id(model_.get(), mjOBJ_BODY, "object"); }

  Setup setup_;
  ObjectShape shape_;
  ModelHandle model_;
  DataHandle data_;
  std::unique_ptr<GripCoupling> coupling_;
};

}  // namespace gripbench::sim::testing

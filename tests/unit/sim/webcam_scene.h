#pragma once

#include <array>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "sim/scene.h"
#include "sim/ur5_kinematics.h"

namespace gripbench::sim {

/// The rig at a grasp, without having moved there: the tool 85 mm above the table and `lift` more,
/// the pads 45 mm apart, a red can of that width between them.
class WebcamScene {
 public:
  explicit WebcamScene(const std::filesystem::path& rig_xml) {
    ObjectAssets can;
    can.body_xml = R"(
      <body name="object">
        <freejoint name="object_free"/>
        <inertial pos="0 0 0.05" mass="0.1" diaginertia="1e-4 1e-4 1e-4"/>
        <geom name="can" type="cylinder" size="0.0225 0.05" pos="0 0 0.05" rgba="0.8 0.05 0.05 1"/>
      </body>)";
    model_ = build_scene(rig_xml, &can, 1e-3);
    data_ = make_data(model_.get());
    pose(0.0);
  }

  /// Arm, jaws and can for a lift (m); also brings cameras and lights up to date.
  void pose(double lift) {
    Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
    base_from_tcp.translation() << 0.45, 0.0, 0.085 + lift;
    base_from_tcp.linear() = Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
    const int tcp = require_id(model_.get(), mjOBJ_SITE, "tcp");
    const Eigen::Map<const Eigen::Vector3d> flange_to_tcp(model_->site_pos + 3 * tcp);
    const Eigen::Isometry3d base_from_flange =
        base_from_tcp * Eigen::Translation3d(-Eigen::Vector3d(flange_to_tcp));
    JointVector posture;
    posture << 0.25, -1.6, 1.6, -1.6, -1.5708, -1.3;
    const auto joints = ur5_inverse_nearest(base_from_flange, posture);
    if (!joints) throw std::runtime_error("the webcam test's pose is out of reach");
    constexpr std::array kArm = {"shoulder_pan", "shoulder_lift", "elbow",
                                 "wrist_1",      "wrist_2",       "wrist_3"};
    for (std::size_t i = 0; i < kArm.size(); ++i) position(kArm[i])[0] = (*joints)[i];
    position("jaw_tactile")[0] = 0.0225;
    position("jaw_plain")[0] = 0.0225;
    mjtNum* can = position("object_free");
    can[0] = 0.45;
    can[1] = 0.0;
    can[2] = lift;
    can[3] = 1.0;
    mj_forward(model_.get(), data_.get());
  }

  mjModel& model() { return *model_; }
  mjData& data() { return *data_; }

 private:
  mjtNum* position(const char* joint) {
    return data_->qpos + model_->jnt_qposadr[require_id(model_.get(), mjOBJ_JOINT, joint)];
  }

  MujocoModel model_;
  MujocoData data_;
};

}  // namespace gripbench::sim

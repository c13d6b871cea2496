// The rig's MJCF against the figures it is made from.
#include <cmath>
#include <filesystem>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "sim/scene.h"
#include "sim/ur5_kinematics.h"

namespace gripbench::sim {
namespace {

const std::filesystem::path kRig =
    std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets/mjcf/rig.xml";
constexpr std::array<const char*, 6> kJoints = {"shoulder_pan", "shoulder_lift", "elbow",
                                                "wrist_1",      "wrist_2",       "wrist_3"};

class RigModel : public testing::Test {
 protected:
  int id(mjtObj type, const char* name) const { return require_id(model_.get(), type, name); }

  void set_joints(const JointVector& q) {
    for (int i = 0; i < 6; ++i) {
      data_->qpos[model_->jnt_qposadr[id(mjOBJ_JOINT, kJoints[i])]] = q[i];
    }
    mj_forward(model_.get(), data_.get());
  }

  Eigen::Isometry3d site(const char* name) const {
    const int s = id(mjOBJ_SITE, name);
    Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
    pose.linear() =
        Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(data_->site_xmat + 9 * s);
    pose.translation() = Eigen::Map<const Eigen::Vector3d>(data_->site_xpos + 3 * s);
    return pose;
  }

  static JointVector random_joints(std::mt19937_64& random) {
    std::uniform_real_distribution<double> angle(-kJointLimit, kJointLimit);
    JointVector q;
    for (int i = 0; i < 6; ++i) q[i] = angle(random);
    return q;
  }

  MujocoModel model_ = build_scene(kRig, nullptr, 1e-3);
  MujocoData data_ = make_data(model_.get());
};

TEST_F(RigModel, ToolPoseAgreesWithTheDenavitHartenbergTable) {
  std::mt19937_64 random(5);
  Eigen::Isometry3d flange_from_tcp = Eigen::Isometry3d::Identity();
  flange_from_tcp.translation().z() = 0.225;
  for (int trial = 0; trial < 300; ++trial) {
    const JointVector q = random_joints(random);
    set_joints(q);
    const Eigen::Isometry3d expected = ur5_forward(q) * flange_from_tcp;
    EXPECT_LT((site("tcp").translation() - expected.translation()).norm(), 1e-4);
    EXPECT_LT((site("tcp").linear() - expected.linear()).norm(), 1e-6);
    // The issue asks for 0.1 mm; the two should differ by rounding only.
    EXPECT_LT((site("tcp").translation() - expected.translation()).norm(), 1e-9);
  }
}

// Holding torques from the published masses and centres of mass, as the gradient of the potential
// energy over the table's own frames.
TEST_F(RigModel, HoldingTorquesAgreeWithThePublishedMasses) {
  struct Link {
    double mass;
    Eigen::Vector3d centre;
  };
  const std::array<Link, 6> links = {{{3.7, {0, -0.02561, 0.00193}},
                                      {8.393, {0.2125, 0, 0.11336}},
                                      {2.33, {0.15, 0, 0.0265}},
                                      {1.219, {0, -0.0018, 0.01634}},
                                      {1.219, {0, 0.0018, 0.01634}},
                                      {0.1879, {0, 0, -0.001159}}}};
  constexpr std::array<std::array<double, 3>, 6> dh = {{{0, 0.089159, M_PI / 2},
                                                        {-0.425, 0, 0},
                                                        {-0.39225, 0, 0},
                                                        {0, 0.10915, M_PI / 2},
                                                        {0, 0.09465, -M_PI / 2},
                                                        {0, 0.0823, 0}}};
  const int tool = id(mjOBJ_BODY, "tool");
  set_joints(JointVector::Zero());
  const Eigen::Vector3d tool_centre =
      ur5_forward(JointVector::Zero()).inverse() *
      Eigen::Vector3d(Eigen::Map<Eigen::Vector3d>(data_->subtree_com + 3 * tool));
  const double tool_mass = model_->body_subtreemass[tool];
  const auto energy = [&](const JointVector& q) {
    Eigen::Isometry3d frame = Eigen::Isometry3d::Identity();
    double sum = 0.0;
    for (int i = 0; i < 6; ++i) {
      frame = frame * Eigen::AngleAxisd(q[i], Eigen::Vector3d::UnitZ()) *
              Eigen::Translation3d(dh[i][0], 0, dh[i][1]) *
              Eigen::AngleAxisd(dh[i][2], Eigen::Vector3d::UnitX());
      sum += links[i].mass * 9.81 * (frame * links[i].centre).z();
    }
    return sum + tool_mass * 9.81 * (frame * tool_centre).z();
  };
  std::mt19937_64 random(6);
  for (int trial = 0; trial < 50; ++trial) {
    const JointVector q = random_joints(random);
    set_joints(q);
    for (int i = 0; i < 6; ++i) {
      JointVector up = q, down = q;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      const int dof = model_->jnt_dofadr[id(mjOBJ_JOINT, kJoints[i])];
      EXPECT_NEAR(data_->qfrc_bias[dof], (energy(up) - energy(down)) / 2e-5, 1e-3);
    }
  }
}

TEST_F(RigModel, GripperWeighsWhatItsMakerSays) {
  // The tool's body holds the webcam and its bracket as well, 0.10 kg.
  const double gripper = model_->body_mass[id(mjOBJ_BODY, "tool")] - 0.10 +
                         model_->body_mass[id(mjOBJ_BODY, "carrier_tactile")] +
                         model_->body_mass[id(mjOBJ_BODY, "carrier_plain")];
  EXPECT_NEAR(gripper, 1.15, 1e-9);
}

TEST_F(RigModel, JointLimitsAreThePublishedOnes) {
  for (const char* name : kJoints) {
    const int joint = id(mjOBJ_JOINT, name);
    EXPECT_NEAR(model_->jnt_range[2 * joint], -2 * M_PI, 1e-12);
    EXPECT_NEAR(model_->jnt_range[2 * joint + 1], 2 * M_PI, 1e-12);
  }
}

TEST_F(RigModel, PadFramesLookAtTheObject) {
  std::mt19937_64 random(8);
  set_joints(random_joints(random));
  const Eigen::Isometry3d tcp = site("tcp"), tactile = site("pad_tactile"),
                          plain = site("pad_plain");
  // The pads meet at width 0, in the tool centre point.
  EXPECT_LT((tactile.translation() - tcp.translation()).norm(), 1e-12);
  EXPECT_LT((plain.translation() - tcp.translation()).norm(), 1e-12);
  for (const Eigen::Isometry3d& pad : {tactile, plain}) {
    EXPECT_LT((pad.linear().col(1) - tcp.linear().col(2)).norm(), 1e-9);
  }
  EXPECT_LT((plain.linear().col(2) - tcp.linear().col(0)).norm(), 1e-9);
  EXPECT_LT((tactile.linear().col(2) + tcp.linear().col(0)).norm(), 1e-9);
}

TEST_F(RigModel, OpenJawsSetThePadsApartByTheWidth) {
  data_->qpos[model_->jnt_qposadr[id(mjOBJ_JOINT, "jaw_tactile")]] = 0.03;
  data_->qpos[model_->jnt_qposadr[id(mjOBJ_JOINT, "jaw_plain")]] = 0.03;
  set_joints(JointVector::Zero());
  const Eigen::Isometry3d tcp = site("tcp");
  const Eigen::Vector3d tactile = tcp.inverse() * site("pad_tactile").translation();
  const Eigen::Vector3d plain = tcp.inverse() * site("pad_plain").translation();
  EXPECT_NEAR(tactile.x(), 0.03, 1e-12);
  EXPECT_NEAR(plain.x(), -0.03, 1e-12);
}

TEST_F(RigModel, OnlyTheTableCollides) {
  const int table = id(mjOBJ_GEOM, "table");
  for (int g = 0; g < model_->ngeom; ++g) {
    const bool collides = model_->geom_contype[g] != 0 || model_->geom_conaffinity[g] != 0;
    EXPECT_EQ(collides, g == table) << g;
  }
  EXPECT_NEAR(model_->geom_pos[3 * table + 2] + model_->geom_size[3 * table + 2], 0.0, 1e-12);
}

TEST_F(RigModel, FingersReachNoDeeperThanTheyShould) {
  // Grasps 20 mm above the table must leave room under the fingers.
  const int reach = id(mjOBJ_NUMERIC, "finger_reach");
  EXPECT_LE(model_->numeric_data[model_->numeric_adr[reach]], 0.015);
  set_joints(JointVector::Zero());
  const Eigen::Isometry3d tcp = site("tcp");
  for (const char* finger : {"finger_tactile", "finger_plain"}) {
    const int body = id(mjOBJ_BODY, finger);
    for (int g = 0; g < model_->ngeom; ++g) {
      if (model_->geom_bodyid[g] != body || model_->geom_type[g] != mjGEOM_MESH) continue;
      const int mesh = model_->geom_dataid[g];
      for (int v = 0; v < model_->mesh_vertnum[mesh]; ++v) {
        const float* local = model_->mesh_vert + 3 * (model_->mesh_vertadr[mesh] + v);
        const mjtNum* m = data_->geom_xmat + 9 * g;
        Eigen::Vector3d point;
        for (int k = 0; k < 3; ++k) {
          point[k] = data_->geom_xpos[3 * g + k] + m[3 * k] * local[0] + m[3 * k + 1] * local[1] +
                     m[3 * k + 2] * local[2];
        }
        EXPECT_LE((tcp.inverse() * point).z(),
                  model_->numeric_data[model_->numeric_adr[reach]] + 1e-6);
      }
    }
  }
}

TEST_F(RigModel, WebcamLooksAtTheToolCentrePoint) {
  const int camera = id(mjOBJ_CAMERA, "webcam");
  set_joints(JointVector::Zero());
  const Eigen::Vector3d position = Eigen::Map<Eigen::Vector3d>(data_->cam_xpos + 3 * camera);
  const Eigen::Matrix3d axes =
      Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(data_->cam_xmat + 9 * camera);
  const Eigen::Vector3d tip = axes.transpose() * (site("tcp").translation() - position);
  // Near the picture's middle, as in the frames of 2018: within an eighth of its height. MuJoCo's
  // cameras look along -z.
  const double focal = 0.5 / std::tan(0.5 * model_->cam_fovy[camera] * M_PI / 180.0);
  EXPECT_LT(tip.z(), 0.0);
  EXPECT_LT(focal * tip.head<2>().norm() / -tip.z(), 0.125);
  // The tactile finger, at positive x of the tool, is on the left; down is up in the picture.
  EXPECT_LT((axes.transpose() * site("tcp").linear().col(0)).x(), -0.95);
  EXPECT_GT((axes.transpose() * site("tcp").linear().col(2)).y(), 0.3);
}

}  // namespace
}  // namespace gripbench::sim

#include "sim/ur5_kinematics.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace gripbench::sim {
namespace {

constexpr double kPi = 3.141592653589793;

JointVector random_joints(std::mt19937_64& random, double limit) {
  std::uniform_real_distribution<double> angle(-limit, limit);
  JointVector q;
  for (int i = 0; i < 6; ++i) q[i] = angle(random);
  return q;
}

double pose_distance(const Eigen::Isometry3d& a, const Eigen::Isometry3d& b) {
  return std::max((a.translation() - b.translation()).norm(), (a.linear() - b.linear()).norm());
}

Eigen::Isometry3d pointing_down(double x, double y, double z, double yaw) {
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.linear() = (Eigen::AngleAxisd(yaw, Eigen::Vector3d::UnitZ()) *
                   Eigen::AngleAxisd(kPi, Eigen::Vector3d::UnitX()))
                      .toRotationMatrix();
  pose.translation() << x, y, z;
  return pose;
}

// The maker's own check of the table: all joints at zero.
TEST(Ur5Forward, ZeroPoseIsThePublishedOne) {
  const Eigen::Isometry3d pose = ur5_forward(JointVector::Zero());
  EXPECT_NEAR(pose.translation().x(), -0.81725, 1e-9);
  EXPECT_NEAR(pose.translation().y(), -0.19145, 1e-9);
  EXPECT_NEAR(pose.translation().z(), -0.005491, 1e-9);
  EXPECT_LT((pose.linear().col(2) - Eigen::Vector3d(0, -1, 0)).norm(), 1e-12);
}

TEST(Ur5Forward, StandingUpReachesItsFullHeight) {
  JointVector q = JointVector::Zero();
  q[1] = q[3] = -kPi / 2;
  // Straight up: d1 + |a2| + |a3| + d5, the wrist's other lengths being sideways.
  EXPECT_NEAR(ur5_forward(q).translation().z(), 0.089159 + 0.425 + 0.39225 + 0.09465, 1e-12);
}

TEST(Ur5Jacobian, AgreesWithFiniteDifferences) {
  std::mt19937_64 random(3);
  const Eigen::Vector3d tool(0.01, -0.02, 0.2);
  const double h = 1e-6;
  for (int trial = 0; trial < 20; ++trial) {
    const JointVector q = random_joints(random, kPi);
    const auto jacobian = ur5_jacobian(q, tool);
    for (int i = 0; i < 6; ++i) {
      JointVector before = q, after = q;
      before[i] -= h;
      after[i] += h;
      const Eigen::Isometry3d a = ur5_forward(before), b = ur5_forward(after);
      const Eigen::Vector3d linear = (b * tool - a * tool) / (2 * h);
      const Eigen::Matrix3d spin =
          (b.linear() - a.linear()) / (2 * h) * ur5_forward(q).linear().transpose();
      const Eigen::Vector3d angular(spin(2, 1), spin(0, 2), spin(1, 0));
      EXPECT_LT((jacobian.col(i).head<3>() - linear).norm(), 1e-8);
      EXPECT_LT((jacobian.col(i).tail<3>() - angular).norm(), 1e-8);
    }
  }
}

TEST(Ur5Inverse, FindsTheJointsItCameFromAndOnlyTrueSolutions) {
  std::mt19937_64 random(1);
  for (int trial = 0; trial < 2000; ++trial) {
    const JointVector q = random_joints(random, kPi);
    if (std::abs(std::sin(q[4])) < 1e-3) continue;
    const Eigen::Isometry3d pose = ur5_forward(q);
    const std::vector<JointVector> solutions = ur5_inverse(pose);
    ASSERT_FALSE(solutions.empty());
    ASSERT_LE(solutions.size(), 8u);
    double nearest = 1e9;
    for (const JointVector& s : solutions) {
      EXPECT_LT(pose_distance(ur5_forward(s), pose), 1e-7);
      EXPECT_LE(s.lpNorm<Eigen::Infinity>(), kPi + 1e-12);
      JointVector difference;
      for (int i = 0; i < 6; ++i) difference[i] = std::remainder(s[i] - q[i], 2 * kPi);
      nearest = std::min(nearest, difference.lpNorm<Eigen::Infinity>());
    }
    EXPECT_LT(nearest, 1e-4) << q.transpose();
  }
}

TEST(Ur5Inverse, HasEightSolutionsInTheMiddleOfItsReachAndNoneBeyond) {
  EXPECT_EQ(ur5_inverse(pointing_down(0.45, 0.0, 0.3, 0.2)).size(), 8u);
  EXPECT_TRUE(ur5_inverse(pointing_down(0.95, 0.0, 0.3, 0.0)).empty());
  EXPECT_TRUE(ur5_inverse(pointing_down(0.02, 0.02, 0.3, 0.0)).empty());
}

TEST(Ur5Inverse, SingularWristKeepsTheGivenLastJoint) {
  JointVector q;
  q << 0.3, -1.2, 1.4, -0.5, 0.0, 0.7;
  const Eigen::Isometry3d pose = ur5_forward(q);
  const std::vector<JointVector> solutions = ur5_inverse(pose, 0.7);
  ASSERT_FALSE(solutions.empty());
  double nearest = 1e9;
  for (const JointVector& s : solutions) {
    EXPECT_LT(pose_distance(ur5_forward(s), pose), 1e-6);
    nearest = std::min(nearest, (s - q).lpNorm<Eigen::Infinity>());
  }
  EXPECT_LT(nearest, 1e-4);
}

TEST(Ur5InverseNearest, StaysWithTheSeedAcrossWholeTurnsAndWithinLimits) {
  std::mt19937_64 random(7);
  for (int trial = 0; trial < 500; ++trial) {
    const JointVector q = random_joints(random, kJointLimit);
    if (std::abs(std::sin(q[4])) < 0.05) continue;
    const auto found = ur5_inverse_nearest(ur5_forward(q), q);
    ASSERT_TRUE(found);
    EXPECT_LE(found->lpNorm<Eigen::Infinity>(), kJointLimit);
    EXPECT_LT((*found - q).lpNorm<Eigen::Infinity>(), 1e-4);
  }
}

// The table area: x 0.25 to 0.60 m, y -0.35 to 0.35 m in the base frame, the tool centre point
// 0.02 to 0.30 m above the table, pointing down, turned by up to a quarter turn either way.
TEST(Ur5Inverse, ReachesTheWholeTableAreaWithTheToolPointingDown) {
  const double tool_length = 0.225;
  JointVector home;
  home << 2.9, -1.66, 1.42, -1.33, -1.57, -1.82;
  for (double x = 0.25; x <= 0.601; x += 0.05) {
    for (double y = -0.35; y <= 0.351; y += 0.05) {
      for (const double z : {0.02, 0.10, 0.30}) {
        for (const double yaw : {-kPi / 2, -0.7, 0.0, 0.7, kPi / 2}) {
          const auto q = ur5_inverse_nearest(pointing_down(x, y, z + tool_length, yaw), home);
          ASSERT_TRUE(q) << x << ' ' << y << ' ' << z;
          EXPECT_GT(ur5_dexterity(*q, {0, 0, tool_length}), 0.015)
              << x << ' ' << y << ' ' << z << ' ' << yaw;
        }
      }
    }
  }
}

TEST(Ur5Dexterity, VanishesWhereTheArmCannotMoveFreely) {
  JointVector straight_wrist, straight_elbow, free;
  straight_wrist << 0.3, -1.2, 1.4, -0.5, 0.0, 0.7;
  straight_elbow << 0.3, -1.2, 0.0, -0.5, 1.2, 0.7;
  free << 0.3, -1.2, 1.4, -0.5, 1.2, 0.7;
  EXPECT_LT(ur5_dexterity(straight_wrist, {0, 0, 0.2}), 1e-9);
  EXPECT_LT(ur5_dexterity(straight_elbow, {0, 0, 0.2}), 1e-9);
  EXPECT_GT(ur5_dexterity(free, {0, 0, 0.2}), 0.05);
}

}  // namespace
}  // namespace gripbench::sim

#include "sim/trajectory.h"

#include <cmath>
#include <stdexcept>

#include <gtest/gtest.h>

namespace gripbench::sim {
namespace {

// Integrates and differentiates a profile numerically and checks all it promises.
void expect_consistent(const SpeedProfile& profile, double speed, double acceleration) {
  const double h = 1e-5;
  double last_acceleration = 0.0;
  for (double t = -0.01; t < profile.duration() + 0.02; t += 0.0007) {
    const PathState before = profile.at(t - h), now = profile.at(t), after = profile.at(t + h);
    EXPECT_NEAR((after.distance - before.distance) / (2 * h), now.speed,
                1e-5 * acceleration + 1e-9);
    // At a corner of the jerk the central difference is off by jerk * h / 4.
    EXPECT_NEAR((after.speed - before.speed) / (2 * h), now.acceleration,
                acceleration / kProfileSmoothing * h);
    EXPECT_GE(now.speed, -1e-12);
    EXPECT_LE(now.speed, speed * (1 + 1e-9));
    EXPECT_LE(std::abs(now.acceleration), acceleration * (1 + 1e-9));
    // Jerk is bounded by acceleration over the smoothing time, twice that where the profile turns
    // at once from speeding up to braking.
    EXPECT_LE(std::abs(now.acceleration - last_acceleration),
              2 * acceleration * 0.0007 / kProfileSmoothing * (1 + 1e-6));
    last_acceleration = now.acceleration;
  }
}

TEST(SpeedProfile, LiftTakesTheTimeOfATrapezoidPlusTheSmoothing) {
  const SpeedProfile lift(0.020, 0.040, 1.2);
  EXPECT_NEAR(lift.duration(), 0.020 / 0.040 + 0.040 / 1.2 + kProfileSmoothing, 1e-12);
  EXPECT_NEAR(lift.at(lift.duration()).distance, 0.020, 1e-15);
  EXPECT_NEAR(lift.at(0.2).speed, 0.040, 1e-12);
  expect_consistent(lift, 0.040, 1.2);
}

TEST(SpeedProfile, ShortWayIsATriangle) {
  const SpeedProfile step(0.001, 0.25, 1.2);
  EXPECT_NEAR(step.duration(), 2 * std::sqrt(0.001 / 1.2) + kProfileSmoothing, 1e-12);
  expect_consistent(step, std::sqrt(0.001 * 1.2), 1.2);
}

TEST(SpeedProfile, WithoutSmoothingIsTheTrapezoidItself) {
  const SpeedProfile profile(0.5, 0.25, 1.0, 0.0);
  EXPECT_DOUBLE_EQ(profile.at(0.1).acceleration, 1.0);
  EXPECT_NEAR(profile.at(0.1).distance, 0.005, 1e-15);
  EXPECT_NEAR(profile.at(1.0).distance, 0.25 * 1.0 - 0.25 * 0.25 / 2, 1e-15);
  EXPECT_NEAR(profile.duration(), 2.25, 1e-12);
}

TEST(SpeedProfile, NoWayStandsStill) {
  const SpeedProfile none(0.0, 0.25, 1.0);
  EXPECT_EQ(none.at(0.01).distance, 0.0);
  EXPECT_EQ(none.at(0.01).speed, 0.0);
  EXPECT_EQ(SpeedProfile().at(1.0).distance, 0.0);
}

TEST(SpeedProfile, RefusesLimitsThatAreNotPositive) {
  EXPECT_THROW(SpeedProfile(0.1, 0.0, 1.0), std::invalid_argument);
  EXPECT_THROW(SpeedProfile(0.1, 0.1, -1.0), std::invalid_argument);
  EXPECT_THROW(SpeedProfile(-0.1, 0.1, 1.0), std::invalid_argument);
  EXPECT_THROW(SpeedProfile(std::nan(""), 0.1, 1.0), std::invalid_argument);
}

class Braking : public testing::TestWithParam<double> {};

TEST_P(Braking, IsContinuousObeysTheLimitsAndNeverPassesTheEnd) {
  const double time = GetParam();
  const SpeedProfile whole(0.020, 0.040, 1.2);
  SpeedProfile braked = whole;
  braked.brake(time);
  for (double t = 0.0; t <= time; t += 0.001) {
    EXPECT_DOUBLE_EQ(braked.at(t).distance, whole.at(t).distance);
  }
  expect_consistent(braked, 0.040, 1.2);
  EXPECT_LE(braked.length(), whole.length() + 1e-15);
  EXPECT_LE(braked.duration(), whole.duration() + 1e-12);
  EXPECT_NEAR(braked.at(braked.duration()).distance, braked.length(), 1e-15);
}

INSTANTIATE_TEST_SUITE_P(Times, Braking, testing::Values(0.01, 0.03, 0.06, 0.3, 0.51, 0.54, 0.7));

TEST(SpeedProfile, BrakingWayIsSpeedSquaredOverTwiceTheAcceleration) {
  SpeedProfile profile(1.0, 0.4, 1.0, 0.0);
  const double at_brake = profile.at(1.0).distance;
  profile.brake(1.0);
  EXPECT_NEAR(profile.length() - at_brake, 0.4 * 0.4 / 2, 1e-12);
}

TEST(StraightMotion, TurnsAsSlerpOnTheSameShareOfTheWay) {
  Eigen::Isometry3d from = Eigen::Isometry3d::Identity(), to = Eigen::Isometry3d::Identity();
  from.linear() = Eigen::AngleAxisd(0.4, Eigen::Vector3d(1, 2, 3).normalized()).matrix();
  to.linear() = Eigen::AngleAxisd(1.9, Eigen::Vector3d(-1, 0.5, 2).normalized()).matrix();
  to.translation() << 0.3, -0.1, 0.2;
  const StraightMotion motion(from, to, {0.25, 1.2});
  const Eigen::Quaterniond q0(from.linear()), q1(to.linear());
  for (double t = 0.0; t < motion.duration(); t += 0.05) {
    const Eigen::Isometry3d pose = motion.pose(t);
    const double share = pose.translation().norm() / to.translation().norm();
    EXPECT_LT((pose.translation() - share * to.translation()).norm(), 1e-12);
    EXPECT_LT((pose.linear() - q0.slerp(share, q1).toRotationMatrix()).norm(), 1e-9);
  }
  EXPECT_LT((motion.end().translation() - to.translation()).norm(), 1e-12);
  EXPECT_LT((motion.end().linear() - to.linear()).norm(), 1e-12);
}

TEST(StraightMotion, VelocityAndAccelerationAreItsDerivatives) {
  Eigen::Isometry3d from = Eigen::Isometry3d::Identity(), to = Eigen::Isometry3d::Identity();
  to.linear() = Eigen::AngleAxisd(0.9, Eigen::Vector3d(0.2, -0.5, 1).normalized()).matrix();
  to.translation() << 0.05, 0.1, -0.02;
  const StraightMotion motion(from, to, {0.25, 1.2});
  const double h = 1e-5;
  for (double t = 0.011; t < motion.duration(); t += 0.037) {
    const Eigen::Isometry3d a = motion.pose(t - h), b = motion.pose(t + h);
    const Eigen::Matrix3d spin =
        (b.linear() - a.linear()) / (2 * h) * motion.pose(t).linear().transpose();
    Eigen::Matrix<double, 6, 1> velocity;
    velocity << (b.translation() - a.translation()) / (2 * h), spin(2, 1), spin(0, 2), spin(1, 0);
    EXPECT_LT((velocity - motion.velocity(t)).norm(), 1e-6);
    const Eigen::Matrix<double, 6, 1> acceleration =
        (motion.velocity(t + h) - motion.velocity(t - h)) / (2 * h);
    EXPECT_LT((acceleration - motion.acceleration(t)).norm(), 0.01);
  }
}

TEST(StraightMotion, PureTurnIsBoundedByTheSpeedAtItsRadius) {
  Eigen::Isometry3d to = Eigen::Isometry3d::Identity();
  to.linear() = Eigen::AngleAxisd(1.5, Eigen::Vector3d::UnitZ()).matrix();
  const StraightMotion motion(Eigen::Isometry3d::Identity(), to, {0.25, 1.2});
  double fastest = 0.0;
  for (double t = 0.0; t < motion.duration(); t += 0.01) {
    fastest = std::max(fastest, motion.velocity(t).tail<3>().norm());
  }
  EXPECT_NEAR(fastest, 0.25 / StraightMotion::kTurningRadius, 1e-9);
}

}  // namespace
}  // namespace gripbench::sim

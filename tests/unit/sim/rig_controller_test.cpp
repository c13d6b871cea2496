#include "sim/rig_controller.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"
#include "sim/scene.h"

namespace gripbench::sim {
namespace {

const std::filesystem::path kRig =
    std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets/mjcf/rig.xml";

/// The rig under its controller, with pad forces that a test may set before every step.
class Rig {
 public:
  explicit Rig(double step)
      : model(build_scene(kRig, nullptr, step)),
        data(make_data(model.get())),
        control(model.get()) {
    for (const char* name : {"finger_tactile", "finger_plain"}) {
      fingers_.push_back(require_id(model.get(), mjOBJ_BODY, name));
    }
    control.reset(data.get());
  }

  void step() {
    control.update(data.get());
    mj_step(model.get(), data.get());
  }

  void run(
      double duration, const std::function<void()>& each = [] {}) {
    const int steps = static_cast<int>(std::lround(duration / model->opt.timestep));
    for (int i = 0; i < steps; ++i) {
      step();
      each();
    }
    check_stable(data.get());
  }

  /// Force on a finger (0 tactile, 1 plain) in the world's axes (N).
  void push(int finger, const Eigen::Vector3d& force) {
    for (int k = 0; k < 3; ++k) data->xfrc_applied[6 * fingers_[finger] + k] = force[k];
  }

  /// Presses on both pads with a normal force each; at home the tool's x is the world's.
  void press(double force) {
    push(0, {force, 0, 0});
    push(1, {-force, 0, 0});
  }

  void move_to(const Eigen::Isometry3d& pose, const hal::LinearMotionLimits& limits) {
    control.start_move(pose, limits);
    while (control.moving()) step();
    run(0.1);
  }

  Eigen::Isometry3d pose() const { return control.arm_state(data.get()).base_from_tcp; }

  double tracking_error() const {
    return (pose().translation() - control.commanded_pose().translation()).norm();
  }

  double joint(const char* name) const {
    return data->qpos[model->jnt_qposadr[require_id(model.get(), mjOBJ_JOINT, name)]];
  }

  double pad_gap() const {
    const int a = require_id(model.get(), mjOBJ_SITE, "pad_tactile");
    const int b = require_id(model.get(), mjOBJ_SITE, "pad_plain");
    return data->site_xpos[3 * a] - data->site_xpos[3 * b];
  }

  MujocoModel model;
  MujocoData data;
  RigController control;

 private:
  std::vector<int> fingers_;
};

Eigen::Isometry3d raised(Eigen::Isometry3d pose, double height) {
  pose.translation().z() += height;
  return pose;
}

class RigAtStep : public testing::TestWithParam<double> {};
INSTANTIATE_TEST_SUITE_P(Steps, RigAtStep, testing::Values(1e-3, 5e-4));

TEST_P(RigAtStep, StandsStillAtHome) {
  Rig rig(GetParam());
  EXPECT_LT((rig.pose().translation() - Eigen::Vector3d(0.45, 0, 0.30)).norm(), 1e-9);
  EXPECT_LT((rig.pose().linear().col(2) + Eigen::Vector3d::UnitZ()).norm(), 1e-9);
  EXPECT_LT((rig.pose().linear().col(0) - Eigen::Vector3d::UnitX()).norm(), 1e-9);
  rig.run(0.5);
  EXPECT_LT((rig.pose().translation() - rig.control.home_pose().translation()).norm(), 1e-7);
  EXPECT_NEAR(rig.control.jaw_width(), 0.080, 1e-8);
}

// A lift as in the protocol with 1 kg that comes onto the fingers as it leaves the table.
TEST_P(RigAtStep, TracksALiftUnderAKilogram) {
  Rig rig(GetParam());
  rig.move_to(raised(rig.control.home_pose(), -0.24), {0.25, 1.2});
  const Eigen::Isometry3d low = rig.pose();
  rig.control.start_move(raised(low, 0.020), {0.040, 1.2});
  double worst = 0.0, fastest = 0.0, sideways = 0.0, loaded = 0.0;
  rig.run(0.7, [&] {
    loaded = std::min(1.0, loaded + GetParam() / 0.010);
    for (int finger : {0, 1}) rig.push(finger, {0, 0, -0.5 * 9.81 * loaded});
    worst = std::max(worst, rig.tracking_error());
    fastest = std::max(fastest, rig.control.arm_state(rig.data.get()).tcp_velocity[2]);
    sideways = std::max(sideways, (rig.pose().translation() - low.translation()).head<2>().norm());
  });
  EXPECT_LT(worst, 1e-4);
  EXPECT_LT(sideways, 1e-4);
  EXPECT_NEAR(fastest, 0.040, 1.5e-3);
  EXPECT_FALSE(rig.control.moving());
  EXPECT_NEAR(rig.pose().translation().z() - low.translation().z(), 0.020, 1e-5);
}

TEST_P(RigAtStep, FollowsTheSpeedProfileInTime) {
  Rig rig(GetParam());
  const Eigen::Isometry3d from = rig.pose(), to = raised(from, -0.10);
  const StraightMotion expected(from, to, {0.25, 1.2});
  rig.control.start_move(to, {0.25, 1.2});
  double time = 0.0, worst = 0.0, worst_speed = 0.0;
  while (rig.control.moving()) {
    rig.step();
    time += GetParam();
    worst = std::max(worst, (rig.pose().translation() - expected.pose(time).translation()).norm());
    // The semi-implicit step's speed is the mean over the step.
    const double mean_speed = expected.velocity(time - 0.5 * GetParam())[2];
    worst_speed = std::max(
        worst_speed, std::abs(rig.control.arm_state(rig.data.get()).tcp_velocity[2] - mean_speed));
  }
  EXPECT_NEAR(time, expected.duration(), 2 * GetParam());
  EXPECT_LT(worst, 2e-5);
  EXPECT_LT(worst_speed, 1e-3);
}

TEST_P(RigAtStep, TurnsAndMovesTogether) {
  Rig rig(GetParam());
  Eigen::Isometry3d target = rig.control.home_pose();
  target.translation() += Eigen::Vector3d(-0.08, 0.15, -0.2);
  target.rotate(Eigen::AngleAxisd(0.7, Eigen::Vector3d::UnitZ()));
  rig.control.start_move(target, {0.4, 1.2});
  double worst = 0.0;
  while (rig.control.moving()) {
    rig.step();
    worst = std::max(worst, rig.tracking_error());
  }
  EXPECT_LT(worst, 5e-5);
  rig.run(0.05);
  EXPECT_LT((rig.pose().translation() - target.translation()).norm(), 1e-5);
  EXPECT_LT((rig.pose().linear() - target.linear()).norm(), 1e-5);
}

TEST_P(RigAtStep, JawsHoldStillUnderFullForce) {
  Rig rig(GetParam());
  rig.control.start_jaws(0.040, 0.1);
  rig.run(0.6);
  ASSERT_FALSE(rig.control.jaws_moving());
  rig.press(40.0);
  double worst = 0.0;
  rig.run(2.0, [&] { worst = std::max(worst, std::abs(rig.control.jaw_width() - 0.040)); });
  // A sudden load moves them for a moment, by less than half of what they resolve.
  EXPECT_LT(worst, 1e-5);
  EXPECT_NEAR(rig.control.jaw_width(), 0.040, 1e-7);
  // The fingers give by force over stiffness, 40 N / 1.2e4 N/m each.
  EXPECT_NEAR(rig.pad_gap(), 0.040 + 2 * 40.0 / 1.2e4, 1e-6);
  EXPECT_NEAR(rig.control.pad_forces()[0], 40.0, 1e-3);
  EXPECT_NEAR(rig.control.pad_forces()[1], 40.0, 1e-3);
}

TEST_P(RigAtStep, JawsStayCoupledUnderAForceOnOneFinger) {
  Rig rig(GetParam());
  rig.control.start_jaws(0.040, 0.1);
  rig.run(0.6);
  rig.push(0, {40.0, 0, 0});
  double worst = 0.0;
  rig.run(1.0, [&] {
    worst = std::max(worst, std::abs(rig.joint("jaw_tactile") - rig.joint("jaw_plain")));
  });
  EXPECT_LT(worst, 2e-6);
  EXPECT_NEAR(rig.control.jaw_width(), 0.040, 1e-6);
}

TEST_P(RigAtStep, JawsObeyTheirSpeed) {
  for (const double speed : {0.005, 0.010, 0.100, 0.420}) {
    Rig rig(GetParam());
    const double travel = std::min(0.070, 2.0 * speed);
    rig.control.start_jaws(0.080 - travel, speed);
    double fastest = 0.0, time = 0.0, least = 1.0;
    while (rig.control.jaws_moving()) {
      rig.step();
      time += GetParam();
      fastest = std::max(fastest, std::abs(rig.control.jaw_speed()));
      least = std::min(least, rig.control.jaw_width());
    }
    EXPECT_LT(fastest, speed * 1.01);
    // Trapezoid at 5 m/s^2, the largest acceleration of a WSG 50; the ends rounded to steps.
    EXPECT_NEAR(time, travel / speed + speed / 5.0, 4 * GetParam()) << speed;
    rig.run(0.1);
    EXPECT_NEAR(rig.control.jaw_width(), 0.080 - travel, 1e-7);
    EXPECT_GT(least, 0.080 - travel - 2e-6);
  }
}

/// Something elastic of a given width between the pads, standing free.
void press_like_part(Rig& rig, double width, double stiffness) {
  rig.press(std::max(0.0, stiffness * 0.5 * (width - rig.pad_gap())));
}

TEST_P(RigAtStep, ClosingJawsStopAtTheForceLimit) {
  for (const double speed : {0.010, 0.100, 0.420}) {
    for (const double limit : {40.0, 10.0}) {
      Rig rig(GetParam());
      rig.control.set_force_limit(limit);
      rig.control.start_jaws(0.0, speed);
      double most = 0.0;
      rig.run(0.05 / speed + 0.5, [&] {
        press_like_part(rig, 0.040, 3e4);
        for (const double force : rig.control.pad_forces()) most = std::max(most, force);
      });
      EXPECT_FALSE(rig.control.jaws_moving());
      EXPECT_NEAR(rig.control.pad_forces()[0], limit, 0.05 * limit + 0.3) << speed;
      // While closing, the swinging of the fingers' masses may add a little.
      EXPECT_LT(most, limit * 1.15 + 0.5) << speed << ' ' << limit;
    }
  }
}

TEST_P(RigAtStep, TorquesStayWithinTheirLimits) {
  Rig rig(GetParam());
  const JointVector limits = (JointVector() << 150, 150, 150, 28, 28, 28).finished();
  // 500 N at 0.45 m are more than the shoulder can carry.
  for (int finger : {0, 1}) rig.push(finger, {0, 0, -250.0});
  rig.run(0.15, [&] {
    for (int i = 0; i < 6; ++i) {
      ASSERT_LE(std::abs(rig.control.torques()[i]), limits[i]);
      ASSERT_NEAR(rig.data->qfrc_actuator[i], rig.control.torques()[i], 1e-9);
    }
  });
  EXPECT_GT(rig.tracking_error(), 0.005);
  for (int finger : {0, 1}) rig.push(finger, Eigen::Vector3d::Zero());
  rig.run(1.5);
  EXPECT_LT(rig.tracking_error(), 1e-5);
}

TEST(RigController, WristSensorWeighsTheTool) {
  Rig rig(1e-3);
  rig.run(0.2);
  const int sensor = require_id(rig.model.get(), mjOBJ_SENSOR, "wrist_force");
  const double* force = rig.data->sensordata + rig.model->sensor_adr[sensor];
  const double mass = rig.model->body_subtreemass[require_id(rig.model.get(), mjOBJ_BODY, "tool")];
  EXPECT_NEAR(std::hypot(force[0], force[1], force[2]), mass * 9.81, 0.01);
}

TEST(RigController, StopBrakesAlongThePath) {
  Rig rig(1e-3);
  Eigen::Isometry3d target = rig.control.home_pose();
  target.translation() += Eigen::Vector3d(0.05, 0.2, -0.1);
  rig.control.start_move(target, {0.25, 1.2});
  rig.run(0.4);
  const Eigen::Vector3d at_stop = rig.pose().translation();
  rig.control.stop();
  EXPECT_TRUE(rig.control.moving());
  while (rig.control.moving()) rig.step();
  rig.run(0.05);
  const Eigen::Vector3d way = rig.pose().translation() - at_stop;
  // v^2 / 2a, and half of the smoothing at full speed.
  EXPECT_NEAR(way.norm(), 0.25 * 0.25 / 2.4 + 0.25 * kProfileSmoothing / 2, 1e-3);
  const Eigen::Vector3d direction =
      (target.translation() - rig.control.home_pose().translation()).normalized();
  EXPECT_LT((way - direction * way.dot(direction)).norm(), 1e-5);
  EXPECT_LT(rig.control.arm_state(rig.data.get()).tcp_velocity.norm(), 1e-5);
}

TEST(RigController, NewMotionTakesOverWithoutAJerk) {
  Rig rig(1e-3);
  rig.control.start_move(raised(rig.control.home_pose(), -0.2), {0.25, 1.2});
  rig.run(0.4);
  Eigen::Isometry3d aside = rig.control.home_pose();
  aside.translation() += Eigen::Vector3d(0.0, 0.1, -0.05);
  rig.control.start_move(aside, {0.25, 1.2});
  double worst = 0.0, most = 0.0;
  Eigen::Vector3d last = rig.control.arm_state(rig.data.get()).tcp_velocity.head<3>();
  while (rig.control.moving()) {
    rig.step();
    const Eigen::Vector3d velocity = rig.control.arm_state(rig.data.get()).tcp_velocity.head<3>();
    most = std::max(most, (velocity - last).norm() / 1e-3);
    last = velocity;
    worst = std::max(worst, rig.tracking_error());
  }
  EXPECT_LT(worst, 5e-5);
  EXPECT_LT(most, 1.2 * 1.1);
  rig.run(0.05);
  EXPECT_LT((rig.pose().translation() - aside.translation()).norm(), 1e-5);
}

TEST(RigController, RefusesWhatTheArmCannotDoAndStaysAsItWas) {
  Rig rig(1e-3);
  const Eigen::Isometry3d home = rig.control.home_pose();
  const auto moved = [&](double x, double y, double z) {
    Eigen::Isometry3d pose = home;
    pose.translation() += Eigen::Vector3d(x, y, z);
    return pose;
  };
  const auto reason = [&](const Eigen::Isometry3d& target, const hal::LinearMotionLimits& limits) {
    try {
      rig.control.start_move(target, limits);
    } catch (const hal::MotionRefused& refused) {
      return std::string(refused.what());
    }
    return std::string("(accepted)");
  };
  using testing::HasSubstr;
  EXPECT_THAT(reason(moved(0.6, 0, 0), {}), HasSubstr("out of reach"));
  EXPECT_THAT(reason(moved(0, 0, -0.295), {}), HasSubstr("below the table"));
  EXPECT_THAT(reason(moved(0, 0.3, 0), {20.0, 400.0}), HasSubstr("rad/s"));
  EXPECT_THAT(reason(home, {0.0, 1.0}), HasSubstr("positive"));
  EXPECT_THAT(reason(home, {0.1, -1.0}), HasSubstr("positive"));
  // Both ends are within reach, the column above the base between them is not.
  EXPECT_THAT(reason(moved(-0.9, 0, 0), {0.01, 1.0}), HasSubstr("m; "));
  // With joint 5 straight the wrist is singular.
  JointVector straight = rig.control.arm_state(rig.data.get()).joint_positions;
  straight[4] = 0.0;
  EXPECT_THAT(reason(ur5_forward(straight) * rig.control.flange_from_tcp(), {0.02, 0.1}),
              HasSubstr("singular"));
  EXPECT_FALSE(rig.control.moving());
  rig.run(0.1);
  EXPECT_LT((rig.pose().translation() - home.translation()).norm(), 1e-7);
}

TEST(RigController, RefusesWidthsAndSpeedsBeyondTheGripper) {
  Rig rig(1e-3);
  EXPECT_THROW(rig.control.start_jaws(0.081, 0.01), hal::MotionRefused);
  EXPECT_THROW(rig.control.start_jaws(-0.001, 0.01), hal::MotionRefused);
  EXPECT_THROW(rig.control.start_jaws(0.05, 0.004), hal::MotionRefused);
  EXPECT_THROW(rig.control.start_jaws(0.05, 0.43), hal::MotionRefused);
  EXPECT_THROW(rig.control.set_force_limit(41.0), hal::MotionRefused);
  EXPECT_FALSE(rig.control.jaws_moving());
}

TEST(RigController, RoundsWidthsToWhatTheJawsResolve) {
  Rig rig(1e-3);
  rig.control.start_jaws(0.050013, 0.4);
  rig.run(0.4);
  EXPECT_NEAR(rig.control.jaw_width(), 0.05002, 1e-7);
  EXPECT_NEAR(rig.pad_gap(), 0.05002, 1e-7);
}

TEST(RigController, JawsStopWhereTheyAre) {
  Rig rig(1e-3);
  rig.control.start_jaws(0.0, 0.010);
  rig.run(1.0);
  const double width = rig.control.jaw_width();
  rig.control.stop_jaws();
  rig.run(0.2);
  EXPECT_FALSE(rig.control.jaws_moving());
  EXPECT_NEAR(rig.control.jaw_width(), width, 3e-5);
}

TEST(RigController, JawsReverseWithinTheirAcceleration) {
  Rig rig(1e-3);
  rig.control.start_jaws(0.0, 0.420);
  rig.run(0.12);
  rig.control.start_jaws(0.080, 0.420);
  double last = rig.control.jaw_speed(), most = 0.0;
  rig.run(0.6, [&] {
    most = std::max(most, std::abs(rig.control.jaw_speed() - last) / 1e-3);
    last = rig.control.jaw_speed();
  });
  EXPECT_LT(most, 5.0 * 1.1);
  EXPECT_NEAR(rig.control.jaw_width(), 0.080, 1e-7);
}

TEST(RigController, ResetForgetsEverything) {
  const auto play = [](Rig& rig) {
    rig.control.start_move(raised(rig.control.home_pose(), -0.05), {0.25, 1.2});
    rig.control.start_jaws(0.03, 0.1);
    rig.run(0.3);
    return std::vector<double>(rig.data->qpos, rig.data->qpos + rig.model->nq);
  };
  Rig fresh(1e-3), used(1e-3);
  used.control.start_move(raised(used.control.home_pose(), 0.05), {0.5, 2.0});
  used.control.start_jaws(0.01, 0.3);
  used.run(0.2);
  mj_resetData(used.model.get(), used.data.get());
  used.control.reset(used.data.get());
  EXPECT_FALSE(used.control.moving());
  EXPECT_FALSE(used.control.jaws_moving());
  EXPECT_EQ(play(fresh), play(used));
}

}  // namespace
}  // namespace gripbench::sim

#include "hal/ur/ur_arm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/hal/emulator/loopback.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr LinearMotionLimits kSlow{0.05, 1.0};

class UrArmTest : public ::testing::Test {
 protected:
  Eigen::Isometry3d shifted(double x, double z) {
    Eigen::Isometry3d goal = rig_.workcell.state().arm.base_from_tcp;
    goal.translation() += Eigen::Vector3d(x, 0.0, z);
    return goal;
  }
  /// Polls as a protocol does.
  bool ends() {
    return eventually([&] { return !arm_.moving(); });
  }

  LoopbackRig rig_;
  RigClock clock_;
  UrArm arm_{rig_.settings(), clock_};
};

TEST_F(UrArmTest, ReadsWhatTheWorkcellMeasures) {
  const ArmState state = arm_.read();
  EXPECT_TRUE(same_pose(state.base_from_tcp, rig_.workcell.state().arm.base_from_tcp));
  EXPECT_LE(state.time, clock_.now());
  EXPECT_TRUE(state.tcp_velocity.isZero());
}

TEST_F(UrArmTest, EveryCycleOfTheControllerGivesAState) {
  const auto cycles = [&] { return rig_.emulator.controller().image().cycle; };
  const std::uint64_t cycle = cycles();
  const std::uint64_t number = arm_.rtde().newest().number;
  ASSERT_TRUE(eventually([&] { return cycles() >= cycle + 50; }));
  // Whatever a cycle takes on this machine; the last ones may be on their way.
  EXPECT_TRUE(eventually([&] { return arm_.rtde().newest().number >= number + 50; }));
  EXPECT_LE(arm_.rtde().newest().number - number, cycles() - cycle + 5);
}

TEST_F(UrArmTest, PrepareSetsToolAndPayload) {
  arm_.prepare();
  const UrImage image = rig_.emulator.controller().image();
  EXPECT_NEAR(image.flange_from_tcp[2], 0.2, 1e-6);
  EXPECT_NEAR(image.payload, 1.5, 1e-6);
}

TEST_F(UrArmTest, AMotionEndsAtItsTarget) {
  const Eigen::Isometry3d goal = shifted(0.01, 0.02);
  arm_.start_move(goal, {0.1, 1.0});
  EXPECT_TRUE(arm_.moving());
  ASSERT_TRUE(ends());
  EXPECT_TRUE(same_pose(rig_.workcell.state().arm.base_from_tcp, goal));
  EXPECT_FALSE(arm_.moving());
}

TEST_F(UrArmTest, TheMeasuredSpeedIsThatOfTheMotion) {
  arm_.start_move(shifted(0.0, 0.05), kSlow);
  EXPECT_TRUE(eventually([&] { return arm_.read().tcp_velocity.z() > 0.9 * kSlow.speed; }));
  ASSERT_TRUE(ends());
  EXPECT_TRUE(eventually([&] { return arm_.read().tcp_velocity.isZero(); }));
}

TEST_F(UrArmTest, StopEndsAMotionOnItsWay) {
  const Eigen::Isometry3d goal = shifted(0.0, 0.3);
  arm_.start_move(goal, kSlow);
  ASSERT_TRUE(eventually([&] { return arm_.read().tcp_velocity.z() > 0.0; }));
  arm_.stop();
  ASSERT_TRUE(ends());
  const Eigen::Isometry3d stand = rig_.workcell.state().arm.base_from_tcp;
  EXPECT_LT(stand.translation().z(), goal.translation().z() - 0.1);
  // It stands: a hundred states later it is still there.
  const std::uint64_t number = arm_.rtde().newest().number;
  ASSERT_TRUE(eventually([&] { return arm_.rtde().newest().number > number + 20; }));
  EXPECT_TRUE(same_pose(rig_.workcell.state().arm.base_from_tcp, stand));
}

TEST_F(UrArmTest, ANewMotionReplacesTheOneUnderWay) {
  arm_.start_move(shifted(0.0, 0.3), kSlow);
  ASSERT_TRUE(eventually([&] { return arm_.read().tcp_velocity.z() > 0.0; }));
  const Eigen::Isometry3d goal = shifted(0.01, 0.0);
  arm_.start_move(goal, {0.2, 1.0});
  ASSERT_TRUE(ends());
  EXPECT_TRUE(same_pose(rig_.workcell.state().arm.base_from_tcp, goal));
}

TEST_F(UrArmTest, RefusesMotionsWithoutSpeedOrTarget) {
  EXPECT_THROW(arm_.start_move(shifted(0.0, 0.01), {0.0, 1.0}), MotionRefused);
  EXPECT_THROW(arm_.start_move(shifted(0.0, 0.01), {0.1, -1.0}), MotionRefused);
  EXPECT_THROW(arm_.start_move(shifted(std::nan(""), 0.0), kSlow), MotionRefused);
  EXPECT_FALSE(arm_.moving());
}

TEST_F(UrArmTest, AnotherProgramThatTakesOverIsNamed) {
  arm_.start_move(shifted(0.0, 0.3), kSlow);
  ASSERT_TRUE(eventually([&] { return arm_.read().tcp_velocity.z() > 0.0; }));
  rig_.emulator.controller().submit("stopl(1)\n");
  EXPECT_THAT(
      message_when_it_throws([&] { arm_.moving(); }),
      AllOf(HasSubstr("arm: program gripbench_"), HasSubstr("ended before its motion did")));
}

TEST_F(UrArmTest, ContinuesTheNumbersOfAnEarlierSession) {
  for (int session = 0; session < 2; ++session) {
    UrArm later(rig_.settings_of_another_client(), clock_);
    later.start_move(shifted(0.0, 0.01), {0.2, 1.0});
    EXPECT_TRUE(later.moving());
    EXPECT_TRUE(eventually([&] { return !later.moving(); }));
  }
  EXPECT_EQ(rig_.emulator.controller().image().program, "gripbench_2");
}

TEST_F(UrArmTest, PrepareAsksTheDashboardThatAStopMayNeed) {
  UrSettings settings = rig_.settings_of_another_client();
  settings.dashboard_port = settings.primary_port;
  UrArm arm(settings, clock_);
  EXPECT_THAT(message_of([&] { arm.prepare(); }),
              HasSubstr("arm: dashboard: expected a line of text, got the bytes"));
  EXPECT_EQ(rig_.emulator.controller().image().program, "") << "nothing was sent";
}

TEST_F(UrArmTest, OneClientAloneKeepsTheProgramsOfAnArmGoing) {
  UrSettings settings = rig_.settings();
  settings.answer_timeout = 0.2;
  EXPECT_THAT(message_of([&] { UrArm(settings, clock_); }),
              AllOf(HasSubstr("arm: another client of 127.0.0.1"),
                    HasSubstr("writes RTDE input 'input_int_register_20'")));
}

TEST(UrArmRefused, WhatTheArmRefusesComesBackWithItsReason) {
  experiments::FakeScript script;
  script.arm_refuses_lift = true;
  // Every motion up with a closed gripper is refused.
  script.touch_width = 1.0;
  LoopbackRig rig({}, script);
  RigClock clock;
  UrArm arm(rig.settings(), clock);
  Eigen::Isometry3d goal = arm.read().base_from_tcp;
  goal.translation().z() += 0.1;
  arm.start_move(goal, kSlow);
  EXPECT_THAT(message_when_it_throws([&] { arm.moving(); }),
              AllOf(HasSubstr("arm: the controller ended program gripbench_"), HasSubstr("line 6"),
                    HasSubstr("out of reach")));
}

}  // namespace
}  // namespace gripbench::hal

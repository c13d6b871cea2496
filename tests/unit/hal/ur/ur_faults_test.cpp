#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/hal/emulator/loopback.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class UrFaults : public ::testing::Test {
 protected:
  UrFaults() { rig_.control.listen({}); }
  ~UrFaults() override { rig_.control.close(); }

  /// Says it over the control interface's socket, as another process would.
  std::string control(const std::string& line) {
    TcpConnection connection =
        TcpConnection::connect("127.0.0.1", rig_.control.port(), Duration(kPatience));
    connection.send(line + "\n");
    LineReader reader;
    while (true) {
      reader.append(connection.receive(Duration(kPatience)));
      if (const auto answer = reader.next()) return *answer;
    }
  }
  /// A long motion on its way.
  void begin_lift() {
    Eigen::Isometry3d goal = arm_.read().base_from_tcp;
    goal.translation().z() += 0.4;
    arm_.start_move(goal, {0.05, 1.0});
    ASSERT_TRUE(eventually([&] { return arm_.read().tcp_velocity.z() > 0.0; }));
  }
  /// The arm is where it was twenty states ago.
  bool stands() {
    const std::uint64_t number = rig_.workcell.state().number;
    const Eigen::Isometry3d before = rig_.workcell.state().arm.base_from_tcp;
    eventually([&] { return rig_.workcell.state().number > number + 50; });
    return same_pose(rig_.workcell.state().arm.base_from_tcp, before);
  }
  UrSafetyMode mode() { return arm_.status().safety_mode; }

  LoopbackRig rig_;
  RigClock clock_;
  UrArm arm_{rig_.settings(), clock_};
};

TEST_F(UrFaults, AProtectiveStopIsToldInWordsAndNothingResumes) {
  begin_lift();
  EXPECT_EQ(control("protective_stop"), "ok");
  EXPECT_THAT(
      message_when_it_throws([&] { arm_.moving(); }),
      AllOf(HasSubstr("arm: the motion was interrupted: protective stop"), HasSubstr("unlock")));
  EXPECT_TRUE(stands());
  EXPECT_THAT(message_of([&] { arm_.check(); }), HasSubstr("protective stop"));
  EXPECT_THAT(message_of([&] {
                arm_.start_move(arm_.read().base_from_tcp, {0.1, 1.0});
              }),
              HasSubstr("protective stop"));
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_FALSE(arm_.moving());
  EXPECT_EQ(rig_.emulator.controller().image().runtime_state, UrRuntimeState::kStopped);
  EXPECT_THAT(arm_.dashboard().ask("unlock protective stop"), HasSubstr("5s after occurrence"));
}

TEST_F(UrFaults, AComplaintOfTheLogWaitsForTheSafetySystemsWord) {
  // States that are rare and late, so that the log is first.
  UrSettings settings = rig_.settings_of_another_client();
  settings.rate = 5.0;
  UrArm arm(settings, clock_);
  EXPECT_EQ(control("delay rtde 0.25"), "ok");
  Eigen::Isometry3d goal = arm.read().base_from_tcp;
  goal.translation().z() += 0.4;
  arm.start_move(goal, {0.05, 1.0});
  ASSERT_TRUE(eventually([&] { return rig_.workcell.state().arm.tcp_velocity.z() > 0.0; }));
  EXPECT_TRUE(arm.moving());
  EXPECT_EQ(control("protective_stop"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm.moving(); }),
              AllOf(HasSubstr("arm: the motion was interrupted: protective stop"),
                    HasSubstr("unlock"), HasSubstr("C204A3")));
  // The state is known by now, so the paused program is ended and not merely written over.
  EXPECT_NO_THROW(arm.stop());
  EXPECT_EQ(rig_.emulator.controller().image().runtime_state, UrRuntimeState::kStopped);
}

TEST_F(UrFaults, AProgramThatWasPausedByASafeguardGoesOnOnlyByPlay) {
  begin_lift();
  EXPECT_EQ(control("safeguard_open"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm_.moving(); }), HasSubstr("safeguard stop"));
  EXPECT_TRUE(stands());
  EXPECT_EQ(control("safeguard_close"), "ok");
  EXPECT_TRUE(eventually([&] { return mode() == UrSafetyMode::kNormal; }));
  EXPECT_TRUE(stands());
  EXPECT_EQ(arm_.dashboard().ask("play"), "Starting program");
  EXPECT_TRUE(eventually([&] { return arm_.read().tcp_velocity.z() > 0.0; }));
  EXPECT_TRUE(arm_.moving());
}

TEST_F(UrFaults, AnEmergencyStopWantsPowerAndBrakes) {
  begin_lift();
  EXPECT_EQ(control("emergency_stop"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm_.moving(); }),
              HasSubstr("emergency stop of the robot"));
  EXPECT_TRUE(stands());
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_EQ(arm_.dashboard().ask("power on"), "Failed to execute: power on");
  EXPECT_EQ(control("release_emergency_stop"), "ok");
  EXPECT_TRUE(eventually([&] { return mode() == UrSafetyMode::kNormal; }));
  EXPECT_THAT(message_of([&] { arm_.check(); }), HasSubstr("power is off"));
  EXPECT_EQ(arm_.dashboard().ask("brake release"), "Brake releasing");
  EXPECT_TRUE(eventually([&] { return arm_.status().held_because.empty(); }));
  begin_lift();
}

TEST_F(UrFaults, AfterADroppedConnectionStateFlowsOn) {
  for (std::uint64_t drops = 1; drops <= 3; ++drops) {
    EXPECT_EQ(control("drop rtde"), "ok");
    ASSERT_TRUE(eventually([&] { return arm_.rtde().reconnections() == drops; }));
    const std::uint64_t number = arm_.rtde().wait_newer(0, Duration(kPatience)).number;
    EXPECT_NO_THROW(arm_.rtde().wait_newer(number + 10, Duration(kPatience)));
    EXPECT_NO_THROW(arm_.read());
  }
}

TEST_F(UrFaults, ADroppedConnectionDoesNotLoseAMotion) {
  begin_lift();
  EXPECT_EQ(control("drop rtde"), "ok");
  ASSERT_TRUE(eventually([&] { return arm_.rtde().reconnections() == 1; }));
  ASSERT_TRUE(eventually([&] { return message_of([&] { arm_.read(); }) == "nothing was thrown"; }));
  EXPECT_TRUE(arm_.moving());
  arm_.stop();
  EXPECT_TRUE(eventually([&] { return !arm_.moving(); }));
}

TEST_F(UrFaults, AScriptGoesOutAgainAfterThePrimaryInterfaceWasLost) {
  EXPECT_EQ(control("drop primary"), "ok");
  // The loss is noticed; until the interface is there again, a motion is refused and not lost.
  Eigen::Isometry3d goal = arm_.read().base_from_tcp;
  goal.translation().z() += 0.01;
  EXPECT_TRUE(eventually([&] {
    try {
      arm_.start_move(goal, {0.2, 1.0});
      return eventually([&] { return !arm_.moving(); });
    } catch (const DeviceError&) {
      return false;
    }
  }));
  EXPECT_TRUE(same_pose(rig_.workcell.state().arm.base_from_tcp, goal));
}

TEST_F(UrFaults, GarbledPackagesAreThrownAwayAndStateFlowsOn) {
  EXPECT_EQ(control("garble rtde 3"), "ok");
  ASSERT_TRUE(eventually([&] { return arm_.rtde().reconnections() >= 1; }));
  ASSERT_TRUE(eventually([&] { return message_of([&] { arm_.read(); }) == "nothing was thrown"; }));
  EXPECT_TRUE(same_pose(arm_.read().base_from_tcp, rig_.workcell.state().arm.base_from_tcp));
}

TEST_F(UrFaults, AFrozenStreamIsRefusedAsStaleAndTheArmCanStillBeStopped) {
  begin_lift();
  EXPECT_EQ(control("freeze rtde"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm_.read(); }),
              AllOf(HasSubstr("arm: no state for"), HasSubstr("trying to connect again")));
  EXPECT_THAT(message_of([&] { arm_.moving(); }), HasSubstr("arm: no state for"));
  EXPECT_THAT(message_of([&] {
                arm_.start_move(Eigen::Isometry3d::Identity(), {0.1, 1.0});
              }),
              HasSubstr("arm: no state for"));
  // The controller's log says that the stop's program has ended.
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_FALSE(rig_.workcell.state().arm_moving);
  EXPECT_TRUE(stands());
  EXPECT_EQ(control("thaw rtde"), "ok");
  EXPECT_TRUE(eventually([&] { return message_of([&] { arm_.read(); }) == "nothing was thrown"; }));
  EXPECT_FALSE(arm_.moving());
}

TEST_F(UrFaults, AStopReturnsWhenTheArmStands) {
  begin_lift();
  arm_.stop();
  EXPECT_FALSE(rig_.workcell.state().arm_moving);
  EXPECT_TRUE(stands());
  EXPECT_FALSE(arm_.moving());
}

TEST_F(UrFaults, AStopThatDoesNotArriveIsMadeByTheDashboard) {
  begin_lift();
  EXPECT_EQ(control("cut primary"), "ok");
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_FALSE(rig_.workcell.state().arm_moving);
  EXPECT_TRUE(stands());
  EXPECT_EQ(control("mend primary"), "ok");
}

TEST_F(UrFaults, WithoutStatesTheDashboardsWordIsEnough) {
  begin_lift();
  EXPECT_EQ(control("cut primary"), "ok");
  EXPECT_EQ(control("cut rtde"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm_.read(); }), HasSubstr("arm: no state for"));
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_TRUE(eventually([&] { return !rig_.workcell.state().arm_moving; }));
  EXPECT_TRUE(stands());
  EXPECT_EQ(control("mend primary"), "ok");
  EXPECT_EQ(control("mend rtde"), "ok");
}

TEST_F(UrFaults, AStopThatReachesNobodyIsNotConfirmedWhileTheArmMoves) {
  begin_lift();
  EXPECT_EQ(control("cut primary"), "ok");
  EXPECT_EQ(control("cut dashboard"), "ok");
  EXPECT_THAT(message_of([&] { arm_.stop(); }),
              AllOf(HasSubstr("arm: the stop is not confirmed: the arm still moves"),
                    HasSubstr("dashboard server"), Not(HasSubstr("stops it by itself")),
                    Not(HasSubstr("\n"))));
  EXPECT_TRUE(rig_.workcell.state().arm_moving);
  EXPECT_EQ(control("mend primary"), "ok");
  EXPECT_EQ(control("mend dashboard"), "ok");
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_TRUE(stands());
}

TEST_F(UrFaults, AnArmThatAnotherClientHasStoppedIsKnownToStand) {
  begin_lift();
  UrSettings settings = rig_.settings();
  settings.heartbeat_timeout = 0.0;
  UrArm other(settings, clock_);
  other.stop();
  EXPECT_FALSE(rig_.workcell.state().arm_moving);
  // No script gets through, and the dashboard has no program to end.
  EXPECT_EQ(control("cut primary"), "ok");
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_FALSE(arm_.moving());
  EXPECT_EQ(control("mend primary"), "ok");
}

TEST_F(UrFaults, WhereNothingMovesNobodyNeedsToBeReached) {
  for (const char* line : {"rtde", "primary", "dashboard"}) {
    EXPECT_EQ(control(std::string("cut ") + line), "ok");
  }
  EXPECT_THAT(message_when_it_throws([&] { arm_.read(); }), HasSubstr("arm: no state for"));
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_FALSE(arm_.moving());
}

TEST_F(UrFaults, AHeldArmWhoseProgramCannotBeEndedMayGoOn) {
  begin_lift();
  EXPECT_EQ(control("freeze dashboard"), "ok");
  EXPECT_EQ(control("protective_stop"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm_.check(); }), HasSubstr("protective stop"));
  EXPECT_THAT(message_of([&] { arm_.stop(); }),
              AllOf(HasSubstr("the stop is not confirmed: the arm still moves, or its program"),
                    HasSubstr("dashboard server")));
  EXPECT_EQ(rig_.emulator.controller().image().runtime_state, UrRuntimeState::kPaused);
  EXPECT_EQ(control("thaw dashboard"), "ok");
  EXPECT_NO_THROW(arm_.stop());
  EXPECT_EQ(rig_.emulator.controller().image().runtime_state, UrRuntimeState::kStopped);
}

/// A long motion of an arm that is to be stopped by its controller once it hears nothing.
class UrHeartbeat : public UrFaults {
 protected:
  static constexpr double kTimeout = 0.5;
  static constexpr double kWay = 0.4;

  UrSettings watched(double timeout) const {
    UrSettings settings = rig_.settings_of_another_client();
    settings.heartbeat_timeout = timeout;
    return settings;
  }
  void lift(UrArm& arm) {
    goal_ = arm.read().base_from_tcp;
    goal_.translation().z() += kWay;
    arm.start_move(goal_, {0.1, 1.0});
    ASSERT_TRUE(eventually([&] { return arm.read().tcp_velocity.z() > 0.0; }));
  }
  void on_all_lines(const std::string& fault) {
    for (const char* line : {"rtde", "primary", "dashboard"}) {
      EXPECT_EQ(control(fault + " " + line), "ok");
    }
  }
  /// Where the motion has ended, by whatever it was (m below its goal).
  double left_of_the_way() {
    EXPECT_TRUE(eventually([&] { return !rig_.workcell.state().arm_moving; }));
    return (goal_.translation() - rig_.workcell.state().arm.base_from_tcp.translation()).norm();
  }

  Eigen::Isometry3d goal_;
};

TEST_F(UrHeartbeat, AnArmThatNobodyCanReachStopsByItself) {
  UrArm arm(watched(kTimeout), clock_);
  lift(arm);
  on_all_lines("cut");
  EXPECT_GT(left_of_the_way(), 0.5 * kWay);
  EXPECT_TRUE(stands());
  EXPECT_EQ(rig_.emulator.controller().image().safety_mode, UrSafetyMode::kProtectiveStop);
  EXPECT_EQ(rig_.emulator.controller().image().runtime_state, UrRuntimeState::kStopped);
  on_all_lines("mend");
  // The log waited in the cut line and says why.
  EXPECT_THAT(message_when_it_throws([&] { arm.moving(); }),
              AllOf(HasSubstr("protective stop"), Not(HasSubstr("\n"))));
  EXPECT_TRUE(stands()) << "what was sent meanwhile moves nothing";
}

TEST_F(UrHeartbeat, WithoutOneTheMotionGoesOnToItsEnd) {
  UrArm arm(watched(0.0), clock_);
  lift(arm);
  on_all_lines("cut");
  EXPECT_LT(left_of_the_way(), 1e-6);
  on_all_lines("mend");
}

TEST_F(UrHeartbeat, AStopThatReachesNobodyNeedsNoWordWhereTheArmStopsByItself) {
  UrArm arm(watched(kTimeout), clock_);
  lift(arm);
  on_all_lines("cut");
  EXPECT_THAT(message_when_it_throws([&] { arm.read(); }), HasSubstr("arm: no state for"));
  EXPECT_NO_THROW(arm.stop());
  EXPECT_FALSE(rig_.workcell.state().arm_moving);
  EXPECT_GT(left_of_the_way(), 0.0);
  on_all_lines("mend");
}

TEST_F(UrHeartbeat, AStopThatReachesNobodyIsToldWithoutOneOrBeforeItIsDue) {
  for (const double timeout : {0.0, kPatience}) {
    UrSettings settings = watched(timeout);
    // The arm shall still move when the stop is given up.
    settings.stale_after = 0.5;
    UrArm arm(settings, clock_);
    goal_ = arm.read().base_from_tcp;
    goal_.translation().z() += timeout > 0.0 ? -kWay : kWay;
    arm.start_move(goal_, {0.04, 1.0});
    ASSERT_TRUE(eventually([&] { return rig_.workcell.state().arm_moving; }));
    on_all_lines("cut");
    EXPECT_THAT(message_when_it_throws([&] { arm.read(); }), HasSubstr("arm: no state for"));
    const std::string message = message_of([&] { arm.stop(); });
    EXPECT_THAT(message, AllOf(HasSubstr("arm: the stop is not confirmed: no state for"),
                               HasSubstr("dashboard server"), Not(HasSubstr("\n"))));
    EXPECT_EQ(message.find("stops it by itself after 20 s") != std::string::npos, timeout > 0.0)
        << message;
    on_all_lines("mend");
    EXPECT_TRUE(eventually([&] { return !rig_.workcell.state().arm_moving; }));
  }
}

TEST_F(UrHeartbeat, ALogThatIsAheadOfTheStateSaysWhatTheControllerMissed) {
  UrSettings settings = watched(kTimeout);
  settings.stale_after = kPatience;
  UrArm arm(settings, clock_);
  lift(arm);
  EXPECT_EQ(control("cut rtde"), "ok");
  EXPECT_THAT(message_when_it_throws([&] { arm.moving(); }),
              AllOf(HasSubstr("C207A0"), HasSubstr("heard nothing of this computer")));
  EXPECT_GT(left_of_the_way(), 0.5 * kWay);
  EXPECT_EQ(control("mend rtde"), "ok");
}

TEST_F(UrHeartbeat, EndsWithTheProgram) {
  {
    UrArm arm(watched(kTimeout), clock_);
    arm.prepare();
  }
  // Nobody beats any more, which stops nothing: no program runs.
  const double begin = rig_.workcell.now();
  ASSERT_TRUE(eventually([&] { return rig_.workcell.now() > begin + 2.0 * kTimeout; }));
  EXPECT_EQ(rig_.emulator.controller().image().safety_mode, UrSafetyMode::kNormal);
}

TEST_F(UrHeartbeat, BeatsBetweenRareStates) {
  UrSettings settings = watched(4.0 * kTimeout);
  settings.rate = 1.0;
  UrArm arm(settings, clock_);
  Eigen::Isometry3d goal = arm.read().base_from_tcp;
  goal.translation().z() += kWay;
  arm.start_move(goal, {0.1, 1.0});
  ASSERT_TRUE(eventually([&] { return !arm.moving(); }));
  EXPECT_TRUE(same_pose(rig_.workcell.state().arm.base_from_tcp, goal));
}

TEST_F(UrFaults, WhatWasSentIntoACutComesOnceItIsMended) {
  Eigen::Isometry3d goal = arm_.read().base_from_tcp;
  goal.translation().z() += 0.02;
  EXPECT_EQ(control("cut primary"), "ok");
  arm_.start_move(goal, {0.2, 1.0});
  EXPECT_TRUE(stands());
  EXPECT_EQ(control("mend primary"), "ok");
  EXPECT_TRUE(eventually([&] { return !arm_.moving(); }));
  EXPECT_TRUE(same_pose(rig_.workcell.state().arm.base_from_tcp, goal));
}

TEST_F(UrFaults, DelayedStatesStillComeInOrder) {
  EXPECT_EQ(control("delay rtde 0.1"), "ok");
  const std::uint64_t number = arm_.rtde().newest().number;
  EXPECT_NO_THROW(arm_.rtde().wait_newer(number + 60, Duration(kPatience)));
  EXPECT_EQ(arm_.rtde().reconnections(), 0u);
  EXPECT_EQ(control("delay rtde 0"), "ok");
}

TEST_F(UrFaults, TheControlInterfaceNamesWhatItDoesNotKnow) {
  EXPECT_THAT(control("explode"), HasSubstr("error: unknown command 'explode'"));
  EXPECT_THAT(control("drop spoon"), HasSubstr("error: there is no line 'spoon'"));
  EXPECT_THAT(control("delay rtde soon"), HasSubstr("error: expected a number"));
  EXPECT_THAT(control("delay rtde"), HasSubstr("error: a number is missing"));
  EXPECT_THAT(control("help"), AllOf(HasSubstr("lines: dashboard primary realtime rtde secondary"),
                                     HasSubstr("protective_stop: ")));
}

}  // namespace
}  // namespace gripbench::hal

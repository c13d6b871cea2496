#include "hal/wsg/wsg_gripper.h"

#include <cmath>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/emulator/wsg_server.h"
#include "tests/unit/experiments/fake_workcell.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string kNothing = "nothing was thrown";

/// An emulated gripper over a scripted workcell, whose part is 40.5 mm wide and presses with 2 N
/// per pad and millimetre.
class WsgTest : public ::testing::Test {
 protected:
  explicit WsgTest(WsgDeviceOptions options = {})
      : workcell_([] { return experiments::make_fake_workcell({}); }),
        control_(board_),
        server_(workcell_, {}, options, board_, control_) {
    Placement placement;
    placement.object = "can";
    workcell_.call([&](Workcell& cell) { cell.stage().present(placement); });
  }

  WsgSettings settings() const {
    WsgSettings settings;
    settings.connection.host = "127.0.0.1";
    settings.connection.port = server_.port();
    settings.connection.answer_timeout = Duration(kPatience);
    settings.connection.stale_after = Duration(2.0);
    settings.connection.reconnect_pause = Duration(0.02);
    return settings;
  }

  static bool ends(WsgGripper& gripper) {
    return eventually([&] { return !gripper.moving(); });
  }

  /// Until the newest state fits.
  template <typename Condition>
  static bool shows(WsgGripper& gripper, Condition condition) {
    return eventually([&] { return condition(gripper.read()); });
  }

  RigClock clock_;
  LiveWorkcell workcell_;
  FaultBoard board_;
  ControlServer control_;
  WsgServer server_;
};

TEST_F(WsgTest, TellsWhoItIsAndWhatItCan) {
  WsgGripper gripper(settings(), clock_);
  EXPECT_EQ(describe_firmware(gripper.identity().firmware), "2.6.4");
  const GripperLimits limits = gripper.limits();
  EXPECT_NEAR(limits.max_width, 0.110, 1e-6);
  EXPECT_NEAR(limits.min_speed, 0.005, 1e-6);
  EXPECT_NEAR(limits.max_speed, 0.420, 1e-6);
  EXPECT_NEAR(limits.max_normal_force, 40.0, 1e-6) << "80 N over both fingers";
  EXPECT_NEAR(gripper.read().width, 0.1, 1e-6);
}

TEST_F(WsgTest, JawsMustBeHomedFirst) {
  WsgGripper gripper(settings(), clock_);
  EXPECT_THAT(message_of([&] { gripper.start_move(0.05, 0.1); }),
              AllOf(HasSubstr("gripper: "), HasSubstr("not homed")));
  workcell_.call([](Workcell& cell) { cell.gripper().start_move(0.09, 0.4); });
  ASSERT_TRUE(
      shows(gripper, [](const auto& state) { return std::abs(state.width - 0.09) < 1e-5; }));
  gripper.prepare();
  EXPECT_FALSE(gripper.homed());
  EXPECT_NEAR(gripper.read().width, 0.09, 1e-5) << "to be ready moves nothing";
  gripper.start_homing();
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(gripper.homed());
  EXPECT_TRUE(shows(gripper, [](const auto& state) { return std::abs(state.width - 0.1) < 1e-5; }));
  gripper.start_move(0.05, 0.4);
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(
      shows(gripper, [](const auto& state) { return std::abs(state.width - 0.05) < 1e-5; }));
}

TEST_F(WsgTest, JammedJawsFindNoZero) {
  WsgGripper gripper(settings(), clock_);
  EXPECT_EQ(control_.answer("jam_jaws"), "ok");
  gripper.start_homing();
  EXPECT_THAT(message_when_it_throws([&] { gripper.moving(); }), HasSubstr("homing failed"));
  EXPECT_FALSE(gripper.homed());
}

class HomedWsg : public WsgTest {
 protected:
  HomedWsg() : WsgTest({.homed = true}) {}
};

TEST_F(HomedWsg, TheForceIsThatOfOnePad) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_move(0.0385, 0.4);
  EXPECT_TRUE(gripper.moving());
  EXPECT_TRUE(ends(gripper));
  // The part of 40.5 mm presses with 2 N per millimetre on each pad.
  EXPECT_TRUE(shows(gripper, [](const auto& state) {
    return std::abs(state.normal_force - 4.0) < 1e-3;
  })) << gripper.read().normal_force;
}

TEST_F(HomedWsg, JawsStopAtTheForceLimit) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.set_force_limit(5.0);
  gripper.start_move(0.010, 0.02);
  EXPECT_TRUE(ends(gripper));
  // 5 N per pad are reached 2.5 mm into the part.
  EXPECT_TRUE(shows(gripper, [](const auto& state) { return state.speed == 0.0; }));
  EXPECT_LE(gripper.read().width, 0.0380 + 1e-5);
  EXPECT_GT(gripper.read().width, 0.015);
  EXPECT_GE(gripper.read().normal_force, 5.0 - 1e-3);
  EXPECT_THAT(message_of([&] { gripper.set_force_limit(41.0); }),
              AllOf(HasSubstr("41 N per pad"), HasSubstr("2.5 to 40 N")));
}

TEST_F(HomedWsg, ASecondMotionReplacesTheFirst) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_move(0.050, 0.005);
  gripper.start_move(0.090, 0.4);
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(
      shows(gripper, [](const auto& state) { return std::abs(state.width - 0.09) < 1e-5; }));
}

TEST_F(HomedWsg, AStoppedMotionEndsWhereItIs) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_move(0.050, 0.005);
  gripper.stop();
  EXPECT_TRUE(ends(gripper));
  EXPECT_GT(gripper.read().width, 0.06);
}

TEST_F(HomedWsg, AStopAsksNothingOfJawsAtRest) {
  const auto says_stopped_after = [this](double width, double speed, bool at_rest) {
    {
      WsgGripper gripper(settings(), clock_);
      gripper.prepare();
      gripper.start_move(width, speed);
      EXPECT_TRUE(!at_rest || ends(gripper));
      gripper.stop();
    }
    std::optional<WsgClient> next;
    EXPECT_TRUE(eventually([&] {
      return message_of([&] { next.emplace(settings().connection, clock_); }) == kNothing;
    }));
    return (next->newest().state_bits & kWsgStopped) != 0;
  };
  EXPECT_FALSE(says_stopped_after(0.0385, 0.4, true)) << "they clamp, and go on to";
  EXPECT_TRUE(says_stopped_after(0.08, 0.005, false));
}

TEST_F(HomedWsg, GraspKnowsWhetherThereIsAPart) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_grasp(0.0405, 0.3);
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(eventually([&] { return gripper.grasping_state() == WsgGraspingState::kHolding; }));
  gripper.start_release(0.09, 0.4);
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(eventually([&] { return gripper.grasping_state() == WsgGraspingState::kIdle; }));
  gripper.start_grasp(0.060, 0.3);
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(eventually([&] { return gripper.grasping_state() == WsgGraspingState::kNoPart; }));
}

TEST_F(HomedWsg, AHeldPartThatGoesIsLost) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_grasp(0.0405, 0.3);
  ASSERT_TRUE(ends(gripper));
  ASSERT_TRUE(eventually([&] { return gripper.grasping_state() == WsgGraspingState::kHolding; }));
  workcell_.call([](Workcell& cell) { cell.gripper().start_move(0.05, 0.4); });
  EXPECT_TRUE(eventually([&] { return gripper.grasping_state() == WsgGraspingState::kPartLost; }));
}

TEST_F(HomedWsg, ImpossibleMotionsAreRefusedBeforeTheyLeave) {
  WsgGripper gripper(settings(), clock_);
  EXPECT_THAT(message_of([&] { gripper.start_move(0.2, 0.1); }), HasSubstr("200 mm is outside"));
  EXPECT_THAT(message_of([&] { gripper.start_move(0.05, 1.0); }),
              HasSubstr("1000 mm/s is outside"));
  EXPECT_THAT(message_of([&] { gripper.start_move(std::nan(""), 0.1); }), HasSubstr("nan mm"));
}

TEST_F(HomedWsg, JammedJawsEndTheMotionWhereTheyAre) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  EXPECT_EQ(control_.answer("jam_jaws"), "ok");
  gripper.start_move(0.05, 0.4);
  EXPECT_TRUE(ends(gripper));
  EXPECT_NEAR(gripper.read().width, 0.1, 1e-6);
  EXPECT_EQ(control_.answer("free_jaws"), "ok");
  gripper.start_move(0.05, 0.4);
  EXPECT_TRUE(ends(gripper));
  EXPECT_TRUE(shows(gripper, [](const auto& state) { return state.width < 0.0501; }));
}

TEST_F(HomedWsg, AnOrderlyGoodbyeKeepsThePart) {
  {
    WsgGripper gripper(settings(), clock_);
    gripper.prepare();
    gripper.start_move(0.0385, 0.4);
    ASSERT_TRUE(ends(gripper));
  }
  // Until the gripper has seen the first connection end, it sends a second client away.
  std::optional<WsgGripper> next;
  ASSERT_TRUE(eventually(
      [&] { return message_of([&] { next.emplace(settings(), clock_); }) == kNothing; }));
  next->check();
  EXPECT_NEAR(next->read().normal_force, 4.0, 1e-3);
}

TEST_F(HomedWsg, ADroppedConnectionLetsGoAndIsSaid) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_move(0.0385, 0.4);
  ASSERT_TRUE(ends(gripper));
  control_.answer("drop wsg");
  ASSERT_TRUE(eventually([&] { return gripper.reconnections() == 1; }));
  EXPECT_THAT(message_when_it_throws([&] { gripper.check(); }), HasSubstr("fast stop"));
  EXPECT_TRUE(shows(gripper, [](const auto& state) { return state.normal_force == 0.0; }));
  EXPECT_THAT(message_of([&] { gripper.start_move(0.05, 0.1); }),
              AllOf(HasSubstr("fast stop"), HasSubstr("acknowledge")));
  EXPECT_EQ(message_of([&] { gripper.stop(); }), kNothing) << "nothing moves";

  gripper.acknowledge();
  EXPECT_TRUE(eventually([&] { return message_of([&] { gripper.check(); }) == kNothing; }));
  gripper.start_move(0.09, 0.4);
  EXPECT_TRUE(ends(gripper));
}

TEST_F(HomedWsg, AMotionUnderWayWhenTheConnectionDropsIsSaidToBe) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_move(0.045, 0.005);
  control_.answer("drop wsg");
  EXPECT_THAT(message_when_it_throws([&] { gripper.moving(); }),
              AllOf(HasSubstr("connection was lost"), HasSubstr("acknowledge")));
}

TEST_F(HomedWsg, ASilentGripperIsSaidToBeAndNeverDropped) {
  WsgSettings quick = settings();
  quick.connection.stale_after = Duration(0.3);
  WsgGripper gripper(quick, clock_);
  control_.answer("freeze wsg");
  EXPECT_THAT(message_when_it_throws([&] { gripper.read(); }), HasSubstr("the gripper is silent"));
  control_.answer("thaw wsg");
  EXPECT_TRUE(eventually([&] { return message_of([&] { gripper.read(); }) == kNothing; }));
  EXPECT_EQ(gripper.reconnections(), 0u);
  EXPECT_TRUE(eventually([&] { return message_of([&] { gripper.check(); }) == kNothing; }));
}

TEST_F(HomedWsg, GarbledFramesAreSkippedAndCounted) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  control_.answer("garble wsg 20");
  ASSERT_TRUE(eventually([&] { return board_.find("wsg")->garble == 0; }));
  const double then = gripper.read().time;
  EXPECT_TRUE(shows(gripper, [&](const auto& state) { return state.time > then + 0.1; }));
  EXPECT_EQ(gripper.reconnections(), 0u);
  gripper.start_move(0.09, 0.4);
  EXPECT_TRUE(ends(gripper));
}

TEST_F(HomedWsg, LateAnswersAreWaitedFor) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  control_.answer("delay wsg 0.2");
  gripper.start_move(0.09, 0.4);
  EXPECT_TRUE(ends(gripper));
  control_.answer("delay wsg 0");
}

TEST_F(HomedWsg, ASecondClientIsSentAway) {
  const WsgGripper first(settings(), clock_);
  EXPECT_THAT(message_of([&] { WsgGripper(settings(), clock_); }),
              HasSubstr("does another program hold the gripper?"));
  first.check();
}

TEST_F(HomedWsg, AnAnswerThatNeverComesIsATimeout) {
  WsgSettings quick = settings();
  quick.connection.answer_timeout = Duration(0.5);
  WsgGripper gripper(quick, clock_);
  gripper.start_move(0.050, 0.005);
  control_.answer("freeze wsg");
  EXPECT_THROW(gripper.stop(), TimeoutError);
  EXPECT_THAT(message_of([&] { gripper.stop(); }), HasSubstr("expected an answer to the stop"));
  control_.answer("thaw wsg");
}

TEST_F(HomedWsg, SomeoneElsesFastStopEndsTheMotion) {
  WsgGripper gripper(settings(), clock_);
  gripper.prepare();
  gripper.start_move(0.050, 0.005);
  gripper.fast_stop();
  EXPECT_THAT(message_when_it_throws([&] { gripper.moving(); }),
              HasSubstr("stopped before it ended"));
  EXPECT_THAT(message_when_it_throws([&] { gripper.check(); }), HasSubstr("fast stop"));
}

class WrongDevice : public ::testing::Test {
 protected:
  static std::string complaint(std::uint16_t port, double patience = kPatience) {
    const RigClock clock;
    WsgSettings settings;
    settings.connection.host = "127.0.0.1";
    settings.connection.port = port;
    settings.connection.answer_timeout = Duration(patience);
    return message_of([&] { WsgGripper(settings, clock); });
  }
};

TEST_F(WrongDevice, NobodyListens) {
  std::uint16_t port = 0;
  {
    port = TcpServer({}, [](TcpConnection&, std::stop_token) {}).port();
  }
  EXPECT_THAT(complaint(port),
              AllOf(HasSubstr("gripper: no connection to 127.0.0.1:"), HasSubstr("refused")));
}

TEST_F(WrongDevice, AnotherProtocolIsNamedByWhatItSays) {
  const TcpServer dashboard({}, [](TcpConnection& connection, std::stop_token stop) {
    connection.send("Connected: Universal Robots Dashboard Server\n");
    while (!stop.stop_requested()) connection.receive(Duration(0.02));
  });
  EXPECT_THAT(complaint(dashboard.port()),
              AllOf(HasSubstr("gripper: expected a frame of the WSG protocol"),
                    HasSubstr("Connected: Universal")));
}

TEST_F(WrongDevice, ASilentOneIsATimeout) {
  const TcpServer silent({}, [](TcpConnection& connection, std::stop_token stop) {
    while (!stop.stop_requested()) connection.receive(Duration(0.02));
  });
  EXPECT_THAT(complaint(silent.port(), 0.1),
              AllOf(HasSubstr("expected the identity"), HasSubstr("port 1000")));
}

TEST(WrongWsg, AnotherKindAndOldFirmwareAreRefused) {
  LiveWorkcell workcell([] { return experiments::make_fake_workcell({}); });
  FaultBoard board;
  ControlServer control(board);
  const RigClock clock;
  WsgSettings settings;
  settings.connection.host = "127.0.0.1";
  settings.connection.answer_timeout = Duration(kPatience);
  const auto complaint = [&](WsgIdentity identity) {
    WsgServer server(workcell, {}, {.identity = identity}, board, control);
    settings.connection.port = server.port();
    return message_of([&] { WsgGripper(settings, clock); });
  };
  EXPECT_THAT(complaint({2, 1, 0x2640, 1}),
              AllOf(HasSubstr("expected a WSG 50 at"), HasSubstr("got WSG 32")));
  EXPECT_THAT(complaint({kWsg50, 1, 0x1300, 1}),
              AllOf(HasSubstr("expected firmware 2.0.0"), HasSubstr("got 1.3.0")));
}

}  // namespace
}  // namespace gripbench::hal

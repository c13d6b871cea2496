#include "hal/watchdog/watchdog.h"

#include <memory>
#include <optional>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/net/line_reader.h"
#include "hal/rig/rig_watchdog.h"
#include "hal/rig/rig_workcell.h"
#include "hal/watchdog/start_watchdog.h"
#include "hal/watchdog/watched_run.h"
#include "hal/wsg/wsg_gripper.h"
#include "tests/unit/rig/emulated_rig.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A watchdog on a thread in place of its process, between an emulated rig and a run.
class WatchdogTest : public ::testing::Test {
 protected:
  WatchdogTest() {
    watchdog_ = std::make_unique<Watchdog>(as_started(), [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      said_ += line + "\n";
    });
    port_ = watchdog_->port();
    thread_ = std::jthread([this] {
      ended_with_ = message_of([this] { watchdog_->run(asked_); });
      ended_ = true;
    });
  }
  ~WatchdogTest() override {
    // Whatever a failed test left.
    eventually([this] {
      asked_ = true;
      return ended_.load();
    });
  }

  RigSettings watched_rig() const {
    RigSettings rig = rig_.settings();
    rig.watchdog.emplace();
    rig.watchdog->port = port_;
    // Deaths show by closed connections at once; silence is for WatchState's own tests.
    rig.watchdog->rules = {.beat_timeout = kPatience,
                           .camera_timeout = 1.0,
                           .hang_timeout = kPatience,
                           .idle_timeout = kPatience};
    return rig;
  }
  WatchdogSettings as_started() const { return watchdog_settings(watched_rig()); }
  static std::string complaint_about(const WatchdogSettings& settings) {
    return message_of([&] { find_or_start_watchdog("/nowhere", "/nowhere", settings); });
  }
  std::string said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  /// As its process would: whatever it still has open is closed.
  bool ends() {
    if (!eventually([this] { return ended_.load(); })) return false;
    watchdog_.reset();
    return true;
  }
  WsgSettings through(const WatchedRun& run) const {
    WsgSettings settings = rig_.settings().gripper;
    settings.connection.port = run.gripper_port();
    return settings;
  }
  bool gripper_in_fast_stop() { return (rig_.gripper_state_bits() & kWsgFastStop) != 0; }
  double force() const { return rig_.workcell.state().gripper.normal_force; }
  bool arm_stands() const {
    const LiveState then = rig_.workcell.state();
    eventually([&] { return rig_.workcell.state().number > then.number + 100; });
    const Eigen::Vector3d way = rig_.workcell.state().arm.base_from_tcp.translation() -
                                then.arm.base_from_tcp.translation();
    return way.norm() < 1e-6;
  }
  static void grip(WsgGripper& gripper) {
    gripper.prepare();
    gripper.start_move(0.039, 0.3);
    ASSERT_TRUE(eventually([&] { return !gripper.moving(); }));
  }
  void send_long_lift(UrArm& arm) {
    Eigen::Isometry3d up = arm.read().base_from_tcp;
    up.translation().z() += 0.4;
    lift_end_ = up.translation().z();
    arm.start_move(up, {0.02, 1.0});
  }
  void begin_long_lift(UrArm& arm) {
    arm.prepare();
    send_long_lift(arm);
    ASSERT_TRUE(eventually([&] { return rig_.workcell.state().arm.tcp_velocity.z() > 0.0; }));
  }

  EmulatedRig rig_;
  RigClock clock_;
  std::mutex mutex_;
  std::string said_;
  std::string ended_with_;
  double lift_end_ = 0.0;
  std::atomic<bool> asked_{false}, ended_{false};
  std::unique_ptr<Watchdog> watchdog_;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

TEST_F(WatchdogTest, ARunThatEndsInOrderTakesItAlong) {
  {
    WatchedRun run(port_);
    WsgGripper gripper(through(run), clock_);
    grip(gripper);
    EXPECT_NEAR(gripper.read().normal_force, 3.0, 1e-2);
    run.come_by();
  }
  EXPECT_TRUE(ends());
  EXPECT_EQ(ended_with_, "nothing was thrown");
  EXPECT_NEAR(force(), 3.0, 1e-6) << "the goodbye came through";
  EXPECT_FALSE(gripper_in_fast_stop());
}

TEST_F(WatchdogTest, ACameraThatStallsStopsTheArmAndKeepsTheGrip) {
  WatchedRun run(port_);
  std::atomic<std::uint64_t> frames{1};
  std::atomic<bool> stalled{false};
  run.tell_frames_of("tactile", [&] { return stalled ? frames.load() : ++frames; });
  std::optional<WsgGripper> gripper(std::in_place, through(run), clock_);
  grip(*gripper);
  UrArm arm(rig_.settings().arm, clock_);
  begin_long_lift(arm);
  stalled = true;
  EXPECT_THAT(message_when_it_throws([&] { run.come_by(); }),
              AllOf(HasSubstr("watchdog: "), HasSubstr("tactile: no frame for")));
  ASSERT_TRUE(eventually([&] { return said().find("keep their grip") != std::string::npos; }));
  EXPECT_THAT(said(), AllOf(HasSubstr("the arm stands"), HasSubstr("tactile: no frame"),
                            HasSubstr("gripbench watchdog release")));
  EXPECT_TRUE(arm_stands());
  EXPECT_NEAR(force(), 3.0, 1e-6);
  EXPECT_THAT(message_when_it_throws([&] { gripper->read(); }), HasSubstr("no width"))
      << "the run has nothing to say any more";
  gripper.reset();
  EXPECT_NEAR(force(), 3.0, 1e-6);

  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(ends());
  EXPECT_NEAR(force(), 3.0, 1e-6);
  EXPECT_FALSE(gripper_in_fast_stop());
}

TEST_F(WatchdogTest, ARunThatTheRigWasTakenFromSaysWhyAndMovesNothing) {
  RigSettings settings = watched_rig();
  // The watchdog shall see it first.
  settings.tactile.stale_after = Duration(kPatience);
  {
    const auto rig = make_rig_workcell(settings);
    Eigen::Isometry3d goal = rig->arm().read().base_from_tcp;
    goal.linear() = Eigen::Vector3d(1.0, -1.0, -1.0).asDiagonal();
    goal.translation().z() -= 0.05;
    const LinearMotionLimits slowly{0.001, 1.0};
    rig->arm().start_move(goal, slowly);
    ASSERT_TRUE(eventually([&] { return rig_.workcell.state().arm.tcp_velocity.z() < 0.0; }));
    rig_.control.answer("freeze tactile");
    const auto why = AllOf(HasSubstr("watchdog: "), HasSubstr("tactile: no frame for"));
    // What it finds at the device is that its program was replaced.
    EXPECT_THAT(message_when_it_throws([&] { rig->arm().moving(); }), why);
    ASSERT_TRUE(eventually([&] { return said().find("keep their grip") != std::string::npos; }));
    EXPECT_THAT(message_when_it_throws([&] { rig->gripper().read(); }), why) << "it is silent";
    EXPECT_THAT(message_of([&] { rig->gripper().start_move(0.05, 0.1); }), why);
    EXPECT_THAT(message_of([&] { rig->arm().start_move(goal, slowly); }), why);
    EXPECT_THAT(message_of([&] { rig->clock().sleep_until(0.0); }), why) << "though it is past";
    EXPECT_TRUE(arm_stands());
    EXPECT_GT(rig_.workcell.state().arm.base_from_tcp.translation().z(),
              goal.translation().z() + 0.01);
    EXPECT_EQ(said().find("stopped again"), std::string::npos) << "there was nothing to stop";
  }
  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(ends());
}

TEST_F(WatchdogTest, ALostRunThatComesBackDoesNotSpeakForTheNext) {
  std::optional<WatchedRun> next;
  {
    TcpConnection lost = TcpConnection::connect("127.0.0.1", port_, Duration(5.0));
    LineReader reader;
    const auto answer = [&](const std::string& line) {
      lost.send(line + "\n");
      std::optional<std::string> said;
      eventually([&] {
        said = reader.next();
        if (!said) reader.append(lost.receive(Duration(0.01)));
        return said.has_value();
      });
      return said.value_or("");
    };
    EXPECT_THAT(answer("watch"), HasSubstr("ok "));
    ASSERT_TRUE(eventually(
        [&] { return answer("beat 1 tactile=1").find("no frame for") != std::string::npos; }));
    ASSERT_TRUE(eventually([&] { return said().find("keep their grip") != std::string::npos; }));
    next.emplace(port_);
    EXPECT_EQ(answer("beat 2 tactile=2"), "error: another run has the rig now");
  }
  // By then it has seen the lost one's connection close.
  for (int beat = 0; beat < 20; ++beat) next->demand_rig();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  next->demand_rig();
  EXPECT_THAT(ask_watchdog(port_, "hello"), HasSubstr("; watching"));
}

TEST(WatchedRun, WithoutAnAnswerNothingMaySetOut) {
  std::atomic<bool> answers{false};
  const TcpServer mute({}, [&](TcpConnection& connection, std::stop_token stop) {
    LineReader reader;
    while (!stop.stop_requested()) {
      reader.append(connection.receive(Duration(0.01)));
      while (const std::optional<std::string> line = reader.next()) {
        while (*line != "watch" && !answers && !stop.stop_requested()) {
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        connection.send(std::string_view("ok 1\n"));
      }
    }
  });
  WatchedRun run(mute.port(), 0.1);
  EXPECT_THROW(run.demand_rig(), MotionRefused);
  EXPECT_EQ(message_of([&] { run.explain_fault(); }), "nothing was thrown")
      << "then what the device says stands";
  answers = true;
  EXPECT_TRUE(
      eventually([&] { return message_of([&] { run.demand_rig(); }) == "nothing was thrown"; }));
}

/// A run that dies: its connections close, as the system does it for a process that is killed.
class DyingRun : public WatchdogTest {
 protected:
  /// The jaws go to a width (mm) at a speed (mm/s), and the run dies once `under_way`.
  void die(float width, float speed, const std::function<bool()>& under_way) {
    WatchedRun run(port_);
    {
      TcpConnection raw = TcpConnection::connect("127.0.0.1", run.gripper_port(), Duration(5.0));
      raw.send(encode(make_request(WsgCommand::kIdentity)));
      ASSERT_FALSE(raw.receive(Duration(kPatience)).empty());
      raw.send(encode(make_value_request(WsgCommand::kForce, {true, false, 20})));
      raw.send(encode(make_pre_position({false, false, width, speed})));
      ASSERT_TRUE(eventually([&] {
        raw.receive(Duration(0.01));
        return under_way();
      }));
    }
    ASSERT_TRUE(eventually([&] { return said().find("keep their grip") != std::string::npos; }));
  }
  bool holds() const {
    return std::abs(force() - 3.0) < 1e-6 && !rig_.workcell.state().gripper_moving;
  }
  void die_with_a_grip() {
    die(39.0f, 300.0f, [this] { return holds(); });
  }
};

TEST_F(DyingRun, JawsThatCloseStayWhereTheyAre) {
  die(39.0f, 20.0f, [this] { return rig_.workcell.state().gripper_moving; });
  ASSERT_TRUE(eventually([&] { return !rig_.workcell.state().gripper_moving; }));
  const double width = rig_.workcell.state().gripper.width;
  EXPECT_GT(width, 0.041) << "they were on their way to 0.039 for three seconds";
  EXPECT_TRUE(arm_stands());
  EXPECT_NEAR(rig_.workcell.state().gripper.width, width, 1e-9);
  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(ends());
  EXPECT_FALSE(gripper_in_fast_stop());
}

TEST_F(DyingRun, AnArmThatLiftsStandsAndThePartIsHeld) {
  std::optional<UrArm> arm(std::in_place, rig_.settings().arm, clock_);
  die(39.0f, 300.0f, [&] {
    if (!holds()) return false;
    begin_long_lift(*arm);
    // As when its process dies: the program that it sent goes on.
    arm.reset();
    return true;
  });
  ASSERT_TRUE(eventually([&] { return !rig_.workcell.state().arm_moving; }));
  EXPECT_LT(rig_.workcell.state().arm.base_from_tcp.translation().z(), lift_end_ - 0.01);
  EXPECT_TRUE(arm_stands());
  EXPECT_TRUE(holds());
  EXPECT_THAT(said(), HasSubstr("the arm stands"));
  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(ends());
  EXPECT_TRUE(holds());
  EXPECT_FALSE(gripper_in_fast_stop());
}

TEST_F(DyingRun, AMotionThatWasOnlyJustSentIsStoppedToo) {
  std::optional<UrArm> arm(std::in_place, rig_.settings().arm, clock_);
  arm->prepare();
  die(39.0f, 300.0f, [&] {
    if (!holds()) return false;
    send_long_lift(*arm);
    return true;
  });
  EXPECT_TRUE(arm_stands());
  EXPECT_LT(rig_.workcell.state().arm.base_from_tcp.translation().z(), lift_end_ - 0.01);
  EXPECT_TRUE(holds());
  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(ends());
  EXPECT_TRUE(arm_stands());
}

TEST_F(DyingRun, AMotionThatIsSentAfterwardsIsStoppedAgain) {
  UrArm arm(rig_.settings().arm, clock_);
  arm.prepare();
  die_with_a_grip();
  send_long_lift(arm);
  EXPECT_THAT(message_when_it_throws([&] { arm.moving(); }),
              HasSubstr("replaced by another program"))
      << "the stop's end is not taken for the motion's";
  EXPECT_TRUE(eventually([&] { return said().find("it was seen to move") != std::string::npos; }));
  EXPECT_THAT(said(), HasSubstr("stopped again"));
  EXPECT_TRUE(arm_stands());
  EXPECT_LT(rig_.workcell.state().arm.base_from_tcp.translation().z(), lift_end_ - 0.01);
  EXPECT_TRUE(holds());
  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(ends());
}

TEST_F(DyingRun, TheGripperNoticesNothingAndAPersonMayOpenIt) {
  die_with_a_grip();
  EXPECT_THAT(said(), AllOf(HasSubstr("closed without goodbye"), HasSubstr("N per pad")));
  EXPECT_NEAR(force(), 3.0, 1e-6);
  EXPECT_EQ(ask_watchdog(port_, "open"), "");
  EXPECT_TRUE(ends());
  EXPECT_EQ(force(), 0.0);
  EXPECT_NEAR(rig_.workcell.state().gripper.width, 0.1, 1e-6);
  EXPECT_FALSE(gripper_in_fast_stop());
}

TEST_F(DyingRun, TheNextRunTakesTheConnectionOver) {
  die_with_a_grip();
  EXPECT_EQ(find_or_start_watchdog("/nowhere", "/nowhere", as_started()).port, port_)
      << "it is found, and none is started";
  {
    WatchedRun next(port_);
    WsgGripper gripper(through(next), clock_);
    EXPECT_NEAR(gripper.read().normal_force, 3.0, 1e-2) << "still held";
    gripper.check();
    EXPECT_THAT(message_of([&] { const WatchedRun second(port_); }),
                HasSubstr("another run has the rig"));
    EXPECT_THAT(message_of([&] { ask_watchdog(port_, "release"); }),
                HasSubstr("a run is being watched"));
    gripper.start_move(0.09, 0.3);
    EXPECT_TRUE(eventually([&] { return !gripper.moving(); }));
  }
  EXPECT_TRUE(ends());
}

TEST_F(DyingRun, ARequestToEndIsARelease) {
  die_with_a_grip();
  asked_ = true;
  EXPECT_TRUE(ends());
  EXPECT_THAT(said(), HasSubstr("holds on by itself"));
  EXPECT_NEAR(force(), 3.0, 1e-6);
}

TEST_F(DyingRun, AGripperThatIsLostMeanwhileIsSaid) {
  die_with_a_grip();
  rig_.control.answer("drop wsg");
  EXPECT_TRUE(ends());
  EXPECT_THAT(ended_with_, AllOf(HasSubstr("gripper: "), HasSubstr("has let go")));
}

TEST_F(WatchdogTest, ADroppedGripperIsSeenByTheRunAsWithoutAWatchdog) {
  WatchedRun run(port_);
  WsgGripper gripper(through(run), clock_);
  grip(gripper);
  rig_.control.answer("drop wsg");
  ASSERT_TRUE(eventually([&] { return gripper.reconnections() >= 1; }));
  // Until the new connection has brought a width, the last one is merely old.
  EXPECT_TRUE(eventually(
      [&] { return message_of([&] { gripper.check(); }).find("fast stop") != std::string::npos; }));
  gripper.acknowledge();
  run.come_by();
}

TEST_F(WatchdogTest, StrangersAreAnsweredAndChangeNothing) {
  EXPECT_THAT(ask_watchdog(port_, "hello"), HasSubstr("gripbench-watchdog gripper 127.0.0.1:"));
  EXPECT_THAT(message_of([&] { ask_watchdog(port_, "dance"); }), HasSubstr("unknown command"));
  EXPECT_THAT(message_of([&] { ask_watchdog(port_, "beat often"); }),
              HasSubstr("expected a count"));
  WatchdogSettings nowhere = as_started();
  nowhere.port = 0;
  EXPECT_THAT(complaint_about(nowhere), HasSubstr("cannot be started"));
}

TEST_F(WatchdogTest, OneOfAnotherRigOrWithOtherSettingsIsNotTaken) {
  WatchdogSettings other = as_started();
  other.gripper.connection.host = "192.0.2.1";
  EXPECT_THAT(complaint_about(other),
              AllOf(HasSubstr("taken by that of another rig (gripper 127.0.0.1:"),
                    HasSubstr("here gripper 192.0.2.1:"), HasSubstr("give another")));
  other = as_started();
  other.arm.host = "192.0.2.1";
  EXPECT_THAT(complaint_about(other),
              AllOf(HasSubstr("has arm 127.0.0.1 at"), HasSubstr("says arm 192.0.2.1 at"),
                    HasSubstr("gripbench watchdog release --port")));
  other = as_started();
  other.arm.payload += 1.0;
  EXPECT_THAT(complaint_about(other), HasSubstr("payload"));
  other = as_started();
  other.rules.hang_timeout += 1.0;
  EXPECT_THAT(complaint_about(other), HasSubstr("hang_timeout"));
  other = as_started();
  other.opening.speed = 0.01;
  EXPECT_THAT(complaint_about(other), HasSubstr("opening to 0.1 m at 0.01 m/s"));
  EXPECT_EQ(find_or_start_watchdog("/nowhere", "/nowhere", as_started()).port, port_);
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/watchdog/watch_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;
using Mode = WatchState::Mode;

/// Times are the test's own; the rules are round so that they are easy to follow.
class WatchStateTest : public ::testing::Test {
 protected:
  /// A run that beats every 0.1 s, its camera and its thread going on, until `end`.
  void live_until(double end) {
    for (; now_ < end - 1e-9; now_ += 0.1) {
      ++progress_, ++frames_;
      beat_and_tick();
    }
  }
  void beat_and_tick() {
    state_.beat(now_, {progress_, {{"camera", frames_}}});
    state_.tick(now_, arm_moves_);
  }

  WatchState state_{
      {.beat_timeout = 0.5, .camera_timeout = 1.0, .hang_timeout = 2.0, .idle_timeout = 30.0}, 0.0};
  double now_ = 0.0;
  std::uint64_t progress_ = 0, frames_ = 0;
  bool arm_moves_ = true;
};

TEST_F(WatchStateTest, ALivingRunIsLeftAlone) {
  ASSERT_TRUE(state_.begin(0.0));
  live_until(100.0);
  EXPECT_EQ(state_.mode(), Mode::kWatching);
  state_.goodbye();
  EXPECT_EQ(state_.mode(), Mode::kDone);
}

TEST_F(WatchStateTest, ARunThatStopsBeatingIsLostAfterItsTimeAndNotBefore) {
  state_.begin(0.0);
  live_until(10.0);
  const double last = now_ - 0.1;
  state_.tick(last + 0.49, true);
  EXPECT_EQ(state_.mode(), Mode::kWatching);
  state_.tick(last + 0.51, true);
  EXPECT_EQ(state_.mode(), Mode::kHolding);
  EXPECT_THAT(state_.reason(), HasSubstr("has not beaten for 0.51 s"));
}

TEST_F(WatchStateTest, AConnectionThatClosesWithoutGoodbyeIsADeathAtOnce) {
  state_.begin(0.0);
  live_until(1.0);
  state_.lost("the run's connection to the gripper");
  EXPECT_EQ(state_.mode(), Mode::kHolding);
  EXPECT_THAT(state_.reason(), HasSubstr("connection to the gripper closed without goodbye"));
}

TEST_F(WatchStateTest, ACameraThatStallsWhileBeatsGoOnCounts) {
  state_.begin(0.0);
  live_until(5.0);
  for (const double stalled = now_; now_ < stalled + 0.95; now_ += 0.1) {
    ++progress_;
    beat_and_tick();
  }
  EXPECT_EQ(state_.mode(), Mode::kWatching) << "0.95 s are within the rule";
  for (const double end = now_ + 0.3; now_ < end; now_ += 0.1) beat_and_tick();
  EXPECT_EQ(state_.mode(), Mode::kHolding);
  EXPECT_THAT(state_.reason(), HasSubstr("camera: no frame for"));
}

TEST_F(WatchStateTest, ACameraThatNeverHadAFrameIsNotMissed) {
  state_.begin(0.0);
  for (; now_ < 5.0; now_ += 0.1) {
    ++progress_;
    beat_and_tick();
  }
  EXPECT_EQ(state_.mode(), Mode::kWatching);
}

TEST_F(WatchStateTest, ACameraThatIsForgottenIsNotMissed) {
  state_.begin(0.0);
  live_until(5.0);
  for (; now_ < 15.0; now_ += 0.1) {
    state_.beat(now_, {++progress_, {}});
    state_.tick(now_, arm_moves_);
  }
  EXPECT_EQ(state_.mode(), Mode::kWatching) << "as at a run's end, which may take its time";
  live_until(20.0);
  for (const double end = now_ + 1.2; now_ < end; now_ += 0.1) beat_and_tick();
  EXPECT_EQ(state_.mode(), Mode::kHolding) << "told of again, it counts again";
}

TEST_F(WatchStateTest, ARunMayWaitForAPersonButNotWhileTheArmMoves) {
  state_.begin(0.0);
  live_until(1.0);
  arm_moves_ = false;
  for (const double end = now_ + 60.0; now_ < end; now_ += 0.1) {
    ++frames_;
    beat_and_tick();
  }
  EXPECT_EQ(state_.mode(), Mode::kWatching) << "nothing moves while somebody is asked";
  arm_moves_ = true;
  const double moving = now_;
  for (; now_ < moving + 1.9; now_ += 0.1) {
    ++frames_;
    beat_and_tick();
  }
  EXPECT_EQ(state_.mode(), Mode::kWatching);
  for (const double end = now_ + 0.4; now_ < end; now_ += 0.1) {
    ++frames_;
    beat_and_tick();
  }
  EXPECT_EQ(state_.mode(), Mode::kHolding);
  EXPECT_THAT(state_.reason(), HasSubstr("it hangs"));
}

TEST_F(WatchStateTest, WhatALostRunHeldStaysHeldUntilSomebodyComes) {
  state_.begin(0.0);
  live_until(1.0);
  EXPECT_FALSE(state_.begin(now_)) << "a living run is not pushed aside";
  EXPECT_FALSE(state_.release()) << "nor is what it holds given away";
  state_.lost("it");
  state_.tick(1e6, false);
  state_.goodbye();
  state_.beat(1e6, {9999, {{"camera", 9999}}});
  EXPECT_EQ(state_.mode(), Mode::kHolding) << "late words change nothing";
  EXPECT_TRUE(state_.release());
  EXPECT_EQ(state_.mode(), Mode::kDone);
  EXPECT_FALSE(state_.begin(1e6)) << "it is over";
}

TEST_F(WatchStateTest, TheNextRunTakesOverWithAFreshStart) {
  state_.begin(0.0);
  live_until(1.0);
  state_.lost("it");
  now_ = 500.0;
  progress_ = frames_ = 0;
  EXPECT_TRUE(state_.begin(now_));
  EXPECT_EQ(state_.reason(), "");
  state_.tick(now_ + 0.4, true);
  live_until(510.0);
  EXPECT_EQ(state_.mode(), Mode::kWatching);
}

TEST_F(WatchStateTest, WhoWatchesNobodyEnds) {
  state_.tick(29.0, false);
  EXPECT_EQ(state_.mode(), Mode::kIdle);
  state_.tick(31.0, false);
  EXPECT_EQ(state_.mode(), Mode::kDone);
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/emulator/live_workcell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"
#include "tests/unit/hal/emulator/loopback.h"

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;

TEST(LiveWorkcell, TimeGoesOnByItselfAndNeverBack) {
  LiveWorkcell live([] { return experiments::make_fake_workcell({}); });
  double last = 0.0;
  EXPECT_TRUE(eventually([&] {
    const LiveState state = live.state();
    EXPECT_GE(state.arm.time, last - 1e-9);
    last = state.arm.time;
    return state.arm.time > 0.1;
  }));
}

TEST(LiveWorkcell, ShowsACommandsEffectWhenItsFutureIsReady) {
  LiveWorkcell live([] { return experiments::make_fake_workcell({}); });
  Eigen::Isometry3d goal = live.state().arm.base_from_tcp;
  goal.translation().x() += 0.05;
  live.call([&](Workcell& cell) { cell.arm().start_move(goal, {0.2, 1.0}); });
  const LiveState at_once = live.state();
  EXPECT_TRUE(at_once.arm_moving || same_pose(at_once.arm.base_from_tcp, goal));
  EXPECT_TRUE(eventually([&] { return !live.state().arm_moving; }));
  EXPECT_TRUE(same_pose(live.state().arm.base_from_tcp, goal));
}

TEST(LiveWorkcell, CommandsRunInTheOrderPosted) {
  LiveWorkcell live([] { return experiments::make_fake_workcell({}); });
  std::vector<int> order;
  std::vector<std::future<void>> done;
  for (int i = 0; i < 50; ++i) done.push_back(live.post([&, i](Workcell&) { order.push_back(i); }));
  for (auto& future : done) future.get();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(order.at(i), i);
}

TEST(LiveWorkcell, WhatACommandThrowsComesOutOfItsFuture) {
  LiveWorkcell live([] { return experiments::make_fake_workcell({}); });
  EXPECT_THAT(
      message_of([&] { live.call([](Workcell&) { throw MotionRefused("arm", "out of reach"); }); }),
      HasSubstr("out of reach"));
  EXPECT_NO_THROW(live.call([](Workcell&) {}));
}

TEST(LiveWorkcell, WhatMakingItThrowsComesOutOfTheConstructor) {
  EXPECT_THROW(LiveWorkcell([]() -> std::unique_ptr<Workcell> { throw InputError("no file"); }),
               InputError);
}

TEST(LiveWorkcell, ItsClockGoesOnWhereAPlacementStartsTheWorkcellsAnew) {
  LiveWorkcell live([] { return experiments::make_fake_workcell({}); });
  ASSERT_TRUE(eventually([&] { return live.state().arm.time > 0.5; }));
  const double before = live.state().arm.time;
  live.call([](Workcell& cell) { cell.stage().present({}); });
  EXPECT_GE(live.state().arm.time, before);
  EXPECT_LE(live.state().arm.time, live.now());
}

TEST(LiveWorkcell, SaysWhyThereIsNothingToMeasure) {
  experiments::FakeScript script;
  LiveWorkcell live([script] { return experiments::make_fake_workcell(script); });
  EXPECT_EQ(live.state().not_ready_because, "");
  EXPECT_FALSE(live.state().wrench.has_value());
}

TEST(LiveWorkcell, GivesEveryFrameOnceInTheOrderOfItsTime) {
  LiveWorkcell live([] { return experiments::make_fake_workcell({}); });
  double last = live.now();
  std::uint64_t sequence = 0;
  for (int count = 0; count < 5;) {
    const std::optional<Frame> frame = live.frame_after(LiveCamera::kTactile, last);
    if (!frame) {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ASSERT_LT(live.now(), kPatience);
      continue;
    }
    EXPECT_GT(frame->time, last);
    EXPECT_LE(frame->time, live.now());
    if (count > 0) {
      EXPECT_EQ(frame->sequence, sequence + 1);
    }
    EXPECT_FALSE(frame->image.empty());
    last = frame->time;
    sequence = frame->sequence;
    ++count;
  }
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/safety/guarded_workcell.h"

#include <gtest/gtest.h>

#include "hal/errors.h"
#include "tests/unit/experiments/fake_workcell.h"

namespace gripbench::hal {
namespace {

SafetyLimits limits() {
  SafetyLimits l;
  l.workspace = {Eigen::Vector3d(0.3, -0.2, 0.0), Eigen::Vector3d(0.6, 0.2, 0.4)};
  l.finger_reach = 0.008;
  l.table_clearance = 0.002;
  l.max_tilt = 0.1;
  l.max_speed = 0.25;
  l.max_acceleration = 1.2;
  l.max_jaw_speed = 0.05;
  l.max_normal_force = 2.5;
  l.max_lift = 0.025;
  l.holding_force = 0.5;
  return l;
}

class GuardedWorkcellTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cell_ = guard(experiments::make_fake_workcell({}, &log_), limits());
    Placement placement;
    placement.object = "egg";
    placement.grasp = "egg/000";
    cell_->stage().present(placement);
  }

  void move_to(double z) {
    Eigen::Isometry3d pose = cell_->arm().read().base_from_tcp;
    pose.linear() = Eigen::Vector3d(1, -1, -1).asDiagonal();
    pose.translation().z() = z;
    cell_->arm().start_move(pose, {0.2, 1.0});
    while (cell_->arm().moving()) cell_->clock().sleep_until(cell_->clock().now() + 0.02);
  }

  void close_to(double width) {
    cell_->gripper().start_move(width, 0.05);
    while (cell_->gripper().moving()) cell_->clock().sleep_until(cell_->clock().now() + 0.02);
  }

  experiments::FakeLog log_;
  std::unique_ptr<Workcell> cell_;
};

TEST_F(GuardedWorkcellTest, WhatIsRefusedNeverReachesTheDevice) {
  const double before = cell_->arm().read().base_from_tcp.translation().z();
  EXPECT_THROW(move_to(0.5), MotionRefused);
  cell_->clock().sleep_until(cell_->clock().now() + 0.5);
  EXPECT_FALSE(cell_->arm().moving());
  EXPECT_EQ(cell_->arm().read().base_from_tcp.translation().z(), before);
  const double width = cell_->gripper().read().width;
  EXPECT_THROW(cell_->gripper().start_move(0.03, 0.06), MotionRefused);
  cell_->clock().sleep_until(cell_->clock().now() + 0.5);
  EXPECT_EQ(cell_->gripper().read().width, width);
}

TEST_F(GuardedWorkcellTest, WhatIsHeldIsLiftedOnlySoFarAboveWhereTheJawsClosed) {
  move_to(0.06);
  close_to(0.0398);
  ASSERT_GT(cell_->gripper().read().normal_force, 0.5);
  move_to(0.084);
  EXPECT_THROW(move_to(0.1), MotionRefused);
  close_to(0.045);
  // Nothing is held any more: the tool may go where it likes.
  move_to(0.2);
}

TEST_F(GuardedWorkcellTest, SmallMotionsOfTheJawsBetweenLiftsDoNotAddUpToAHighOne) {
  move_to(0.06);
  close_to(0.0398);
  move_to(0.07);
  close_to(0.0397);
  move_to(0.08);
  close_to(0.0398);
  ASSERT_GT(cell_->gripper().read().normal_force, 0.5) << "it was held all the time";
  EXPECT_THROW(move_to(0.09), MotionRefused);
  // Lowered, let go and gripped again it may be lifted from where it is then.
  move_to(0.065);
  close_to(0.045);
  close_to(0.0398);
  move_to(0.089);
  EXPECT_THROW(move_to(0.095), MotionRefused);
}

TEST_F(GuardedWorkcellTest, TheHeightIsThatOfTheMotionThatTookHold) {
  move_to(0.06);
  close_to(0.0404);  // touched, with less than what counts as held
  ASSERT_LT(cell_->gripper().read().normal_force, 0.5);
  move_to(0.10);
  close_to(0.0398);
  move_to(0.124);
  EXPECT_THROW(move_to(0.13), MotionRefused);
}

TEST_F(GuardedWorkcellTest, JawsThatClosedOnNothingHoldNothing) {
  move_to(0.06);
  close_to(0.045);
  move_to(0.2);
  close_to(0.042);
  move_to(0.3);
}

TEST_F(GuardedWorkcellTest, WhatWasHeldAtTheStartIsLiftedFromThere) {
  move_to(0.06);
  close_to(0.0398);
  // A new run's limits find it between the jaws, and know of no motion.
  cell_ = guard(std::move(cell_), limits());
  move_to(0.07);
  EXPECT_THROW(move_to(0.09), MotionRefused) << "each motion by itself would be short enough";
  close_to(0.0397);
  EXPECT_THROW(move_to(0.09), MotionRefused);
}

TEST_F(GuardedWorkcellTest, JawsThatCloseOnTheWayUpMayTakeHold) {
  move_to(0.06);
  cell_->gripper().start_move(0.0398, 0.005);
  EXPECT_THROW(move_to(0.1), MotionRefused) << "they may have closed before it is over";
  move_to(0.05);
  close_to(0.09);
  // The other way round: what is taken on the way up goes along to its end.
  Eigen::Isometry3d up = cell_->arm().read().base_from_tcp;
  up.translation().z() = 0.2;
  cell_->arm().start_move(up, {0.2, 1.0});
  EXPECT_THROW(cell_->gripper().start_move(0.0398, 0.05), MotionRefused);
  cell_->gripper().start_move(0.095, 0.05);
}

TEST_F(GuardedWorkcellTest, HomingKeepsTheLimitsToo) {
  move_to(0.06);
  Eigen::Isometry3d up = cell_->arm().read().base_from_tcp;
  up.translation().z() = 0.2;
  cell_->arm().start_move(up, {0.2, 1.0});
  EXPECT_THROW(cell_->gripper().start_homing(), MotionRefused) << "while the arm moves";
  while (cell_->arm().moving()) cell_->clock().sleep_until(cell_->clock().now() + 0.02);
  close_to(0.05);
  cell_->gripper().start_homing();
  while (cell_->gripper().moving()) cell_->clock().sleep_until(cell_->clock().now() + 0.02);
  EXPECT_EQ(cell_->gripper().read().width, cell_->gripper().limits().max_width);
}

TEST_F(GuardedWorkcellTest, AGripStrongerThanAllowedIsAFault) {
  move_to(0.06);
  EXPECT_EQ(cell_->gripper().limits().max_normal_force, 2.5);
  EXPECT_EQ(cell_->gripper().limits().max_speed, 0.05);
  cell_->gripper().start_move(0.0380, 0.05);
  const auto wait = [&] {
    while (cell_->gripper().moving()) {
      cell_->clock().sleep_until(cell_->clock().now() + 0.02);
      cell_->gripper().read();
    }
    cell_->gripper().read();
  };
  EXPECT_THROW(wait(), MotionRefused);
  cell_->gripper().stop();
  EXPECT_EQ(log_.gripper_stops, 1);
  cell_->arm().stop();
  EXPECT_EQ(log_.arm_stops, 1) << "to stop is always allowed";
}

}  // namespace
}  // namespace gripbench::hal

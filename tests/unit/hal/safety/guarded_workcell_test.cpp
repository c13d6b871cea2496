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

#include "hal/rig/rig_workcell.h"

#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/grasp_script.h"
#include "tests/unit/experiments/test_support.h"
#include "tests/unit/rig/emulated_rig.h"

namespace gripbench::hal {
namespace {

TEST(RigWorkcell, NothingMovesBeforeTheOperatorHasWhatTheJawsHold) {
  EmulatedRig rig({}, false);
  rig.workcell.call([](Workcell& cell) { cell.gripper().start_move(0.07, 0.4); });
  ASSERT_TRUE(eventually([&] { return !rig.workcell.state().gripper_moving; }));
  const LiveState before = rig.workcell.state();
  ASSERT_NEAR(before.gripper.width, 0.07, 1e-6);

  const auto cell = make_rig_workcell(rig.settings());
  EXPECT_FALSE(cell->gripper().homed());
  Placement placement;
  placement.object = "can";
  placement.grasp = "can/000";
  cell->stage().present(placement);

  ASSERT_TRUE(rig.when_taken.has_value());
  EXPECT_EQ(rig.when_taken->gripper.width, before.gripper.width);
  EXPECT_EQ(rig.when_taken->arm.base_from_tcp.translation(),
            before.arm.base_from_tcp.translation());
  EXPECT_TRUE(cell->gripper().homed());
  EXPECT_NEAR(rig.workcell.state().gripper.width, 0.1, 1e-6);
}

TEST(RigWorkcell, AWishToStopIsHeardWhileTheStageMovesTheArm) {
  EmulatedRig rig;
  std::atomic<bool> flag{false};
  const experiments::StopRequest stop{&flag};
  const auto cell = make_rig_workcell(rig.settings(), [stop] { stop.check(); });
  Placement placement;
  placement.object = "can";
  placement.grasp = "can/000";
  cell->stage().present(placement);
  const double home = rig.workcell.state().arm.base_from_tcp.translation().z();
  Eigen::Isometry3d low = cell->arm().read().base_from_tcp;
  low.translation().z() = 0.05;
  cell->arm().start_move(low, {0.5, 2.0});
  ASSERT_TRUE(eventually([&] { return !cell->arm().moving(); }));

  const std::jthread person([&] {
    eventually([&] { return rig.workcell.state().arm.tcp_velocity.z() > 0.05; });
    flag = true;
  });
  const experiments::GraspProtocol protocol = experiments::fake_protocol();
  EXPECT_THROW(experiments::GraspScript(*cell, protocol, stop).clear(), Interrupted);
  EXPECT_TRUE(eventually([&] { return !rig.workcell.state().arm_moving; }));
  EXPECT_LT(rig.workcell.state().arm.base_from_tcp.translation().z(), home - 0.01);
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/rig/rig_workcell.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace gripbench::hal

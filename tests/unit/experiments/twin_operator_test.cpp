#include "experiments/twin_operator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"
#include "hal/rig/remote_operator.h"
#include "tests/unit/experiments/fake_workcell.h"
#include "tests/unit/hal/patience.h"

namespace gripbench::experiments {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

hal::Placement can(const std::string& grasp) {
  hal::Placement placement;
  placement.object = "can";
  placement.grasp = grasp;
  placement.position = {0.45, 0.0};
  placement.seed = 18446744073709551615u;
  return placement;
}

/// A program asks over a socket, a twin's operator answers.
class TwinOperatorTest : public ::testing::Test {
 protected:
  TwinOperatorTest()
      : workcell_([] { return make_fake_workcell({}); }),
        control_(board_),
        twin_operator_(workcell_, {}, can("start"), control_) {
    control_.listen({"127.0.0.1", 0});
    remote_ = std::make_unique<hal::RemoteOperator>("127.0.0.1", control_.port());
  }
  ~TwinOperatorTest() override { control_.close(); }

  void lift_at(double width) {
    workcell_.call([&](hal::Workcell& cell) { cell.gripper().start_move(width, 0.1); });
    ASSERT_TRUE(hal::eventually([&] { return !workcell_.state().gripper_moving; }));
    remote_->watch();
    workcell_.call([&](hal::Workcell& cell) {
      Eigen::Isometry3d pose = cell.arm().read().base_from_tcp;
      pose.translation().z() += 0.02;
      cell.arm().start_move(pose, {0.04, 1.2});
    });
    ASSERT_TRUE(hal::eventually([&] { return !workcell_.state().arm_moving; }));
  }

  hal::LiveWorkcell workcell_;
  hal::FaultBoard board_;
  hal::ControlServer control_;
  TwinOperator twin_operator_;
  std::unique_ptr<hal::RemoteOperator> remote_;
};

TEST_F(TwinOperatorTest, JudgesALiftAsTheExperimentWould) {
  remote_->take_what_is_held();
  remote_->place(can("can/000"));
  lift_at(0.0395);
  EXPECT_EQ(remote_->slipped(can("can/000")), true);
  EXPECT_THAT(control_.answer("slipped"),
              AllOf(StartsWith("ok yes pad"), HasSubstr("over 0.3 mm")));
  EXPECT_THAT(control_.answer("truth"), HasSubstr("object can grasp can/000"));
}

TEST_F(TwinOperatorTest, AGripThatHoldsHasNotSlipped) {
  remote_->place(can("can/000"));
  lift_at(0.0385);
  EXPECT_EQ(remote_->slipped(can("can/000")), false);
}

TEST_F(TwinOperatorTest, NobodyIsToldOfALiftThatNobodyWatched) {
  remote_->place(can("can/000"));
  EXPECT_THAT(hal::message_of([&] { remote_->slipped(can("can/000")); }),
              HasSubstr("operator: slipped: nobody was asked to watch"));
}

TEST_F(TwinOperatorTest, TheRigIsNotCarriedHomeByMagic) {
  lift_at(0.0395);
  EXPECT_THAT(hal::message_of([&] { remote_->place(can("can/001")); }),
              HasSubstr("mm from its home (0.450, 0.000, 0.300) m"));
  EXPECT_EQ(workcell_.state().not_ready_because, "");
}

TEST_F(TwinOperatorTest, WrongWordsAreRefused) {
  EXPECT_THAT(control_.answer("present can 0.45"), HasSubstr("expected OBJECT X Y YAW GRASP SEED"));
  EXPECT_THAT(control_.answer("present can 9 0 0 g 1"), HasSubstr("got '9'"));
  EXPECT_THAT(control_.answer("present can 0.45 0 0 g 1.5"), HasSubstr("a whole number"));
}

}  // namespace
}  // namespace gripbench::experiments

#include "hal/rig/rig_stage.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"
#include "tests/unit/experiments/fake_workcell.h"

namespace gripbench::hal {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// Writes down what it was asked, and where the tool and the jaws then stood.
class RecordingOperator final : public Operator {
 public:
  RecordingOperator(std::vector<std::string>& log, Workcell& cell) : log_(log), cell_(cell) {}
  void take_what_is_held() override { log_.push_back("take"); }
  void stand_clear() override {
    log_.push_back("stand clear");
    height_when_clear = cell_.arm().read().base_from_tcp.translation().z();
    width_when_clear = cell_.gripper().read().width;
  }
  void place(const Placement& placement) override {
    log_.push_back("place " + placement.grasp);
    tool_height = cell_.arm().read().base_from_tcp.translation().z();
    width = cell_.gripper().read().width;
  }
  std::optional<bool> slipped(const Placement& placement) override {
    log_.push_back("slipped " + placement.grasp);
    return true;
  }
  double height_when_clear = 0.0, width_when_clear = 0.0;
  double tool_height = 0.0;
  double width = 0.0;

 private:
  std::vector<std::string>& log_;
  Workcell& cell_;
};

/// Passes an arm on and writes down where it was sent.
class RecordingArm final : public Arm {
 public:
  RecordingArm(Arm& inner, std::vector<double>& heights) : inner_(inner), heights_(heights) {}
  ArmState read() override { return inner_.read(); }
  void start_move(const Eigen::Isometry3d& pose, const LinearMotionLimits& motion) override {
    heights_.push_back(pose.translation().z());
    inner_.start_move(pose, motion);
  }
  bool moving() override { return inner_.moving(); }
  void stop() override { inner_.stop(); }

 private:
  Arm& inner_;
  std::vector<double>& heights_;
};

/// Passes a gripper on, whose jaws something keeps from opening beyond a width (m).
class BlockedGripper final : public Gripper {
 public:
  BlockedGripper(Gripper& inner, double widest) : inner_(inner), widest_(widest) {}
  GripperLimits limits() const override { return inner_.limits(); }
  GripperState read() override { return inner_.read(); }
  bool homed() override { return inner_.homed(); }
  void start_homing() override { inner_.start_homing(); }
  void start_move(double width, double speed) override {
    inner_.start_move(std::min(width, widest_), speed);
  }
  bool moving() override { return inner_.moving(); }
  void stop() override { inner_.stop(); }

 private:
  Gripper& inner_;
  double widest_;
};

/// Passes a gripper on that was just switched on, or has lost its zero.
class UnhomedGripper final : public Gripper {
 public:
  UnhomedGripper(Gripper& inner, std::vector<std::string>& log) : inner_(inner), log_(log) {}
  GripperLimits limits() const override { return inner_.limits(); }
  GripperState read() override { return inner_.read(); }
  bool homed() override { return homed_; }
  void start_homing() override {
    log_.push_back("home");
    homed_ = finds_its_zero;
    inner_.start_homing();
  }
  void start_move(double width, double speed) override {
    if (!homed_) throw MotionRefused("gripper", "not homed");
    inner_.start_move(width, speed);
  }
  bool moving() override { return inner_.moving(); }
  void stop() override { inner_.stop(); }
  void lose_its_zero() { homed_ = false; }
  bool finds_its_zero = true;

 private:
  Gripper& inner_;
  std::vector<std::string>& log_;
  bool homed_ = false;
};

class RigStageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    cell_ = experiments::make_fake_workcell({});
    cell_->stage().present(named("egg/000"));
    arm_ = std::make_unique<RecordingArm>(cell_->arm(), heights_);
    auto person = std::make_unique<RecordingOperator>(log_, *cell_);
    person_ = person.get();
    stage_ = std::make_unique<RigStage>(settings(), cell_->clock(), *arm_, cell_->gripper(),
                                        std::move(person));
  }

  static RigStageSettings settings() {
    return {.home = {0.45, 0.0, 0.3},
            .motion = {0.2, 1.0},
            .holding_force = 0.5,
            .jaw_speed = 0.05,
            .patience = 10.0};
  }

  static Placement named(const std::string& grasp) {
    Placement placement;
    placement.object = "egg";
    placement.grasp = grasp;
    return placement;
  }

  void move_to(double z) {
    Eigen::Isometry3d pose = arm_->read().base_from_tcp;
    pose.translation().z() = z;
    arm_->start_move(pose, {0.2, 1.0});
    while (arm_->moving()) cell_->clock().sleep_until(cell_->clock().now() + 0.02);
  }

  void close_to(double width) {
    cell_->gripper().start_move(width, 0.05);
    while (cell_->gripper().moving()) cell_->clock().sleep_until(cell_->clock().now() + 0.02);
  }

  std::vector<std::string> log_;
  std::vector<double> heights_;
  std::unique_ptr<Workcell> cell_;
  std::unique_ptr<RecordingArm> arm_;
  RecordingOperator* person_ = nullptr;
  std::unique_ptr<RigStage> stage_;
};

TEST_F(RigStageTest, TheOperatorWorksWhileTheToolWaitsAtHomeWithOpenJaws) {
  move_to(0.07);
  heights_.clear();
  stage_->present(named("egg/001"));
  EXPECT_THAT(log_, ElementsAre("take", "stand clear", "place egg/001"));
  EXPECT_NEAR(person_->height_when_clear, 0.07, 1e-6) << "the arm waits until hands are gone";
  EXPECT_NEAR(person_->width_when_clear, cell_->gripper().limits().max_width, 1e-6);
  EXPECT_NEAR(person_->tool_height, 0.3, 1e-6);
  EXPECT_NEAR(person_->width, cell_->gripper().limits().max_width, 1e-6);
}

TEST_F(RigStageTest, WhatWasLiftedIsLoweredToWhereItWasGrippedBeforeTheJawsOpen) {
  stage_->present(named("egg/001"));
  move_to(0.05);
  close_to(0.0380);
  stage_->zero_slip();
  move_to(0.07);
  EXPECT_EQ(stage_->operator_says_slipped(), true);
  heights_.clear();
  log_.clear();
  stage_->present(named("egg/002"));
  EXPECT_THAT(log_, ElementsAre("place egg/002")) << "it is known what the jaws held";
  ASSERT_FALSE(heights_.empty());
  EXPECT_NEAR(heights_.front(), 0.05, 1e-9);
}

TEST_F(RigStageTest, AfterTheLastGraspNothingStaysInTheJaws) {
  stage_->clear();
  EXPECT_THAT(heights_, IsEmpty()) << "what nobody put there is not this run's to let go";
  stage_->present(named("egg/001"));
  move_to(0.05);
  close_to(0.0380);
  stage_->zero_slip();
  move_to(0.07);
  heights_.clear();
  stage_->clear();
  EXPECT_THAT(heights_,
              ElementsAre(DoubleNear(0.05, 1e-9), DoubleNear(0.3, 1e-9), DoubleNear(0.3, 1e-9)));
  EXPECT_NEAR(cell_->gripper().read().width, cell_->gripper().limits().max_width, 1e-6);
}

TEST_F(RigStageTest, JawsWithoutAZeroAreHomedOnlyAfterSomebodyHasHoldOfWhatTheyHold) {
  UnhomedGripper gripper(cell_->gripper(), log_);
  RigStage stage(settings(), cell_->clock(), *arm_, gripper,
                 std::make_unique<RecordingOperator>(log_, *cell_));
  EXPECT_THAT(log_, IsEmpty()) << "nothing moves before the first object is asked for";
  stage.present(named("egg/001"));
  EXPECT_THAT(log_, ElementsAre("take", "home", "stand clear", "place egg/001"));

  // A power failure amidst a grasp.
  move_to(0.05);
  close_to(0.0380);
  stage.zero_slip();
  move_to(0.07);
  gripper.lose_its_zero();
  heights_.clear();
  log_.clear();
  stage.present(named("egg/002"));
  EXPECT_THAT(log_, ElementsAre("take", "home", "stand clear", "place egg/002"));
  for (const double height : heights_) {
    EXPECT_GE(height, 0.07) << "nobody's hand is taken down to the table";
  }
}

TEST_F(RigStageTest, TheArmStaysWhereJawsFindNoZero) {
  UnhomedGripper gripper(cell_->gripper(), log_);
  gripper.finds_its_zero = false;
  RigStage stage(settings(), cell_->clock(), *arm_, gripper,
                 std::make_unique<RecordingOperator>(log_, *cell_));
  EXPECT_THROW(stage.present(named("egg/001")), DeviceError);
  EXPECT_THAT(log_, ElementsAre("take", "home"));
  EXPECT_THAT(heights_, IsEmpty());
}

TEST_F(RigStageTest, WhatWasDroppedIsNotReachedFor) {
  stage_->present(named("egg/001"));
  move_to(0.05);
  close_to(0.0380);
  stage_->zero_slip();
  move_to(0.07);
  close_to(0.0420);  // wider than the object: nothing is held
  heights_.clear();
  stage_->present(named("egg/002"));
  for (const double height : heights_) EXPECT_GE(height, 0.07);
}

TEST_F(RigStageTest, TheArmStaysWhereJawsDoNotOpen) {
  move_to(0.05);
  close_to(0.0380);
  heights_.clear();
  BlockedGripper blocked(cell_->gripper(), 0.0400);
  RigStage stage(settings(), cell_->clock(), *arm_, blocked,
                 std::make_unique<RecordingOperator>(log_, *cell_));
  try {
    stage.present(named("egg/001"));
    FAIL() << "the jaws hold what was between them";
  } catch (const DeviceError& error) {
    EXPECT_STREQ(error.what(),
                 "gripper: the jaws opened to 40.0 mm, pressing with 1.0 N, and not to 100.0 mm; "
                 "look for what blocks them");
  }
  EXPECT_THAT(heights_, IsEmpty());
}

TEST(RigStage, SaysWhichDeviceDoesNotGetReady) {
  const auto cell = experiments::make_fake_workcell({});
  Placement placement;
  placement.object = "egg";
  cell->stage().present(placement);
  std::vector<std::string> log;
  RigStage stage({.home = {0.45, 0.0, 0.4},
                  .motion = {0.2, 1.0},
                  .holding_force = 0.5,
                  .jaw_speed = 0.05,
                  .patience = 0.1},
                 cell->clock(), cell->arm(), cell->gripper(),
                 std::make_unique<RecordingOperator>(log, *cell));
  try {
    stage.present(placement);
    FAIL() << "10 cm at 0.2 m/s take longer than 0.1 s";
  } catch (const TimeoutError& error) {
    EXPECT_EQ(error.device(), "arm");
  }
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/safety/safety_limits.h"

#include <fstream>
#include <functional>
#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SafetyLimits limits() {
  SafetyLimits l;
  l.workspace = {Eigen::Vector3d(0.3, -0.2, 0.0), Eigen::Vector3d(0.6, 0.2, 0.4)};
  l.table_height = 0.01;
  l.finger_reach = 0.008;
  l.table_clearance = 0.002;
  l.max_tilt = 0.1;
  l.max_speed = 0.25;
  l.max_acceleration = 1.2;
  l.max_jaw_speed = 0.1;
  l.max_normal_force = 30.0;
  l.max_lift = 0.025;
  l.holding_force = 0.5;
  return l;
}

/// The tool pointing down at a point.
Eigen::Isometry3d down_at(double x, double y, double z) {
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.linear() = Eigen::Vector3d(1, -1, -1).asDiagonal();
  pose.translation() = Eigen::Vector3d(x, y, z);
  return pose;
}

SafetyState at(double x, double y, double z) {
  return {.base_from_tcp = down_at(x, y, z), .normal_force = 0.0, .grip_height = z};
}

const LinearMotionLimits kSlow{0.1, 0.5};

std::string complaint(const std::function<void()>& action) {
  try {
    action();
  } catch (const MotionRefused& refused) {
    return refused.what();
  }
  return "";
}

std::string to(const Eigen::Isometry3d& target, const SafetyState& from = at(0.45, 0.0, 0.2),
               const LinearMotionLimits& motion = kSlow) {
  return complaint([&] { check_arm_motion(limits(), from, target, motion); });
}

TEST(SafetyLimits, AllowWhatLiesWithin) {
  EXPECT_THAT(to(down_at(0.45, 0.0, 0.03)), IsEmpty());
  EXPECT_THAT(to(down_at(0.6, 0.2, 0.4)), IsEmpty());
  EXPECT_THAT(to(down_at(0.5, 0.0, 0.3), at(0.45, 0, 0.2), {0.25, 1.2}), IsEmpty());
}

TEST(SafetyLimits, RefuseEveryFaceOfTheBox) {
  for (const auto& [x, y, z] :
       {std::array{0.299, 0.0, 0.2}, std::array{0.601, 0.0, 0.2}, std::array{0.45, -0.201, 0.2},
        std::array{0.45, 0.201, 0.2}, std::array{0.45, 0.0, 0.401}}) {
    EXPECT_THAT(to(down_at(x, y, z)), AllOf(HasSubstr("arm:"), HasSubstr("outside the workspace")));
  }
}

TEST(SafetyLimits, KeepTheFingersOffTheTable) {
  // Tips 8 mm below the tool: 20 mm puts them 2 mm above a table of 10 mm.
  EXPECT_THAT(to(down_at(0.45, 0.0, 0.0201)), IsEmpty());
  EXPECT_THAT(to(down_at(0.45, 0.0, 0.0199)), AllOf(HasSubstr("table"), HasSubstr("1.9 mm")));
}

TEST(SafetyLimits, RefuseHasteAndLeaning) {
  EXPECT_THAT(to(down_at(0.45, 0, 0.3), at(0.45, 0, 0.2), {0.26, 1.0}), HasSubstr("0.26 m/s"));
  EXPECT_THAT(to(down_at(0.45, 0, 0.3), at(0.45, 0, 0.2), {0.2, 1.3}), HasSubstr("1.3 m/s^2"));
  EXPECT_THAT(to(down_at(0.45, 0, 0.3), at(0.45, 0, 0.2), {0.0, 1.0}), HasSubstr("speed"));
  Eigen::Isometry3d leaning = down_at(0.45, 0, 0.3);
  leaning.linear() = leaning.linear() * Eigen::AngleAxisd(0.2, Eigen::Vector3d::UnitX());
  EXPECT_THAT(to(leaning), HasSubstr("lean 11.5 degrees"));
  SafetyState leans = at(0.45, 0.0, 0.2);
  leans.base_from_tcp.linear() =
      leans.base_from_tcp.linear() * Eigen::AngleAxisd(0.2, Eigen::Vector3d::UnitX());
  EXPECT_THAT(to(down_at(0.45, 0, 0.3), leans),
              AllOf(HasSubstr("lean 11.5 degrees where the tool is"), HasSubstr("pendant")));
}

TEST(SafetyLimits, RefuseWhatIsNoNumber) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(to(down_at(nan, 0, 0.2)), HasSubstr("no number"));
  EXPECT_THAT(to(down_at(0.45, 0, 0.3), at(0.45, 0, 0.2), {nan, 1.0}), HasSubstr("speed"));
  EXPECT_THAT(to(down_at(0.45, 0, 0.3), at(0.45, 0, 0.2), {0.1, nan}), HasSubstr("acceleration"));
  EXPECT_THAT(complaint([&] { check_grip_force(limits(), nan); }), HasSubstr("pads"));
  EXPECT_THAT(complaint([&] { check_jaw_motion(limits(), nan); }), HasSubstr("jaws"));
}

TEST(SafetyLimits, LiftWhatIsHeldOnlySoFar) {
  SafetyState holding = at(0.45, 0.0, 0.05);
  holding.normal_force = 5.0;
  EXPECT_THAT(to(down_at(0.45, 0, 0.074), holding), IsEmpty());
  EXPECT_THAT(to(down_at(0.45, 0, 0.080), holding), AllOf(HasSubstr("30.0 mm"), HasSubstr("25.0")));
  // Also in two steps: what counts is where the jaws closed.
  SafetyState half_way = holding;
  half_way.base_from_tcp = down_at(0.45, 0, 0.07);
  EXPECT_THAT(to(down_at(0.45, 0, 0.085), half_way), HasSubstr("lifted 35.0 mm"));
  holding.normal_force = 0.0;
  EXPECT_THAT(to(down_at(0.45, 0, 0.2), holding), IsEmpty());
}

TEST(SafetyLimits, MoveNothingFromOutside) {
  EXPECT_THAT(to(down_at(0.45, 0, 0.2), at(0.7, 0.0, 0.2)),
              AllOf(HasSubstr("100.0 mm outside"), HasSubstr("pendant")));
}

TEST(SafetyLimits, GuardJaws) {
  EXPECT_THAT(complaint([&] { check_jaw_motion(limits(), 0.1); }), IsEmpty());
  EXPECT_THAT(complaint([&] { check_jaw_motion(limits(), 0.11); }), HasSubstr("gripper:"));
  EXPECT_THAT(complaint([&] { check_grip_force(limits(), 30.0); }), IsEmpty());
  EXPECT_THAT(complaint([&] { check_grip_force(limits(), 30.1); }), HasSubstr("30.1 N"));
}

TEST(SafetyLimits, JawsThatCloseMayTakeHoldBeforeTheLiftIsOver) {
  SafetyState closing = at(0.45, 0.0, 0.2);
  closing.jaws_close = true;
  EXPECT_THAT(to(down_at(0.45, 0.0, 0.224), closing), IsEmpty());
  EXPECT_THAT(to(down_at(0.45, 0.0, 0.1), closing), IsEmpty());
  EXPECT_THAT(to(down_at(0.45, 0.0, 0.23), closing),
              HasSubstr("what the closing jaws take hold of would be lifted 30.0 mm"));
  EXPECT_THAT(complaint([] { check_closing_in_motion(limits(), 0.02); }), IsEmpty());
  EXPECT_THAT(complaint([] { check_closing_in_motion(limits(), 0.03); }),
              HasSubstr("the arm has yet to rise 30.0 mm"));
}

TEST(SafetyLimits, GuardHoming) {
  const SafetyState within = at(0.45, 0.0, 0.2);
  EXPECT_THAT(complaint([&] { check_homing(limits(), within, false); }), IsEmpty());
  EXPECT_THAT(complaint([&] { check_homing(limits(), within, true); }),
              HasSubstr("gripper: homing refused: the arm moves"));
  EXPECT_THAT(complaint([] { check_homing(limits(), at(0.45, 0.0, 0.5), false); }),
              AllOf(HasSubstr("homing refused: the tool is at"), HasSubstr("outside")));
  SafetyState pressing = within;
  pressing.normal_force = 31.0;
  EXPECT_THAT(complaint([&] { check_homing(limits(), pressing, false); }),
              HasSubstr("the pads press with 31.0 N"));
}

TEST(SafetyLimits, FileMustNameThemAll) {
  const std::string file = ::testing::TempDir() + "safety_limits_test.yaml";
  const std::string text =
      "workspace: {min: [0.3, -0.2, 0.0], max: [0.6, 0.2, 0.4]}\ntable_height: 0.0\n"
      "finger_reach: 0.008\ntable_clearance: 0.002\nmax_tilt: 0.1\nmax_speed: 0.25\n"
      "max_acceleration: 1.2\nmax_jaw_speed: 0.1\nmax_normal_force: 30\nmax_lift: 0.025\n"
      "holding_force: 0.5\n";
  const auto load = [&](std::string content) {
    std::ofstream(file) << content;
    return SafetyLimits::from(ConfigNode::load(file));
  };
  EXPECT_EQ(load(text).max_lift, 0.025);
  for (const std::string key : {"table_height", "max_speed", "max_normal_force", "max_lift"}) {
    std::string without = text;
    const std::size_t begin = without.find(key);
    without.erase(begin, without.find('\n', begin) - begin + 1);
    EXPECT_THROW(load(without), ConfigError) << key;
  }
  std::string inside_out = text;
  inside_out.replace(inside_out.find("max: [0.6"), 9, "max: [0.2");
  EXPECT_THROW(load(inside_out), ConfigError);
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/rig/rig_settings.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

const fs::path kWorkcells = fs::path(GRIPBENCH_SOURCE_DIR) / "assets" / "workcells";

/// The loopback file with one text in place of another.
class RigSettingsTest : public ::testing::Test {
 protected:
  RigSettingsTest()
      : file_(fs::path(testing::TempDir()) /
              ("rig_settings_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml")) {}
  ~RigSettingsTest() override { fs::remove(file_); }

  std::string error_with(const std::string& old_text, const std::string& new_text) {
    std::ostringstream all;
    all << std::ifstream(kWorkcells / "loopback.yaml").rdbuf();
    std::string text = all.str();
    const std::size_t place = text.find(old_text);
    EXPECT_NE(place, std::string::npos) << old_text;
    text.replace(place, old_text.size(), new_text);
    std::ofstream(file_) << text;
    try {
      RigSettings::from(ConfigNode::load(file_));
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  fs::path file_;
};

TEST_F(RigSettingsTest, TheSecondaryInterfaceIsNotThePrimaryOne) {
  EXPECT_THAT(error_with("arm:\n", "arm:\n  primary_port: 30002\n"),
              AllOf(HasSubstr("primary_port"), HasSubstr("the primary one is 30001")));
}

TEST_F(RigSettingsTest, TheFilesThatComeAlongAreSound) {
  const RigSettings loopback = RigSettings::from(ConfigNode::load(kWorkcells / "loopback.yaml"));
  ASSERT_TRUE(loopback.operator_control);
  EXPECT_EQ(loopback.operator_control->port, 30100);
  EXPECT_TRUE(loopback.force_torque);
  const RigSettings lab = RigSettings::from(ConfigNode::load(kWorkcells / "lab.example.yaml"));
  EXPECT_FALSE(lab.operator_control);
  EXPECT_TRUE(std::holds_alternative<DeviceVideo>(lab.tactile.source));
}

TEST_F(RigSettingsTest, ARigWithoutLimitsIsRefused) {
  EXPECT_THAT(error_with("safety:", "safely:"), HasSubstr("'safety'"));
  EXPECT_THAT(error_with("  max_lift: 0.021\n", ""), HasSubstr("'safety.max_lift'"));
}

TEST_F(RigSettingsTest, WhatTheFileAsksOfTheDevicesKeepsItsLimits) {
  EXPECT_THAT(error_with("max_normal_force: 42", "max_normal_force: 10"),
              AllOf(HasSubstr("gripper"), HasSubstr("a force limit of 40 is beyond the 10")));
  EXPECT_THAT(error_with("max_speed: 0.25", "max_speed: 0.2"),
              AllOf(HasSubstr("stage"), HasSubstr("a speed of 0.25 is beyond the 0.2")));
  EXPECT_THAT(error_with("max_acceleration: 1.2", "max_acceleration: 1"),
              HasSubstr("an acceleration of 1.2 is beyond the 1 "));
  EXPECT_THAT(error_with("max_jaw_speed: 0.1", "max_jaw_speed: 0.05"),
              HasSubstr("a jaw speed of 0.1 is beyond the 0.05"));
  EXPECT_THAT(error_with("home: [0.45, 0, 0.30]", "home: [0.45, 0, 0.50]"),
              HasSubstr("home lies outside the workspace"));
}

TEST_F(RigSettingsTest, AnOperatorIsATerminalOrAnAddress) {
  EXPECT_THAT(error_with("{control: \"127.0.0.1:30100\"}", "somebody"),
              AllOf(HasSubstr("'operator'"), HasSubstr("terminal")));
  for (const char* wrong : {"127.0.0.1", "127.0.0.1:", ":30100", "127.0.0.1:0", "host:70000"}) {
    EXPECT_THAT(error_with("127.0.0.1:30100", wrong), HasSubstr("expected HOST:PORT")) << wrong;
  }
}

}  // namespace
}  // namespace gripbench::hal

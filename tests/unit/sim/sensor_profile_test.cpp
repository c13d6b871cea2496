#include "sim/sensor_profile.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::filesystem::path kSensors =
    std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets/sensors";

std::string text_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

class SensorProfileTest : public ::testing::Test {
 protected:
  void TearDown() override { std::filesystem::remove(path_); }

  /// What loading says of the shipped profile with `from` replaced by `to`.
  std::string error_with(const std::string& from, const std::string& to) {
    std::string text = text_of(kSensors / "gelsight2018.yaml");
    const std::size_t at = text.find(from);
    if (at == std::string::npos) return "the shipped profile lacks '" + from + "'";
    line_ =
        static_cast<int>(std::count(text.begin(), text.begin() + static_cast<long>(at), '\n')) + 1;
    text.replace(at, from.size(), to);
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            (std::string("gripbench_profile_") + info->name() + ".yaml");
    std::ofstream(path_) << text;
    try {
      SensorProfile::load(path_);
    } catch (const hal::ConfigError& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  /// "FILE:LINE: 'KEY'", with the line at which `error_with` changed the file.
  std::string place(const std::string& key) const {
    return path_.string() + ":" + std::to_string(line_) + ": '" + key + "'";
  }

  std::filesystem::path path_;
  int line_ = 0;
};

TEST_F(SensorProfileTest, ShippedSensorCoversThePublishedView) {
  const SensorProfile profile = SensorProfile::load(kSensors / "gelsight2018.yaml");
  EXPECT_EQ(profile.optics.width, 640);
  EXPECT_EQ(profile.optics.height, 480);
  EXPECT_DOUBLE_EQ(profile.optics.pixel_pitch, 0.024e-3);
  EXPECT_EQ(profile.pad.grid.size(), 768);
  EXPECT_EQ(profile.optics.lights.size(), 3u);
}

TEST_F(SensorProfileTest, PlainFingerIsStifferThanTheGel) {
  const PadProfile rubber = PadProfile::load(kSensors / "rubber_finger.yaml");
  const PadProfile gel = SensorProfile::load(kSensors / "gelsight2018.yaml").pad;
  EXPECT_GT(rubber.normal_stiffness, 2.0 * gel.normal_stiffness);
  EXPECT_GT(rubber.tangential_stiffness, 2.0 * gel.tangential_stiffness);
}

TEST_F(SensorProfileTest, NegativeStiffnessIsNamedWithItsLine) {
  const std::string error = error_with("normal_stiffness: 3.0e8", "normal_stiffness: -3.0e8");
  EXPECT_THAT(error, HasSubstr(place("pad.normal_stiffness")));
  EXPECT_THAT(error, Not(HasSubstr("\n")));
}

TEST_F(SensorProfileTest, ZeroMarkerPitchIsNamedWithItsLine) {
  const std::string error = error_with("pitch: 1.495e-3", "pitch: 0");
  EXPECT_THAT(error, HasSubstr(place("optics.markers.pitch")));
}

TEST_F(SensorProfileTest, UnknownKeysAreRefusedWhereverTheyStand) {
  EXPECT_THAT(error_with("falloff: 1.0", "falloff: 1.0\n  fallof: 2.0"), HasSubstr("fallof"));
  EXPECT_THAT(error_with("roughness: 0.07", "roughness: 0.07\n    hue: 3"), HasSubstr("hue"));
  EXPECT_THAT(error_with("ny: 24", "ny: 24, nz: 3"), HasSubstr("nz"));
}

TEST_F(SensorProfileTest, MissingKeyIsNamed) {
  EXPECT_THAT(error_with("noise: 2.0", ""), HasSubstr("'optics.noise': is missing"));
}

TEST_F(SensorProfileTest, ShearStifferThanPressureIsRefused) {
  EXPECT_THAT(error_with("tangential_stiffness: 5.0e7", "tangential_stiffness: 5.0e9"),
              HasSubstr("pad.tangential_stiffness': must not exceed normal_stiffness"));
}

TEST_F(SensorProfileTest, GridThatLeavesPartOfTheViewBareIsRefused) {
  EXPECT_THAT(error_with("nx: 32", "nx: 20"), HasSubstr("does not cover"));
}

TEST_F(SensorProfileTest, LightOutsideOfTheSensorIsRefused) {
  EXPECT_THAT(error_with("-20.0e-3, -13.0e-3]", "-20.0e-3, 13.0e-3]"),
              HasSubstr("inside the sensor"));
}

TEST_F(SensorProfileTest, FileThatIsMissingIsAnInputError) {
  EXPECT_THROW(SensorProfile::load(kSensors / "no_such_sensor.yaml"), hal::InputError);
}

}  // namespace
}  // namespace gripbench::sim

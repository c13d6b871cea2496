// Lamps, scale and membrane from pictures of balls that were rendered with known ones.

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>

#include "hal/errors.h"
#include "sim/calibration/calibrated_profile.h"
#include "sim/gelsight_image.h"
#include "tests/unit/sim/gel_test_scene.h"

namespace gripbench::sim {
namespace {

namespace fs = std::filesystem;

constexpr double kBallRadius = 2.38e-3;
constexpr double kPitch = 0.05e-3;

/// A sensor of 320 x 240 px whose lamps are known.
SensorProfile known_profile() {
  SensorProfile profile =
      SensorProfile::load(fs::path(GRIPBENCH_SOURCE_DIR) / "assets/sensors/gelsight2018.yaml");
  OpticsProfile& o = profile.optics;
  o.width = 320;
  o.height = 240;
  o.pixel_pitch = kPitch;
  o.background = {std::vector<double>{120, 5, -8, 0, 0, 0, 0, 0, 0, 0},
                  {125, -6, 4, 0, 0, 0, 0, 0, 0, 0},
                  {118, 8, 6, 0, 0, 0, 0, 0, 0, 0}};
  o.shading = ShadingModel::kDifference;
  o.ambient = 0.0;
  // Half widths: 8 mm. Blue from the right, green from above, red from the left below.
  o.lights = {{{12.0e-3, 4.0e-3, -8.0e-3}, {150.0, 10.0, 10.0}},
              {{1.0e-3, -12.0e-3, -7.0e-3}, {10.0, 140.0, 15.0}},
              {{-11.0e-3, 6.0e-3, -8.0e-3}, {5.0, 20.0, 150.0}}};
  o.falloff = 1.0;
  o.shadow_strength = 0.0;
  o.dome_radius = 1e3;
  o.membrane_length = 0.4e-3;
  o.blur = 0.0;
  o.noise = 1.5;
  cover_view(profile);
  return profile;
}

class CalibrationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() / (std::string("gripbench_calibration_") + info->name());
    fs::create_directories(folder_);
    profile_ = known_profile();
    camera_ = std::make_unique<GelSightImage>(profile_.optics, 7);
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const GelImprint& imprint) {
    cv::Mat picture;
    camera_->render(imprint, ++frame_, picture);
    cv::imwrite((folder_ / name).string(), picture);
    return folder_ / name;
  }
  ReferencePicture reference() {
    return load_reference(write("ref.png", untouched_gel(profile_.pad.grid)));
  }
  BallPress ball(const ReferencePicture& reference, const std::string& name, double x, double y,
                 double depth) {
    const ObjectShape shape = solid(hal::ShapePart::Kind::kSphere, {kBallRadius, 0, 0});
    return load_ball_press(
        write(name, pressed_by(shape, profile_.pad.grid, {x, y, kBallRadius - depth})), reference);
  }

  fs::path folder_;
  SensorProfile profile_;
  std::unique_ptr<GelSightImage> camera_;
  std::uint64_t frame_ = 0;
};

TEST_F(CalibrationTest, KnownLampsAndScaleComeBack) {
  const ReferencePicture untouched = reference();
  const std::vector<BallPress> presses = {ball(untouched, "a.png", -3e-3, -2e-3, 0.5e-3),
                                          ball(untouched, "b.png", 3e-3, -1e-3, 0.4e-3),
                                          ball(untouched, "c.png", 0.5e-3, 2.5e-3, 0.6e-3)};
  const PictureFrame frame{320, 240};
  const OpticsFit fit = fit_lamps(presses, frame, std::nullopt);

  // Noise of 1.5 in both pictures leaves 2.1.
  EXPECT_LT(fit.rms, 4.0);
  EXPECT_NEAR(fit.shapes[0].x, 159.5 - 3e-3 / kPitch, 0.7);
  EXPECT_NEAR(fit.shapes[0].y, 119.5 - 2e-3 / kPitch, 0.7);
  // A ball's size in pixels shows in how the colours curve: to a fifth.
  EXPECT_NEAR(fit.scale.ball_radius, kBallRadius / kPitch, 0.2 * kBallRadius / kPitch);
  // The membrane comes out longer than it is: the renderer's field has a pixel of two image pixels,
  // whose smoothing of the slope's kink at 8 px looks like more tension.
  EXPECT_GT(fit.scale.membrane, 0.9 * 0.4e-3 / kPitch);
  EXPECT_LT(fit.scale.membrane, 1.6 * 0.4e-3 / kPitch);
  const LampModel& model = std::get<LampModel>(fit.shading);
  for (int c = 0; c < 3; ++c) {
    const GelLight& truth = profile_.optics.lights[c];
    const auto brightest =
        std::max_element(model.lamps.begin(), model.lamps.end(),
                         [c](const auto& a, const auto& b) { return a.color[c] < b.color[c]; });
    const double direction = std::atan2(brightest->y, brightest->x);
    const double expected = std::atan2(truth.position.y(), truth.position.x());
    EXPECT_NEAR(std::remainder(direction - expected, 2 * M_PI), 0.0, 0.15) << "channel " << c;
  }
}

TEST_F(CalibrationTest, APressNotSeenIsPredictedThroughTheRenderer) {
  const ReferencePicture untouched = reference();
  const std::vector<BallPress> presses = {ball(untouched, "a.png", -3e-3, -2e-3, 0.5e-3),
                                          ball(untouched, "b.png", 3e-3, -1e-3, 0.4e-3),
                                          ball(untouched, "c.png", 0.5e-3, 2.5e-3, 0.6e-3)};
  const BallPress unseen = ball(untouched, "d.png", -0.5e-3, 0.0, 0.5e-3);
  const PictureFrame frame{320, 240};
  const OpticsFit lamps = fit_lamps(presses, frame, kBallRadius / kPitch);
  EXPECT_DOUBLE_EQ(lamps.scale.ball_radius, kBallRadius / kPitch);
  for (const OpticsFit& fit : {lamps, fit_table(presses, frame, lamps)}) {
    const SensorProfile profile = calibrated_profile(profile_, untouched, presses, fit, kPitch);
    const PressShape shape = locate_press(unseen, fit, frame);
    const cv::Mat change = rendered_change(profile.optics, fit, shape, kBallRadius);
    const PressError error = press_error(unseen, change, shape);
    EXPECT_GT(error.inside_unchanged, 25.0);
    EXPECT_LT(error.inside, 0.2 * error.inside_unchanged);
    // The noise of two pictures is in it.
    EXPECT_LT(error.around, std::hypot(1.5 * std::sqrt(2.0), 0.2 * error.around_unchanged));

    // The profile survives being written and read, and renders the same change.
    const fs::path file = folder_ / "profile.yaml";
    write_profile(profile, "made by a test", file);
    const SensorProfile back = SensorProfile::load(file);
    const cv::Mat again = rendered_change(back.optics, fit, shape, kBallRadius);
    EXPECT_LT(cv::norm(change, again, cv::NORM_INF), 0.1);
    EXPECT_NEAR(back.optics.markers.pitch, profile_.optics.markers.pitch,
                0.03 * profile_.optics.markers.pitch);
    EXPECT_NEAR(back.optics.noise, 1.5, 0.4);
  }
}

TEST_F(CalibrationTest, PictureWithoutAPressIsRefused) {
  const ReferencePicture untouched = reference();
  const fs::path other = write("other.png", untouched_gel(profile_.pad.grid));
  EXPECT_THROW(load_ball_press(other, untouched), hal::InputError);
  EXPECT_THROW(load_ball_press(folder_ / "missing.png", untouched), hal::InputError);
}

TEST_F(CalibrationTest, DamagedTableIsRefused) {
  ShadingTable table;
  table.tilts = 4;
  table.directions = 5;
  table.bins.resize(20);
  const fs::path file = folder_ / "t.table";
  table.save(file);
  EXPECT_EQ(ShadingTable::load(file).directions, 5);
  fs::resize_file(file, fs::file_size(file) - 1);
  EXPECT_THROW(ShadingTable::load(file), hal::InputError);
  std::ofstream(file) << "something else";
  EXPECT_THROW(ShadingTable::load(file), hal::InputError);
}

// Real presses: two fitted, the third predicted.
TEST(RealBalls, ThirdPressIsPredictedFromTwo) {
  const fs::path folder = fs::path(GRIPBENCH_SOURCE_DIR) / "../shared/reference/gelsight_ball";
  if (!fs::exists(folder / "ref.jpg")) GTEST_SKIP() << "no real ball presses in " << folder;
  const SensorProfile base = known_profile();
  const ReferencePicture untouched = load_reference(folder / "ref.jpg");
  const PictureFrame frame{static_cast<double>(untouched.picture.cols),
                           static_cast<double>(untouched.picture.rows)};
  std::vector<BallPress> presses;
  for (const char* name : {"sample_13.jpg", "sample_34.jpg", "sample_42.jpg"}) {
    presses.push_back(load_ball_press(folder / name, untouched));
  }
  for (std::size_t k = 0; k < presses.size(); ++k) {
    std::vector<BallPress> rest = presses;
    rest.erase(rest.begin() + static_cast<long>(k));
    const OpticsFit fit = fit_table(rest, frame, fit_lamps(rest, frame, std::nullopt));
    const SensorProfile profile =
        calibrated_profile(base, untouched, rest, fit, kBallRadius / fit.scale.ball_radius);
    const PressShape shape = locate_press(presses[k], fit, frame);
    const PressError error =
        press_error(presses[k], rendered_change(profile.optics, fit, shape, kBallRadius), shape);
    // Less than half of what "nothing changes" leaves: 5 to 11 grey levels of 17 to 24.
    EXPECT_LT(error.around, 0.5 * error.around_unchanged) << presses[k].name;
    EXPECT_LT(error.inside, 0.5 * error.inside_unchanged) << presses[k].name;
  }
}

}  // namespace
}  // namespace gripbench::sim

#include "sim/scene_variation.h"

#include <array>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "hal/errors.h"
#include "sim/camera_renderer.h"
#include "tests/unit/sim/camera_test_scene.h"

namespace gripbench::sim {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int kSeeds = 300;

bool same_bytes(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF) == 0.0; }

bool within(double value, hal::Range range) { return value >= range.min && value <= range.max; }

cv::Mat finished_picture(std::uint64_t seed, std::uint64_t frame = 0) {
  TestScene pristine;
  TestScene scene;
  const SceneVariation variation = draw_scene_variation(seed, {});
  apply(variation, pristine.model(), scene.model());
  scene.reset();
  CameraRenderer renderer;
  renderer.load(scene.model());
  cv::Mat image;
  renderer.render(scene.model(), scene.data(), camera_id(scene.model(), "webcam"), image);
  finish_camera_image(image, variation.image, frame);
  return image;
}

TEST(SceneVariationTest, SameSeedGivesTheSameBytes) {
  EXPECT_TRUE(same_bytes(finished_picture(5), finished_picture(5)));
}

TEST(SceneVariationTest, OtherSeedsAndFramesGiveOtherPictures) {
  const cv::Mat reference = finished_picture(5);
  EXPECT_FALSE(same_bytes(reference, finished_picture(6)));
  EXPECT_FALSE(same_bytes(reference, finished_picture(5, 1)));
}

TEST(SceneVariationTest, EverythingStaysWithinItsRangeAndUsesIt) {
  const VariationRanges ranges;
  std::set<std::size_t> tables;
  double least_delay = 1.0;
  double most_delay = 0.0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const SceneVariation v = draw_scene_variation(seed, ranges);
    for (const auto& light : v.lights) {
      EXPECT_LE(light.turn.cwiseAbs().maxCoeff(), ranges.light_turn);
      EXPECT_TRUE(within(light.gain[1], ranges.light_gain));
      EXPECT_LE(std::abs(light.gain[0] / light.gain[1] - 1.0), ranges.light_warmth + 1e-12);
    }
    EXPECT_TRUE(within(v.ambient_gain, ranges.ambient_gain));
    EXPECT_LE(v.camera_turn.cwiseAbs().maxCoeff(), ranges.camera_turn);
    EXPECT_LE(v.camera_shift.cwiseAbs().maxCoeff(), ranges.camera_shift);
    EXPECT_TRUE(within(v.delay, ranges.delay));
    EXPECT_TRUE(within(v.image.gain[1], ranges.exposure));
    EXPECT_TRUE(within(v.image.vignette, ranges.vignette));
    EXPECT_TRUE(within(v.image.read_noise, ranges.read_noise));
    EXPECT_TRUE(within(v.image.shot_noise, ranges.shot_noise));
    EXPECT_TRUE(within(v.image.blur_px, ranges.blur_px));
    EXPECT_TRUE(within(v.image.vibration_px, ranges.vibration_px));
    tables.insert(v.table_material);
    least_delay = std::min(least_delay, v.delay);
    most_delay = std::max(most_delay, v.delay);
  }
  EXPECT_EQ(tables.size(), ranges.table_materials.size());
  EXPECT_LT(least_delay, 0.002);
  EXPECT_GT(most_delay, 0.023);
}

TEST(SceneVariationTest, TablesComeUpAsOftenAsTheirWeightsSay) {
  VariationRanges ranges;
  ranges.table_weights = {3.0, 1.0, 0.0};
  std::array<int, 3> count{};
  constexpr int kDraws = 4000;
  for (int seed = 0; seed < kDraws; ++seed) {
    ++count.at(draw_scene_variation(seed, ranges).table_material);
  }
  // Five standard deviations of the binomial.
  EXPECT_NEAR(count[0], 0.75 * kDraws, 5.0 * std::sqrt(kDraws * 0.75 * 0.25));
  EXPECT_EQ(count[2], 0);
}

TEST(SceneVariationTest, CameraMovesThePictureByAFewPixels) {
  TestScene pristine;
  const int camera = camera_id(pristine.model(), "webcam");
  const Eigen::Vector3d point(0.02, 0.01, 0.03);
  const Eigen::Vector3d before =
      project(pristine.model(), pristine.data(), camera, point, 640, 480);
  double largest = 0.0;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    TestScene scene;
    apply(draw_scene_variation(seed, {}), pristine.model(), scene.model());
    scene.reset();
    const Eigen::Vector3d after = project(scene.model(), scene.data(), camera, point, 640, 480);
    largest = std::max(largest, (after - before).head<2>().norm());
  }
  EXPECT_GT(largest, 2.0);
  EXPECT_LT(largest, 12.0);
}

TEST(SceneVariationTest, ASecondApplicationLeavesNothingOfTheFirst) {
  TestScene pristine;
  TestScene once;
  TestScene twice;
  const SceneVariation first = draw_scene_variation(1, {});
  const SceneVariation second = draw_scene_variation(2, {});
  apply(second, pristine.model(), once.model());
  apply(first, pristine.model(), twice.model());
  apply(second, pristine.model(), twice.model());
  const mjModel& a = once.model();
  const mjModel& b = twice.model();
  const auto equal = [](const auto* x, const auto* y, int n) { return std::equal(x, x + n, y); };
  EXPECT_TRUE(equal(a.light_pos, b.light_pos, 3 * a.nlight));
  EXPECT_TRUE(equal(a.light_dir, b.light_dir, 3 * a.nlight));
  EXPECT_TRUE(equal(a.light_diffuse, b.light_diffuse, 3 * a.nlight));
  EXPECT_TRUE(equal(a.mat_rgba, b.mat_rgba, 4 * a.nmat));
  EXPECT_TRUE(equal(a.geom_matid, b.geom_matid, a.ngeom));
  EXPECT_TRUE(equal(a.cam_pos, b.cam_pos, 3 * a.ncam));
  EXPECT_TRUE(equal(a.cam_quat, b.cam_quat, 4 * a.ncam));
}

TEST(SceneVariationTest, LampsKeepShiningAtTheSamePoint) {
  TestScene pristine;
  TestScene scene;
  apply(draw_scene_variation(9, {}), pristine.model(), scene.model());
  const auto target = [](const mjModel& model, int light) {
    const Eigen::Map<const Eigen::Vector3d> position(model.light_pos + 3 * light);
    const Eigen::Map<const Eigen::Vector3d> direction(model.light_dir + 3 * light);
    return Eigen::Vector3d(position - direction * position.z() / direction.z());
  };
  for (int light = 0; light < scene.model().nlight; ++light) {
    EXPECT_LT((target(pristine.model(), light) - target(scene.model(), light)).norm(), 1e-9);
  }
  EXPECT_NE(pristine.model().light_pos[0], scene.model().light_pos[0]);
}

TEST(SceneVariationTest, SaysWhichMaterialOrCameraTheSceneLacks) {
  TestScene pristine;
  TestScene scene;
  SceneVariation variation = draw_scene_variation(1, {});
  EXPECT_THROW(apply(variation, pristine.model(), scene.model(), "phone"), hal::InputError);
  variation.table_materials.push_back("table_marble");
  try {
    apply(variation, pristine.model(), scene.model());
    FAIL() << "no such material";
  } catch (const hal::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'table_marble'"));
  }
}

class VariationRangesTest : public ::testing::Test {
 protected:
  VariationRanges read(const std::string& text) {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            (std::string("gripbench_variation_") + info->name() + ".yaml");
    std::ofstream(path_) << text;
    return VariationRanges::from(hal::ConfigNode::load(path_));
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::filesystem::path path_;
};

TEST_F(VariationRangesTest, KeysReplaceDefaults) {
  const VariationRanges ranges = read(
      "light_gain: [0.5, 0.6]\ntable_materials: [a, b]\ntable_weights: [1, 2]\ndelay: [0, 0.01]\n"
      "blur_px: [0, 1]\ncamera_turn: 0.01\n");
  EXPECT_EQ(ranges.light_gain.max, 0.6);
  EXPECT_EQ(ranges.table_materials, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ranges.table_weights, (std::vector<double>{1.0, 2.0}));
  EXPECT_EQ(ranges.camera_turn, 0.01);
  EXPECT_EQ(ranges.delay.max, 0.01);
  EXPECT_EQ(ranges.exposure.min, VariationRanges{}.exposure.min);
}

TEST_F(VariationRangesTest, RefusesUnknownKeysAndBackwardRanges) {
  EXPECT_THROW(read("light_gian: [0.5, 0.6]\n"), hal::ConfigError);
  EXPECT_THROW(read("table_materials: [a, b]\ntable_weights: [1]\n"), hal::ConfigError);
  EXPECT_THROW(read("table_weights: [0, 0, 0]\n"), hal::ConfigError);
  try {
    read("delay: [0, 0.01]\nexposure: [1.2, 0.9]\n");
    FAIL() << "a backward range";
  } catch (const hal::ConfigError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr(":2:"), HasSubstr("'exposure'")));
  }
}

}  // namespace
}  // namespace gripbench::sim

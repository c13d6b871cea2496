// What the rig's webcam must show, as in the frames of Li, Dong, Adelson 2018: the GelSight finger
// with its cyan glow from the lower left, the dark plain finger from the lower right, the object
// between their tips, a light table behind.

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "sim/camera_renderer.h"
#include "sim/scene_variation.h"
#include "tests/unit/sim/webcam_scene.h"

namespace gripbench::sim {
namespace {

const char kRig[] = GRIPBENCH_SOURCE_DIR "/assets/mjcf/rig.xml";

class WebcamPictureTest : public ::testing::Test {
 protected:
  WebcamPictureTest() { renderer_.load(scene_.model()); }

  cv::Mat picture() {
    cv::Mat image;
    renderer_.render(scene_.model(), scene_.data(), camera_, image);
    return image;
  }

  Eigen::Vector3d pixel_of_site(const char* name) {
    const int site = require_id(&scene_.model(), mjOBJ_SITE, name);
    const Eigen::Map<const Eigen::Vector3d> point(scene_.data().site_xpos + 3 * site);
    return project(scene_.model(), scene_.data(), camera_, point, 640, 480);
  }

  static double share(const cv::Mat& image, const cv::Rect& where,
                      bool (*is)(const cv::Vec3b& bgr)) {
    int count = 0;
    for (int y = where.y; y < where.y + where.height; ++y) {
      for (int x = where.x; x < where.x + where.width; ++x) count += is(image.at<cv::Vec3b>(y, x));
    }
    return count / static_cast<double>(where.area());
  }

  static bool is_red(const cv::Vec3b& p) { return p[2] > 60 && p[2] > 2 * p[1] && p[2] > 2 * p[0]; }
  static bool is_cyan(const cv::Vec3b& p) { return p[0] > 80 && p[1] > 80 && p[0] > 2 * p[2]; }
  static bool is_dark(const cv::Vec3b& p) { return std::max({p[0], p[1], p[2]}) < 60; }

  WebcamScene scene_{kRig};
  int camera_ = camera_id(scene_.model(), "webcam");
  CameraRenderer renderer_;
};

TEST_F(WebcamPictureTest, TipsLieInTheMiddleTactileFingerOnTheLeft) {
  const Eigen::Vector3d tactile = pixel_of_site("pad_tactile");
  const Eigen::Vector3d plain = pixel_of_site("pad_plain");
  EXPECT_GT(tactile.x(), 640 * 0.25);
  EXPECT_LT(plain.x(), 640 * 0.75);
  EXPECT_GT(plain.x() - tactile.x(), 60);
  for (const auto& tip : {tactile, plain}) {
    EXPECT_GT(tip.y(), 480 * 0.35);
    EXPECT_LT(tip.y(), 480 * 0.65);
  }
}

TEST_F(WebcamPictureTest, FingersComeFromBelowAndTheTableIsLight) {
  const cv::Mat image = picture();
  const cv::Rect left(0, 240, 213, 240);
  const cv::Rect right(427, 240, 213, 240);
  EXPECT_GT(share(image, {0, 160, 300, 240}, is_cyan), 0.03);
  EXPECT_LT(share(image, {340, 160, 300, 240}, is_cyan), 0.001);
  EXPECT_GT(share(image, left, is_dark), 0.2);
  EXPECT_GT(share(image, right, is_dark), 0.2);
  // The real frames' upper corners have a brightness of about 165 to 195.
  for (const cv::Rect& corner : {cv::Rect(10, 10, 100, 60), cv::Rect(530, 10, 100, 60)}) {
    const cv::Scalar mean = cv::mean(image(corner));
    for (int c = 0; c < 3; ++c) {
      EXPECT_GT(mean[c], 150);
      EXPECT_LT(mean[c], 210);
    }
  }
}

TEST_F(WebcamPictureTest, ObjectIsBetweenTheTips) {
  const Eigen::Vector3d tactile = pixel_of_site("pad_tactile");
  const Eigen::Vector3d plain = pixel_of_site("pad_plain");
  const cv::Mat image = picture();
  const int x = static_cast<int>(0.5 * (tactile.x() + plain.x()));
  const int y = static_cast<int>(0.5 * (tactile.y() + plain.y()));
  EXPECT_GT(share(image, {x - 15, y - 15, 30, 30}, is_red), 0.95);
  EXPECT_LT(share(image, {0, 0, 150, 480}, is_red), 0.001);
  EXPECT_LT(share(image, {490, 0, 150, 480}, is_red), 0.001);
}

// Fingers and camera move together, and so does an object that is held; the table does not.
TEST_F(WebcamPictureTest, ALiftLeavesFingersAndHeldObjectInPlace) {
  const Eigen::Vector3d before = pixel_of_site("pad_tactile");
  const cv::Mat low = picture();
  scene_.pose(0.02);
  EXPECT_LT((pixel_of_site("pad_tactile") - before).norm(), 1e-6);
  const cv::Mat high = picture();
  int changed = 0;
  int red = 0;
  for (int y = 0; y < 480; ++y) {
    for (int x = 0; x < 640; ++x) {
      const bool was = is_red(low.at<cv::Vec3b>(y, x));
      const bool is = is_red(high.at<cv::Vec3b>(y, x));
      red += was;
      changed += was != is;
    }
  }
  EXPECT_GT(red, 5000);
  EXPECT_LT(changed, red / 200);
}

// The speckles of the tables come out of MuJoCo's compiler, which draws them with rand() under a
// lock: workers that build scenes at once must still see one table.
TEST_F(WebcamPictureTest, ScenesBuiltAtOnceLookTheSame) {
  const cv::Mat expected = picture();
  constexpr int kThreads = 3;
  std::array<int, kThreads> different{};
  std::vector<std::thread> threads;
  for (int& count : different) {
    threads.emplace_back([&expected, &count] {
      for (int i = 0; i < 3; ++i) {
        WebcamScene scene(kRig);
        CameraRenderer renderer;
        renderer.load(scene.model());
        cv::Mat image;
        renderer.render(scene.model(), scene.data(), camera_id(scene.model(), "webcam"), image);
        count += cv::norm(image, expected, cv::NORM_INF) != 0.0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(different, ::testing::Each(0));
}

TEST_F(WebcamPictureTest, EveryTableOfTheDefaultsIsInTheSceneAndLooksDifferent) {
  const MujocoModel pristine(mj_copyModel(nullptr, &scene_.model()));
  SceneVariation variation = draw_scene_variation(1, {});
  std::vector<cv::Scalar> means;
  for (std::size_t i = 0; i < variation.table_materials.size(); ++i) {
    variation.table_material = i;
    ASSERT_NO_THROW(apply(variation, *pristine, scene_.model()));
    mj_forward(&scene_.model(), &scene_.data());
    means.push_back(cv::mean(picture()(cv::Rect(10, 10, 100, 60))));
    for (std::size_t j = 0; j < i; ++j) EXPECT_GT(cv::norm(means[i] - means[j]), 30.0);
  }
}

}  // namespace
}  // namespace gripbench::sim

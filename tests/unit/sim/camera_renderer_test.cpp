#include "sim/camera_renderer.h"

#include <cmath>
#include <cstdlib>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "hal/errors.h"
#include "sim/egl_context.h"
#include "tests/unit/sim/camera_test_scene.h"

namespace gripbench::sim {
namespace {

using ::testing::HasSubstr;

bool same_bytes(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0.0;
}

cv::Mat picture(TestScene& scene, CameraRenderer& renderer) {
  cv::Mat image;
  renderer.render(scene.model(), scene.data(), camera_id(scene.model(), "webcam"), image);
  return image;
}

cv::Mat picture(TestScene& scene, const RenderOptions& options = {}) {
  CameraRenderer renderer(options);
  renderer.load(scene.model());
  return picture(scene, renderer);
}

// Pixels in which `channel` (blue 0, green 1, red 2) is at least twice the other two.
cv::Mat dominated_by(const cv::Mat& image, int channel) {
  cv::Mat mask(image.size(), CV_8UC1, cv::Scalar(0));
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      const auto pixel = image.at<cv::Vec3b>(y, x);
      const int others = std::max(pixel[(channel + 1) % 3], pixel[(channel + 2) % 3]);
      if (pixel[channel] > 40 && pixel[channel] > 2 * others) mask.at<std::uint8_t>(y, x) = 255;
    }
  }
  return mask;
}

Eigen::Vector2d centroid(const cv::Mat& mask) {
  const cv::Moments m = cv::moments(mask, true);
  return {m.m10 / m.m00 + 0.5, m.m01 / m.m00 + 0.5};
}

class CameraRendererTest : public ::testing::Test {
 protected:
  // No test here may lean on a window system.
  static void SetUpTestSuite() {
    unsetenv("DISPLAY");
    unsetenv("WAYLAND_DISPLAY");
  }

  Eigen::Vector3d pixel_of(const Eigen::Vector3d& point, int width, int height) {
    return project(scene_.model(), scene_.data(), camera_id(scene_.model(), "webcam"), point, width,
                   height);
  }

  TestScene scene_;
};

TEST_F(CameraRendererTest, ShowsALitScene) {
  const cv::Mat image = picture(scene_);
  ASSERT_EQ(image.size(), cv::Size(640, 480));
  ASSERT_EQ(image.type(), CV_8UC3);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(image, mean, deviation);
  EXPECT_GT(mean[1], 100.0);
  EXPECT_GT(deviation[1], 10.0);
}

// The outline of a sphere is where a cone around its centre, of half angle asin(radius/distance),
// meets the picture: an ellipse, whose ends on the line from the picture's centre are the cone's
// two rays in that plane.
TEST_F(CameraRendererTest, BallAppearsWhereTheCamerasGeometrySays) {
  for (const cv::Size size : {cv::Size(640, 480), cv::Size(320, 240), cv::Size(400, 480)}) {
    RenderOptions options;
    options.width_px = size.width;
    options.height_px = size.height;
    options.shadows = false;
    const cv::Mat ball = dominated_by(picture(scene_, options), 2);

    const Eigen::Vector3d centre(0.06, 0.03, 0.03);
    const double radius = 0.03;
    const Eigen::Vector3d seen = pixel_of(centre, size.width, size.height);
    const double focal = 0.5 * size.height / std::tan(25.0 * M_PI / 180.0);
    const Eigen::Vector2d off_axis(seen.x() - 0.5 * size.width, seen.y() - 0.5 * size.height);
    const double angle = std::atan(off_axis.norm() / focal);
    const double distance = seen.z() / std::cos(angle);
    const double half_cone = std::asin(radius / distance);
    const double near_edge = focal * std::tan(angle - half_cone);
    const double far_edge = focal * std::tan(angle + half_cone);
    const Eigen::Vector2d expected = Eigen::Vector2d(0.5 * size.width, 0.5 * size.height) +
                                     off_axis.normalized() * 0.5 * (near_edge + far_edge);
    const double major = 0.5 * (far_edge - near_edge);
    // With c the angle to the axis and h the half angle, the ellipse's axes are
    // f sin h cos h / (cos^2 c - sin^2 h) and f sin h / sqrt(cos^2 c - sin^2 h).
    const double root = std::sqrt(std::pow(std::cos(angle), 2) - std::pow(std::sin(half_cone), 2));
    const double minor = focal * std::sin(half_cone) / root;
    EXPECT_LT((centroid(ball) - expected).norm(), 0.7) << size;
    const double expected_area = M_PI * major * minor;
    EXPECT_NEAR(cv::countNonZero(ball), expected_area, 0.05 * expected_area) << size;
  }
}

TEST_F(CameraRendererTest, RowsRunDownAndColumnsToTheRight) {
  const cv::Mat image = picture(scene_);
  const Eigen::Vector2d red = centroid(dominated_by(image, 2));
  const Eigen::Vector2d green = centroid(dominated_by(image, 1));
  // The ball stands to the right of the box and farther from the camera, so higher up.
  EXPECT_GT(red.x(), green.x() + 100.0);
  EXPECT_LT(red.y(), green.y() - 50.0);
}

TEST_F(CameraRendererTest, TopOfTheBoxCoversItsProjectedCorners) {
  const cv::Mat box = dominated_by(picture(scene_), 1);
  const Eigen::Vector3d top(-0.07, -0.04, 0.04);
  for (const double sx : {-1.0, 1.0}) {
    for (const double sy : {-1.0, 1.0}) {
      const auto corner = [&](double scale) {
        return pixel_of(top + Eigen::Vector3d(sx * 0.025 * scale, sy * 0.02 * scale, 0.0), 640,
                        480);
      };
      const Eigen::Vector3d inside = corner(0.95);
      EXPECT_EQ(box.at<std::uint8_t>(static_cast<int>(inside.y()), static_cast<int>(inside.x())),
                255);
    }
  }
  // Beyond its far edge there is table.
  const Eigen::Vector3d beyond = pixel_of(top + Eigen::Vector3d(0.0, 0.021, 0.0), 640, 480);
  EXPECT_EQ(box.at<std::uint8_t>(static_cast<int>(beyond.y()), static_cast<int>(beyond.x())), 0);
}

TEST_F(CameraRendererTest, PointsBehindTheCameraHaveNegativeDepth) {
  EXPECT_GT(pixel_of({0.0, 0.0, 0.0}, 640, 480).z(), 0.0);
  EXPECT_LT(pixel_of({0.0, 0.0, 1.0}, 640, 480).z(), 0.0);
}

TEST_F(CameraRendererTest, ShadowsDarkenOnlyWhereTheLampIsHidden) {
  RenderOptions plain;
  plain.shadows = false;
  cv::Mat lit = picture(scene_, plain);
  cv::Mat shaded = picture(scene_);
  cv::cvtColor(lit, lit, cv::COLOR_BGR2GRAY);
  cv::cvtColor(shaded, shaded, cv::COLOR_BGR2GRAY);
  const Eigen::Vector3d lamp(0.2, -0.2, 0.9);
  const Eigen::Vector3d camera(0.0, -0.15, 0.35);
  const Eigen::Vector3d ball(0.06, 0.03, 0.03);
  const double radius = 0.03;
  // Distance of the ball's centre from the line of sight between a point of the table and an eye.
  const auto miss = [&](const Eigen::Vector3d& point, const Eigen::Vector3d& eye) {
    return (ball - point).cross((eye - point).normalized()).norm();
  };
  int dark = 0;
  int open = 0;
  for (double x = 0.0; x < 0.12; x += 0.001) {
    for (double y = -0.03; y < 0.09; y += 0.001) {
      const Eigen::Vector3d point(x, y, 0.0);
      if (miss(point, camera) < 1.1 * radius) continue;
      const Eigen::Vector3d pixel = pixel_of(point, 640, 480);
      const cv::Point at(static_cast<int>(pixel.x()), static_cast<int>(pixel.y()));
      const int loss = lit.at<std::uint8_t>(at) - shaded.at<std::uint8_t>(at);
      if (miss(point, lamp) < 0.85 * radius) {
        EXPECT_GT(loss, 30) << point.transpose();
        ++dark;
      } else if (miss(point, lamp) > 1.15 * radius) {
        EXPECT_LE(loss, 3) << point.transpose();
        ++open;
      }
    }
  }
  EXPECT_GT(dark, 20);
  EXPECT_GT(open, 2000);
}

TEST_F(CameraRendererTest, SamplesSmoothEdges) {
  RenderOptions smooth;
  smooth.samples = 4;
  smooth.shadows = false;
  RenderOptions plain = smooth;
  plain.samples = 0;
  const auto mixed_pixels = [](const cv::Mat& image) {
    // Neither ball nor table: partly covered.
    const cv::Mat ball = dominated_by(image, 2);
    cv::Mat ring;
    cv::dilate(ball, ring, cv::Mat());
    int mixed = 0;
    for (int y = 0; y < image.rows; ++y) {
      for (int x = 0; x < image.cols; ++x) {
        if (!ring.at<std::uint8_t>(y, x) || ball.at<std::uint8_t>(y, x)) continue;
        const auto pixel = image.at<cv::Vec3b>(y, x);
        mixed += pixel[2] > pixel[1] + 25;
      }
    }
    return mixed;
  };
  EXPECT_EQ(mixed_pixels(picture(scene_, plain)), 0);
  EXPECT_GT(mixed_pixels(picture(scene_, smooth)), 30);
}

TEST_F(CameraRendererTest, RendersIntoTheCallersMemory) {
  CameraRenderer renderer;
  renderer.load(scene_.model());
  const int camera = camera_id(scene_.model(), "webcam");
  cv::Mat image;
  renderer.render(scene_.model(), scene_.data(), camera, image);
  const cv::Mat first = image.clone();
  const auto* memory = image.data;
  image.setTo(0);
  renderer.render(scene_.model(), scene_.data(), camera, image);
  EXPECT_EQ(image.data, memory);
  EXPECT_TRUE(same_bytes(image, first));
}

TEST_F(CameraRendererTest, ThreadsDrawTheSameBytesAsOne) {
  constexpr int kPictures = 12;
  constexpr int kThreads = 3;
  // Each picture has the ball elsewhere; every thread has a scene and a renderer of its own, made
  // on the thread, and hands its model over again and again while the others draw.
  const auto series = [](std::vector<cv::Mat>& pictures) {
    TestScene scene;
    CameraRenderer renderer;
    for (int i = 0; i < kPictures; ++i) {
      scene.model().body_pos[3 * mj_name2id(&scene.model(), mjOBJ_BODY, "ball")] = 0.01 * i;
      scene.reset();
      renderer.load(scene.model());
      pictures.push_back(picture(scene, renderer));
    }
  };
  std::vector<cv::Mat> alone;
  series(alone);
  EXPECT_FALSE(same_bytes(alone[0], alone[1]));
  std::vector<std::vector<cv::Mat>> together(kThreads);
  std::vector<std::thread> threads;
  for (auto& pictures : together) threads.emplace_back(series, std::ref(pictures));
  for (auto& thread : threads) thread.join();
  for (const auto& pictures : together) {
    ASSERT_EQ(pictures.size(), alone.size());
    for (int i = 0; i < kPictures; ++i) EXPECT_TRUE(same_bytes(pictures[i], alone[i])) << i;
  }
}

TEST_F(CameraRendererTest, MayMoveToAnotherThread) {
  CameraRenderer renderer;
  renderer.load(scene_.model());
  const cv::Mat here = picture(scene_, renderer);
  cv::Mat there;
  std::thread([&] { there = picture(scene_, renderer); }).join();
  EXPECT_TRUE(same_bytes(here, there));
  CameraRenderer moved = std::move(renderer);
  EXPECT_TRUE(same_bytes(here, picture(scene_, moved)));
}

TEST_F(CameraRendererTest, OneContextServesOneThreadAtATime) {
  const EglContext context;
  const EglContext::Current here(context);
  std::string message;
  std::thread([&] {
    try {
      const EglContext::Current there(context);
    } catch (const hal::DeviceError& error) {
      message = error.what();
    }
  }).join();
  EXPECT_THAT(message, HasSubstr("another thread"));
}

TEST_F(CameraRendererTest, NamesWhatIsWrong) {
  try {
    camera_id(scene_.model(), "webcan");
    FAIL() << "no such camera";
  } catch (const hal::InputError& error) {
    EXPECT_THAT(error.what(), HasSubstr("'webcan'"));
    EXPECT_THAT(error.what(), HasSubstr("webcam"));
  }
  CameraRenderer renderer;
  cv::Mat image;
  EXPECT_THROW(renderer.render(scene_.model(), scene_.data(), 0, image), std::invalid_argument);
  renderer.load(scene_.model());
  EXPECT_THROW(renderer.render(scene_.model(), scene_.data(), 7, image), std::invalid_argument);
  RenderOptions empty;
  empty.width_px = 0;
  EXPECT_THROW(CameraRenderer{empty}, std::invalid_argument);
}

}  // namespace
}  // namespace gripbench::sim

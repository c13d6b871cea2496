#include "sim/image_effects.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

namespace gripbench::sim {
namespace {

cv::Mat plain(int level) { return {480, 640, CV_8UC3, cv::Scalar::all(level)}; }

bool same_bytes(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF) == 0.0; }

// A picture with edges and a gradient.
cv::Mat scene() {
  cv::Mat image(480, 640, CV_8UC3);
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      image.at<cv::Vec3b>(y, x) =
          cv::Vec3b(x * 255 / 640, y * 255 / 480, (x / 40 + y / 40) % 2 * 200);
    }
  }
  return image;
}

cv::Mat finished(cv::Mat image, const ImageVariation& variation, std::uint64_t frame = 0) {
  finish_camera_image(image, variation, frame);
  return image;
}

TEST(ImageEffectsTest, NothingAskedForChangesNothing) {
  EXPECT_TRUE(same_bytes(finished(scene(), {}), scene()));
}

TEST(ImageEffectsTest, NoiseHasTheVarianceAskedFor) {
  ImageVariation v;
  v.read_noise = 2.0;
  v.shot_noise = 0.05;
  for (const int level : {40, 120, 200}) {
    cv::Scalar mean;
    cv::Scalar deviation;
    cv::meanStdDev(finished(plain(level), v), mean, deviation);
    // Rounding to whole steps adds 1/12.
    const double expected = std::sqrt(4.0 + 0.05 * level + 1.0 / 12.0);
    for (int c = 0; c < 3; ++c) {
      EXPECT_NEAR(mean[c], level, 0.05);
      EXPECT_NEAR(deviation[c], expected, 0.01 * expected);
    }
  }
}

TEST(ImageEffectsTest, NoiseIsWhiteAndNeverTheSameTwice) {
  ImageVariation v;
  v.seed = 7;
  v.read_noise = 3.0;
  constexpr int kFrames = 6;
  std::vector<cv::Mat> noise;
  for (int frame = 0; frame < kFrames; ++frame) {
    cv::Mat n;
    finished(plain(128), v, frame).convertTo(n, CV_32F, 1.0, -128.0);
    noise.push_back(n);
  }
  const auto correlation = [](const cv::Mat& a, const cv::Mat& b) {
    return a.dot(b) / (cv::norm(a) * cv::norm(b));
  };
  // Standard deviation of the correlation of n independent samples is 1/sqrt(n): 5 of them.
  const double limit = 5.0 / std::sqrt(480.0 * 640.0 * 3.0);
  for (int a = 0; a < kFrames; ++a) {
    for (int b = a + 1; b < kFrames; ++b) {
      EXPECT_LT(std::abs(correlation(noise[a], noise[b])), limit) << a << " " << b;
      // Not moved by a few pixels either.
      for (int shift = 1; shift <= 3; ++shift) {
        const cv::Mat left = noise[a].colRange(shift, 640).clone();
        const cv::Mat right = noise[b].colRange(0, 640 - shift).clone();
        EXPECT_LT(std::abs(correlation(left, right)), limit);
      }
    }
  }
  // Nor within a frame: neighbours across, neighbours down, and channels.
  const cv::Mat& n = noise[0];
  EXPECT_LT(std::abs(correlation(n.colRange(0, 639).clone(), n.colRange(1, 640).clone())), limit);
  EXPECT_LT(std::abs(correlation(n.rowRange(0, 479).clone(), n.rowRange(1, 480).clone())), limit);
  std::vector<cv::Mat> channels;
  cv::split(n, channels);
  EXPECT_LT(std::abs(correlation(channels[0], channels[1])), std::sqrt(3.0) * limit);
}

TEST(ImageEffectsTest, NoiseIsNearlyGaussian) {
  ImageVariation v;
  v.read_noise = 10.0;
  const cv::Mat image = finished(plain(128), v);
  const auto* values = image.ptr<std::uint8_t>();
  const std::size_t count = image.total() * 3;
  double within_one = 0;
  double beyond_two = 0;
  double third = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double z = (values[i] - 128.0) / 10.0;
    within_one += std::abs(z) < 1.05;  // the edge lies between two whole steps
    beyond_two += std::abs(z) > 2.05;
    third += z * z * z;
  }
  // The normal distribution with Edgeworth's first correction for the excess kurtosis of a sum of
  // four uniform variables, -1.2 / 4.
  const auto within = [](double z) {
    const double density = std::exp(-0.5 * z * z) / std::sqrt(2.0 * M_PI);
    return std::erf(z / std::sqrt(2.0)) + 2.0 * 0.3 / 24.0 * (z * z * z - 3.0 * z) * density;
  };
  EXPECT_NEAR(within_one / count, within(1.05), 0.002);
  EXPECT_NEAR(beyond_two / count, 1.0 - within(2.05), 0.002);
  EXPECT_NEAR(third / count, 0.0, 0.01);
}

TEST(ImageEffectsTest, BlurMatchesAGaussianFilter) {
  ImageVariation v;
  v.blur_px = 1.0;
  cv::Mat expected;
  // Ours is the Gaussian after linear interpolation, whose own variance is 1/6 px^2.
  cv::GaussianBlur(scene(), expected, cv::Size(9, 9), std::sqrt(1.0 + 1.0 / 6.0),
                   std::sqrt(1.0 + 1.0 / 6.0), cv::BORDER_REPLICATE);
  EXPECT_LE(cv::norm(finished(scene(), v), expected, cv::NORM_INF), 3.0);
}

TEST(ImageEffectsTest, VibrationShiftsWithinItsLimitAndDiffersFromFrameToFrame) {
  ImageVariation v;
  v.blur_px = 0.6;
  v.vibration_px = 0.5;
  v.seed = 3;
  v.read_noise = 1.0;  // carries fractions of a step over the rounding
  cv::Mat ramp(480, 240, CV_8UC3);
  for (int x = 0; x < ramp.cols; ++x) ramp.col(x).setTo(cv::Scalar::all(x + 8));
  // On a ramp of one step per pixel the shift is the mean change.
  double least = 1.0;
  double most = -1.0;
  for (int frame = 0; frame < 40; ++frame) {
    cv::Mat change;
    cv::subtract(finished(ramp.clone(), v, frame), ramp, change, cv::noArray(), CV_32F);
    const double shift = -cv::mean(change.colRange(10, 230))[0];
    least = std::min(least, shift);
    most = std::max(most, shift);
  }
  EXPECT_GE(least, -0.51);
  EXPECT_LE(most, 0.51);
  EXPECT_LT(least, -0.4);
  EXPECT_GT(most, 0.4);
}

TEST(ImageEffectsTest, GainActsOnItsChannelAndSaturates) {
  ImageVariation v;
  v.gain = {0.5, 1.0, 2.0};
  const cv::Vec3b pixel = finished(plain(150), v).at<cv::Vec3b>(100, 100);
  EXPECT_EQ(pixel, cv::Vec3b(75, 150, 255));
}

TEST(ImageEffectsTest, VignetteDarkensByTheSquareOfTheDistanceFromTheMiddle) {
  ImageVariation v;
  v.vignette = 0.4;
  const cv::Mat image = finished(plain(200), v);
  EXPECT_NEAR(image.at<cv::Vec3b>(240, 320)[1], 200, 1);
  EXPECT_NEAR(image.at<cv::Vec3b>(0, 0)[1], 200 * 0.6, 1);
  EXPECT_NEAR(image.at<cv::Vec3b>(479, 639)[1], 200 * 0.6, 1);
  // The middle of the left edge: 320 of the 400 px to a corner.
  EXPECT_NEAR(image.at<cv::Vec3b>(240, 0)[1], 200 * (1.0 - 0.4 * 0.64), 1);
}

TEST(ImageEffectsTest, SameSeedAndFrameGiveTheSameBytes) {
  ImageVariation v;
  v.seed = 11;
  v.read_noise = 1.5;
  v.blur_px = 0.7;
  v.vibration_px = 0.3;
  EXPECT_TRUE(same_bytes(finished(scene(), v, 4), finished(scene(), v, 4)));
  EXPECT_FALSE(same_bytes(finished(scene(), v, 4), finished(scene(), v, 5)));
  ImageVariation other = v;
  other.seed = 12;
  EXPECT_FALSE(same_bytes(finished(scene(), v, 4), finished(scene(), other, 4)));
}

TEST(ImageEffectsTest, RefusesOtherPicturesAndImpossibleValues) {
  cv::Mat gray(10, 10, CV_8UC1);
  EXPECT_THROW(finish_camera_image(gray, {}, 0), std::invalid_argument);
  cv::Mat image = plain(0);
  ImageVariation v;
  v.blur_px = 3.0;
  EXPECT_THROW(finish_camera_image(image, v, 0), std::invalid_argument);
}

TEST(ImageEffectsTest, WorksOnTinyPictures) {
  ImageVariation v;
  v.blur_px = 1.0;
  cv::Mat image(2, 1, CV_8UC3, cv::Scalar(10, 20, 30));
  finish_camera_image(image, v, 0);
  EXPECT_EQ(image.at<cv::Vec3b>(1, 0), cv::Vec3b(10, 20, 30));
}

}  // namespace
}  // namespace gripbench::sim

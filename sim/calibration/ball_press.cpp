#include "sim/calibration/ball_press.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

/// Steps per pixel of the tabulated slope.
constexpr double kPerPixel = 4.0;
/// How far around a press its pixels are used, in radii of what was found.
constexpr double kReach = 2.6;
/// A press changes some channel by at least this much on average over its middle (grey levels).
constexpr double kClearChange = 8.0;

/// K1(x) exp(x): K1 alone underflows for far points.
double scaled_k1(double x) {
  if (x > 30.0) return std::sqrt(M_PI_2 / x) * (1.0 + 0.375 / x - 0.1171875 / (x * x));
  return std::cyl_bessel_k(1.0, x) * std::exp(x);
}

double scaled_k0(double x) {
  if (x > 30.0) return std::sqrt(M_PI_2 / x) * (1.0 - 0.125 / x + 0.0703125 / (x * x));
  return std::cyl_bessel_k(0.0, x) * std::exp(x);
}

cv::Mat read_picture(const std::filesystem::path& file) {
  if (!std::filesystem::is_regular_file(file)) {
    throw hal::InputError(file.string() + ": no such picture");
  }
  cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
  if (picture.empty()) throw hal::InputError(file.string() + ": not a picture that can be read");
  if (picture.cols < 32 || picture.rows < 32) {
    throw hal::InputError(fmt::format("{}: {} x {} px are too few to show a press", file.string(),
                                      picture.cols, picture.rows));
  }
  return picture;
}

/// Gaussian mean over the pixels outside of `mask`.
cv::Mat smooth_without(const cv::Mat& values, const cv::Mat& mask, double sigma) {
  cv::Mat weight = cv::Mat::ones(mask.size(), CV_32F);
  weight.setTo(0.0, mask);
  std::vector<cv::Mat> channels;
  cv::split(values, channels);
  cv::Mat total;
  cv::GaussianBlur(weight, total, {}, sigma);
  total = cv::max(total, 1e-3);
  for (cv::Mat& channel : channels) {
    channel = channel.mul(weight);
    cv::GaussianBlur(channel, channel, {}, sigma);
    cv::divide(channel, total, channel);
  }
  cv::Mat out;
  cv::merge(channels, out);
  return out;
}

/// Odd, at least 3.
int odd(double size) { return 2 * std::max(1, static_cast<int>(std::lround(0.5 * size))) + 1; }

}  // namespace

PressProfile::PressProfile(double contact_radius, const PressScale& scale, double reach) {
  const double ball = scale.ball_radius, length = std::max(scale.membrane, 0.1);
  const double a = std::clamp(contact_radius, 2.0, 0.98 * ball);
  const double at_rim = a / std::sqrt(ball * ball - a * a);
  const double k1 = scaled_k1(a / length);
  const int count = static_cast<int>(reach * kPerPixel) + 2;
  for (int k = 0; k < count; ++k) {
    const double r = k / kPerPixel;
    table_.push_back(r <= a ? r / std::sqrt(ball * ball - r * r)
                            : at_rim * scaled_k1(r / length) / k1 * std::exp((a - r) / length));
  }
  depth_ = at_rim * length * scaled_k0(a / length) / k1 + ball - std::sqrt(ball * ball - a * a);
}

double PressProfile::slope(double r) const {
  const double u = std::min(r * kPerPixel, static_cast<double>(table_.size()) - 1.001);
  const std::size_t k = static_cast<std::size_t>(u);
  const double f = u - static_cast<double>(k);
  return (1.0 - f) * table_[k] + f * table_[k + 1];
}

cv::Mat mask_dots(const cv::Mat& bgr) {
  std::vector<cv::Mat> channels;
  cv::split(bgr, channels);
  cv::Mat brightest, around, mask;
  cv::max(channels[0], channels[1], brightest);
  cv::max(brightest, channels[2], brightest);
  const int size = odd(bgr.cols / 17.0);
  cv::morphologyEx(brightest, around, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size}));
  cv::GaussianBlur(around, around, {}, bgr.cols / 70.0);
  around.convertTo(around, CV_32F, 0.86);
  brightest.convertTo(brightest, CV_32F);
  cv::compare(brightest, around, mask, cv::CMP_LT);
  const int widening = odd(bgr.cols / 100.0);
  cv::dilate(mask, mask, cv::Mat::ones(widening, widening, CV_8U));
  return mask;
}

ReferencePicture load_reference(const std::filesystem::path& file) {
  ReferencePicture reference;
  reference.picture = read_picture(file);
  reference.dots = mask_dots(reference.picture);
  cv::Mat values;
  reference.picture.convertTo(values, CV_32FC3);
  reference.smooth = smooth_without(values, reference.dots, reference.picture.cols / 70.0);
  return reference;
}

BallPress load_ball_press(const std::filesystem::path& file, const ReferencePicture& reference) {
  BallPress press;
  press.name = file.filename().string();
  press.picture = read_picture(file);
  if (press.picture.size() != reference.picture.size()) {
    throw hal::InputError(fmt::format("{}: {} x {} px, but the reference picture has {} x {}",
                                      file.string(), press.picture.cols, press.picture.rows,
                                      reference.picture.cols, reference.picture.rows));
  }
  cv::Mat mask, before, after;
  cv::bitwise_or(mask_dots(press.picture), reference.dots, mask);
  press.picture.convertTo(after, CV_32FC3);
  reference.picture.convertTo(before, CV_32FC3);
  const cv::Mat change = after - before;

  cv::Mat size = smooth_without(cv::abs(change), mask, press.picture.cols / 107.0);
  std::vector<cv::Mat> channels;
  cv::split(size, channels);
  cv::Mat strength = (channels[0] + channels[1] + channels[2]) / 3.0;
  double peak = 0.0;
  cv::minMaxLoc(strength, nullptr, &peak);
  const double typical = cv::mean(strength)[0];
  if (peak < kClearChange || peak < 4.0 * typical) {
    throw hal::InputError(
        fmt::format("{}: no clear press; it differs from the reference by {:.1f} grey levels at "
                    "most and {:.1f} on average",
                    file.string(), peak, typical));
  }
  cv::Mat labels, stats, middles;
  const int count = cv::connectedComponentsWithStats(strength > 0.3 * peak, labels, stats, middles);
  int largest = 1;
  for (int k = 2; k < count; ++k) {
    if (stats.at<int>(k, cv::CC_STAT_AREA) > stats.at<int>(largest, cv::CC_STAT_AREA)) largest = k;
  }
  const double radius = std::sqrt(stats.at<int>(largest, cv::CC_STAT_AREA) / M_PI);
  press.shape = {middles.at<double>(largest, 0), middles.at<double>(largest, 1), 0.75 * radius};
  press.reach = kReach * radius;

  double sum = 0.0;
  long far = 0;
  for (int y = 0; y < change.rows; ++y) {
    for (int x = 0; x < change.cols; ++x) {
      if (mask.at<std::uint8_t>(y, x) != 0) continue;
      const cv::Vec3f d = change.at<cv::Vec3f>(y, x);
      const double r = std::hypot(x - press.shape.x, y - press.shape.y);
      if (r > 1.5 * press.reach) {
        sum += d.dot(d);
        far += 3;
      }
      if (r > press.reach) continue;
      const cv::Vec3f b = reference.smooth.at<cv::Vec3f>(y, x);
      press.pixels.push_back(
          {static_cast<float>(x), static_cast<float>(y), {b[0], b[1], b[2]}, {d[0], d[1], d[2]}});
    }
  }
  press.far_deviation = far > 0 ? std::sqrt(sum / static_cast<double>(far)) : 0.0;
  if (press.pixels.size() < 200) {
    throw hal::InputError(file.string() + ": too little of the press is free of dots");
  }
  return press;
}

}  // namespace gripbench::sim

#include "sim/gelsight_image.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <filesystem>
#include <numbers>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "tests/unit/sim/gel_test_scene.h"

namespace gripbench::sim {
namespace {

using Kind = hal::ShapePart::Kind;

constexpr std::uint64_t kSpecimen = 7;

SensorProfile shipped_profile() {
  return SensorProfile::load(std::filesystem::path(GRIPBENCH_SOURCE_DIR) /
                             "assets/sensors/gelsight2018.yaml");
}

SensorProfile quiet_profile() {
  SensorProfile profile = shipped_profile();
  profile.optics.noise = 0.0;
  return profile;
}

SensorProfile quiet_profile_without_dots() {
  SensorProfile profile = quiet_profile();
  profile.optics.markers.darkness = 0.0;
  profile.optics.markers.darkness_jitter = 0.0;
  return profile;
}

/// A dot as an image shows it: centre (px), pixels darker than half of its darkest.
struct Blob {
  cv::Point2d centre;
  double half_area = 0.0;
};

/// Finds dark dots against the picture's own large-scale brightness, knowing nothing of how they
/// were drawn.
std::vector<Blob> find_dots(const cv::Mat& bgr) {
  cv::Mat gray, wide, darkness;
  cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
  gray.convertTo(gray, CV_32F);
  cv::dilate(gray, wide, cv::getStructuringElement(cv::MORPH_ELLIPSE, {41, 41}));
  cv::erode(wide, wide, cv::getStructuringElement(cv::MORPH_ELLIPSE, {41, 41}));
  cv::divide(gray, wide, darkness);
  darkness = 1.0 - darkness;
  cv::Mat labels, stats, centroids;
  const int count = cv::connectedComponentsWithStats(darkness > 0.1, labels, stats, centroids);
  std::vector<Blob> blobs;
  for (int k = 1; k < count; ++k) {
    if (stats.at<int>(k, cv::CC_STAT_AREA) < 40) continue;
    const int x0 = stats.at<int>(k, cv::CC_STAT_LEFT), y0 = stats.at<int>(k, cv::CC_STAT_TOP);
    const int x1 = x0 + stats.at<int>(k, cv::CC_STAT_WIDTH);
    const int y1 = y0 + stats.at<int>(k, cv::CC_STAT_HEIGHT);
    double sum = 0.0, peak = 0.0;
    Blob blob;
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) {
        if (labels.at<int>(y, x) != k) continue;
        const double d = darkness.at<float>(y, x);
        sum += d;
        peak = std::max(peak, d);
        blob.centre += d * cv::Point2d(x, y);
      }
    }
    blob.centre = blob.centre / sum;
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) {
        blob.half_area += labels.at<int>(y, x) == k && darkness.at<float>(y, x) > 0.5 * peak;
      }
    }
    blobs.push_back(blob);
  }
  return blobs;
}

bool inside(const cv::Point2d& p, double margin) {
  return p.x > margin && p.y > margin && p.x < 639 - margin && p.y < 479 - margin;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

TEST(GelSightImage, DotsAreAsManyAsLargeAndAsFarApartAsTheProfileSays) {
  const SensorProfile profile = shipped_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  const std::vector<Blob> dots = find_dots(camera.background());
  EXPECT_GE(dots.size(), 74u);
  EXPECT_LE(dots.size(), 88u);

  const double pixel = profile.optics.pixel_pitch;
  std::vector<double> diameters, distances;
  std::complex<double> lattice = 0.0;
  for (const Blob& dot : dots) {
    if (!inside(dot.centre, 80.0)) continue;
    diameters.push_back(2.0 * std::sqrt(dot.half_area / std::numbers::pi) * pixel);
    std::vector<cv::Point2d> to;
    for (const Blob& other : dots) to.push_back(other.centre - dot.centre);
    std::sort(to.begin(), to.end(),
              [](const auto& a, const auto& b) { return cv::norm(a) < cv::norm(b); });
    for (int k = 1; k <= 4; ++k) {
      distances.push_back(cv::norm(to[k]) * pixel);
      lattice += std::polar(1.0, 4.0 * std::atan2(to[k].y, to[k].x));
    }
  }
  ASSERT_GT(diameters.size(), 30u);
  const MarkerProfile& markers = profile.optics.markers;
  EXPECT_NEAR(median(diameters), markers.diameter, 0.08 * markers.diameter);
  EXPECT_NEAR(median(distances), markers.pitch, 0.03 * markers.pitch);
  EXPECT_NEAR(std::arg(lattice) / 4.0, markers.angle, 0.02);
}

TEST(GelSightImage, DotsFollowTheGelToATenthOfAPixel) {
  const SensorProfile profile = quiet_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  const double pixel = profile.optics.pixel_pitch;
  // Shift, stretch and turn at once: a linear field, so that the grid's interpolation is exact.
  const Eigen::Vector2d shift(0.133e-3, -0.071e-3);
  Eigen::Matrix2d gradient;
  gradient << 0.010, -0.020, 0.025, -0.015;
  GelImprint imprint = untouched_gel(profile.pad.grid);
  for (int j = 0; j < imprint.grid.ny; ++j) {
    for (int i = 0; i < imprint.grid.nx; ++i) {
      const Eigen::Vector2d u =
          shift + gradient * Eigen::Vector2d(imprint.grid.x(i), imprint.grid.y(j));
      const std::size_t node = static_cast<std::size_t>(j) * imprint.grid.nx + i;
      imprint.displacement_x[node] = static_cast<float>(u.x());
      imprint.displacement_y[node] = static_cast<float>(u.y());
    }
  }
  cv::Mat moved;
  camera.render(imprint, 1, moved);
  const std::vector<Blob> after = find_dots(moved);
  int compared = 0;
  for (const Blob& dot : find_dots(camera.background())) {
    if (!inside(dot.centre, 40.0)) continue;
    const Eigen::Vector2d rest((dot.centre.x - 319.5) * pixel, (dot.centre.y - 239.5) * pixel);
    const Eigen::Vector2d u = (shift + gradient * rest) / pixel;
    const cv::Point2d expected = dot.centre + cv::Point2d(u.x(), u.y());
    double nearest = 1e9;
    for (const Blob& other : after) nearest = std::min(nearest, cv::norm(other.centre - expected));
    EXPECT_LT(nearest, 0.1) << "dot at " << dot.centre;
    ++compared;
  }
  EXPECT_GT(compared, 50);
}

TEST(GelSightImage, LoadSpreadsTheDotsOutwards) {
  const SensorProfile profile = quiet_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  const ObjectShape ball = solid(Kind::kSphere, {0.02, 0, 0});
  cv::Mat pressed;
  camera.render(pressed_by(ball, profile.pad.grid, {0, 0, 0.02 - 0.4e-3}), 1, pressed);
  const std::vector<Blob> after = find_dots(pressed);
  double outward = 0.0;
  int compared = 0;
  for (const Blob& dot : find_dots(camera.background())) {
    const cv::Point2d from_middle = dot.centre - cv::Point2d(319.5, 239.5);
    const double radius = cv::norm(from_middle);
    if (radius < 60.0 || radius > 130.0) continue;
    for (const Blob& other : after) {
      const cv::Point2d motion = other.centre - dot.centre;
      if (cv::norm(motion) > 10.0) continue;
      outward += motion.dot(from_middle) / radius * profile.optics.pixel_pitch;
      ++compared;
    }
  }
  ASSERT_GT(compared, 8);
  // The slope of a sphere's imprint is radius / R: 1.4 to 3.1 mm of 20 mm, 0.11 in the middle.
  EXPECT_NEAR(outward / compared, 0.11 * profile.optics.spread, 0.3 * 0.11 * profile.optics.spread);
}

/// Ratio of a pressed gel to the untouched one, per channel, as float.
cv::Mat ratio_to_background(GelSightImage& camera, const GelImprint& imprint) {
  cv::Mat pressed, background, ratio;
  camera.render(imprint, 1, pressed);
  pressed.convertTo(pressed, CV_32FC3);
  camera.background().convertTo(background, CV_32FC3);
  cv::divide(pressed, background, ratio);
  return ratio;
}

TEST(GelSightImage, BallShowsItsContactCircle) {
  // Without the dome, so that only the ball's own slope tells its place.
  SensorProfile profile = quiet_profile_without_dots();
  profile.optics.dome_radius = 1e3;
  // And with next to no tension, so that the gel ends its slope where the ball leaves its plane.
  profile.optics.membrane_length = 0.02e-3;
  GelSightImage camera(profile.optics, kSpecimen);
  for (const auto& [radius, depth] :
       {std::pair{0.020, 0.4e-3}, {0.00238, 0.3e-3}, {0.01, 0.15e-3}}) {
    const ObjectShape ball = solid(Kind::kSphere, {radius, 0, 0});
    const cv::Mat ratio = ratio_to_background(
        camera, pressed_by(ball, profile.pad.grid, {-0.5e-3, 0.3e-3, radius - depth}));
    // Some channel leaves the background by 4%: about 6 grey levels.
    int area = 0;
    for (int y = 0; y < ratio.rows; ++y) {
      for (int x = 0; x < ratio.cols; ++x) {
        const cv::Vec3f& r = ratio.at<cv::Vec3f>(y, x);
        area += std::max({std::abs(r[0] - 1), std::abs(r[1] - 1), std::abs(r[2] - 1)}) > 0.04f;
      }
    }
    // The circle's middle is level and looks like the background: there the slope, r / R, is below
    // what shows. It is no part of the rim, so take the outermost pixels instead of the area.
    EXPECT_GT(area, 0);
    double outermost = 0.0;
    for (int ray = 0; ray < 36; ++ray) {
      const double angle = ray * std::numbers::pi / 18.0;
      double reach = 0.0;
      for (double r = 0.0; r < 300.0; r += 0.25) {
        const int x =
            static_cast<int>(std::lround(319.5 - 0.5e-3 / 0.024e-3 + r * std::cos(angle)));
        const int y =
            static_cast<int>(std::lround(239.5 + 0.3e-3 / 0.024e-3 + r * std::sin(angle)));
        if (x < 0 || y < 0 || x >= ratio.cols || y >= ratio.rows) break;
        const cv::Vec3f& v = ratio.at<cv::Vec3f>(y, x);
        if (std::max({std::abs(v[0] - 1), std::abs(v[1] - 1), std::abs(v[2] - 1)}) > 0.04f)
          reach = r;
      }
      outermost += reach / 36.0;
    }
    const double expected = std::sqrt(2.0 * radius * depth);
    EXPECT_NEAR(outermost * profile.optics.pixel_pitch, expected, 0.05 * expected)
        << "ball of radius " << radius;
  }
}

TEST(GelSightImage, ColoursTellWhichWayTheSurfaceFaces) {
  const SensorProfile profile = quiet_profile_without_dots();
  GelSightImage camera(profile.optics, kSpecimen);
  const ObjectShape ball = solid(Kind::kSphere, {0.006, 0, 0});
  const cv::Mat ratio =
      ratio_to_background(camera, pressed_by(ball, profile.pad.grid, {0, 0, 0.006 - 0.4e-3}));
  const auto at = [&](int dx, int dy) { return ratio.at<cv::Vec3f>(240 + dy, 320 + dx); };
  const cv::Vec3f left = at(-70, 0), right = at(70, 0), up = at(0, -70), down = at(0, 70);
  // Red stands on the left, green above, blue on the right and below (blue, green, red).
  EXPECT_GT(left[2], 1.1);
  EXPECT_LT(left[0], 0.85);
  EXPECT_GT(right[0], 1.05);
  EXPECT_LT(right[2], 0.9);
  EXPECT_GT(up[1], 1.05);
  EXPECT_LT(down[1], 0.9);
  EXPECT_GT(down[0], up[0]);
}

TEST(GelSightImage, NoiseIsAsStrongAsTheProfileSaysAndAnotherInEachFrame) {
  const SensorProfile profile = shipped_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  const GelImprint none = untouched_gel(profile.pad.grid);
  cv::Mat first, second, again;
  camera.render(none, 11, first);
  camera.render(none, 12, second);
  camera.render(none, 11, again);
  EXPECT_EQ(cv::norm(first, again, cv::NORM_INF), 0.0);
  cv::Mat a, b, mean, deviation;
  cv::subtract(first, camera.background(), a, cv::noArray(), CV_32F);
  cv::subtract(second, camera.background(), b, cv::noArray(), CV_32F);
  cv::meanStdDev(a, mean, deviation);
  // Rounding to bytes, twice, adds a variance of 1/12 each.
  const double expected = std::sqrt(profile.optics.noise * profile.optics.noise + 2.0 / 12.0);
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(deviation.at<double>(c), expected, 0.03 * expected);
    EXPECT_NEAR(mean.at<double>(c), 0.0, 0.02);
  }
  // Against the mean of many frames the background's rounding falls out; between two it is shared
  // and its variance of 1/12 is all that they may have in common.
  const double common = a.reshape(1).dot(b.reshape(1)) / static_cast<double>(a.total() * 3);
  EXPECT_LT(std::abs(common), 1.0 / 12.0 + 0.03);
}

TEST(GelSightImage, FrameDoesNotDependOnWhatWasDrawnBefore) {
  const SensorProfile profile = shipped_profile();
  GelSightImage camera(profile.optics, kSpecimen), fresh(profile.optics, kSpecimen);
  const ObjectShape knurled =
      solid(Kind::kCylinder, {0.015, 0.1, 0}, {hal::SurfaceTexture::Kind::kKnurled, 0.1e-3, 1e-3});
  const ObjectShape ball = solid(Kind::kSphere, {0.01, 0, 0});
  const Eigen::Matrix3d lying =
      Eigen::AngleAxisd(std::numbers::pi / 2, Eigen::Vector3d::UnitX()).toRotationMatrix();
  cv::Mat used, expected;
  camera.render(pressed_by(knurled, profile.pad.grid, {0, 0, 0.015 - 0.4e-3}, lying), 3, used);
  camera.background();
  const GelImprint imprint = pressed_by(ball, profile.pad.grid, {0.002, 0, 0.01 - 0.2e-3});
  camera.render(imprint, 4, used);
  fresh.render(imprint, 4, expected);
  EXPECT_EQ(cv::norm(used, expected, cv::NORM_INF), 0.0);
}

TEST(GelSightImage, WearBelongsToTheSpecimen) {
  const SensorProfile profile = shipped_profile();
  const cv::Mat one = GelSightImage(profile.optics, 1).background();
  EXPECT_EQ(cv::norm(one, GelSightImage(profile.optics, 1).background(), cv::NORM_INF), 0.0);
  EXPECT_GT(cv::norm(one, GelSightImage(profile.optics, 2).background(), cv::NORM_INF), 20.0);
}

TEST(GelSightImage, RefusesAnImprintOfAnotherGrid) {
  const SensorProfile profile = shipped_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  GelImprint imprint = untouched_gel(profile.pad.grid);
  imprint.displacement_y.pop_back();
  cv::Mat image;
  EXPECT_THROW(camera.render(imprint, 1, image), std::invalid_argument);
}

TEST(GelHeightField, MembraneDecaysBesideAnEdgeAsItsEquationSays) {
  const SensorProfile profile = shipped_profile();
  GelHeightField field(profile.optics);
  const double depth = 0.2e-3, length = profile.optics.membrane_length;
  // The face covers x < 0 and all of y: one-dimensional, e = depth exp(-x / L).
  const ObjectShape box = solid(Kind::kBox, {0.02, 0.06, 0.02});
  field.build(pressed_by(box, profile.pad.grid, {-0.01, 0, 0.01 - depth}));
  const float* row = field.indentation().row(120);
  for (int x = 0; x < 320; ++x) {
    const double position = (x - 159.5) * field.pitch();
    if (position < -2.0 * field.pitch()) {
      EXPECT_NEAR(row[x], depth, 1e-6) << position;
    } else if (position > 0.0 && position < 3.0 * length) {
      EXPECT_NEAR(row[x], depth * std::exp(-position / length), 0.06 * depth) << position;
    }
  }
}

TEST(GelHeightField, SurfaceLeavesABallAsTheObstacleProblemSays) {
  // Around a ball of radius R the contact ends at a, where slope and height go on smoothly into the
  // decaying solution of e = L^2 laplace(e): e = C K0(r / L).
  const SensorProfile profile = shipped_profile();
  const double length = profile.optics.membrane_length;
  for (const double radius : {0.00238, 0.006, 0.02}) {
    const double depth = 0.3e-3;
    const auto sphere = [&](double r) {
      return std::sqrt(radius * radius - r * r) - (radius - depth);
    };
    const auto mismatch = [&](double a) {
      const double slope = a / std::sqrt(radius * radius - a * a);
      return sphere(a) - slope * length * std::cyl_bessel_k(0.0, a / length) /
                             std::cyl_bessel_k(1.0, a / length);
    };
    double inner = 1e-6, outer = std::sqrt(2.0 * radius * depth);
    for (int k = 0; k < 60; ++k) {
      const double middle = 0.5 * (inner + outer);
      (mismatch(middle) > 0.0 ? inner : outer) = middle;
    }
    const double rim = inner;
    GelHeightField field(profile.optics);
    const ObjectShape ball = solid(Kind::kSphere, {radius, 0, 0});
    field.build(pressed_by(ball, profile.pad.grid, {0, 0, radius - depth}));
    const float* row = field.indentation().row(120);
    for (int x = 160; x < 320; ++x) {
      const double r = std::hypot((x - 159.5) * field.pitch(), 0.5 * field.pitch());
      const double expected = r < rim ? sphere(r)
                                      : sphere(rim) * std::cyl_bessel_k(0.0, r / length) /
                                            std::cyl_bessel_k(0.0, rim / length);
      EXPECT_NEAR(row[x], expected, 0.05 * depth) << "ball " << radius << " at " << r;
    }
  }
}

TEST(GelHeightField, SurfaceInTheContactIsTheObjects) {
  const SensorProfile profile = shipped_profile();
  GelHeightField field(profile.optics);
  const double radius = 0.00238, depth = 0.3e-3;
  const ObjectShape ball = solid(Kind::kSphere, {radius, 0, 0});
  GelImprint imprint = pressed_by(ball, profile.pad.grid, {0, 0, radius - depth});
  imprint.gel_share = 0.7;
  field.build(imprint);
  const float* row = field.indentation().row(120);
  for (int x = 140; x < 180; ++x) {
    const double r2 = std::pow((x - 159.5) * field.pitch(), 2) + std::pow(0.5 * field.pitch(), 2);
    const double sphere = std::sqrt(radius * radius - r2) - (radius - depth);
    // The rim of the contact, where the membrane lifts off, lies at 0.73 of the way to where the
    // ball crosses the gel's plane or further out.
    if (sphere <= 0.5 * depth) continue;
    EXPECT_NEAR(row[x], 0.7 * sphere, 2e-6) << x;
  }
}

TEST(GelSightImage, LampsThatDriftScaleTheirColourAlone) {
  const SensorProfile profile = quiet_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  const cv::Mat fresh = camera.background();
  camera.set_condition({.light_gain = {1.0, 0.9, 1.0}});
  const cv::Mat drifted = camera.background();
  const cv::Scalar before = cv::mean(fresh), after = cv::mean(drifted);
  EXPECT_EQ(before[0], after[0]);
  EXPECT_NEAR(after[1] / before[1], 0.9, 0.005);
  EXPECT_EQ(before[2], after[2]);
}

TEST(GelSightImage, WornDotsArePalerByTheirFade) {
  const SensorProfile profile = quiet_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  cv::Mat fresh, worn, bare;
  camera.background().convertTo(fresh, CV_32F);
  camera.set_condition({.dot_fade = 0.25});
  camera.background().convertTo(worn, CV_32F);
  camera.set_condition({.dot_fade = 1.0});
  camera.background().convertTo(bare, CV_32F);
  // What the dots take, summed over the picture; a quarter of it is gone.
  const double before = cv::sum(bare - fresh)[1], after = cv::sum(bare - worn)[1];
  EXPECT_GT(before, 0.0);
  EXPECT_NEAR(after / before, 0.75, 0.01);
}

TEST(GelSightImage, DotsShakeByTheirDeviationAndAnewInEachFrame) {
  const SensorProfile profile = quiet_profile();
  GelSightImage camera(profile.optics, kSpecimen);
  const GelImprint untouched =
      pressed_by(solid(Kind::kSphere, {0.01, 0, 0}), profile.pad.grid, {0.0, 0.0, 0.05});
  cv::Mat still, image;
  camera.render(untouched, 1, still);
  const std::vector<Blob> rest = find_dots(still);
  constexpr double kShake = 0.5;
  camera.set_condition({.dot_shake_px = kShake});
  double squares = 0.0;
  int count = 0;
  for (std::uint64_t frame = 1; frame <= 8; ++frame) {
    camera.render(untouched, frame, image);
    for (const Blob& dot : find_dots(image)) {
      for (const Blob& known : rest) {
        const cv::Point2d off = dot.centre - known.centre;
        if (std::hypot(off.x, off.y) > 4.0 || !inside(known.centre, 30.0)) continue;
        squares += off.x * off.x + off.y * off.y;
        count += 2;
      }
    }
  }
  ASSERT_GT(count, 800);
  EXPECT_NEAR(std::sqrt(squares / count), kShake, 0.06);
}

TEST(GelShading, ShadowIsAsLongAsTheLightIsLow) {
  SensorProfile profile = quiet_profile_without_dots();
  OpticsProfile& optics = profile.optics;
  // One lamp far to the left, so that its rays are parallel, 0.3 above the horizontal.
  optics.lights = {{{-0.19, 0.0, -0.057}, {1.0, 1.0, 1.0}}};
  optics.falloff = 0.0;
  optics.ambient = 0.2;
  optics.shadow_strength = 1.0;
  optics.shadow_depth = 0.02e-3;
  optics.dome_radius = 1e3;
  optics.membrane_length = 0.05e-3;
  const double depth = 0.5e-3, expected = depth / 0.3;
  // A bar along y, 2 mm wide, its right edge at x = 0.
  const ObjectShape bar = solid(Kind::kBox, {0.002, 0.06, 0.02});
  GelSightImage camera(optics, kSpecimen);
  const cv::Mat ratio =
      ratio_to_background(camera, pressed_by(bar, profile.pad.grid, {-0.001, 0, 0.01 - depth}));
  int dark = 0;
  for (int x = 320; x < 640; ++x) dark += ratio.at<cv::Vec3f>(240, x)[1] < 0.7f;
  EXPECT_NEAR(dark * optics.pixel_pitch, expected, 0.1e-3);
  for (int x = 480; x < 640; ++x) EXPECT_NEAR(ratio.at<cv::Vec3f>(240, x)[1], 1.0, 0.02);
}

}  // namespace
}  // namespace gripbench::sim

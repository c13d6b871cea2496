#include "detectors/marker_tracker.h"

#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>

#include "tests/tools/synthetic_gel.h"

namespace gripbench::detectors {
namespace {

using tests::SyntheticGel;

cv::Point2d still(cv::Point2d) { return {}; }

/// Tracks between the untouched drawing and one moved by `field`, against the field itself.
struct Followed {
  std::size_t drawn = 0;
  std::size_t tracked = 0;
  double mean_error = 0.0;
  int wrong = 0;
};

Followed follow(const SyntheticGel& gel, const tests::DisplacementField& field) {
  const MarkerField first = find_markers(tests::draw(gel, still, {}, 1));
  const MarkerField now = find_markers(tests::draw(gel, field, {}, 2), first.scale);
  const auto truth = tests::marker_positions(gel);
  Followed result;
  result.drawn = truth.size();
  for (const MarkerTrack& track : track_markers(first, now)) {
    cv::Point2d nearest = truth.front();
    for (const cv::Point2d& at : truth) {
      if (cv::norm(at - track.at) < cv::norm(nearest - track.at)) {
        nearest = at;
      }
    }
    // Relief that shines through a faint marker pulls at its centroid; a wrong blob is further off.
    EXPECT_LT(cv::norm(nearest - track.at), 0.05 * gel.marker_pitch_px) << "no marker drawn here";
    const double error = cv::norm(field(nearest) - track.displacement);
    if (error > 0.1 * gel.marker_pitch_px) {
      ++result.wrong;
    } else {
      result.mean_error += error;
    }
    ++result.tracked;
  }
  result.mean_error /= static_cast<double>(result.tracked - static_cast<std::size_t>(result.wrong));
  return result;
}

TEST(MarkerTracker, FindsEveryMarkerAtItsPlaceAndTheArraysScale) {
  const SyntheticGel gel;
  const MarkerField field = find_markers(tests::draw(gel, still, {}, 1));
  const auto truth = tests::marker_positions(gel);
  ASSERT_EQ(field.markers.size(), truth.size());
  EXPECT_NEAR(field.scale.diameter_px, gel.marker_diameter_px, 1.0);
  // The grid is drawn with a jitter of 4% of its pitch: nearest neighbours are a little nearer.
  EXPECT_NEAR(field.scale.pitch_px, gel.marker_pitch_px, 3.0);
}

TEST(MarkerTracker, FollowsSmallMovesToATenthOfAPixel) {
  SyntheticGel gel;
  gel.texture_strength = 10.0;
  for (const cv::Point2d shift : {cv::Point2d(0.37, -0.21), cv::Point2d(3.3, 7.7)}) {
    const Followed result = follow(gel, tests::dragged(gel, {shift, 0.0}));
    EXPECT_EQ(result.wrong, 0);
    EXPECT_GE(result.tracked, result.drawn - 1);
    EXPECT_LT(result.mean_error, 0.1);
  }
}

TEST(MarkerTracker, StrongReliefSlippingBeneathCostsLittle) {
  // Relief as coarse as the markers are wide, at a third of their depth.
  SyntheticGel gel;
  gel.texture_strength = 25.0;
  const Followed result = follow(gel, tests::dragged(gel, {{3.3, 7.7}, 0.0}));
  EXPECT_EQ(result.wrong, 0);
  EXPECT_LT(result.mean_error, 0.2);
}

TEST(MarkerTracker, FollowsTwist) {
  SyntheticGel gel;
  gel.texture_strength = 10.0;
  const Followed result = follow(gel, tests::dragged(gel, {{2.0, 5.0}, 0.12}));
  EXPECT_EQ(result.wrong, 0);
  EXPECT_LT(result.mean_error, 0.1);
}

TEST(MarkerTracker, FollowsMovesBeyondHalfAPitchThatBuildUpGradually) {
  SyntheticGel gel;
  for (const double missing : {0.0, 0.15}) {
    gel.missing = missing;
    // 0.75 pitch in the middle; the nearest dot there is the wrong one.
    const auto bump = [&](cv::Point2d at) {
      const cv::Point2d arm = at - cv::Point2d(320.0, 240.0);
      return cv::Point2d(12.0, 45.0) * std::exp(-arm.dot(arm) / (2.0 * 130.0 * 130.0));
    };
    const Followed result = follow(gel, bump);
    EXPECT_EQ(result.wrong, 0);
    EXPECT_GT(static_cast<double>(result.tracked), 0.9 * static_cast<double>(result.drawn));
  }
}

TEST(MarkerTracker, WornMarkersAndNoiseLoseFew) {
  SyntheticGel gel;
  gel.texture_strength = 10.0;
  gel.marker_contrast = 0.35;
  gel.noise = 6.0;
  gel.missing = 0.1;
  const Followed result = follow(gel, tests::dragged(gel, {{1.5, 9.0}, 0.0}));
  EXPECT_EQ(result.wrong, 0);
  EXPECT_GT(static_cast<double>(result.tracked), 0.9 * static_cast<double>(result.drawn));
  EXPECT_LT(result.mean_error, 0.3);
}

TEST(MarkerTracker, FindsNothingWhereNothingIs) {
  SyntheticGel gel;
  gel.marker_contrast = 0.0;
  gel.texture_strength = 0.0;
  EXPECT_TRUE(find_markers(tests::draw(gel, still, {}, 1)).markers.empty());
  EXPECT_TRUE(track_markers({}, {}).empty());
  EXPECT_THROW(find_markers(cv::Mat()), std::invalid_argument);
  EXPECT_THROW(find_markers(cv::Mat(10, 10, CV_8U)), std::invalid_argument);
}

/// Pitches told in REFERENCES of the recordings: 31 px in the long ones, 43 px in the short ones.
class RealRecording : public testing::TestWithParam<std::pair<const char*, double>> {};

TEST_P(RealRecording, MarkersStayFoundAndTheirPitchIsAsToldElsewhere) {
  const std::filesystem::path file =
      std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "../shared/data/sintef_slip" / GetParam().first;
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "the real recordings are not here: " << file;
  }
  cv::VideoCapture video(file.string());
  cv::Mat picture;
  MarkerField first;
  int frames = 0;
  int seen = 0;
  while (video.read(picture) && frames < 200) {
    if (frames == 5) {
      first = find_markers(picture);
      EXPECT_NEAR(first.scale.pitch_px, GetParam().second, 1.5);
      ASSERT_GE(first.markers.size(), 30u);
    } else if (frames > 5 && frames % 10 == 0) {
      const MarkerField now = find_markers(picture, first.scale);
      const double count = static_cast<double>(first.markers.size());
      EXPECT_NEAR(static_cast<double>(now.markers.size()), count, 0.12 * count);
      EXPECT_GT(static_cast<double>(track_markers(first, now).size()), 0.85 * count);
      ++seen;
    }
    ++frames;
  }
  EXPECT_GT(seen, 5);
}

INSTANTIATE_TEST_SUITE_P(Sintef, RealRecording,
                         testing::Values(std::pair{"lemon/exp_num_1/camera_0.avi", 31.0},
                                         std::pair{"cellotape/exp_num_6/camera_0.avi", 31.0},
                                         std::pair{"wallet/exp_num_2/camera_0.avi", 31.0},
                                         std::pair{"pattern_cotton_cloth/exp_num_10/camera_0.avi",
                                                   43.0},
                                         std::pair{"blue_mug/exp_num_1/camera_0.avi", 43.0}));

TEST(MarkerTracker, FindsMostDotsOfThe2018Sensor) {
  const std::filesystem::path folder =
      std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "../shared/reference/li2018";
  if (!std::filesystem::exists(folder)) {
    GTEST_SKIP() << "the pictures of the 2018 rig are not here: " << folder;
  }
  for (const char* file :
       {"object001/gelsight_00.png", "object002/gelsight_05.png", "object003/gelsight_10.png"}) {
    const MarkerField field = find_markers(cv::imread((folder / file).string()));
    // About 80 dots, several worn or cut; 1.45 mm apart at 0.0768 mm per pixel of these 200 px.
    EXPECT_GE(field.markers.size(), 64u) << file;
    EXPECT_LE(field.markers.size(), 84u) << file;
    EXPECT_NEAR(field.scale.pitch_px, 1.45 / 0.0768, 1.0) << file;
  }
}

}  // namespace
}  // namespace gripbench::detectors

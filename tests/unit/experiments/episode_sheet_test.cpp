#include "experiments/episode_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/videoio.hpp>

#include "experiments/episode_choice.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// Frame i of both cameras is of one grey, 10 i; slip passes 0.3 mm from T(4) on where it slips.
Episode grey_episode(const std::string& object, int grasp, SlipKind kind) {
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.parameters.object = object;
  record.parameters.grasp = "00" + std::to_string(grasp);
  record.slip = kind != SlipKind::kStable;
  record.kind = kind;
  for (std::size_t i = 0; i < kFramesPerEpisode; ++i) {
    const double time = 0.05 * static_cast<double>(i);
    record.tactile_times[i] = record.external_times[i] = time;
    episode.tactile[i] = episode.external[i] =
        cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(10.0 * static_cast<double>(i)));
    TracePoint point;
    point.time = time;
    point.truth = hal::SlipTruth{};
    point.truth->pads[0].mean_distance = record.slip && i >= 6 ? 0.0005 : 0.0001;
    record.trace.push_back(point);
  }
  return episode;
}

int vermilion_pixels(const cv::Mat& picture) {
  cv::Mat mask;
  cv::inRange(picture, cv::Scalar(0, 94, 213), cv::Scalar(0, 94, 213), mask);
  return cv::countNonZero(mask);
}

TEST(EpisodeSheet, ShowsTheFramesInOrderUnderTheColourOfTheLabel) {
  const cv::Mat slip = episode_strip(grey_episode("egg", 1, SlipKind::kRotation), 0.0003);
  const cv::Mat stable = episode_strip(grey_episode("egg", 2, SlipKind::kStable), 0.0003);
  EXPECT_EQ(slip.size(), stable.size());
  EXPECT_EQ(slip.at<cv::Vec3b>(2, slip.cols - 2), cv::Vec3b(0, 94, 213));
  EXPECT_EQ(stable.at<cv::Vec3b>(2, slip.cols - 2), cv::Vec3b(178, 114, 0));
  EXPECT_EQ(vermilion_pixels(stable), 0);
  // The middle of each cell, both rows: T(-2), T(0), T(2) ... are frames 0, 2, 4 ...
  for (int column = 0; column < 8; ++column) {
    const int x = 8 + column * 216 + 104;
    for (const int y : {152, 316}) {
      EXPECT_EQ(slip.at<cv::Vec3b>(y, x)[0], 20 * column) << column << " " << y;
    }
    // Framed in vermilion from T(4), column 3, on.
    const cv::Mat left_edge = slip(cv::Rect(8 + column * 216, 100, 1, 60));
    EXPECT_EQ(vermilion_pixels(left_edge) == 60, column >= 3) << column;
  }
}

class ShowData : public testing::Test {
 protected:
  ShowData() : store_(EpisodeStore::create_or_resume(folder_.path() / "data", {})) {
    constexpr std::array kKinds{SlipKind::kStable, SlipKind::kIncipient, SlipKind::kRotation,
                                SlipKind::kStable, SlipKind::kLost};
    for (const char* object : {"box", "egg"}) {
      for (std::size_t i = 0; i < kKinds.size(); ++i) {
        store_.write(grey_episode(object, static_cast<int>(i), kKinds.at(i)));
      }
    }
  }
  std::vector<std::string> chosen(const EpisodeChoice& choice) {
    std::vector<std::string> names;
    for (const EpisodeRecord& record : choose_episodes(store_, choice)) {
      names.push_back(record.parameters.object + "/" + record.parameters.grasp);
    }
    return names;
  }
  EpisodesToShow first(int count) {
    return {count,
            [this](int i) { return store_.load(store_.records().at(static_cast<std::size_t>(i))); },
            0.0003};
  }

  TemporaryFolder folder_;
  EpisodeStore store_;
};

TEST_F(ShowData, ChoosesByNameObjectLabelAndKind) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(chosen({.named = {"egg/004", "box/001"}}), (Names{"egg/004", "box/001"}));
  EXPECT_EQ(chosen({.object = "egg", .slip = false}), (Names{"egg/000", "egg/003"}));
  EXPECT_EQ(chosen({.kind = SlipKind::kRotation}), (Names{"box/002", "egg/002"}));
  // Spread over all that fit, not the first ones.
  EXPECT_EQ(chosen({.count = 2}), (Names{"box/000", "egg/000"}));
  EXPECT_EQ(chosen({.count = 50}).size(), 10u);
  EXPECT_THAT(message_of([&] { chosen({.named = {"egg/9"}}); }), HasSubstr("--episode egg/9"));
  EXPECT_THAT(message_of([&] { chosen({.object = "cup"}); }),
              AllOf(HasSubstr("--object cup"), HasSubstr("box, egg")));
  EXPECT_THAT(message_of([&] { chosen({.slip = false, .kind = SlipKind::kLost}); }),
              HasSubstr("no grasp fits"));
}

TEST_F(ShowData, WritesPicturesAndFilmsByTheEnding) {
  const cv::Size strip = episode_strip(store_.load("box", "000"), 0.0003).size();
  for (const char* name : {"a.png", "b.jpg", "c.JPEG"}) {
    const fs::path file = folder_.path() / name;
    write_episodes(file, first(3));
    EXPECT_EQ(cv::imread(file.string()).size(), cv::Size(strip.width, 3 * strip.height)) << name;
  }
  EXPECT_THAT(message_of([&] { write_episodes(folder_.path() / "d.gif", first(1)); }),
              HasSubstr("d.gif: ends in neither"));
  EXPECT_THAT(message_of([&] { require_showable(folder_.path() / "e.png", 1000); }),
              HasSubstr("1000 episodes are too many for one picture"));
}

TEST_F(ShowData, FilmPlaysAllFramesAndRests) {
  try {
    require_showable("x.mp4", 3);
  } catch (const hal::InputError& lacks) {
    GTEST_SKIP() << lacks.what();
  }
  const fs::path file = folder_.path() / "film.mp4";
  write_episodes(file, first(3));
  cv::VideoCapture video(file.string());
  cv::Mat frame;
  int frames = 0;
  double last = -1.0;
  while (video.read(frame)) {
    // The middle of the first outside picture brightens by 10 a frame.
    const double grey = cv::mean(frame(cv::Rect(140, 130, 40, 40)))[0];
    if (frames > 0) {
      EXPECT_NEAR(grey - last, frames < kFramesPerEpisode ? 10.0 : 0.0, 4.0) << frames;
    }
    last = grey;
    ++frames;
  }
  EXPECT_EQ(frames, kFramesPerEpisode + 5);
}

}  // namespace
}  // namespace gripbench::experiments

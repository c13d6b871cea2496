#include "experiments/grasp_film.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/videoio.hpp>

#include "experiments/film_video.h"
#include "experiments/watched_workcell.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

constexpr double kTouchWidth = 0.0405;

class GraspFilmTest : public testing::Test {
 protected:
  GraspFilm film(const FakeScript& script, double width, bool maps_required) {
    const auto workcell = make_fake_workcell(script);
    const GraspProtocol protocol = load_protocol(protocol_file("quick.yaml"));
    const hal::ObjectDescription object = fake_object("spray_can");
    const GripPosition position = place_grip(protocol, object, 0, 0.06, 0.0, 0.0);
    const GraspPlan plan{.object = "spray_can", .grasp = "000"};
    return film_grasp(*workcell, protocol, {}, position, plan, object, kTouchWidth, width,
                      maps_required);
  }
};

TEST_F(GraspFilmTest, CarriesTheTruthOfTheVeryFrame) {
  const GraspFilm film = this->film({}, 0.0398, true);  // slips at a steady speed
  ASSERT_EQ(film.maps.size(), static_cast<std::size_t>(kFramesPerEpisode));
  const EpisodeRecord& record = film.episode.record;
  ASSERT_TRUE(record.slip);
  for (int n = 0; n < kFramesPerEpisode; ++n) {
    // The trace is denser than the frames: the slip of the frame lies between its neighbours.
    double before = 0.0;
    double after = 1.0;
    for (const TracePoint& point : record.trace) {
      const double slip = point.truth->pads[0].mean_distance;
      if (point.time <= record.tactile_times[n] + 1e-6) before = slip;
      if (point.time >= record.tactile_times[n] - 1e-6) after = std::min(after, slip);
    }
    EXPECT_GE(film.maps[n][0].slip_y[0], before - 1e-9) << frame_name(n);
    EXPECT_LE(film.maps[n][0].slip_y[0], after + 1e-9) << frame_name(n);
  }
  EXPECT_GT(film.maps.back()[0].slip_y[0], film.maps[6][0].slip_y[0]);
}

TEST_F(GraspFilmTest, WatchingChangesNoPicture) {
  const GraspFilm watched = film({}, 0.0398, true);
  const auto workcell = make_fake_workcell({});
  const GraspProtocol protocol = load_protocol(protocol_file("quick.yaml"));
  const hal::ObjectDescription object = fake_object("spray_can");
  const StopRequest stop;
  const Episode plain =
      GraspScript(*workcell, protocol, stop)
          .grasp(place_grip(protocol, object, 0, 0.06, 0.0, 0.0),
                 {.object = "spray_can", .grasp = "000"}, object, kTouchWidth, 0.0398);
  for (int n = 0; n < kFramesPerEpisode; ++n) {
    EXPECT_EQ(cv::norm(watched.episode.tactile[n], plain.tactile[n], cv::NORM_INF), 0.0);
    EXPECT_EQ(cv::norm(watched.episode.external[n], plain.external[n], cv::NORM_INF), 0.0);
  }
  EXPECT_EQ(watched.episode.record.slip, plain.record.slip);
}

TEST_F(GraspFilmTest, RigsWithoutTheTruthCanBeFilmedButNotMapped) {
  FakeScript script;
  script.knows_truth = false;
  script.has_operator = true;
  EXPECT_TRUE(film(script, 0.0398, false).maps.empty());
  EXPECT_THAT(message_of([&] { film(script, 0.0398, true); }),
              testing::HasSubstr("does not know what its pads feel"));
}

TEST_F(GraspFilmTest, DrawsEveryViewAndLaysThemOut) {
  const GraspFilm film = this->film({}, 0.0398, true);
  const FilmPainter painter(film, 0);
  std::vector<FilmView> views;
  for (const std::string& name : film_view_names()) views.push_back(film_view_from(name));
  for (const FilmView view : views) EXPECT_FALSE(painter.picture(view, 14).empty());
  EXPECT_EQ(cv::norm(painter.picture(FilmView::kTactile, 3), film.episode.tactile[3]), 0.0);
  const cv::Mat still = painter.picture(FilmView::kTactileDifference, 0);
  EXPECT_EQ(cv::norm(still, cv::Mat(still.size(), CV_8UC3, cv::Scalar::all(128))), 0.0);

  const std::vector<int> frames{0, 7, 14};
  const cv::Mat narrow = painter.sheet(std::vector{FilmView::kTactile}, frames);
  const cv::Mat tall = painter.sheet(views, frames);
  EXPECT_GT(tall.rows, narrow.rows);
  EXPECT_GT(tall.cols, narrow.cols) << "legends of the maps";
  for (std::size_t count = 1; count <= views.size(); ++count) {
    const cv::Mat tiles = painter.tiles(std::span(views).first(count), 5);
    EXPECT_EQ(tiles.cols % 2, 0);
    EXPECT_EQ(tiles.rows % 2, 0);
  }
}

TEST_F(GraspFilmTest, TableHasALinePerFrameAndPad) {
  const std::string table = truth_table(film({}, 0.0398, true));
  EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 1 + 2 * kFramesPerEpisode);
  EXPECT_THAT(table, testing::HasSubstr("\n-2,0.000000,0,2e-06,2e-06,"));
}

TEST(FilmView, NamesAllThereAreWhenItIsUnknown) {
  EXPECT_THAT(message_of([] { film_view_from("heat"); }),
              testing::AllOf(testing::HasSubstr("heat"), testing::HasSubstr("traction")));
}

TEST(FilmVideo, CanBeReadBack) {
  const std::string bytes =
      encode_mp4(7, 5.0, [](int n) { return cv::Mat(48, 64, CV_8UC3, cv::Scalar::all(30.0 * n)); });
  const TemporaryFolder folder;
  const std::string file = folder.path() / "film.mp4";
  write_file(file, bytes);
  cv::VideoCapture video(file);
  ASSERT_TRUE(video.isOpened());
  cv::Mat frame;
  int count = 0;
  while (video.read(frame)) {
    EXPECT_EQ(frame.size(), cv::Size(64, 48));
    EXPECT_NEAR(cv::mean(frame)[1], 30.0 * count, 4.0);
    ++count;
  }
  EXPECT_EQ(count, 7);
}

}  // namespace
}  // namespace gripbench::experiments

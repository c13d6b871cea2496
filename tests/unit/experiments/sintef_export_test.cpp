#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>

#include "experiments/dataset_export.h"
#include "experiments/episode_store.h"
#include "experiments/sintef_import.h"
#include "experiments/sintef_recordings.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A gel lit from three sides with dots, a bump pressed into it at (160 + shift, 120).
cv::Mat gel(double press, double shift, int noise_seed) {
  cv::Mat picture(240, 320, CV_8UC3);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const double dx = (x - 160.0 - shift) / 40.0;
      const double dy = (y - 120.0) / 40.0;
      const double bump = press * std::exp(-(dx * dx + dy * dy));
      picture.at<cv::Vec3b>(y, x) = {cv::saturate_cast<uchar>(120 + 0.1 * x + 60 * bump * dx),
                                     cv::saturate_cast<uchar>(110 + 0.1 * y + 60 * bump * dy),
                                     cv::saturate_cast<uchar>(100 + 0.05 * x - 60 * bump * dx)};
    }
  }
  for (int y = 20; y < 240; y += 43) {
    for (int x = 20; x < 320; x += 43) cv::circle(picture, {x, y}, 6, {30, 30, 30}, cv::FILLED);
  }
  cv::Mat noise(picture.size(), CV_8UC3);
  cv::RNG random(static_cast<std::uint64_t>(noise_seed + 1));
  random.fill(noise, cv::RNG::UNIFORM, 0, 6);
  picture += noise;
  cv::Mat large;
  cv::resize(picture, large, cv::Size(640, 480), 0, 0, cv::INTER_NEAREST);
  return large;
}

/// The gel slides under the bump where the grasp slips.
Episode pressed(const std::string& object, int grasp, bool slip) {
  Episode episode;
  episode.record.parameters.object = object;
  episode.record.parameters.grasp = "00" + std::to_string(grasp);
  episode.record.slip = slip;
  episode.record.kind = slip ? SlipKind::kTranslation : SlipKind::kStable;
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    episode.tactile.at(static_cast<std::size_t>(i)) = gel(1.0, slip ? 2.0 * i : 0.0, i);
    episode.external.at(static_cast<std::size_t>(i)) = cv::Mat(30, 40, CV_8UC3, cv::Scalar::all(9));
  }
  return episode;
}

class SintefExport : public testing::Test {
 protected:
  EpisodeStore make_dataset(bool with_positions) {
    DatasetInfo info;
    info.train_objects = {"box", "cup"};
    info.test_objects = {"egg"};
    EpisodeStore store = EpisodeStore::create_or_resume(folder_.path() / "dataset", info);
    for (const char* object : {"box", "cup", "egg"}) {
      PositionRecord position{.object = object};
      position.reference = gel(0.0, 0.0, 99);
      position.touch = gel(0.3, 0.0, 98);
      if (with_positions) store.write_position(position);
      for (int grasp = 0; grasp < 2; ++grasp) store.write(pressed(object, grasp, grasp == 1));
    }
    return store;
  }
  fs::path exported() const { return folder_.path() / "exported"; }

  TemporaryFolder folder_;
};

TEST_F(SintefExport, ExportThenImportGivesLabelsAndFrames) {
  const EpisodeStore store = make_dataset(true);
  const ExportSummary summary = export_sintef(store, exported(), {.jobs = 2});
  EXPECT_EQ(summary.grasps, 6);
  EXPECT_EQ(summary.slips, 3);

  const SintefScan scan = scan_sintef(exported());
  const auto records = store.records();
  ASSERT_EQ(scan.grasps.size(), records.size());
  EXPECT_THAT(scan.left_out, IsEmpty());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(scan.grasps[i].object, records[i].parameters.object);
    EXPECT_EQ(scan.grasps[i].slip, records[i].slip);
    ASSERT_EQ(scan.grasps[i].videos.size(), 1u);
    EXPECT_EQ(scan.grasps[i].videos[0].camera, "camera_0");
  }
  const std::vector<cv::Mat> video = read_video(scan.grasps[1].videos[0].file);
  ASSERT_EQ(video.size(), static_cast<std::size_t>(kSintefEmptyFrames + kFramesPerEpisode));
  const Episode episode = store.load(records[1]);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    const auto index = static_cast<std::size_t>(i);
    cv::Mat small;
    cv::resize(episode.tactile[index], small, cv::Size(320, 240), 0, 0, cv::INTER_AREA);
    ASSERT_EQ(video[kSintefEmptyFrames + index].size(), small.size());
    // Motion JPEG loses a little; the picture before or after differs by a shift of 2 pixels.
    const double own = cv::PSNR(video[kSintefEmptyFrames + index], small);
    EXPECT_GT(own, 33.0) << i;
    if (i > 0) {
      EXPECT_GT(own, cv::PSNR(video[kSintefEmptyFrames + index - 1], small)) << i;
    }
  }

  // And the import, which finds contact from pictures alone, sees it begin after the empty gel.
  const SintefIndex index = import_sintef(exported(), folder_.path() / "imported", {});
  ASSERT_EQ(index.grasps.size(), records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(index.grasps[i].slip, records[i].slip);
    EXPECT_EQ(index.grasps[i].frames_in_video, kSintefEmptyFrames + kFramesPerEpisode);
    EXPECT_EQ(index.grasps[i].contact.first, kSintefEmptyFrames);
    EXPECT_EQ(index.grasps[i].contact.last, kSintefEmptyFrames + kFramesPerEpisode - 1);
  }
}

TEST_F(SintefExport, NeedsThePictureOfTheEmptyGel) {
  const EpisodeStore store = make_dataset(false);
  EXPECT_THAT(message_of([&] { export_sintef(store, exported(), {}); }),
              HasSubstr("no picture of the empty gel for box, position 0"));
  EXPECT_FALSE(fs::exists(exported()));
}

TEST_F(SintefExport, ImportGoesOnAfterAnInterruptAndSeesChangedBytes) {
  export_sintef(make_dataset(true), exported(), {});
  const fs::path out = folder_.path() / "imported";
  import_sintef(exported(), out, {});
  const auto whole = bytes_below(out);

  // As an interrupt leaves it: no index, one grasp not begun. Those that are there stay as they
  // are.
  fs::remove(out / "sintef.json");
  fs::remove_all(out / "cup/exp_num_2");
  const fs::path kept = out / "box/exp_num_1/grasp.json";
  const auto written = fs::last_write_time(kept);
  import_sintef(exported(), out, {});
  EXPECT_EQ(bytes_below(out), whole);
  EXPECT_EQ(fs::last_write_time(kept), written);

  // A recording of the same size with other bytes is another recording.
  const fs::path video = exported() / "box/exp_num_1/camera_0.avi";
  std::string bytes = read_file(video);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  write_file(video, bytes);
  import_sintef(exported(), out, {});
  EXPECT_NE(read_file(out / "sintef.json"), whole.at("sintef.json"));
}

}  // namespace
}  // namespace gripbench::experiments

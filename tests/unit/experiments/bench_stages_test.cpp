#include "experiments/bench_stages.h"

#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>
#include <unistd.h>

#include "experiments/dataset_export.h"
#include "experiments/episode_store.h"
#include "experiments/file_io.h"
#include "experiments/li2018_import.h"
#include "experiments/score_file.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

/// A dotted gel with a patch in contact whose dots stay behind when the grasp slips.
cv::Mat gel(double slip_px, int variant) {
  cv::Mat picture(120, 160, CV_8UC3, cv::Scalar(130, 120, 110));
  cv::circle(picture, {80, 60}, 34, cv::Scalar(160, 110, 100 + variant % 7), cv::FILLED);
  for (int y = 10; y < 120; y += 15) {
    for (int x = 10; x < 160; x += 15) {
      const bool inside = std::hypot(x - 80, y - 60) < 34;
      const double moved = inside ? slip_px : 0.2 * slip_px;
      cv::circle(
          picture,
          cv::Point(cv::saturate_cast<int>(16 * x), cv::saturate_cast<int>(16 * (y + moved))),
          16 * 3, cv::Scalar::all(25), cv::FILLED, cv::LINE_AA, 4);
    }
  }
  return picture;
}

Episode made_up(const std::string& object, int grasp) {
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.parameters.object = object;
  record.parameters.grasp = "00" + std::to_string(grasp);
  record.slip = grasp % 2 == 1;
  record.kind = record.slip ? SlipKind::kTranslation : SlipKind::kStable;
  record.reason = "made up";
  record.grip_margin = record.slip ? -0.1 : 0.1;
  for (std::size_t i = 0; i < kFramesPerEpisode; ++i) {
    record.tactile_times[i] = record.external_times[i] = 0.05 * static_cast<double>(i);
    const double slip_px = record.slip ? 0.8 * static_cast<double>(i) : 0.0;
    episode.tactile[i] = gel(slip_px, grasp);
    episode.external[i] = gel(slip_px, grasp + 3);
    TracePoint point;
    point.time = 0.05 * static_cast<double>(i);
    record.trace.push_back(point);
  }
  return episode;
}

class BenchStages : public testing::Test {
 protected:
  BenchStages()
      : root_(fs::path(testing::TempDir()) /
              ("bench_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    DatasetInfo info;
    info.protocol_text = "label: {slip_distance: 0.0003}\n";
    info.train_objects = {"a", "b", "c", "d"};
    info.test_objects = {"e", "f"};
    info.catalogue_hash = "none";
    info.software = "test";
    EpisodeStore store = EpisodeStore::create_or_resume(dataset(), info);
    for (const char* object : {"a", "b", "c", "d", "e", "f"}) {
      for (int grasp = 0; grasp < 4; ++grasp) store.write(made_up(object, grasp));
    }
  }
  ~BenchStages() override { fs::remove_all(root_); }

  fs::path dataset() const { return root_ / "dataset"; }
  fs::path models() const { return root_ / "models"; }
  fs::path scores() const { return root_ / "scores.csv"; }
  void train() { run_train({dataset(), models(), {"threshold"}, 1}, context_); }
  void evaluate() { run_evaluate({dataset(), models(), {}, scores(), 1}, context_); }

  fs::path root_;
  StageContext context_{2, nullptr};
};

TEST_F(BenchStages, TrainEvaluateReportMakeEveryFile) {
  train();
  evaluate();
  run_report({dataset(), scores(), "", root_ / "report", "quick", 1});
  for (const char* name : {"report.md", "results.csv", "results.json", "accuracy_over_length.svg",
                           "accuracy_over_length.png", "contact_sheet.png"}) {
    EXPECT_TRUE(fs::exists(root_ / "report" / name)) << name;
  }
  const std::vector<WindowScore> all = read_scores(scores());
  // 8 grasps of test objects, 20 windows; a threshold detector has no control rows.
  EXPECT_EQ(all.size(), 8u * 20u);
  for (const WindowScore& score : all) EXPECT_TRUE(score.object == "e" || score.object == "f");
  const std::string report = read_file(root_ / "report" / "report.md");
  EXPECT_NE(report.find("Train: a, b, c, d. Test: e, f."), std::string::npos);
  EXPECT_NE(report.find(EpisodeStore::open(dataset()).dataset_hash()), std::string::npos);
}

TEST_F(BenchStages, FinishedStagesAreNotDoneAgainAndChangedOnesAre) {
  train();
  evaluate();
  const auto model_time = fs::last_write_time(models() / "threshold.model");
  const auto score_time = fs::last_write_time(scores());
  train();
  evaluate();
  EXPECT_EQ(fs::last_write_time(models() / "threshold.model"), model_time);
  EXPECT_EQ(fs::last_write_time(scores()), score_time);

  // A file that was tampered with is not the file that was finished.
  std::ofstream(scores(), std::ios::app) << "\n";
  evaluate();
  EXPECT_NE(fs::last_write_time(scores()), score_time);
}

TEST_F(BenchStages, AnInterruptLeavesNoHalfModel) {
  std::atomic<bool> stop{true};
  context_.stop = &stop;
  EXPECT_THROW(train(), hal::Interrupted);
  EXPECT_FALSE(fs::exists(models() / "threshold.model"));
}

TEST_F(BenchStages, SaysWhatIsMissing) {
  EXPECT_THROW(evaluate(), hal::InputError);
  EXPECT_THROW(run_train({root_ / "none", models(), {"threshold"}, 1}, context_), hal::InputError);
  EXPECT_THROW(run_train({dataset(), models(), {"oracle"}, 1}, context_), hal::InputError);
  EXPECT_THROW(run_report({dataset(), root_ / "none.csv", "", root_, "quick", 1}), hal::InputError);
}

/// Exported to li2018 and imported, a data set is the same to a detector: trained on it and shown
/// its test objects, it says the same of every window.
TEST_F(BenchStages, AnImportedDataSetGivesTheSameScores) {
  train();
  evaluate();
  export_li2018(EpisodeStore::open(dataset()), root_ / "li2018", {});
  import_li2018(root_ / "li2018", root_ / "imported", {});
  run_train({root_ / "imported", root_ / "models2", {"threshold"}, 1}, context_);
  run_evaluate({root_ / "imported", root_ / "models2", {}, root_ / "scores2.csv", 1}, context_);
  run_report({root_ / "imported", root_ / "scores2.csv", "", root_ / "report2", "none", 1});
  EXPECT_TRUE(fs::exists(root_ / "report2" / "report.md"));

  const std::vector<WindowScore> before = read_scores(scores());
  const std::vector<WindowScore> after = read_scores(root_ / "scores2.csv");
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].slip, before[i].slip) << i;
    EXPECT_EQ(after[i].start, before[i].start) << i;
    EXPECT_EQ(after[i].length, before[i].length) << i;
    // 0.05 k and k / 20 seconds differ in the last bit.
    EXPECT_NEAR(after[i].probability, before[i].probability, 1e-9) << i;
    EXPECT_FALSE(after[i].margin) << "was not in the layout";
  }
}

/// An archive without folders of splits is a test set, which has no training side to report on.
TEST_F(BenchStages, AnImportedTestSetIsEvaluatedAndReported) {
  train();
  export_li2018(EpisodeStore::open(dataset()), root_ / "li2018", {});
  import_li2018(root_ / "li2018" / "testing", root_ / "imported", {});
  EXPECT_TRUE(EpisodeStore::open(root_ / "imported").info().train_objects.empty());
  run_evaluate({root_ / "imported", models(), {}, scores(), 1}, context_);
  run_report({root_ / "imported", scores(), "", root_ / "report", "none", 1});
  EXPECT_NE(read_file(root_ / "report" / "report.md").find("| test | 2 | 8 |"), std::string::npos);
}

}  // namespace
}  // namespace gripbench::experiments

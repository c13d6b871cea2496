#include "experiments/evaluation.h"

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "experiments/accuracy_plot.h"
#include "experiments/contact_sheet.h"
#include "experiments/file_io.h"
#include "experiments/files.h"
#include "experiments/process.h"
#include "experiments/report.h"
#include "experiments/score_file.h"
#include "experiments/score_tables.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

/// Slip moves a bright pixel column; a stable grasp keeps it where it is. Every second grasp slips.
Episode made_up(int object, int grasp) {
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.parameters.object = "object" + std::to_string(object);
  record.parameters.grasp = std::to_string(grasp);
  record.slip = grasp % 2 == 1;
  record.kind = record.slip ? SlipKind::kTranslation : SlipKind::kStable;
  record.reason = "made up";
  record.grip_margin = record.slip ? -0.02 * grasp : 0.04 * grasp;
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    const auto index = static_cast<std::size_t>(i);
    record.tactile_times[index] = record.external_times[index] = 0.05 * i;
    cv::Mat picture(24, 32, CV_8UC3, cv::Scalar(40, 60, 80));
    picture.col(record.slip ? 5 + i : 5).setTo(cv::Scalar::all(250));
    episode.tactile[index] = picture;
    episode.external[index] = picture;
    TracePoint point;
    point.time = 0.05 * i;
    hal::SlipTruth truth;
    truth.pads[0].mean_distance = record.slip ? 1e-4 * i : 0.0;
    truth.object_lost = record.slip && i == 14;
    point.truth = truth;
    record.trace.push_back(point);
  }
  return episode;
}

EpisodeSource made_up_source(int objects, int grasps) {
  return {static_cast<std::size_t>(objects * grasps), [grasps](std::size_t i) {
            const int index = static_cast<int>(i);
            return made_up(index / grasps, index % grasps);
          }};
}

/// Says slip when the bright column moved on from frame to frame; counts how often it looks.
class ColumnDetector : public detectors::SlipDetector {
 public:
  explicit ColumnDetector(bool keeps_time) : keeps_time_(keeps_time) {}
  detectors::Encoding encode(const detectors::FramePair&,
                             const detectors::FramePair& frame) const override {
    ++looks;
    detectors::Encoding encoding{0.0F, keeps_time_ ? static_cast<float>(frame.time) : 0.0F};
    for (int x = 0; x < frame.tactile.cols; ++x) {
      if (frame.tactile.at<cv::Vec3b>(0, x)[0] == 250) encoding[0] = static_cast<float>(x);
    }
    return encoding;
  }
  double slip_probability(std::span<const detectors::Encoding> window) const override {
    bool grows = window.back()[0] > window.front()[0];
    for (std::size_t i = 1; i < window.size(); ++i) grows &= window[i][0] >= window[i - 1][0];
    if (keeps_time_) {
      for (std::size_t i = 1; i < window.size(); ++i) {
        EXPECT_GT(window[i][1], window[i - 1][1]) << "times must stay in order";
      }
    }
    return grows ? 0.9 : 0.1;
  }
  std::string name() const override { return "column"; }
  void save(const fs::path&) const override {}

  mutable std::atomic<int> looks{0};

 private:
  bool keeps_time_;
};

DetectorEntry entry(const ColumnDetector& detector, bool learned = true) {
  return {"column", "made up", "tactile", "", learned, &detector};
}

TEST(Evaluate, ScoresEveryWindowInEveryFormInOrder) {
  const ColumnDetector detector(false);
  const std::vector<DetectorEntry> entries{entry(detector)};
  const auto scores = evaluate(entries, made_up_source(2, 4), {});
  // 8 grasps, 3 forms, 4 lengths, 5 starts.
  ASSERT_EQ(scores.size(), 8u * 3u * 4u * 5u);
  for (const WindowScore& score : scores) {
    EXPECT_EQ(score.said_slip(), score.slip && score.form == WindowForm::kAsRecorded);
  }
  EXPECT_EQ(scores.front().object, "object0");
  EXPECT_EQ(scores.back().object, "object1");
}

TEST(Evaluate, LooksAtAFrameOnceWhateverTheNumberOfWindows) {
  const ColumnDetector detector(false);
  const std::vector<DetectorEntry> entries{entry(detector)};
  evaluate(entries, made_up_source(1, 1), {});
  // 15 frames, and one more look to learn that time does not matter.
  EXPECT_EQ(detector.looks, kFramesPerEpisode + 1);
}

TEST(Evaluate, ControlFormsKeepTheTimesForADetectorThatUsesThem) {
  const ColumnDetector detector(true);
  const std::vector<DetectorEntry> entries{entry(detector)};
  const auto scores = evaluate(entries, made_up_source(1, 2), {});
  EXPECT_EQ(scores.size(), 2u * 3u * 4u * 5u);
}

TEST(Evaluate, IsTheSameForAnyNumberOfJobs) {
  const ColumnDetector detector(false);
  const std::vector<DetectorEntry> entries{entry(detector)};
  EvaluateOptions options;
  const auto one = evaluate(entries, made_up_source(3, 4), options);
  options.jobs = 3;
  const auto three = evaluate(entries, made_up_source(3, 4), options);
  ASSERT_EQ(one.size(), three.size());
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].object, three[i].object);
    EXPECT_EQ(one[i].grasp, three[i].grasp);
    EXPECT_EQ(one[i].probability, three[i].probability);
  }
}

TEST(Evaluate, PassesErrorsAndInterruptsOn) {
  const ColumnDetector detector(false);
  const std::vector<DetectorEntry> entries{entry(detector)};
  EpisodeSource broken = made_up_source(2, 4);
  broken.load = [](std::size_t) -> Episode { throw hal::InputError("tactile_03.jpg: unreadable"); };
  EvaluateOptions options;
  options.jobs = 2;
  EXPECT_THROW(evaluate(entries, broken, options), hal::InputError);
  options.interrupted = [] { return true; };
  EXPECT_THROW(evaluate(entries, made_up_source(2, 4), options), hal::Interrupted);
}

TEST(SlipSoFar, IsTheTruthAtTheFrameAndInfiniteAfterALoss) {
  const EpisodeRecord record = made_up(0, 1).record;
  EXPECT_NEAR(*slip_so_far(record, 0.25), 5e-4, 1e-12);
  EXPECT_TRUE(std::isinf(*slip_so_far(record, 0.70)));
  EpisodeRecord blind = record;
  blind.trace.clear();
  EXPECT_FALSE(slip_so_far(blind, 0.25));
}

std::vector<WindowScore> scores_of(const ColumnDetector& detector) {
  const std::vector<DetectorEntry> entries{entry(detector)};
  return evaluate(entries, made_up_source(3, 6), {});
}

TEST(ScoreTables, AccuracyControlsBreakdownAndTests) {
  const ColumnDetector detector(false);
  const auto scores = scores_of(detector);
  const ScoreTables tables = tabulate(scores, {500, 0.95, 1}, 0.3e-3);
  ASSERT_EQ(tables.accuracy.size(), 3u * 4u);
  EXPECT_DOUBLE_EQ(tables.accuracy.front().accuracy.value, 1.0);
  EXPECT_EQ(tables.accuracy.front().accuracy.windows, 18 * 5);
  // Says stable always: right on the stable half.
  EXPECT_DOUBLE_EQ(tables.accuracy[4].accuracy.value, 0.5);
  EXPECT_EQ(tables.accuracy[4].confusion.slip_said_stable, 45);

  ASSERT_EQ(tables.paired.size(), 3u);
  EXPECT_EQ(tables.paired[0].against, "chance");
  EXPECT_DOUBLE_EQ(tables.paired[0].comparison.difference.value, 0.5);
  EXPECT_LT(tables.paired[0].comparison.p_flip_grasps, 0.01);
  ASSERT_EQ(tables.rise.size(), 1u);
  EXPECT_DOUBLE_EQ(tables.rise[0].comparison.difference.value, 0.0);

  int margin_windows = 0;
  int slip_windows = 0;
  for (const BreakdownRow& row : tables.breakdown) {
    (row.by == "grip margin" ? margin_windows : slip_windows) += row.accuracy.windows;
  }
  EXPECT_EQ(margin_windows, 18 * 20);
  EXPECT_EQ(slip_windows, 18 * 20);
}

class Folder {
 public:
  Folder() : path_(fs::path(testing::TempDir()) / ("evaluation_" + std::to_string(getpid()))) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(ScoreFile, GivesBackWhatWasWritten) {
  const Folder folder;
  const ColumnDetector detector(false);
  auto scores = scores_of(detector);
  scores[0].object = "box, \"large\"";
  scores[1].margin.reset();
  write_scores(folder.path() / "scores.csv", scores);
  const auto read = read_scores(folder.path() / "scores.csv");
  ASSERT_EQ(read.size(), scores.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].object, scores[i].object);
    EXPECT_EQ(read[i].form, scores[i].form);
    EXPECT_EQ(read[i].slip, scores[i].slip);
    EXPECT_EQ(read[i].start, scores[i].start);
    EXPECT_EQ(read[i].probability, scores[i].probability);
    EXPECT_EQ(read[i].slip_so_far, scores[i].slip_so_far);
    EXPECT_EQ(read[i].margin, scores[i].margin);
  }
}

TEST(ScoreFile, NamesTheDamagedLine) {
  const Folder folder;
  const ColumnDetector detector(false);
  write_scores(folder.path() / "scores.csv", scores_of(detector));
  std::ofstream(folder.path() / "scores.csv", std::ios::app) << "column,as recorded,a,b,1\n";
  try {
    read_scores(folder.path() / "scores.csv");
    FAIL() << "a damaged file was read";
  } catch (const hal::InputError& error) {
    EXPECT_NE(std::string(error.what()).find("scores.csv:1082:"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW(read_scores(folder.path() / "none.csv"), hal::InputError);
}

TEST(Report, IsWholeAndItsTablesAgree) {
  const Folder folder;
  const ColumnDetector detector(false);
  const ScoreTables tables = tabulate(scores_of(detector), {500, 0.95, 1}, 0.3e-3);
  ReportFacts facts;
  facts.preset = "quick";
  facts.dataset_hash = "abc123";
  for (int grasp = 0; grasp < 6; ++grasp) add_to(facts.test, made_up(0, grasp).record);
  facts.detectors = {{"column", "made up", "tactile", "raw"}};
  write_report(folder.path(), facts, tables, "## Real\n");

  const auto json = nlohmann::json::parse(read_file(folder.path() / "results.json"));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["test"]["kinds"]["translation"], 3);
  EXPECT_EQ(json["accuracy"].size(), 12u);
  const std::string csv = read_file(folder.path() / "results.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 13);
  const std::string report = read_file(folder.path() / "report.md");
  EXPECT_NE(report.find("abc123"), std::string::npos);
  EXPECT_NE(report.find("| made up, tactile, raw | as recorded | 100.0 [100.0, 100.0] |"),
            std::string::npos);
  EXPECT_NE(report.find("82.24"), std::string::npos) << "the paper's Table II stands beside ours";
  EXPECT_NE(report.find("## Real"), std::string::npos);
}

TEST(Plot, DrawsBothFilesAndLeavesNothingElse) {
  const Folder folder;
  const ColumnDetector detector(false);
  const ScoreTables tables = tabulate(scores_of(detector), {200, 0.95, 1}, 0.3e-3);
  plot_accuracy_over_length(folder.path(), tables.accuracy, {{"column", "it's a column"}});
  const cv::Mat plot = cv::imread((folder.path() / "accuracy_over_length.png").string());
  EXPECT_EQ(plot.cols, 1000);
  EXPECT_NE(read_file(folder.path() / "accuracy_over_length.svg").find("it's a column"),
            std::string::npos);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 2);
}

TEST(Process, MissingOrFailingProgramGivesOneLine) {
  try {
    run_program("gripbench-no-such-program", {}, "some-package");
    FAIL();
  } catch (const hal::InputError& error) {
    EXPECT_STREQ(error.what(),
                 "gripbench-no-such-program: this program is not installed; apt-get install "
                 "some-package");
  }
  EXPECT_THROW(run_program("false", {}, "coreutils"), hal::InputError);
}

TEST(WriteBeside, LeavesNothingHalfWritten) {
  const Folder folder;
  write_file(folder.path() / "a.txt", "old");
  EXPECT_THROW(write_beside(folder.path() / "a.txt",
                            [](const fs::path& beside) {
                              std::ofstream(beside) << "half";
                              throw hal::StorageError("the disk is full");
                            }),
               hal::StorageError);
  EXPECT_EQ(read_file(folder.path() / "a.txt"), "old");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()), 1);
  EXPECT_THROW(write_file("/dev/null/x/report.md", "text"), hal::StorageError);
}

TEST(ContactSheet, DifferenceImageIsThePapers) {
  const cv::Mat first(2, 2, CV_8UC3, cv::Scalar(10, 200, 0));
  const cv::Mat later(2, 2, CV_8UC3, cv::Scalar(30, 20, 255));
  // 128 + I(t) - I(-2), clipped to 8 bits.
  EXPECT_EQ(difference_image(later, first).at<cv::Vec3b>(1, 1), cv::Vec3b(148, 0, 255));
}

TEST(ContactSheet, HoldsAllCells) {
  const Folder folder;
  const std::vector<Episode> grasps{made_up(0, 0), made_up(0, 1)};
  write_contact_sheet(folder.path() / "sheet.png", grasps);
  const cv::Mat sheet = cv::imread((folder.path() / "sheet.png").string());
  EXPECT_GT(sheet.cols, 9 * 200);
  EXPECT_GT(sheet.rows, 8 * 150);
}

}  // namespace
}  // namespace gripbench::experiments

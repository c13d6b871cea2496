#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>
#include <unistd.h>

#include "experiments/file_io.h"
#include "experiments/gel_contact.h"
#include "experiments/sintef_baselines.h"
#include "experiments/sintef_evaluation.h"
#include "experiments/sintef_import.h"
#include "experiments/sintef_recordings.h"
#include "experiments/sintef_report.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

/// A gel lit from three sides with dots; `press` deepens a bump at (160 + shift, 120).
cv::Mat gel_picture(double press, double shift, int noise_seed, double brightness = 1.0) {
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
  return brightness * (picture + noise);
}

class Folder {
 public:
  Folder()
      : path_(fs::path(testing::TempDir()) /
              ("sintef_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(path_);
  }
  ~Folder() { fs::remove_all(path_); }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Recording {
  int frames = 60;
  int first_contact = 10;
  int last_contact = 59;
  /// Pixels that the bump moves per frame of contact.
  double speed = 0.0;
};

void write_recording(const fs::path& file, const Recording& recording) {
  fs::create_directories(file.parent_path());
  // MPEG-4 in AVI, as the recordings are.
  cv::VideoWriter writer(file.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('F', 'M', 'P', '4'),
                         25.0, cv::Size(320, 240));
  ASSERT_TRUE(writer.isOpened());
  for (int i = 0; i < recording.frames; ++i) {
    const bool touched = i >= recording.first_contact && i <= recording.last_contact;
    writer.write(gel_picture(touched ? 1.0 : 0.0, recording.speed * (i - recording.first_contact),
                             i, i < 3 ? 0.6 : 1.0));
  }
}

TEST(GelContact, ThumbnailDoesNotSeeTheExposure) {
  const cv::Mat dark = gel_thumbnail(gel_picture(0.0, 0.0, 1, 0.6));
  const cv::Mat bright = gel_thumbnail(gel_picture(0.0, 0.0, 2));
  EXPECT_LT(gel_imprint_measure(dark, bright), 10.0);
  EXPECT_GT(gel_imprint_measure(gel_thumbnail(gel_picture(1.0, 0.0, 3)), bright), 20.0);
}

TEST(GelContact, EmptyGelIsTheLookThatObjectsShare) {
  std::vector<NamedThumbnail> thumbnails;
  for (int i = 0; i < 4; ++i) {
    thumbnails.push_back({"a", gel_thumbnail(gel_picture(0.0, 0.0, i))});
    thumbnails.push_back({"b", gel_thumbnail(gel_picture(0.0, 0.0, 10 + i))});
  }
  // One object held all the time, more often seen than the empty gel.
  for (int i = 0; i < 20; ++i) {
    thumbnails.push_back({"c", gel_thumbnail(gel_picture(1.5, 0.0, 20 + i))});
  }
  const auto gels = find_empty_gels(thumbnails);
  ASSERT_EQ(gels.size(), 1u);
  EXPECT_LT(gel_imprint_measure(thumbnails[0].thumbnail, gels[0]), 8.0);
  EXPECT_GT(gel_imprint_measure(thumbnails.back().thumbnail, gels[0]), 20.0);
}

TEST(GelContact, DirtLiftsTheThreshold) {
  // Contact at 70, then a dirty gel at 25 to the end.
  std::vector<double> dirty(100, 25.0);
  std::fill(dirty.begin(), dirty.begin() + 40, 70.0);
  EXPECT_NEAR(contact_threshold(dirty), 25.0 + 0.35 * 45.0, 1e-9);
  // A light touch that grows is contact all along: it does not end at its floor.
  std::vector<double> growing(100, 25.0);
  std::fill(growing.begin() + 60, growing.end(), 70.0);
  EXPECT_DOUBLE_EQ(contact_threshold(growing), 14.0);
  EXPECT_DOUBLE_EQ(contact_threshold(std::vector<double>(100, 5.0)), 14.0);
}

TEST(GelContact, LongestContactBridgesFlickerAndPassesOverABriefTouch) {
  std::vector<bool> contact(100, false);
  for (int i = 3; i < 8; ++i) contact[static_cast<std::size_t>(i)] = true;
  for (int i = 30; i < 80; ++i) contact[static_cast<std::size_t>(i)] = i % 7 != 0;
  const ContactSpan span = longest_contact(contact);
  EXPECT_EQ(span.first, 30);
  EXPECT_EQ(span.last, 79);
  EXPECT_EQ(longest_contact(std::vector<bool>(10, false)).length(), 0);
}

TEST(Windows, LieInTheContactOnePerPartAndStartWithTheReference) {
  const SintefWindows rules;
  for (int length = rules.shortest_contact(); length < 300; length += 7) {
    const ContactSpan contact{20, 20 + length - 1};
    const auto windows = place_windows(contact, rules, 5);
    ASSERT_EQ(windows.size(), 4u);
    for (const auto& window : windows) {
      ASSERT_EQ(window.size(), 8u);
      EXPECT_EQ(window[0], contact.first + rules.settle);
      EXPECT_GT(window[1], window[0]);
      for (std::size_t i = 2; i < window.size(); ++i) EXPECT_EQ(window[i], window[i - 1] + 1);
      EXPECT_LE(window.back(), contact.last);
    }
  }
  EXPECT_THROW(place_windows({0, 9}, rules, 5), std::invalid_argument);
}

TEST(Windows, AreNotDrawnToTheContactsEnd) {
  // Over many videos the last window ends anywhere in its quarter: no more often in the last tenth
  // of the contact than a window placed by chance.
  const SintefWindows rules;
  int at_end = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto windows = place_windows({0, 399}, rules, seed);
    at_end += windows.back().back() >= 360;
  }
  // The last begin lies evenly over a quarter of 390 places: a share of about 0.41.
  EXPECT_NEAR(at_end / 1000.0, 0.41, 0.05);
}

TEST(Stump, FindsTheThresholdAndItsSide) {
  const std::vector<double> values{1, 2, 3, 10, 11, 12};
  const Stump below = fit_stump(values, {true, true, true, false, false, false});
  EXPECT_TRUE(below.says_slip(2.0));
  EXPECT_FALSE(below.says_slip(11.0));
  EXPECT_DOUBLE_EQ(below.threshold, 6.5);
  const Stump above = fit_stump(values, {false, false, false, true, true, true});
  EXPECT_TRUE(above.says_slip(11.0));
  EXPECT_THROW(fit_stump(values, std::vector<bool>(6, true)), std::invalid_argument);
}

TEST(Import, ReadsWhatIsSoundAndSaysWhyOfTheRest) {
  const Folder folder;
  const fs::path source = folder.path() / "source";
  // Two objects that let go of the gel, so that it is known empty; one held throughout.
  write_recording(source / "box" / "exp_num_1" / "camera_0.avi", {60, 10, 45, 0.6});
  write_recording(source / "box" / "exp_num_1" / "camera_2.avi", {60, 10, 45, 0.6});
  std::ofstream(source / "box" / "exp_num_1" / "slip.txt") << "slip\n";
  write_recording(source / "ball" / "exp_num_1" / "CAMERA_0.AVI", {70, 12, 50, 0.0});
  write_recording(source / "cup" / "exp_num_1" / "camera_0.avi", {50, 0, 49, 0.0});
  // Let go at once, truncated, no video, a stray file.
  write_recording(source / "pen" / "exp_num_1" / "camera_0.avi", {50, 10, 14, 0.0});
  write_recording(source / "pen" / "exp_num_2" / "camera_0.avi", {50, 10, 40, 0.0});
  fs::resize_file(source / "pen" / "exp_num_2" / "camera_0.avi",
                  fs::file_size(source / "pen" / "exp_num_2" / "camera_0.avi") / 3);
  fs::create_directories(source / "pen" / "exp_num_3");
  std::ofstream(source / "LICENSE") << "BSD\n";
  std::ofstream(source / "box" / "notes.txt") << "notes\n";

  SintefImportOptions options;
  options.jobs = 2;
  const SintefIndex index = import_sintef(source, folder.path() / "out", options);
  ASSERT_EQ(index.grasps.size(), 3u);
  EXPECT_EQ(index.grasps[0].object, "ball");
  EXPECT_EQ(index.grasps[0].videos.size(), 1u);
  EXPECT_EQ(index.grasps[1].object, "box");
  EXPECT_TRUE(index.grasps[1].slip);
  EXPECT_NEAR(index.grasps[1].contact.first, 10, 1);
  EXPECT_NEAR(index.grasps[1].contact.last, 45, 1);
  EXPECT_EQ(index.grasps[2].contact.first, 0);
  EXPECT_EQ(index.grasps[2].contact.last, 49);
  std::set<std::string> reasons;
  for (const LeftOut& one : index.left_out) {
    EXPECT_EQ(one.object, "pen");
    reasons.insert(one.grasp + ": " + one.reason);
  }
  EXPECT_EQ(reasons.size(), 3u);
  EXPECT_TRUE(reasons.contains("exp_num_3: no video"));
  EXPECT_TRUE(std::any_of(reasons.begin(), reasons.end(), [](const std::string& reason) {
    return reason.find("exp_num_1: contact of") == 0;
  }));

  const SintefIndex again = read_sintef_index(folder.path() / "out");
  EXPECT_EQ(again.grasps.size(), 3u);
  EXPECT_EQ(again.left_out.size(), index.left_out.size());
  const ImportedGrasp& box = again.grasps[1];
  const auto sequence = load_sintef_video(folder.path() / "out", box, box.videos[0]);
  EXPECT_TRUE(sequence.slip);
  EXPECT_EQ(sequence.group, "box");
  EXPECT_EQ(sequence.windows.size(), 4u);
  EXPECT_EQ(sequence.windows[0].size(), 8u);
  EXPECT_EQ(sequence.windows[0][0], 0);
  EXPECT_DOUBLE_EQ(sequence.frames[0].time, 0.0);
  EXPECT_TRUE(sequence.frames[0].external.empty());
  EXPECT_EQ(sequence.frames[0].tactile.size(), cv::Size(320, 240));
}

/// A short MJPG video, and a copy of it that ends half-way.
void write_short_video(const fs::path& file, const fs::path& truncated) {
  fs::create_directories(file.parent_path());
  fs::create_directories(truncated.parent_path());
  {
    cv::VideoWriter writer(file.string(), cv::CAP_FFMPEG,
                           cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), 25.0, cv::Size(320, 240));
    ASSERT_TRUE(writer.isOpened());
    for (int i = 0; i < 20; ++i) writer.write(gel_picture(0.0, 0.0, i));
  }
  fs::copy_file(file, truncated);
  fs::resize_file(truncated, fs::file_size(file) / 2);
}

TEST(Import, SaysInOneLineWhatIsWrongWithAVideo) {
  const Folder folder;
  const fs::path whole = folder.path() / "whole.avi";
  const fs::path half = folder.path() / "half.avi";
  // Reads before it writes, as the program does: OpenCV asks for FFmpeg's log level once.
  EXPECT_THROW(read_video(folder.path() / "none.avi"), hal::InputError);
  write_short_video(whole, half);
  EXPECT_EQ(read_video(whole).size(), 20u);
  const fs::path text = folder.path() / "text.avi";
  std::ofstream(text) << "no video\n";
  auto complaint = [](const fs::path& file) -> std::string {
    try {
      read_video(file);
    } catch (const hal::InputError& wrong) {
      return wrong.what();
    }
    return "nothing was thrown";
  };
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const std::string of_half = complaint(half);
  const std::string of_text = complaint(text);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  int frames = 0;
  const std::string start = half.string() + ": ends after ";
  ASSERT_EQ(of_half.rfind(start, 0), 0u) << of_half;
  ASSERT_EQ(std::sscanf(of_half.c_str() + start.size(), "%d of 20 frames;", &frames), 1);
  EXPECT_NE(of_half.find(" of 20 frames"), std::string::npos) << of_half;
  EXPECT_GT(frames, 5);
  EXPECT_LT(frames, 15);
  EXPECT_EQ(of_text.rfind(text.string() + ": cannot be opened", 0), 0u) << of_text;
}

TEST(Import, TellsOfUnreadableVideosAndGoesOnWithTheOthers) {
  const Folder folder;
  const fs::path source = folder.path() / "source";
  write_recording(source / "box" / "exp_num_1" / "camera_0.avi", {60, 10, 45, 0.0});
  write_recording(source / "ball" / "exp_num_1" / "camera_0.avi", {60, 10, 45, 0.0});
  const fs::path half = source / "box" / "exp_num_1" / "camera_2.avi";
  write_short_video(folder.path() / "whole.avi", half);
  const fs::path text = source / "pen" / "exp_num_1" / "camera_0.avi";
  fs::create_directories(text.parent_path());
  std::ofstream(text) << "no video\n";

  std::vector<std::string> lines;
  SintefImportOptions options;
  options.jobs = 2;
  options.notice = [&](const std::string& line) { lines.push_back(line); };
  // Told again when all is there already.
  for (int run = 0; run < 2; ++run) {
    lines.clear();
    const SintefIndex index = import_sintef(source, folder.path() / "out", options);
    EXPECT_EQ(index.grasps.size(), 2u);
    ASSERT_EQ(lines.size(), 2u);
    EXPECT_EQ(lines[0].rfind(half.string() + ": ends after", 0), 0u) << lines[0];
    EXPECT_EQ(lines[1].rfind(text.string() + ": cannot be opened", 0), 0u) << lines[1];
  }

  fs::remove_all(source / "box");
  fs::remove_all(source / "ball");
  EXPECT_THROW(import_sintef(source, folder.path() / "none", options), hal::InputError);
  EXPECT_FALSE(fs::exists(folder.path() / "none" / "sintef.json"));
}

TEST(Import, RefusesAFolderOfSomethingElse) {
  const Folder folder;
  EXPECT_THROW(scan_sintef(folder.path() / "none"), hal::InputError);
  EXPECT_THROW(scan_sintef(folder.path()), hal::InputError);
  EXPECT_THROW(read_sintef_index(folder.path()), hal::InputError);
  write_file(folder.path() / "sintef.json", "{\"made_from\": 3");
  EXPECT_THROW(read_sintef_index(folder.path()), hal::InputError);
}

TEST(Import, StopsWhenAskedAndLeavesNoIndex) {
  const Folder folder;
  write_recording(folder.path() / "source" / "box" / "exp_num_1" / "camera_0.avi", {});
  std::atomic<bool> stop{true};
  SintefImportOptions options;
  options.stop = &stop;
  EXPECT_THROW(import_sintef(folder.path() / "source", folder.path() / "out", options),
               hal::Interrupted);
  EXPECT_FALSE(fs::exists(folder.path() / "out" / "sintef.json"));
}

/// Grasps whose label only the number of frames and the last frame tell.
SintefIndex made_up_index() {
  SintefIndex index;
  for (int object = 0; object < 8; ++object) {
    for (int grasp = 0; grasp < 6; ++grasp) {
      ImportedGrasp one;
      one.object = "object" + std::to_string(object);
      one.grasp = "exp_num_" + std::to_string(grasp);
      one.slip = grasp % 2 == 0;
      one.session = object < 4 ? "31 px" : "43 px";
      one.frames_in_video = one.slip ? 100 + grasp : 200 + grasp;
      one.last_frame_imprint = 20.0 + grasp;
      for (std::size_t k = 0; k < kImageStatistics; ++k) {
        one.statistics[k] = (one.slip ? 1.0 : 3.0) + 0.1 * ((object * 7 + grasp * 3) % 5);
      }
      index.grasps.push_back(one);
    }
  }
  return index;
}

TEST(Baselines, LearnTheTrivialCuesFromTrainingGraspsOnly) {
  const SintefIndex index = made_up_index();
  std::vector<const ImportedGrasp*> training;
  std::vector<const ImportedGrasp*> test;
  for (const ImportedGrasp& grasp : index.grasps) {
    (grasp.object < "object5" ? training : test).push_back(&grasp);
  }
  for (const TrivialBaseline baseline :
       {TrivialBaseline::kFrameCount, TrivialBaseline::kImageStatistics}) {
    const auto said = trivial_decisions(baseline, training, test);
    ASSERT_EQ(said.size(), test.size());
    for (std::size_t i = 0; i < said.size(); ++i) EXPECT_EQ(said[i], test[i]->slip);
    EXPECT_EQ(said, trivial_decisions(baseline, training, test)) << "not repeatable";
  }
}

TEST(Evaluation, IsTheSameForAnyNumberOfJobs) {
  const Folder folder;
  const fs::path source = folder.path() / "source";
  for (const char* object : {"ball", "box", "cup", "pen", "jar", "tin"}) {
    for (int grasp = 0; grasp < 2; ++grasp) {
      const fs::path recording = source / object / ("exp_num_" + std::to_string(grasp));
      write_recording(recording / "camera_0.avi", {40, 8, 32, grasp == 0 ? 0.0 : 0.8});
      if (grasp == 1) std::ofstream(recording / "slip.txt") << "slip\n";
    }
  }
  SintefImportOptions import;
  import.jobs = 2;
  const SintefIndex index = import_sintef(source, folder.path() / "out", import);
  ASSERT_EQ(index.grasps.size(), 12u);
  SintefEvaluationOptions options;
  options.jobs = 1;
  const SintefResults one = evaluate_sintef(folder.path() / "out", index, options);
  options.jobs = 6;
  const SintefResults six = evaluate_sintef(folder.path() / "out", index, options);
  ASSERT_EQ(one.methods.size(), six.methods.size());
  EXPECT_EQ(one.folds, six.folds);
  for (std::size_t m = 0; m < one.methods.size(); ++m) {
    EXPECT_EQ(one.methods[m].scores, six.methods[m].scores) << one.methods[m].name;
  }
  // Scores that are all alike would be equal however they came about.
  const std::vector<double>& learned = one.methods[1].scores;
  EXPECT_GT(std::set<double>(learned.begin(), learned.end()).size(), 6u);
}

TEST(Section, ShowsEveryPartAndTheGains) {
  SintefIndex index = made_up_index();
  index.left_out.push_back({"pen", "exp_num_1", "", "no contact found", true});
  index.no_slip_visible = {"object1/exp_num_0"};
  SintefResults results;
  results.folds.assign(index.grasps.size(), 0);
  results.folds.back() = 1;
  for (const bool trivial : {false, true}) {
    SintefMethod method{trivial ? "coin" : "detector", trivial, {}, {}};
    for (std::size_t i = 0; i < index.grasps.size(); ++i) {
      const ImportedGrasp& grasp = index.grasps[i];
      const bool said = trivial ? i % 3 == 0 : grasp.slip;
      method.decisions.push_back({grasp.object, grasp.grasp, grasp.slip, said});
      method.scores.push_back(said ? 0.9 : 0.1);
    }
    results.methods.push_back(std::move(method));
  }
  BootstrapOptions statistics;
  statistics.resamples = 300;
  const std::string text = sintef_section(index, results, statistics);
  for (const char* expected :
       {"the 8 objects with both classes", "31 px apart", "43 px apart", "coin (trivial)",
        "| detector | 100.0 [100.0, 100.0] | 100.0 [100.0, 100.0] | 24 | 0 | 0 | 24 |",
        "pen/exp_num_1: no contact found (slip)", "object1/exp_num_0", "2 folds"}) {
    EXPECT_NE(text.find(expected), std::string::npos) << expected;
  }
  EXPECT_NE(sintef_json(index, results, statistics).find("\"gains\""), std::string::npos);
}

TEST(RealRecordings, AreListedWithTheirLabels) {
  const fs::path data = fs::path(GRIPBENCH_SOURCE_DIR) / ".." / "shared" / "data" / "sintef_slip";
  if (!fs::is_directory(data)) GTEST_SKIP() << "the SINTEF recordings are not there";
  const SintefScan scan = scan_sintef(data);
  EXPECT_EQ(scan.grasps.size(), 150u);
  EXPECT_EQ(std::count_if(scan.grasps.begin(), scan.grasps.end(),
                          [](const SintefGrasp& grasp) { return grasp.slip; }),
            65);
  std::set<std::string> objects;
  for (const SintefGrasp& grasp : scan.grasps) objects.insert(grasp.object);
  EXPECT_EQ(objects.size(), 29u);
  EXPECT_EQ(read_video(scan.grasps.back().videos[0].file).size(), 154u);
}

}  // namespace
}  // namespace gripbench::experiments

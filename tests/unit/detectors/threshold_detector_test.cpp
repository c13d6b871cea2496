#include "detectors/threshold_detector.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "hal/errors.h"
#include "tests/tools/synthetic_gel.h"

namespace gripbench::detectors {
namespace {

constexpr double kOff = std::numeric_limits<double>::infinity();

/// Signal 0 tells slip in half of the slips, signal 2 in the other half; signal 4 is noise.
std::vector<SignalSample> separable_samples() {
  std::mt19937_64 random(3);
  const auto uniform = [&random] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  std::vector<SignalSample> samples;
  for (int i = 0; i < 400; ++i) {
    SignalSample sample;
    sample.slip = i % 2 == 0;
    sample.group = std::to_string((i / 4) % 8);
    sample.signals[0] = 0.1 * uniform() + (i % 4 == 0 ? 0.3 : 0.0);
    sample.signals[2] = 0.2 * uniform() + (i % 4 == 2 ? 0.5 : 0.0);
    sample.signals[4] = uniform();
    samples.push_back(sample);
  }
  return samples;
}

TEST(ThresholdFit, FindsTheRuleAndLeavesNoiseOff) {
  const auto samples = separable_samples();
  const ThresholdFit fit = fit_thresholds(samples, 4, 64);
  EXPECT_EQ(fit.training_accuracy, 1.0);
  EXPECT_EQ(fit.cross_checked_accuracy, 1.0);
  EXPECT_GT(fit.thresholds[0], 0.1);
  EXPECT_LT(fit.thresholds[0], 0.3);
  EXPECT_GT(fit.thresholds[2], 0.2);
  EXPECT_LT(fit.thresholds[2], 0.5);
  EXPECT_TRUE(std::isinf(fit.thresholds[4]));
}

TEST(ThresholdFit, ASignalThatTellsOnlyItsGroupStaysOutOfTheCrossCheck) {
  // Signal 0 tells slip a little in every group; signal 1 tells it perfectly in one group of six,
  // and the reverse in the others.
  std::mt19937_64 random(5);
  const auto uniform = [&random] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  std::vector<SignalSample> samples;
  for (int i = 0; i < 360; ++i) {
    SignalSample sample;
    sample.slip = i % 2 == 0;
    sample.group = std::to_string((i / 2) % 6);
    sample.signals[0] = uniform() + (sample.slip ? 0.5 : 0.0);
    sample.signals[1] = (sample.group == "0") == sample.slip ? 1.0 + uniform() : uniform();
    samples.push_back(sample);
  }
  const ThresholdFit fit = fit_thresholds(samples, 3, 64);
  // The overlap of two uniform distributions half apart allows 0.75.
  EXPECT_NEAR(fit.cross_checked_accuracy, 0.75, 0.06);
  EXPECT_NEAR(fit.training_accuracy, 0.75, 0.06);
}

TEST(ThresholdFit, NeedsBothClasses) {
  auto samples = separable_samples();
  for (auto& sample : samples) {
    sample.slip = true;
  }
  EXPECT_THROW(fit_thresholds(samples, 4, 64), std::invalid_argument);
  EXPECT_THROW(fit_thresholds({}, 4, 64), std::invalid_argument);
}

Thresholds only(SlipSignal signal, double threshold) {
  Thresholds thresholds;
  thresholds.fill(kOff);
  thresholds[static_cast<std::size_t>(signal)] = threshold;
  return thresholds;
}

TEST(ThresholdDetector, ScoreIsOverAHalfExactlyWhenASignalIsOverItsThreshold) {
  const ThresholdDetector detector(only(SlipSignal::kTextureTranslation, 0.25));
  const auto score = [&](float signal) {
    return detector.slip_probability(
        std::vector<Encoding>{{0, 0, 0, 0, 0, 0, 0, 0}, {signal, 9, 9, 9, 9, 0, 0, 0}});
  };
  EXPECT_LE(score(0.25f), 0.5);
  EXPECT_GT(score(0.2500001f), 0.5);
  EXPECT_LT(score(0.1f), score(0.2f));
  EXPECT_LT(score(0.3f), score(0.6f));
  EXPECT_LE(score(100.0f), 1.0);
  EXPECT_EQ(score(0.0f), 0.0);
}

TEST(ThresholdDetector, RefusesForeignWindowsAndPictures) {
  const ThresholdDetector detector(only(SlipSignal::kEntropy, 0.5));
  EXPECT_THROW(detector.slip_probability({}), std::invalid_argument);
  EXPECT_THROW(detector.slip_probability(std::vector<Encoding>{{1.0f}}), std::invalid_argument);
  FramePair empty;
  FramePair small{cv::Mat(120, 160, CV_8UC3, cv::Scalar::all(100)), {}, 0.0};
  FramePair large{cv::Mat(240, 320, CV_8UC3, cv::Scalar::all(100)), {}, 0.0};
  EXPECT_THROW(detector.encode(empty, empty), std::invalid_argument);
  EXPECT_THROW(detector.encode(small, large), std::invalid_argument);
  EXPECT_NO_THROW(detector.encode(small, small)) << "a gel without markers is no fault";
  Thresholds wrong = only(SlipSignal::kEntropy, -1.0);
  EXPECT_THROW(ThresholdDetector{wrong}, std::invalid_argument);
}

TEST(ThresholdDetector, FitsOnSomeObjectsAndTellsSlipOnOthers) {
  std::vector<LabelledSequence> grasps;
  for (int group = 0; group < 6; ++group) {
    for (int i = 0; i < 4; ++i) {
      auto grasp = tests::synthetic_grasp(static_cast<std::uint64_t>(100 * group + i), group,
                                          i % 2 == 0, 6, {320, 240});
      grasp.windows = {{0, 1, 2, 3, 4, 5}};
      grasps.push_back(std::move(grasp));
    }
  }
  const auto fitted = ThresholdDetector::fit({16, [&](std::size_t i) { return grasps[i]; }});
  int right = 0;
  for (std::size_t i = 16; i < grasps.size(); ++i) {
    std::vector<Encoding> window;
    for (const FramePair& frame : grasps[i].frames) {
      window.push_back(fitted.detector->encode(grasps[i].frames[0], frame));
    }
    right += (fitted.detector->slip_probability(window) > 0.5) == grasps[i].slip ? 1 : 0;
  }
  EXPECT_GE(right, 7) << "of 8 grasps of two new objects";

  const auto file = std::filesystem::path(testing::TempDir()) / "threshold_detector.json";
  fitted.detector->save(file);
  const auto again = load_detector(file);
  EXPECT_EQ(again->name(), fitted.detector->name());
  const std::vector<Encoding> window = {again->encode(grasps[0].frames[0], grasps[0].frames[0]),
                                        again->encode(grasps[0].frames[0], grasps[0].frames[5])};
  EXPECT_EQ(again->slip_probability(window), fitted.detector->slip_probability(window));
}

TEST(ThresholdDetector, FitRefusesEmptyAndMalformedSources) {
  EXPECT_THROW(ThresholdDetector::fit({}), std::invalid_argument);
  auto grasp = tests::synthetic_grasp(1, 0, true, 3, {160, 120});
  const auto fit_on = [&] {
    return ThresholdDetector::fit({1, [&](std::size_t) { return grasp; }});
  };
  grasp.windows = {{0, 1, 2}};
  EXPECT_THROW(fit_on(), std::invalid_argument) << "one class";
  grasp.windows = {{0, 7}};
  EXPECT_THROW(fit_on(), std::invalid_argument) << "a frame beyond the end";
  grasp.windows = {{}};
  EXPECT_THROW(fit_on(), std::invalid_argument) << "an empty window";
}

TEST(ThresholdDetector, DamagedFilesAreRefusedWithOneLine) {
  const auto file = std::filesystem::path(testing::TempDir()) / "damaged_threshold.json";
  const char* contents[] = {
      "",
      "nonsense",
      "{}",
      R"({"format": "gripbench-detector", "version": 2, "kind": "threshold"})",
      R"({"format": "gripbench-detector", "version": 1, "kind": "threshold"})",
      R"({"format": "gripbench-detector", "version": 1, "kind": "oracle"})",
      R"({"format": "gripbench-detector", "version": 1, "kind": "threshold", "thresholds": {"entropy": "x"}})"};
  for (const char* content : contents) {
    std::ofstream(file) << content;
    try {
      load_detector(file);
      ADD_FAILURE() << "took: " << content;
    } catch (const hal::InputError& error) {
      const std::string line = error.what();
      EXPECT_EQ(line.find('\n'), std::string::npos);
      EXPECT_NE(line.find(file.string()), std::string::npos);
    }
  }
  EXPECT_THROW(load_detector(file.string() + ".missing"), hal::InputError);
}

}  // namespace
}  // namespace gripbench::detectors

#include "experiments/sintef_baselines.h"

#include <algorithm>
#include <stdexcept>

#include <opencv2/core.hpp>
#include <opencv2/ml.hpp>

namespace gripbench::experiments {
namespace {

constexpr int kTrees = 200;
constexpr int kDepth = 6;
constexpr int kLeafSamples = 3;

double value_of(TrivialBaseline baseline, const ImportedGrasp& grasp) {
  return baseline == TrivialBaseline::kFrameCount ? grasp.frames_in_video
                                                  : grasp.last_frame_imprint;
}

std::vector<bool> labels_of(std::span<const ImportedGrasp* const> grasps) {
  std::vector<bool> slip;
  for (const ImportedGrasp* grasp : grasps) slip.push_back(grasp->slip);
  return slip;
}

std::vector<double> values_of(TrivialBaseline baseline,
                              std::span<const ImportedGrasp* const> grasps) {
  std::vector<double> values;
  for (const ImportedGrasp* grasp : grasps) values.push_back(value_of(baseline, *grasp));
  return values;
}

cv::Mat statistics_of(std::span<const ImportedGrasp* const> grasps) {
  cv::Mat rows(static_cast<int>(grasps.size()), static_cast<int>(kImageStatistics), CV_32F);
  for (int i = 0; i < rows.rows; ++i) {
    for (int k = 0; k < rows.cols; ++k) {
      rows.at<float>(i, k) = static_cast<float>(
          grasps[static_cast<std::size_t>(i)]->statistics[static_cast<std::size_t>(k)]);
    }
  }
  return rows;
}

std::vector<bool> forest_decisions(std::span<const ImportedGrasp* const> training,
                                   std::span<const ImportedGrasp* const> test) {
  const std::vector<bool> slip = labels_of(training);
  cv::Mat responses(static_cast<int>(slip.size()), 1, CV_32S);
  for (int i = 0; i < responses.rows; ++i) {
    responses.at<int>(i) = slip[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  // The forest draws from OpenCV's generator of this thread.
  cv::theRNG().state = 1;
  const auto forest = cv::ml::RTrees::create();
  forest->setMaxDepth(kDepth);
  forest->setMinSampleCount(kLeafSamples);
  forest->setActiveVarCount(0);
  forest->setTermCriteria({cv::TermCriteria::MAX_ITER, kTrees, 0.0});
  forest->train(statistics_of(training), cv::ml::ROW_SAMPLE, responses);
  std::vector<bool> decisions;
  const cv::Mat rows = statistics_of(test);
  for (int i = 0; i < rows.rows; ++i) decisions.push_back(forest->predict(rows.row(i)) > 0.5F);
  return decisions;
}

}  // namespace

const char* to_string(TrivialBaseline baseline) {
  switch (baseline) {
    case TrivialBaseline::kFrameCount:
      return "number of frames alone";
    case TrivialBaseline::kLastFrameEmpty:
      return "last frame looks like an empty gel";
    case TrivialBaseline::kImageStatistics:
      return "14 image statistics, random forest";
  }
  throw std::invalid_argument("unknown baseline");
}

Stump fit_stump(std::span<const double> values, const std::vector<bool>& slip) {
  const auto slips = static_cast<double>(std::count(slip.begin(), slip.end(), true));
  const auto stables = static_cast<double>(slip.size()) - slips;
  if (slips == 0.0 || stables == 0.0) throw std::invalid_argument("a class is missing");
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());

  double best = -1.0;
  std::vector<Stump> equal;
  for (const bool slip_below : {true, false}) {
    for (std::size_t i = 0; i + 1 < sorted.size(); ++i) {
      const Stump stump{0.5 * (sorted[i] + sorted[i + 1]), slip_below};
      double right_slips = 0.0;
      double right_stables = 0.0;
      for (std::size_t k = 0; k < values.size(); ++k) {
        if (stump.says_slip(values[k]) != slip[k]) continue;
        (slip[k] ? right_slips : right_stables) += 1.0;
      }
      const double balanced = right_slips / slips + right_stables / stables;
      if (balanced > best) equal.clear();
      if (balanced >= best) {
        best = balanced;
        equal.push_back(stump);
      }
    }
  }
  return equal.empty() ? Stump{} : equal[equal.size() / 2];
}

std::vector<bool> trivial_decisions(TrivialBaseline baseline,
                                    std::span<const ImportedGrasp* const> training,
                                    std::span<const ImportedGrasp* const> test) {
  if (baseline == TrivialBaseline::kImageStatistics) return forest_decisions(training, test);
  const Stump stump = fit_stump(values_of(baseline, training), labels_of(training));
  std::vector<bool> decisions;
  for (const ImportedGrasp* grasp : test) {
    decisions.push_back(stump.says_slip(value_of(baseline, *grasp)));
  }
  return decisions;
}

}  // namespace gripbench::experiments

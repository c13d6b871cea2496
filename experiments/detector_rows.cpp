#include "experiments/detector_rows.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

#include "detectors/learned_detector.h"
#include "detectors/threshold_detector.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

using detectors::PictureInput;
using detectors::Sources;

DetectorRow learned_row(const std::string& id, const std::string& source,
                        const std::string& input) {
  return {{id, "CNN + LSTM", source, input}, true};
}

Sources sources_of(const DetectorRow& row) {
  if (row.facts.source == "tactile") return Sources::kTactile;
  return row.facts.source == "vision" ? Sources::kVision : Sources::kBoth;
}

TrainedRow train_learned(const DetectorRow& row, const detectors::SequenceSource& source,
                         std::uint64_t seed, int threads,
                         const detectors::TrainingProgress& progress) {
  detectors::LearnedOptions options;
  options.sources = sources_of(row);
  options.input = row.facts.input == "raw" ? PictureInput::kRaw : PictureInput::kDifference;
  options.seed = seed;
  options.threads = threads;
  // With eight training objects, two held out to choose an epoch cost more than the choice gains.
  // Cross-validated among the training objects of one data set: 67% of windows with the choice, 72%
  // with 18 epochs on all, 77% with 30. 24 keep the quick bench within its time.
  options.validation_share = 0.0;
  options.max_epochs = 24;
  auto trained = detectors::LearnedDetector::train(source, options, progress);
  const auto& summary = trained.summary;
  return {
      std::move(trained.detector),
      fmt::format("{} sequences, {} epochs", summary.training_sequences, summary.epochs.size())};
}

TrainedRow train_threshold(const detectors::SequenceSource& source,
                           const detectors::TrainingProgress& progress) {
  auto fitted = detectors::ThresholdDetector::fit(source, {}, progress);
  return {std::move(fitted.detector), "thresholds fitted"};
}

}  // namespace

const std::vector<DetectorRow>& all_detector_rows() {
  static const std::vector<DetectorRow> rows{
      {{"threshold", "threshold method", "tactile", ""}, false},
      learned_row("difference_both", "tactile + vision", "difference"),
      learned_row("difference_tactile", "tactile", "difference"),
      learned_row("difference_vision", "vision", "difference"),
      learned_row("raw_both", "tactile + vision", "raw"),
      learned_row("raw_tactile", "tactile", "raw"),
      learned_row("raw_vision", "vision", "raw"),
  };
  return rows;
}

std::vector<DetectorRow> detector_rows(const std::vector<std::string>& ids) {
  std::string known;
  for (const DetectorRow& row : all_detector_rows()) {
    known += (known.empty() ? "" : ", ") + row.facts.id;
  }
  std::vector<DetectorRow> rows;
  for (const std::string& id : ids) {
    const auto& all = all_detector_rows();
    if (std::none_of(all.begin(), all.end(),
                     [&](const DetectorRow& row) { return row.facts.id == id; })) {
      throw hal::InputError("'" + id + "': no such detector; there are " + known);
    }
  }
  for (const DetectorRow& row : all_detector_rows()) {
    if (std::find(ids.begin(), ids.end(), row.facts.id) != ids.end()) rows.push_back(row);
  }
  return rows;
}

double training_share(bool learned, const std::string& stage, double share) {
  const double encoding = learned ? 0.15 : 0.95;
  return stage == "encode" ? encoding * share : encoding + (1.0 - encoding) * share;
}

TrainedRow train_row(const DetectorRow& row, const detectors::SequenceSource& source,
                     std::uint64_t seed, int threads, const detectors::TrainingProgress& progress) {
  try {
    return row.learned ? train_learned(row, source, seed, threads, progress)
                       : train_threshold(source, progress);
  } catch (const std::invalid_argument& wrong) {
    throw hal::InputError(row.facts.id + ": cannot be trained on these grasps: " + wrong.what());
  }
}

}  // namespace gripbench::experiments

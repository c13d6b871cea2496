#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "detectors/slip_detector.h"
#include "experiments/report.h"

namespace gripbench::experiments {

/// A row of the tables: a detector as it is trained.
struct DetectorRow {
  DetectorFacts facts;
  bool learned = false;
};

/// Every row there is, in the tables' order.
const std::vector<DetectorRow>& all_detector_rows();

/// Rows by id, in the tables' order.
/// @throws hal::InputError for an unknown id, naming those there are.
std::vector<DetectorRow> detector_rows(const std::vector<std::string>& ids);

struct TrainedRow {
  std::unique_ptr<detectors::SlipDetector> detector;
  /// What was fitted, in a line: thresholds, epochs.
  std::string summary;
};

/// Share of a whole training that is done when a stage of it ("encode", then "fit") is done to
/// `share`: a learned detector spends its time fitting, a threshold detector looking.
double training_share(bool learned, const std::string& stage, double share);

/// Fits the row's detector.
/// @throws hal::InputError if the grasps cannot teach it (one class only, a camera is missing).
TrainedRow train_row(const DetectorRow& row, const detectors::SequenceSource& source,
                     std::uint64_t seed, int threads, const detectors::TrainingProgress& progress);

}  // namespace gripbench::experiments

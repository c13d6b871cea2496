#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/evaluation.h"
#include "experiments/statistics.h"

namespace gripbench::experiments {

/// Accuracy of a detector on the windows of one length, all starts.
struct AccuracyRow {
  std::string detector;
  WindowForm form = WindowForm::kAsRecorded;
  int length = 0;
  Estimate accuracy;
  Estimate balanced;
  Confusion confusion;
};

/// Accuracy on a part of the windows of all lengths, as recorded.
struct BreakdownRow {
  std::string detector;
  /// "grip margin" or "slip so far", and the part: "under 5%".
  std::string by;
  std::string part;
  Estimate accuracy;
  Confusion confusion;
};

/// A claim, put to a paired test on the same windows.
struct PairedRow {
  std::string detector;
  /// "chance", "T(-2) repeated", "frames shuffled", another detector's id, or "6 frames" in the
  /// test of the rise with length.
  std::string against;
  PairedComparison comparison;
};

struct ScoreTables {
  std::vector<AccuracyRow> accuracy;
  std::vector<BreakdownRow> breakdown;
  /// Accuracy minus that of always naming the test set's more frequent class ("chance"), minus the
  /// control forms', minus the threshold detector's; over windows of all lengths.
  std::vector<PairedRow> paired;
  /// Accuracy at the greatest length minus that at the smallest, same grasp and start.
  std::vector<PairedRow> rise;
};

/// @param slip_threshold mean slip from which a window counts as "slip so far" (m): the label's own
/// threshold, from the protocol.
/// @throws std::invalid_argument if there is no score.
ScoreTables tabulate(std::span<const WindowScore> scores, const BootstrapOptions& options,
                     double slip_threshold);

}  // namespace gripbench::experiments

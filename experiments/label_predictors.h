#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "experiments/statistics.h"

namespace gripbench::experiments {

/// A grasp as something that knows no picture may see it.
struct BlindGrasp {
  std::string object;
  std::string grasp;
  bool test = false;
  bool slip = false;
  double squeeze = 0.0;
  /// Sizes of the pictures' files in order of time (bytes).
  std::vector<double> tactile_bytes = {};
  std::vector<double> external_bytes = {};
};

/// How well something that is no slip detector names the label.
struct BlindPrediction {
  /// "squeeze"
  std::string name;
  /// What it does, and how to read the figure, in one line.
  std::string meaning;
  /// Nothing where it cannot be told; `why_not` says why.
  std::optional<Estimate> balanced_accuracy = {};
  std::string why_not = {};
};

/// Squeeze, first picture's file size and all pictures' file sizes, each fitted on training objects
/// and told on test objects; the object, within objects. Half is chance. Intervals resample
/// objects, then grasps.
std::vector<BlindPrediction> predict_blindly(std::span<const BlindGrasp> grasps,
                                             const BootstrapOptions& statistics);

/// Logistic regression on features scaled to mean 0 and deviation 1, both classes weighing the
/// same, with a small L2 penalty; fitted by Newton's method.
class LogisticFit {
 public:
  /// @throws std::invalid_argument if a class is missing or rows differ in length.
  LogisticFit(const std::vector<std::vector<double>>& rows, const std::vector<bool>& slip);
  double probability(const std::vector<double>& row) const;

 private:
  std::vector<double> mean_;
  std::vector<double> scale_;
  /// Bias first.
  std::vector<double> weights_;
};

/// The threshold on one number, and its direction, with the best balanced accuracy; midway between
/// two neighbours.
struct ThresholdFit {
  double threshold = 0.0;
  bool slip_above = false;

  /// @throws std::invalid_argument if a class is missing.
  ThresholdFit(const std::vector<double>& values, const std::vector<bool>& slip);
  bool says_slip(double value) const { return (value > threshold) == slip_above; }
};

}  // namespace gripbench::experiments

#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "detectors/slip_signals.h"

namespace gripbench::detectors {

/// One window to fit on.
struct SignalSample {
  Signals signals{};
  bool slip = false;
  std::string group;
};

/// A signal at or below its threshold is quiet; infinity switches a signal off.
using Thresholds = std::array<double, kSignalCount>;

bool any_over(const Signals& signals, const Thresholds& thresholds);

/// Mean of the share of slips called slip and of the share of holds called hold.
double balanced_accuracy(std::span<const SignalSample> samples, const Thresholds& thresholds);

struct ThresholdFit {
  Thresholds thresholds{};
  /// Balanced accuracy on the samples themselves, and on groups left out of the fit in turn.
  double training_accuracy = 0.0;
  double cross_checked_accuracy = 0.0;
  /// What a further signal had to add to be switched on.
  double least_gain = 0.0;
};

/// Thresholds of best balanced accuracy under the rule "any one over": coordinate by coordinate
/// over the signals' quantiles, from all switched off, until nothing improves. A signal is switched
/// on only if it adds more than a least gain; that gain is the one which does best on groups left
/// out in turn, so that signals which only fit the training groups stay off. Deterministic.
/// @throws std::invalid_argument if there is no sample, or only one class.
ThresholdFit fit_thresholds(std::span<const SignalSample> samples, int folds, int quantiles);

}  // namespace gripbench::detectors

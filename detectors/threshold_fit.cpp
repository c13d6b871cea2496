#include "detectors/threshold_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "detectors/group_split.h"

namespace gripbench::detectors {
namespace {

constexpr double kOff = std::numeric_limits<double>::infinity();

/// Thresholds to try for one signal: halfway between neighbouring quantiles.
std::vector<double> candidates(std::span<const SignalSample> samples, std::size_t signal,
                               int quantiles) {
  std::vector<double> values;
  for (const SignalSample& sample : samples) {
    values.push_back(sample.signals[signal]);
  }
  std::sort(values.begin(), values.end());
  std::vector<double> tried;
  for (int q = 1; q < quantiles; ++q) {
    const auto i = static_cast<std::size_t>(q * static_cast<double>(values.size()) / quantiles);
    if (i == 0 || i >= values.size()) {
      continue;
    }
    const double middle = 0.5 * (values[i - 1] + values[i]);
    // A threshold of nothing would make noise a slip.
    if (middle > 1e-6 && (tried.empty() || middle > tried.back())) {
      tried.push_back(middle);
    }
  }
  return tried;
}

class Search {
 public:
  Search(std::span<const SignalSample> samples, int quantiles) : samples_(samples) {
    for (std::size_t k = 0; k < kSignalCount; ++k) {
      candidates_[k] = candidates(samples, k, quantiles);
    }
    for (const SignalSample& sample : samples) {
      (sample.slip ? slips_ : holds_) += 1.0;
    }
  }

  Thresholds run(double least_gain) const {
    Thresholds thresholds;
    thresholds.fill(kOff);
    double accuracy = 0.5;
    constexpr int kMaxSteps = 40;
    for (int step = 0; step < kMaxSteps; ++step) {
      std::size_t best_signal = kSignalCount;
      double best_threshold = kOff;
      double best_gain = 1e-9;
      for (std::size_t k = 0; k < kSignalCount; ++k) {
        const auto [threshold, reached] = best_for(k, thresholds);
        // Moving a threshold that is already in use costs nothing; a new signal must earn its
        // place.
        const double price = std::isinf(thresholds[k]) && !std::isinf(threshold) ? least_gain : 0.0;
        if (reached - accuracy - price > best_gain) {
          best_gain = reached - accuracy - price;
          best_signal = k;
          best_threshold = threshold;
        }
      }
      if (best_signal == kSignalCount) {
        break;
      }
      thresholds[best_signal] = best_threshold;
      accuracy = balanced_accuracy(samples_, thresholds);
    }
    return thresholds;
  }

 private:
  /// Best threshold of one signal while the others stand, in the middle of the best plateau.
  std::pair<double, double> best_for(std::size_t signal, const Thresholds& thresholds) const {
    Thresholds others = thresholds;
    others[signal] = kOff;
    // Only windows that the others leave quiet depend on this signal.
    std::vector<std::pair<double, bool>> open;
    double slips_called = 0.0;
    double holds_called = 0.0;
    for (const SignalSample& sample : samples_) {
      if (any_over(sample.signals, others)) {
        (sample.slip ? slips_called : holds_called) += 1.0;
      } else {
        open.emplace_back(sample.signals[signal], sample.slip);
      }
    }
    std::sort(open.begin(), open.end(), std::greater<>());
    double best = 0.5 * (slips_called / slips_ + 1.0 - holds_called / holds_);
    std::vector<double> at_best{kOff};
    std::size_t next = 0;
    const auto& tried = candidates_[signal];
    for (auto threshold = tried.rbegin(); threshold != tried.rend(); ++threshold) {
      for (; next < open.size() && open[next].first > *threshold; ++next) {
        (open[next].second ? slips_called : holds_called) += 1.0;
      }
      const double accuracy = 0.5 * (slips_called / slips_ + 1.0 - holds_called / holds_);
      if (accuracy > best + 1e-12) {
        best = accuracy;
        at_best.clear();
      }
      if (accuracy > best - 1e-12) {
        at_best.push_back(*threshold);
      }
    }
    return {at_best[at_best.size() / 2], best};
  }

  std::span<const SignalSample> samples_;
  std::array<std::vector<double>, kSignalCount> candidates_;
  double slips_ = 0.0;
  double holds_ = 0.0;
};

bool has_both_classes(std::span<const SignalSample> samples) {
  const auto slips = std::count_if(samples.begin(), samples.end(),
                                   [](const SignalSample& sample) { return sample.slip; });
  return slips > 0 && slips < static_cast<std::ptrdiff_t>(samples.size());
}

/// Balanced accuracy of fits on all folds but one, all left-out windows counted together.
double cross_check(std::span<const SignalSample> samples, std::span<const int> folds,
                   double least_gain, int quantiles) {
  const int count = *std::max_element(folds.begin(), folds.end()) + 1;
  double right[2] = {0.0, 0.0};
  double all[2] = {0.0, 0.0};
  for (int fold = 0; fold < count; ++fold) {
    std::vector<SignalSample> inside;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (folds[i] != fold) {
        inside.push_back(samples[i]);
      }
    }
    if (!has_both_classes(inside)) {
      continue;
    }
    const Thresholds thresholds = Search(inside, quantiles).run(least_gain);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (folds[i] == fold) {
        const int slip = samples[i].slip ? 1 : 0;
        all[slip] += 1.0;
        right[slip] += any_over(samples[i].signals, thresholds) == samples[i].slip ? 1.0 : 0.0;
      }
    }
  }
  return all[0] == 0.0 || all[1] == 0.0 ? 0.5 : 0.5 * (right[0] / all[0] + right[1] / all[1]);
}

}  // namespace

bool any_over(const Signals& signals, const Thresholds& thresholds) {
  for (std::size_t k = 0; k < kSignalCount; ++k) {
    if (signals[k] > thresholds[k]) {
      return true;
    }
  }
  return false;
}

double balanced_accuracy(std::span<const SignalSample> samples, const Thresholds& thresholds) {
  double right[2] = {0.0, 0.0};
  double all[2] = {0.0, 0.0};
  for (const SignalSample& sample : samples) {
    const int slip = sample.slip ? 1 : 0;
    all[slip] += 1.0;
    right[slip] += any_over(sample.signals, thresholds) == sample.slip ? 1.0 : 0.0;
  }
  return 0.5 * (right[0] / std::max(all[0], 1.0) + right[1] / std::max(all[1], 1.0));
}

ThresholdFit fit_thresholds(std::span<const SignalSample> samples, int folds, int quantiles) {
  if (!has_both_classes(samples)) {
    throw std::invalid_argument(
        "thresholds need windows with slip and windows without; give both kinds");
  }
  std::vector<GroupedLabel> labels;
  for (const SignalSample& sample : samples) {
    labels.push_back({sample.group, sample.slip});
  }
  const auto fold_of = deal_into_folds(labels, folds);
  ThresholdFit fit;
  fit.cross_checked_accuracy = -1.0;
  // From strict to lax: of equals, the simpler rule.
  for (const double gain : {0.08, 0.05, 0.03, 0.02, 0.01, 0.0}) {
    const double checked = cross_check(samples, fold_of, gain, quantiles);
    if (checked > fit.cross_checked_accuracy + 1e-9) {
      fit.cross_checked_accuracy = checked;
      fit.least_gain = gain;
    }
  }
  fit.thresholds = Search(samples, quantiles).run(fit.least_gain);
  fit.training_accuracy = balanced_accuracy(samples, fit.thresholds);
  return fit;
}

}  // namespace gripbench::detectors

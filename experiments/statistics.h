#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace gripbench::experiments {

/// How sure a figure is, and what it rests on.
struct Estimate {
  double value = 0.0;
  /// Ends of the interval.
  double low = 0.0;
  double high = 0.0;
  int windows = 0;
  int grasps = 0;
  int objects = 0;
};

struct BootstrapOptions {
  int resamples = 2000;
  double level = 0.95;
  std::uint64_t seed = 1;
};

/// One decision on one window (or one grasp): what is summed over a resample. The windows of a
/// grasp and the grasps of an object are not independent, so both names go with it.
struct Observation {
  std::string object;
  std::string grasp;
  std::vector<double> terms;
};

/// Interval of a figure that is a function of sums over observations: objects are drawn with
/// replacement, then grasps within each drawn object with replacement, a grasp's observations
/// staying together (the nonparametric two-level cluster bootstrap; Davison and Hinkley 1997,
/// section 3.8; Saravanan et al. 2020). Ends are percentiles of the resampled figures. Resamples
/// where the figure is not finite (a class is missing) are drawn again.
///
/// With few objects such an interval is a rough one: four objects can be drawn in 35 ways.
/// @throws std::invalid_argument if there is no observation, or the terms differ in number.
Estimate cluster_bootstrap(std::span<const Observation> observations,
                           const std::function<double(std::span<const double>)>& figure,
                           const BootstrapOptions& options);

/// A decision and the truth.
struct Decision {
  std::string object;
  std::string grasp;
  bool slip = false;
  bool said_slip = false;

  bool correct() const { return slip == said_slip; }
};

struct Confusion {
  int slip_said_slip = 0;
  int slip_said_stable = 0;
  int stable_said_slip = 0;
  int stable_said_stable = 0;

  double accuracy() const;
  /// Mean of the accuracies on both classes; that of the only class if one is missing.
  double balanced_accuracy() const;
};

Confusion count(std::span<const Decision> decisions);
Estimate accuracy(std::span<const Decision> decisions, const BootstrapOptions& options);
Estimate balanced_accuracy(std::span<const Decision> decisions, const BootstrapOptions& options);

/// A difference of two methods on the same windows, per window.
struct PairedDifference {
  std::string object;
  std::string grasp;
  double difference = 0.0;
};

/// What a paired comparison says. Every p is two-sided, against "no difference".
struct PairedComparison {
  /// Mean difference with its cluster bootstrap interval.
  Estimate difference;
  /// From the resamples that lie on the other side of zero, counted as (b + 1) / (B + 1), doubled.
  double p_bootstrap = 1.0;
  /// Sign-flip permutation tests of the mean: whole objects, or whole grasps, change sign. Exact
  /// over all flips for up to 14 clusters, else `resamples` random flips. n objects cannot give a
  /// p under 2 / 2^n; the test over grasps takes grasps of an object as independent.
  double p_flip_objects = 1.0;
  double p_flip_grasps = 1.0;
};

/// @throws std::invalid_argument if there is nothing to compare.
PairedComparison compare_paired(std::span<const PairedDifference> differences,
                                const BootstrapOptions& options);

}  // namespace gripbench::experiments

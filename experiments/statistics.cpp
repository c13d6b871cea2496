#include "experiments/statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <stdexcept>

namespace gripbench::experiments {
namespace {

/// Sums of a grasp's terms; the last one is the number of its windows.
using Sums = std::vector<double>;
/// Grasps by object, in order of name, so that a result does not depend on the input's order.
using Clusters = std::vector<std::vector<Sums>>;

/// More redraws than this per wanted resample mean that the figure is never finite.
constexpr int kRedrawsPerResample = 100;
/// 2^14 flips are as quick as the random ones.
constexpr std::size_t kExactFlips = 14;

Clusters cluster(std::span<const Observation> observations) {
  if (observations.empty()) throw std::invalid_argument("statistics of no observation");
  const std::size_t terms = observations.front().terms.size();
  std::map<std::string, std::map<std::string, Sums>> by_name;
  for (const Observation& observation : observations) {
    if (observation.terms.size() != terms) {
      throw std::invalid_argument("observations with different numbers of terms");
    }
    Sums& sums = by_name[observation.object][observation.grasp];
    sums.resize(terms, 0.0);
    for (std::size_t i = 0; i < terms; ++i) sums[i] += observation.terms[i];
  }
  Clusters clusters;
  for (const auto& [object, grasps] : by_name) {
    clusters.emplace_back();
    for (const auto& [grasp, sums] : grasps) clusters.back().push_back(sums);
  }
  return clusters;
}

void add(Sums& total, const Sums& sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) total[i] += sums[i];
}

Sums total_of(const Clusters& clusters) {
  Sums total(clusters.front().front().size(), 0.0);
  for (const auto& grasps : clusters) {
    for (const Sums& sums : grasps) add(total, sums);
  }
  return total;
}

void draw(const Clusters& clusters, std::mt19937_64& random, Sums& total) {
  std::fill(total.begin(), total.end(), 0.0);
  for (std::size_t i = 0; i < clusters.size(); ++i) {
    const auto& grasps = clusters[random() % clusters.size()];
    for (std::size_t j = 0; j < grasps.size(); ++j) add(total, grasps[random() % grasps.size()]);
  }
}

std::vector<double> resampled_figures(const Clusters& clusters,
                                      const std::function<double(std::span<const double>)>& figure,
                                      const BootstrapOptions& options) {
  std::mt19937_64 random(options.seed);
  Sums total(clusters.front().front().size());
  std::vector<double> figures;
  long attempts = 0;
  while (static_cast<int>(figures.size()) < options.resamples &&
         attempts++ < static_cast<long>(options.resamples) * kRedrawsPerResample) {
    draw(clusters, random, total);
    const double value = figure(total);
    if (std::isfinite(value)) figures.push_back(value);
  }
  std::sort(figures.begin(), figures.end());
  return figures;
}

/// Linear interpolation between order statistics.
double quantile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], place - static_cast<double>(below));
}

Estimate estimate(const Clusters& clusters, double value, const std::vector<double>& figures,
                  std::size_t windows, double level) {
  Estimate result;
  result.value = result.low = result.high = value;
  if (!figures.empty()) {
    result.low = quantile(figures, 0.5 * (1.0 - level));
    result.high = quantile(figures, 0.5 * (1.0 + level));
  }
  result.windows = static_cast<int>(windows);
  result.objects = static_cast<int>(clusters.size());
  for (const auto& grasps : clusters) result.grasps += static_cast<int>(grasps.size());
  return result;
}

double mean_of_sums(std::span<const double> sums) { return sums[0] / sums[1]; }

/// Share of flips whose total is at least as far from zero as the observed one.
double sign_flip_p(const std::vector<double>& totals, const BootstrapOptions& options) {
  const double observed = std::abs(std::accumulate(totals.begin(), totals.end(), 0.0));
  double scale = 0.0;
  for (const double total : totals) scale += std::abs(total);
  // Sums of the same numbers in another order differ in the last bits.
  const double threshold = observed - 1e-12 * scale;
  if (totals.size() <= kExactFlips) {
    const std::uint64_t flips = std::uint64_t{1} << totals.size();
    std::uint64_t extreme = 0;
    for (std::uint64_t flip = 0; flip < flips; ++flip) {
      double sum = 0.0;
      for (std::size_t i = 0; i < totals.size(); ++i) {
        sum += (flip >> i) & 1U ? -totals[i] : totals[i];
      }
      extreme += std::abs(sum) >= threshold;
    }
    return static_cast<double>(extreme) / static_cast<double>(flips);
  }
  std::mt19937_64 random(options.seed);
  int extreme = 0;
  for (int flip = 0; flip < options.resamples; ++flip) {
    double sum = 0.0;
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < totals.size(); ++i) {
      if (i % 64 == 0) bits = random();
      sum += (bits >> (i % 64)) & 1U ? -totals[i] : totals[i];
    }
    extreme += std::abs(sum) >= threshold;
  }
  return (extreme + 1.0) / (options.resamples + 1.0);
}

}  // namespace

Estimate cluster_bootstrap(std::span<const Observation> observations,
                           const std::function<double(std::span<const double>)>& figure,
                           const BootstrapOptions& options) {
  const Clusters clusters = cluster(observations);
  const std::vector<double> figures = resampled_figures(clusters, figure, options);
  return estimate(clusters, figure(total_of(clusters)), figures, observations.size(),
                  options.level);
}

double Confusion::accuracy() const {
  const int all = slip_said_slip + slip_said_stable + stable_said_slip + stable_said_stable;
  return all == 0 ? 0.0 : static_cast<double>(slip_said_slip + stable_said_stable) / all;
}

double Confusion::balanced_accuracy() const {
  const int slips = slip_said_slip + slip_said_stable;
  const int stables = stable_said_slip + stable_said_stable;
  if (slips == 0 || stables == 0) return accuracy();
  return 0.5 * (static_cast<double>(slip_said_slip) / slips +
                static_cast<double>(stable_said_stable) / stables);
}

Confusion count(std::span<const Decision> decisions) {
  Confusion confusion;
  for (const Decision& decision : decisions) {
    if (decision.slip) {
      ++(decision.said_slip ? confusion.slip_said_slip : confusion.slip_said_stable);
    } else {
      ++(decision.said_slip ? confusion.stable_said_slip : confusion.stable_said_stable);
    }
  }
  return confusion;
}

Estimate accuracy(std::span<const Decision> decisions, const BootstrapOptions& options) {
  std::vector<Observation> observations;
  for (const Decision& decision : decisions) {
    observations.push_back({decision.object, decision.grasp, {double(decision.correct()), 1.0}});
  }
  return cluster_bootstrap(observations, mean_of_sums, options);
}

Estimate balanced_accuracy(std::span<const Decision> decisions, const BootstrapOptions& options) {
  const Confusion confusion = count(decisions);
  const bool both_classes = confusion.slip_said_slip + confusion.slip_said_stable > 0 &&
                            confusion.stable_said_slip + confusion.stable_said_stable > 0;
  if (!both_classes) return accuracy(decisions, options);
  std::vector<Observation> observations;
  for (const Decision& decision : decisions) {
    const double right = decision.correct();
    observations.push_back(
        {decision.object, decision.grasp,
         decision.slip ? Sums{right, 1.0, 0.0, 0.0} : Sums{0.0, 0.0, right, 1.0}});
  }
  return cluster_bootstrap(
      observations,
      [](std::span<const double> sums) { return 0.5 * (sums[0] / sums[1] + sums[2] / sums[3]); },
      options);
}

PairedComparison compare_paired(std::span<const PairedDifference> differences,
                                const BootstrapOptions& options) {
  std::vector<Observation> observations;
  for (const PairedDifference& difference : differences) {
    observations.push_back({difference.object, difference.grasp, {difference.difference, 1.0}});
  }
  const Clusters clusters = cluster(observations);
  const std::vector<double> figures = resampled_figures(clusters, mean_of_sums, options);

  PairedComparison result;
  result.difference = estimate(clusters, mean_of_sums(total_of(clusters)), figures,
                               observations.size(), options.level);
  const auto not_above = static_cast<double>(
      std::count_if(figures.begin(), figures.end(), [](double d) { return d <= 0.0; }));
  const auto not_below = static_cast<double>(
      std::count_if(figures.begin(), figures.end(), [](double d) { return d >= 0.0; }));
  result.p_bootstrap = std::min(1.0, 2.0 * (std::min(not_above, not_below) + 1.0) /
                                         (static_cast<double>(figures.size()) + 1.0));

  std::vector<double> objects;
  std::vector<double> grasps;
  for (const auto& of_object : clusters) {
    objects.push_back(0.0);
    for (const Sums& sums : of_object) {
      objects.back() += sums[0];
      grasps.push_back(sums[0]);
    }
  }
  result.p_flip_objects = sign_flip_p(objects, options);
  result.p_flip_grasps = sign_flip_p(grasps, options);
  return result;
}

}  // namespace gripbench::experiments

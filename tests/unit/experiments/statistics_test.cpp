#include "experiments/statistics.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace gripbench::experiments {
namespace {

std::string name(const char* prefix, int i) {
  return std::string(prefix).append(std::to_string(i));
}

std::vector<Decision> decisions(int slips_right, int slips_wrong, int stables_wrong,
                                int stables_right) {
  std::vector<Decision> all;
  int grasp = 0;
  auto add = [&](int many, bool slip, bool said) {
    for (int i = 0; i < many; ++i) {
      all.push_back({name("o", grasp % 5), name("g", grasp), slip, said});
      ++grasp;
    }
  };
  add(slips_right, true, true);
  add(slips_wrong, true, false);
  add(stables_wrong, false, true);
  add(stables_right, false, false);
  return all;
}

TEST(Confusion, CountsAndBalancedAccuracyAreTheirDefinitions) {
  const Confusion confusion = count(decisions(30, 10, 5, 15));
  EXPECT_EQ(confusion.slip_said_slip, 30);
  EXPECT_EQ(confusion.slip_said_stable, 10);
  EXPECT_EQ(confusion.stable_said_slip, 5);
  EXPECT_EQ(confusion.stable_said_stable, 15);
  EXPECT_DOUBLE_EQ(confusion.accuracy(), 45.0 / 60.0);
  EXPECT_DOUBLE_EQ(confusion.balanced_accuracy(), 0.5 * (0.75 + 0.75));
  EXPECT_DOUBLE_EQ(count(decisions(9, 1, 0, 0)).balanced_accuracy(), 0.9);
}

TEST(ClusterBootstrap, OneGraspPerObjectIsThePlainBootstrapOfAProportion) {
  // With one window per grasp and one grasp per object the bootstrap is the binomial one: standard
  // error sqrt(p (1 - p) / n).
  std::vector<Decision> all;
  const int n = 400;
  for (int i = 0; i < n; ++i) all.push_back({name("o", i), "g", true, i % 10 < 7});
  const Estimate estimate = accuracy(all, {8000, 0.95, 5});
  EXPECT_DOUBLE_EQ(estimate.value, 0.7);
  const double error = std::sqrt(0.7 * 0.3 / n);
  // 8000 resamples know a 2.5% quantile to about 0.03 standard errors; the figure itself moves in
  // steps of 1/n.
  EXPECT_NEAR(estimate.low, 0.7 - 1.96 * error, 0.1 * error + 1.0 / n);
  EXPECT_NEAR(estimate.high, 0.7 + 1.96 * error, 0.1 * error + 1.0 / n);
  EXPECT_EQ(estimate.windows, n);
  EXPECT_EQ(estimate.grasps, n);
  EXPECT_EQ(estimate.objects, n);
}

TEST(ClusterBootstrap, RepeatedWindowsOfAGraspAddNoCertainty) {
  std::vector<Decision> once;
  std::vector<Decision> often;
  for (int i = 0; i < 60; ++i) {
    const Decision decision{name("o", i % 6), name("g", i), true, i % 3 != 0};
    once.push_back(decision);
    for (int repeat = 0; repeat < 20; ++repeat) often.push_back(decision);
  }
  const Estimate narrow = accuracy(once, {3000, 0.95, 9});
  const Estimate same = accuracy(often, {3000, 0.95, 9});
  EXPECT_DOUBLE_EQ(narrow.low, same.low);
  EXPECT_DOUBLE_EQ(narrow.high, same.high);
}

TEST(ClusterBootstrap, IsTheSameForAnyOrderOfTheInputAndFollowsTheSeed) {
  std::vector<Decision> all = decisions(17, 8, 9, 16);
  const Estimate first = balanced_accuracy(all, {2000, 0.95, 1});
  std::mt19937_64 random(4);
  std::shuffle(all.begin(), all.end(), random);
  const Estimate second = balanced_accuracy(all, {2000, 0.95, 1});
  EXPECT_DOUBLE_EQ(first.low, second.low);
  EXPECT_DOUBLE_EQ(first.high, second.high);
  const Estimate other = balanced_accuracy(all, {2000, 0.95, 2});
  EXPECT_TRUE(other.low != first.low || other.high != first.high);
}

TEST(ClusterBootstrap, RefusesNothing) {
  EXPECT_THROW(accuracy({}, {}), std::invalid_argument);
  EXPECT_THROW(compare_paired({}, {}), std::invalid_argument);
}

/// Decisions with a shared strength per object and per grasp, so that windows hang together.
std::vector<Decision> simulated(std::mt19937_64& random, int objects, int grasps, int windows) {
  std::normal_distribution<double> normal;
  std::vector<Decision> all;
  for (int o = 0; o < objects; ++o) {
    const double of_object = 0.6 * normal(random);
    for (int g = 0; g < grasps; ++g) {
      const double of_grasp = of_object + 0.8 * normal(random);
      for (int w = 0; w < windows; ++w) {
        // Mean of Phi(0.5 + b), with b of variance 0.36 + 0.64, is Phi(0.5 / sqrt(2)).
        const bool right = normal(random) < 0.5 + of_grasp;
        all.push_back({name("o", o), name("g", g), true, right});
      }
    }
  }
  return all;
}

double coverage(int objects, bool as_if_independent) {
  const double truth = 0.5 * std::erfc(-0.5 / std::sqrt(2.0) / std::sqrt(2.0));
  std::mt19937_64 random(77);
  int covered = 0;
  const int trials = 300;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<Decision> all = simulated(random, objects, 8, 5);
    if (as_if_independent) {
      for (std::size_t i = 0; i < all.size(); ++i) all[i].object = name("o", static_cast<int>(i));
    }
    const Estimate estimate = accuracy(all, {400, 0.95, static_cast<std::uint64_t>(trial)});
    covered += estimate.low <= truth && truth <= estimate.high;
  }
  return static_cast<double>(covered) / trials;
}

TEST(ClusterBootstrap, IntervalCoversTheTruthOfDependentWindows) {
  // 300 trials know a share of 0.95 to 0.013; the percentile ends are a little short for 15
  // objects.
  EXPECT_GE(coverage(15, false), 0.90);
  EXPECT_LE(coverage(15, false), 0.995);
}

TEST(ClusterBootstrap, TakingWindowsAsIndependentWouldNotCover) {
  EXPECT_LT(coverage(15, true), 0.80);
}

TEST(PairedComparison, SignFlipIsExactForFewClusters) {
  // All five objects gain: only the flips of all or none are as extreme, p = 2 / 2^5.
  std::vector<PairedDifference> all;
  for (int o = 0; o < 5; ++o) all.push_back({name("o", o), "g", 1.0 + o});
  const PairedComparison result = compare_paired(all, {2000, 0.95, 3});
  EXPECT_DOUBLE_EQ(result.p_flip_objects, 2.0 / 32.0);
  EXPECT_DOUBLE_EQ(result.p_flip_grasps, 2.0 / 32.0);
  EXPECT_DOUBLE_EQ(result.difference.value, 3.0);
  EXPECT_LT(result.p_bootstrap, 0.002);
}

TEST(PairedComparison, RandomFlipsAgreeWithTheSignTest) {
  // Differences of one size: the sign-flip test is the binomial sign test. 20 grasps, 15 up:
  // two-sided p = 2 P(X >= 15), X ~ B(20, 1/2) = 0.0414.
  std::vector<PairedDifference> all;
  for (int g = 0; g < 20; ++g) all.push_back({name("o", g % 2), name("g", g), g < 15 ? 1.0 : -1.0});
  EXPECT_NEAR(compare_paired(all, {20000, 0.95, 3}).p_flip_grasps, 0.0414, 0.005);
}

TEST(PairedComparison, NoDifferenceIsNoEvidence) {
  std::vector<PairedDifference> all;
  for (int g = 0; g < 12; ++g) all.push_back({name("o", g % 3), name("g", g), 0.0});
  const PairedComparison result = compare_paired(all, {});
  EXPECT_DOUBLE_EQ(result.p_bootstrap, 1.0);
  EXPECT_DOUBLE_EQ(result.p_flip_objects, 1.0);
  EXPECT_DOUBLE_EQ(result.p_flip_grasps, 1.0);
}

TEST(PairedComparison, FalseAlarmsUnderTheNullAreAsOftenAsSaid) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  int objects = 0;
  int bootstrap = 0;
  const int trials = 300;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<PairedDifference> all;
    for (int o = 0; o < 12; ++o) {
      const double shared = normal(random);
      for (int g = 0; g < 6; ++g) {
        all.push_back({name("o", o), name("g", g), shared + normal(random)});
      }
    }
    const PairedComparison result = compare_paired(all, {400, 0.95, 8});
    objects += result.p_flip_objects < 0.05;
    bootstrap += result.p_bootstrap < 0.05;
  }
  // 5% of 300 is 15, with a standard deviation of 3.8; the bootstrap of 12 objects is known to be
  // somewhat liberal.
  EXPECT_LE(objects, 27);
  EXPECT_GE(objects, 5);
  EXPECT_LE(bootstrap, 36);
}

}  // namespace
}  // namespace gripbench::experiments

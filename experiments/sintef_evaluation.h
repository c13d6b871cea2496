#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/sintef_import.h"
#include "experiments/statistics.h"

namespace gripbench::experiments {

struct SintefEvaluationOptions {
  int folds = 3;
  std::uint64_t seed = 1;
  /// Folds and methods at work side by side, a thread each; the results do not depend on it.
  int jobs = 2;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double share, const std::string& now)> progress;
};

/// What a method said of every grasp when its object was held out.
struct SintefMethod {
  std::string name;
  bool trivial = false;
  /// One per grasp of the index, in its order.
  std::vector<Decision> decisions;
  /// Mean over the grasp's windows and cameras; 0 or 1 for trivial baselines.
  std::vector<double> scores;
};

struct SintefResults {
  std::vector<SintefMethod> methods;
  /// Fold of every grasp.
  std::vector<int> folds;
};

/// Cross-validation by object: everything that is fitted, thresholds and epochs included, is fitted
/// on the other folds' objects; both cameras of a grasp are on one side. A grasp's score is the
/// mean over its windows and cameras, so it does not grow with their number; above 0.5 it is slip.
/// @throws hal::InputError if there are too few objects, hal::Interrupted.
SintefResults evaluate_sintef(const std::filesystem::path& folder, const SintefIndex& index,
                              const SintefEvaluationOptions& options);

}  // namespace gripbench::experiments

#pragma once

#include <cstdint>
#include <filesystem>

#include "experiments/bench_stages.h"

namespace gripbench::experiments {

/// `gripbench import --format sintef`.
void run_sintef_import(const std::filesystem::path& source, const std::filesystem::path& out,
                       const StageContext& context);

/// Cross-validates the detectors on imported windows and writes results.json and section.md into
/// `out`.
void run_sintef_evaluation(const std::filesystem::path& windows, const std::filesystem::path& out,
                           std::uint64_t seed, const StageContext& context);

struct SintefRequest {
  std::filesystem::path source;
  /// Gets windows/, results.json and section.md.
  std::filesystem::path out;
  std::uint64_t seed = 1;
};

/// Both of the above.
/// Where the recordings are not there, says so and does nothing.
void run_sintef_if_there(const SintefRequest& request, const StageContext& context);

}  // namespace gripbench::experiments

#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/dataset_file.h"

namespace gripbench::experiments {

struct CheckOptions {
  /// Folders looked at at the same time.
  int jobs = 1;
  /// Raised from outside to stop; may be null.
  const std::atomic<bool>* stop = nullptr;
  /// Called after every folder with how many are done, of how many; never by two threads at once;
  /// may be empty.
  std::function<void(std::size_t done, std::size_t total)> progress = {};
};

/// Reads every file of the data set in `folder` and says what is wrong, one line each: files that
/// are damaged, truncated, missing from their episode or position, or do not belong there;
/// descriptions that do not name just the 15 frames of each camera; pictures and traces that
/// cannot be read; damaged records of aborted grasps; episodes without their position; episodes and
/// positions that nobody planned. What writers that were killed left half-done is no part of a data
/// set and is not named.
/// @throws Interrupted
std::vector<std::string> check_store(const std::filesystem::path& folder, const DatasetInfo& info,
                                     const CheckOptions& options);

}  // namespace gripbench::experiments

#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/episode_store.h"

namespace gripbench::experiments {

struct MergeOptions {
  /// Links cost no space, and share their bytes with the shards; where the file system cannot link,
  /// files are copied all the same.
  EpisodeStore::Transfer transfer = EpisodeStore::Transfer::kLink;
  /// Episodes taken over at the same time.
  int jobs = 1;
  /// Raised from outside to stop; may be null.
  const std::atomic<bool>* stop = nullptr;
  /// Called after every episode or position with how many are done, of how many; never by two
  /// threads at once; may be empty.
  std::function<void(std::size_t done, std::size_t total)> progress = {};
};

struct MergeSummary {
  std::size_t grasps = 0;
  std::size_t positions = 0;
  /// Episodes and positions whose files this run linked or copied; an interrupted run has done the
  /// others.
  std::size_t linked = 0;
  std::size_t copied = 0;
  std::string dataset_hash;
};

/// Joins the finished shards of one data set to what one run without shards gives, byte for byte.
/// Every file's checksum is checked on the way. `out` appears whole or not at all; until then the
/// work lies beside it, and the next call goes on with it. If `out` is already just this data set,
/// nothing is done.
/// @throws InputError if shards differ in seed, protocol, catalogue, rig or software, if one is
/// unfinished, missing or given twice, if a file is damaged, or if `out` holds something else;
/// StorageError; Interrupted.
MergeSummary merge_shards(const std::vector<std::filesystem::path>& shards,
                          const std::filesystem::path& out, const MergeOptions& options);

}  // namespace gripbench::experiments

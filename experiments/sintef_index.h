#pragma once

#include <filesystem>
#include <string>

#include "experiments/sintef_import.h"

namespace gripbench::experiments {

inline constexpr const char* kSintefIndexName = "sintef.json";

/// The index as it lies on disk: written last, so that its presence says the import is whole.
struct StoredIndex {
  SintefIndex index;
  /// `sintef_fingerprint` of what it was made from.
  std::string made_from;
};

/// SHA-256 over names and sizes of the recordings, the windows' rules and the version of the
/// import.
std::string sintef_fingerprint(const SintefScan& scan, const SintefWindows& windows);

/// @throws hal::StorageError
void save_index(const std::filesystem::path& folder, const StoredIndex& stored);
/// @throws hal::InputError if it is missing or damaged.
StoredIndex load_index(const std::filesystem::path& folder);

}  // namespace gripbench::experiments

#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/sintef_import.h"

namespace gripbench::experiments {

inline constexpr const char* kSintefIndexName = "sintef.json";

/// The index as it lies on disk: written last, so that its presence says the import is whole.
struct StoredIndex {
  SintefIndex index;
  /// `sintef_fingerprint` of what it was made from.
  std::string made_from;
};

/// What came of one grasp, kept beside its windows, so that an interrupted import goes on.
struct StoredGrasp {
  /// As in `StoredIndex`.
  std::string made_from;
  /// Nothing if it was left out.
  std::optional<ImportedGrasp> grasp;
  std::vector<LeftOut> left_out;
};

/// SHA-256 over names and bytes of the recordings, the windows' rules and the version of the
/// import.
std::string sintef_fingerprint(const SintefScan& scan, const SintefWindows& windows, int jobs);

/// @throws hal::StorageError
void save_grasp(const std::filesystem::path& folder, const SintefGrasp& grasp,
                const StoredGrasp& stored);
/// Nothing if it is not there, or is damaged.
std::optional<StoredGrasp> load_grasp(const std::filesystem::path& folder,
                                      const SintefGrasp& grasp);

/// @throws hal::StorageError
void save_index(const std::filesystem::path& folder, const StoredIndex& stored);
/// @throws hal::InputError if it is missing or damaged.
StoredIndex load_index(const std::filesystem::path& folder);

}  // namespace gripbench::experiments

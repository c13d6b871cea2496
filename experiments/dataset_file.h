#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gripbench::experiments {

inline constexpr const char* kDatasetFile = "dataset.json";
inline constexpr const char* kPlanFile = "plan.csv";

/// One grasp that a data set shall hold, and the index of its position among its object's.
struct PlannedGrasp {
  std::string object;
  std::string grasp;
  int position = 0;

  auto operator<=>(const PlannedGrasp&) const = default;
  bool operator==(const PlannedGrasp&) const = default;
};

/// What all episodes of a data set have in common.
struct DatasetInfo {
  /// The protocol's file as it was, and the objects it trains and tests on.
  std::string protocol_text;
  std::vector<std::string> train_objects;
  std::vector<std::string> test_objects;
  /// SHA-256 over the catalogue's files of these objects.
  std::string catalogue_hash;
  std::uint64_t seed = 0;
  /// Version of the program that began the data set.
  std::string software;
  /// SHA-256 over the workcell's file and the files it names; empty where nobody said.
  std::string rig_hash = {};
  /// The data set is part `shard` (from 0) of `shards`, which `merge` joins.
  int shard = 0;
  int shards = 1;
  /// What it holds when it is finished, sorted; none where nobody planned it, as in an import.
  std::optional<std::vector<PlannedGrasp>> plan = {};
};

/// "2/8": the second of eight parts, as the command line and dataset.json say it.
std::string shard_name(const DatasetInfo& info);

/// Writes plan.csv and then dataset.json, which begins the data set, into `folder`.
/// @throws StorageError
void write_dataset(const std::filesystem::path& folder, const DatasetInfo& info);

/// Reads both.
/// @throws InputError naming the file if the folder holds no data set, or a damaged or newer one.
DatasetInfo read_dataset(const std::filesystem::path& folder);

/// In what the two differ, as in "seed 2, not 1"; empty if grasps of one may stand among grasps of
/// the other. Part, plan and software are not looked at.
std::string difference(const DatasetInfo& there, const DatasetInfo& asked);

}  // namespace gripbench::experiments

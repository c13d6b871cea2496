#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/episode.h"
#include "experiments/file_io.h"
#include "experiments/position_search.h"

namespace gripbench::experiments {

inline constexpr const char* kTraceFile = "trace.csv";
inline constexpr const char* kReferenceFile = "reference.jpg";
inline constexpr const char* kTouchFile = "touch.jpg";

/// Where a data set that was imported came from and what was left out, beside dataset.json.
inline constexpr const char* kImportFile = "import.json";

/// One of the two kinds of described folders in a data set: TREE/OBJECT/NAME.
struct FolderKind {
  std::string tree;
  /// The JSON that describes a folder.
  std::string description;
  /// The files beside it: just these.
  std::vector<std::string> files;
};
const FolderKind& episode_folders();
const FolderKind& position_folders();

/// "tactile_00.jpg" for T(-2) to "tactile_14.jpg" for T(12).
std::string picture_name(const char* camera, int index);

/// Folders in `folder` by name, unfinished ones left out.
std::vector<std::string> folders_in(const std::filesystem::path& folder);

/// All folders of a kind in the data set `folder`, by object, then name.
std::vector<std::filesystem::path> folders_of(const std::filesystem::path& folder,
                                              const FolderKind& kind);

/// What the description of an episode's folder says, the trace left out.
/// @throws InputError naming the file if it says something wrong or is of another grasp.
EpisodeRecord record_of(const std::filesystem::path& folder, const nlohmann::json& description);

/// Likewise for a position's folder.
PositionRecord position_of(const std::filesystem::path& folder, const nlohmann::json& description);

/// Bytes of all files of a folder, description included, all checksums checked.
/// @throws InputError naming a file that is missing, truncated or damaged.
FolderContent read_folder(const std::filesystem::path& folder, const FolderKind& kind);

}  // namespace gripbench::experiments

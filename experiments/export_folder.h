#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "experiments/dataset_export.h"
#include "experiments/file_io.h"

namespace gripbench::experiments {

/// What all exports do. Not for users of exports; see dataset_export.h.

/// Begins an export into `out`, or goes on with one that `description` describes too.
/// @throws hal::InputError if the folder holds something else.
void begin_export(const std::filesystem::path& out, const nlohmann::ordered_json& description);

/// Writes one folder per grasp, skipping those that are there, `jobs` at a time.
/// @param folder_of where a grasp goes.
/// @param content_of its files.
ExportSummary export_grasps(
    const std::vector<EpisodeRecord>& records, const ExportOptions& options,
    const std::function<std::filesystem::path(const EpisodeRecord&)>& folder_of,
    const std::function<FolderContent(const EpisodeRecord&)>& content_of);

}  // namespace gripbench::experiments

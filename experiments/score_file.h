#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "experiments/evaluation.h"

namespace gripbench::experiments {

/// Writes the scores as CSV, a line per window; a report can be made from it again.
/// @throws hal::StorageError if the disk refuses.
void write_scores(const std::filesystem::path& file, std::span<const WindowScore> scores);

/// @throws hal::InputError, with the line, if the file is missing or damaged.
std::vector<WindowScore> read_scores(const std::filesystem::path& file);

}  // namespace gripbench::experiments

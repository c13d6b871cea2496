#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>

#include "experiments/score_tables.h"

namespace gripbench::experiments {

/// Draws accuracy over the number of frames, one curve per detector with its intervals, controls
/// dashed, as `accuracy_over_length.svg` and `.png` in `folder`. `titles` maps a detector's id to
/// its title.
/// @throws hal::InputError if gnuplot is missing or fails, hal::StorageError if the disk refuses.
void plot_accuracy_over_length(const std::filesystem::path& folder,
                               std::span<const AccuracyRow> rows,
                               const std::map<std::string, std::string>& titles);

}  // namespace gripbench::experiments

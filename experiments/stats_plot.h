#pragma once

#include <filesystem>

#include "experiments/dataset_stats.h"

namespace gripbench::experiments {

/// Draws when slip begins and the grip margins, side by side, as an SVG or a PNG by the ending.
/// @throws as `draw_with_gnuplot`; hal::InputError if the data set knows neither.
void plot_stats(const std::filesystem::path& file, const DatasetStats& stats);

}  // namespace gripbench::experiments

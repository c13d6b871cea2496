#pragma once

#include <string>

#include "experiments/dataset_stats.h"

namespace gripbench::experiments {

/// For a terminal of 100 columns: counts, ranges, histograms of letters, and what each figure says.
std::string stats_text(const DatasetStats& stats);

/// The same for programs; README.md of this folder describes its fields.
std::string stats_json(const DatasetStats& stats);

}  // namespace gripbench::experiments

#pragma once

#include <string>

#include "experiments/report.h"

namespace gripbench::experiments {

/// Version of the layout of results.json and results.csv; README.md describes it.
inline constexpr int kResultsSchema = 1;

/// All tables and facts, for programs.
std::string results_json(const ReportFacts& facts, const ScoreTables& tables);

/// One line per detector, form of window and length.
std::string results_csv(const ReportFacts& facts, const ScoreTables& tables);

}  // namespace gripbench::experiments

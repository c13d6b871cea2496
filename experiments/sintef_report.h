#pragma once

#include <filesystem>
#include <string>

#include "experiments/sintef_evaluation.h"

namespace gripbench::experiments {

/// Section of the report, in Markdown, on real recordings: every method on all grasps, on objects
/// of both classes, on each session; what each gains over the trivial baselines, paired; what was
/// left out; recordings with no slip to be seen.
std::string sintef_section(const SintefIndex& index, const SintefResults& results,
                           const BootstrapOptions& statistics);

/// The same figures for programs, and every grasp's scores; README.md describes the fields.
std::string sintef_json(const SintefIndex& index, const SintefResults& results,
                        const BootstrapOptions& statistics);

}  // namespace gripbench::experiments

#pragma once

#include <span>

#include "tests/unit/rig/fault_rows.h"

namespace gripbench::experiments {

/// A row of the table: a rig, a data set, and the fault at each of these moments in turn; then a
/// run without it. What counts as silence of the device that it concerns is `silent` (s). How many
/// of these cells could not be judged, since the machine was too late for them each time.
int run_row(const Fault& fault, std::span<const Moment> moments, double silent);

}  // namespace gripbench::experiments

#pragma once

#include "experiments/episode_store.h"

namespace gripbench::experiments {

/// Mean slip from which on the data set's protocol calls a grasp slipping (m); the protocols' usual
/// one where the labels are a person's and no such slip was ever measured.
double slip_threshold(const DatasetInfo& info);

}  // namespace gripbench::experiments

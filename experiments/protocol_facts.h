#pragma once

#include <optional>

#include "experiments/episode_store.h"

namespace gripbench::experiments {

/// Mean slip from which on the data set's protocol calls a grasp slipping (m); the protocols' usual
/// one where the labels are a person's and no such slip was ever measured.
/// @throws hal::InputError if the protocol that the data set keeps cannot be read.
double slip_threshold(const DatasetInfo& info);

/// Upward speed of the tool at which the data set's protocol says that the lift has begun (m/s);
/// nothing for a data set that was imported. Throws as above.
std::optional<double> onset_speed(const DatasetInfo& info);

}  // namespace gripbench::experiments

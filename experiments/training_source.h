#pragma once

#include <string>
#include <vector>

#include "detectors/slip_detector.h"
#include "experiments/episode_store.h"

namespace gripbench::experiments {

/// Records of one side of a data set.
/// @throws hal::InputError if there is none.
std::vector<EpisodeRecord> records_of(const EpisodeStore& store,
                                      const std::vector<std::string>& objects);

/// The grasps as something to learn from: the paper's windows of all lengths, grouped by object.
/// While one grasp is looked at, the next ones are read by `readers` other threads; a grasp must be
/// asked for after the one before it to gain from that. The store must outlive it.
detectors::SequenceSource training_source(const EpisodeStore& store,
                                          std::vector<EpisodeRecord> records, int readers);

}  // namespace gripbench::experiments

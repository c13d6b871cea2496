#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/episode_store.h"

namespace gripbench::experiments {

/// Which episodes of a data set a person wants to see.
struct EpisodeChoice {
  /// OBJECT/GRASP; if any is named, the rest of the choice does not count.
  std::vector<std::string> named = {};
  std::optional<std::string> object = {};
  std::optional<bool> slip = {};
  std::optional<SlipKind> kind = {};
  /// At most so many, spread evenly over those that fit.
  int count = 6;
};

/// @throws hal::InputError naming what is not there, or if nothing fits.
std::vector<EpisodeRecord> choose_episodes(const EpisodeStore& store, const EpisodeChoice& choice);

}  // namespace gripbench::experiments

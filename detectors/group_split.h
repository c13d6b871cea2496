#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace gripbench::detectors {

/// All that a split needs to know of a sequence.
struct GroupedLabel {
  std::string group;
  bool slip = false;
};

/// Indices of sequences; no group stands on both sides.
struct GroupSplit {
  std::vector<std::size_t> training;
  std::vector<std::size_t> validation;
  std::vector<std::string> held_out;
};

/// Holds out whole groups, about `share` of the sequences. Of many random choices the one is taken
/// whose size and share of slip come nearest to those of the whole, with both classes left to train
/// on. With a single group, or with no choice that leaves both classes, nothing is held out.
/// @throws std::invalid_argument if only one class is there.
GroupSplit hold_out_groups(std::span<const GroupedLabel> labels, double share, std::uint64_t seed);

/// Deals the groups into at most `count` folds of about equal numbers of sequences, the largest
/// groups first; the fold of each sequence. Fewer folds come back where groups are fewer.
std::vector<int> deal_into_folds(std::span<const GroupedLabel> labels, int count);

}  // namespace gripbench::detectors

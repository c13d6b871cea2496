#include "detectors/group_split.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <set>
#include <stdexcept>

namespace gripbench::detectors {
namespace {

struct Count {
  double sequences = 0.0;
  double slips = 0.0;
};

std::map<std::string, Count> count_groups(std::span<const GroupedLabel> labels) {
  std::map<std::string, Count> groups;
  for (const GroupedLabel& label : labels) {
    groups[label.group].sequences += 1.0;
    groups[label.group].slips += label.slip ? 1.0 : 0.0;
  }
  return groups;
}

}  // namespace

GroupSplit hold_out_groups(std::span<const GroupedLabel> labels, double share, std::uint64_t seed) {
  const auto groups = count_groups(labels);
  Count all;
  std::vector<std::string> names;
  for (const auto& [name, count] : groups) {
    names.push_back(name);
    all.sequences += count.sequences;
    all.slips += count.slips;
  }
  if (all.slips == 0.0 || all.slips == all.sequences) {
    throw std::invalid_argument(
        "the sequences to train on all have the same label; give some with slip and some without");
  }

  constexpr int kTries = 200;
  std::mt19937_64 random(seed);
  double best_cost = std::numeric_limits<double>::infinity();
  std::set<std::string> held_out;
  for (int attempt = 0; attempt < kTries && names.size() > 1 && share > 0.0; ++attempt) {
    for (std::size_t i = names.size(); i > 1; --i) {
      std::swap(names[i - 1], names[random() % i]);
    }
    Count taken;
    std::set<std::string> choice;
    for (const std::string& name : names) {
      if (taken.sequences >= share * all.sequences || choice.size() + 1 == names.size()) {
        break;
      }
      choice.insert(name);
      taken.sequences += groups.at(name).sequences;
      taken.slips += groups.at(name).slips;
    }
    const double stable_left = all.sequences - taken.sequences - (all.slips - taken.slips);
    if (taken.slips == all.slips || stable_left == 0.0) {
      continue;
    }
    const double cost = std::abs(taken.sequences / all.sequences - share) +
                        std::abs(taken.slips / taken.sequences - all.slips / all.sequences);
    if (cost < best_cost - 1e-12) {
      best_cost = cost;
      held_out = choice;
    }
  }

  GroupSplit split;
  split.held_out.assign(held_out.begin(), held_out.end());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    (held_out.count(labels[i].group) != 0 ? split.validation : split.training).push_back(i);
  }
  return split;
}

std::vector<int> deal_into_folds(std::span<const GroupedLabel> labels, int count) {
  const auto groups = count_groups(labels);
  std::vector<std::pair<std::string, Count>> order(groups.begin(), groups.end());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second.sequences > b.second.sequences;
  });
  const auto fold_count =
      static_cast<std::size_t>(std::clamp(count, 1, std::max(1, static_cast<int>(order.size()))));
  std::vector<double> filled(fold_count, 0.0);
  std::map<std::string, int> fold_of;
  for (const auto& [name, size] : order) {
    const auto emptiest = std::min_element(filled.begin(), filled.end());
    fold_of[name] = static_cast<int>(emptiest - filled.begin());
    *emptiest += size.sequences;
  }
  std::vector<int> folds;
  for (const GroupedLabel& label : labels) {
    folds.push_back(fold_of.at(label.group));
  }
  return folds;
}

}  // namespace gripbench::detectors

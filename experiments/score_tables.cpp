#include "experiments/score_tables.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <stdexcept>
#include <tuple>

namespace gripbench::experiments {
namespace {

using WindowKey = std::tuple<std::string, std::string, int, int>;

WindowKey window_key(const WindowScore& score) {
  return {score.object, score.grasp, score.length, score.start};
}

Decision decision(const WindowScore& score) {
  return {score.object, score.grasp, score.slip, score.said_slip()};
}

/// Scores by detector in order of first appearance, then by form.
struct ByDetector {
  std::vector<std::string> order;
  std::map<std::pair<std::string, WindowForm>, std::vector<const WindowScore*>> scores;
};

ByDetector sort_by_detector(std::span<const WindowScore> scores) {
  ByDetector sorted;
  for (const WindowScore& score : scores) {
    if (std::find(sorted.order.begin(), sorted.order.end(), score.detector) == sorted.order.end()) {
      sorted.order.push_back(score.detector);
    }
    sorted.scores[{score.detector, score.form}].push_back(&score);
  }
  return sorted;
}

std::vector<AccuracyRow> accuracy_rows(const ByDetector& sorted, const BootstrapOptions& options) {
  std::vector<AccuracyRow> rows;
  for (const std::string& detector : sorted.order) {
    for (const WindowForm form : kWindowForms) {
      const auto found = sorted.scores.find({detector, form});
      if (found == sorted.scores.end()) continue;
      std::map<int, std::vector<Decision>> by_length;
      for (const WindowScore* score : found->second) {
        by_length[score->length].push_back(decision(*score));
      }
      for (const auto& [length, decisions] : by_length) {
        rows.push_back({detector, form, length, accuracy(decisions, options),
                        balanced_accuracy(decisions, options), count(decisions)});
      }
    }
  }
  return rows;
}

const char* margin_part(double margin) {
  const double size = std::abs(margin);
  if (size < 0.05) return "under 5%";
  return size <= 0.15 ? "5 to 15%" : "over 15%";
}

std::vector<BreakdownRow> breakdown_rows(const ByDetector& sorted, double slip_threshold,
                                         const BootstrapOptions& options) {
  const std::vector<std::pair<std::string, std::string>> parts{{"grip margin", "under 5%"},
                                                               {"grip margin", "5 to 15%"},
                                                               {"grip margin", "over 15%"},
                                                               {"slip so far", "no slip so far"},
                                                               {"slip so far", "slip so far"}};
  std::vector<BreakdownRow> rows;
  for (const std::string& detector : sorted.order) {
    const auto found = sorted.scores.find({detector, WindowForm::kAsRecorded});
    if (found == sorted.scores.end()) continue;
    std::map<std::string, std::vector<Decision>> by_part;
    for (const WindowScore* score : found->second) {
      if (score->margin) by_part[margin_part(*score->margin)].push_back(decision(*score));
      if (score->slip_so_far) {
        const bool slipped = *score->slip_so_far > slip_threshold;
        by_part[slipped ? "slip so far" : "no slip so far"].push_back(decision(*score));
      }
    }
    for (const auto& [by, part] : parts) {
      const auto decisions = by_part.find(part);
      if (decisions == by_part.end()) continue;
      rows.push_back(
          {detector, by, part, accuracy(decisions->second, options), count(decisions->second)});
    }
  }
  return rows;
}

/// Most frequent class of the windows.
bool majority_is_slip(const std::vector<const WindowScore*>& scores) {
  const auto slips = std::count_if(scores.begin(), scores.end(),
                                   [](const WindowScore* score) { return score->slip; });
  return 2 * slips > static_cast<long>(scores.size());
}

std::vector<PairedDifference> minus_scores(const std::vector<const WindowScore*>& scores,
                                           const std::vector<const WindowScore*>& others) {
  std::map<WindowKey, bool> correct;
  for (const WindowScore* other : others) correct[window_key(*other)] = other->correct();
  std::vector<PairedDifference> differences;
  for (const WindowScore* score : scores) {
    const auto other = correct.find(window_key(*score));
    if (other == correct.end()) continue;
    differences.push_back(
        {score->object, score->grasp, double(score->correct()) - double(other->second)});
  }
  return differences;
}

std::vector<PairedRow> paired_rows(const ByDetector& sorted, const BootstrapOptions& options) {
  std::vector<PairedRow> rows;
  auto compare = [&](const std::string& detector, const std::string& against,
                     const std::vector<PairedDifference>& differences) {
    if (!differences.empty()) {
      rows.push_back({detector, against, compare_paired(differences, options)});
    }
  };
  for (const std::string& detector : sorted.order) {
    const auto own = sorted.scores.find({detector, WindowForm::kAsRecorded});
    if (own == sorted.scores.end()) continue;
    const bool majority = majority_is_slip(own->second);
    std::vector<PairedDifference> over_chance;
    for (const WindowScore* score : own->second) {
      over_chance.push_back({score->object, score->grasp,
                             double(score->correct()) - double(score->slip == majority)});
    }
    compare(detector, "chance", over_chance);
    for (const WindowForm form : {WindowForm::kFirstRepeated, WindowForm::kShuffled}) {
      const auto control = sorted.scores.find({detector, form});
      if (control == sorted.scores.end()) continue;
      compare(detector, to_string(form), minus_scores(own->second, control->second));
    }
    const auto threshold = sorted.scores.find({"threshold", WindowForm::kAsRecorded});
    if (detector != "threshold" && threshold != sorted.scores.end()) {
      compare(detector, "threshold", minus_scores(own->second, threshold->second));
    }
  }
  return rows;
}

std::vector<PairedRow> rise_rows(const ByDetector& sorted, const BootstrapOptions& options) {
  std::vector<PairedRow> rows;
  for (const std::string& detector : sorted.order) {
    const auto own = sorted.scores.find({detector, WindowForm::kAsRecorded});
    if (own == sorted.scores.end()) continue;
    std::set<int> lengths;
    for (const WindowScore* score : own->second) lengths.insert(score->length);
    if (lengths.size() < 2) continue;
    std::map<std::tuple<std::string, std::string, int>, bool> at_shortest;
    for (const WindowScore* score : own->second) {
      if (score->length == *lengths.begin()) {
        at_shortest[{score->object, score->grasp, score->start}] = score->correct();
      }
    }
    std::vector<PairedDifference> differences;
    for (const WindowScore* score : own->second) {
      if (score->length != *lengths.rbegin()) continue;
      const auto shortest = at_shortest.find({score->object, score->grasp, score->start});
      if (shortest == at_shortest.end()) continue;
      differences.push_back(
          {score->object, score->grasp, double(score->correct()) - double(shortest->second)});
    }
    if (differences.empty()) continue;
    rows.push_back({detector, std::to_string(*lengths.begin()) + " frames",
                    compare_paired(differences, options)});
  }
  return rows;
}

}  // namespace

ScoreTables tabulate(std::span<const WindowScore> scores, const BootstrapOptions& options,
                     double slip_threshold) {
  if (scores.empty()) throw std::invalid_argument("no score to tabulate");
  const ByDetector sorted = sort_by_detector(scores);
  return {accuracy_rows(sorted, options), breakdown_rows(sorted, slip_threshold, options),
          paired_rows(sorted, options), rise_rows(sorted, options)};
}

}  // namespace gripbench::experiments

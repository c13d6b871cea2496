#include "experiments/sintef_report.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/report.h"

namespace gripbench::experiments {
namespace {

using Json = nlohmann::ordered_json;

/// A part of the grasps that is looked at apart.
struct Part {
  std::string name;
  std::vector<std::size_t> places;
};

std::vector<Part> parts_of(const SintefIndex& index) {
  std::map<std::string, std::pair<int, int>> classes;
  for (const ImportedGrasp& grasp : index.grasps) {
    ++(grasp.slip ? classes[grasp.object].first : classes[grasp.object].second);
  }
  const auto both_classes = std::count_if(classes.begin(), classes.end(), [](const auto& one) {
    return one.second.first > 0 && one.second.second > 0;
  });
  std::vector<Part> parts{{"all grasps", {}},
                          {fmt::format("the {} objects with both classes", both_classes), {}},
                          {"session with dots 31 px apart (450 frames)", {}},
                          {"session with dots 43 px apart (short videos)", {}}};
  for (std::size_t i = 0; i < index.grasps.size(); ++i) {
    const ImportedGrasp& grasp = index.grasps[i];
    const auto& [slips, stables] = classes[grasp.object];
    parts[0].places.push_back(i);
    if (slips > 0 && stables > 0) parts[1].places.push_back(i);
    parts[grasp.session == "31 px" ? 2 : 3].places.push_back(i);
  }
  std::erase_if(parts, [](const Part& part) { return part.places.empty(); });
  return parts;
}

std::vector<Decision> decisions_in(const SintefMethod& method, const Part& part) {
  std::vector<Decision> decisions;
  for (const std::size_t place : part.places) decisions.push_back(method.decisions[place]);
  return decisions;
}

struct MethodFigures {
  Estimate accuracy;
  Estimate balanced;
  Confusion confusion;
};

MethodFigures figures(const SintefMethod& method, const Part& part,
                      const BootstrapOptions& statistics) {
  const std::vector<Decision> decisions = decisions_in(method, part);
  return {accuracy(decisions, statistics), balanced_accuracy(decisions, statistics),
          count(decisions)};
}

struct Gain {
  std::string method;
  std::string over;
  PairedComparison comparison;
  /// Difference of balanced accuracies, over the same resamples of objects.
  Estimate balanced;
};

/// Balanced accuracy of one method minus another's, with objects and grasps resampled together.
Estimate balanced_gain(const SintefMethod& method, const SintefMethod& other,
                       const BootstrapOptions& statistics) {
  std::vector<Observation> observations;
  for (std::size_t i = 0; i < method.decisions.size(); ++i) {
    const Decision& own = method.decisions[i];
    const double gain = double(own.correct()) - double(other.decisions[i].correct());
    observations.push_back({own.object, own.grasp,
                            own.slip ? std::vector<double>{gain, 1.0, 0.0, 0.0}
                                     : std::vector<double>{0.0, 0.0, gain, 1.0}});
  }
  return cluster_bootstrap(
      observations,
      [](std::span<const double> sums) { return 0.5 * (sums[0] / sums[1] + sums[2] / sums[3]); },
      statistics);
}

std::vector<Gain> gains_of(const SintefResults& results, const BootstrapOptions& statistics) {
  std::vector<Gain> gains;
  for (const SintefMethod& method : results.methods) {
    if (method.trivial) continue;
    for (const SintefMethod& other : results.methods) {
      if (!other.trivial) continue;
      std::vector<PairedDifference> differences;
      for (std::size_t i = 0; i < method.decisions.size(); ++i) {
        differences.push_back(
            {method.decisions[i].object, method.decisions[i].grasp,
             double(method.decisions[i].correct()) - double(other.decisions[i].correct())});
      }
      gains.push_back({method.name, other.name, compare_paired(differences, statistics),
                       balanced_gain(method, other, statistics)});
    }
  }
  return gains;
}

std::string left_out_lines(const SintefIndex& index) {
  std::string text;
  for (const LeftOut& one : index.left_out) {
    text += fmt::format("- {}/{}{}{}: {}\n", one.object, one.grasp, one.camera.empty() ? "" : "/",
                        one.camera, one.reason + (one.slip ? " (slip)" : " (stable)"));
  }
  return text.empty() ? "None.\n" : text;
}

int left_out_grasps(const SintefIndex& index, bool slip) {
  return static_cast<int>(
      std::count_if(index.left_out.begin(), index.left_out.end(),
                    [slip](const LeftOut& one) { return one.camera.empty() && one.slip == slip; }));
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : ", ") + word;
  return line.empty() ? "none" : line;
}

Json json_of(const Estimate& estimate) {
  return {{"value", estimate.value},
          {"low", estimate.low},
          {"high", estimate.high},
          {"grasps", estimate.grasps},
          {"objects", estimate.objects}};
}

}  // namespace

std::string sintef_section(const SintefIndex& index, const SintefResults& results,
                           const BootstrapOptions& statistics) {
  const int folds = 1 + *std::max_element(results.folds.begin(), results.folds.end());
  const SintefWindows& rules = index.windows;
  std::string text = fmt::format(
      "## Real recordings\n\nGrasps of a Franka with two GelSight Mini (A. Parag and SINTEF "
      "Ocean): "
      "{} windows of {} frames from every video, inside the contact and spread over it, none "
      "placed "
      "by the video's end; the frame {} after contact onset stands first in each. Score of a "
      "grasp: "
      "mean over its windows and cameras. {} folds by object; everything is fitted on the other "
      "folds. Intervals (95%) resample objects, then grasps. A detector counts by what it gains "
      "over "
      "the trivial baselines, which use what a slip detector may not.\n\n",
      rules.windows, rules.length, rules.settle, folds);
  for (const Part& part : parts_of(index)) {
    text += fmt::format(
        "### On {}\n\n| method | accuracy | balanced accuracy | slip: said slip | slip: said "
        "stable "
        "| stable: said slip | stable: said stable |\n|---|---|---|---|---|---|---|\n",
        part.name);
    for (const SintefMethod& method : results.methods) {
      const MethodFigures f = figures(method, part, statistics);
      const Confusion& c = f.confusion;
      text += fmt::format("| {}{} | {} | {} | {} | {} | {} | {} |\n", method.name,
                          method.trivial ? " (trivial)" : "", percent(f.accuracy),
                          percent(f.balanced), c.slip_said_slip, c.slip_said_stable,
                          c.stable_said_slip, c.stable_said_stable);
    }
    text += "\n";
  }
  text +=
      "### Gain over the trivial baselines\n\n| method | over | balanced accuracy, points | "
      "accuracy, points | p of accuracy, bootstrap | p, sign flip of objects |\n"
      "|---|---|---|---|---|---|\n";
  for (const Gain& gain : gains_of(results, statistics)) {
    const PairedComparison& c = gain.comparison;
    text += fmt::format(
        "| {} | {} | {:+.1f} [{:+.1f}, {:+.1f}] | {:+.1f} [{:+.1f}, {:+.1f}] | {} "
        "| {} |\n",
        gain.method, gain.over, 100 * gain.balanced.value, 100 * gain.balanced.low,
        100 * gain.balanced.high, 100 * c.difference.value, 100 * c.difference.low,
        100 * c.difference.high, p_value(c.p_bootstrap), p_value(c.p_flip_objects));
  }
  text += fmt::format(
      "\n### Left out\n\n{} slip and {} stable grasps: their contact is too short to hold a "
      "window, "
      "or none was found. All figures above are without them.\n\n{}\nNo slip to be seen, but "
      "labelled "
      "slip (kept): {}.\n",
      left_out_grasps(index, true), left_out_grasps(index, false), left_out_lines(index),
      joined(index.no_slip_visible));
  return text;
}

std::string sintef_json(const SintefIndex& index, const SintefResults& results,
                        const BootstrapOptions& statistics) {
  Json parts = Json::array();
  for (const Part& part : parts_of(index)) {
    for (const SintefMethod& method : results.methods) {
      const MethodFigures f = figures(method, part, statistics);
      parts.push_back({{"part", part.name},
                       {"method", method.name},
                       {"trivial", method.trivial},
                       {"accuracy", json_of(f.accuracy)},
                       {"balanced_accuracy", json_of(f.balanced)},
                       {"slip_said_slip", f.confusion.slip_said_slip},
                       {"slip_said_stable", f.confusion.slip_said_stable},
                       {"stable_said_slip", f.confusion.stable_said_slip},
                       {"stable_said_stable", f.confusion.stable_said_stable}});
    }
  }
  Json gains = Json::array();
  for (const Gain& gain : gains_of(results, statistics)) {
    gains.push_back({{"method", gain.method},
                     {"over", gain.over},
                     {"balanced_accuracy", json_of(gain.balanced)},
                     {"accuracy", json_of(gain.comparison.difference)},
                     {"p_bootstrap", gain.comparison.p_bootstrap},
                     {"p_flip_objects", gain.comparison.p_flip_objects},
                     {"p_flip_grasps", gain.comparison.p_flip_grasps}});
  }
  Json grasps = Json::array();
  for (std::size_t i = 0; i < index.grasps.size(); ++i) {
    Json scores = Json::object();
    for (const SintefMethod& method : results.methods) scores[method.name] = method.scores[i];
    grasps.push_back({{"object", index.grasps[i].object},
                      {"grasp", index.grasps[i].grasp},
                      {"slip", index.grasps[i].slip},
                      {"session", index.grasps[i].session},
                      {"fold", results.folds[i]},
                      {"scores", scores}});
  }
  Json left_out = Json::array();
  for (const LeftOut& one : index.left_out) {
    left_out.push_back({{"object", one.object},
                        {"grasp", one.grasp},
                        {"camera", one.camera},
                        {"reason", one.reason},
                        {"slip", one.slip}});
  }
  return Json{{"schema", 1},
              {"figures", parts},
              {"gains", gains},
              {"left_out", left_out},
              {"no_slip_visible", index.no_slip_visible},
              {"grasps", grasps}}
             .dump(2) +
         "\n";
}

}  // namespace gripbench::experiments

#include "experiments/stats_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace gripbench::experiments {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMillimetres = 1e3;
constexpr double kGrams = 1e3;
constexpr double kMilliseconds = 1e3;
/// Longest bar of a histogram in letters.
constexpr int kBar = 60;

std::string outcome_line(const std::string& name, int objects, const OutcomeCounts& counts) {
  std::string line = fmt::format("{:<10} {:>7} {:>7} {:>6.1f}%", name, objects, counts.grasps,
                                 100 * counts.slip_share());
  for (const int kind : counts.kinds) {
    line += fmt::format(" {:>5} {:>4.0f}%", kind, 100.0 * kind / std::max(1, counts.grasps));
  }
  return line + "\n";
}

std::string range_words(const std::optional<Range>& range, double scale, const std::string& unit) {
  if (!range) return "not known";
  return fmt::format("{:.3g} to {:.3g} {}, median {:.3g}", scale * range->low, scale * range->high,
                     unit, scale * range->median);
}

std::string object_lines(const DatasetStats& stats) {
  std::string text = fmt::format("{:<22} {:<5} {:>6} {:>6} {:>8}  {}\n", "object", "side", "grasps",
                                 "slip", "mass", "squeeze");
  for (const ObjectStats& object : stats.objects) {
    text += fmt::format(
        "{:<22} {:<5} {:>6} {:>5.0f}% {:>8}  {}\n", object.object, object.test ? "test" : "train",
        object.outcomes.grasps, 100 * object.outcomes.slip_share(),
        object.mass ? fmt::format("{:.0f} g", kGrams * *object.mass) : "-",
        object.squeeze ? fmt::format("{:.2f} to {:.2f} mm", kMillimetres * object.squeeze->low,
                                     kMillimetres * object.squeeze->high)
                       : "-");
  }
  return text;
}

/// '#' for slip, '-' for stable.
std::string histogram_lines(const Histogram& histogram, double scale, int decimals) {
  int largest = 1;
  for (std::size_t i = 0; i < histogram.slip.size(); ++i) {
    largest = std::max(largest, histogram.slip[i] + histogram.stable[i]);
  }
  const double letters = std::min(1.0, static_cast<double>(kBar) / largest);
  auto edge = [&](std::size_t i) {
    const double value = scale * (histogram.first + static_cast<double>(i) * histogram.width);
    // Rounding would print "-0.00".
    return std::abs(value) < 1e-9 * scale ? 0.0 : value;
  };
  std::string text;
  const std::size_t last = histogram.slip.size() - 1;
  for (std::size_t i = 0; i <= last; ++i) {
    const double from = edge(i);
    const double to = edge(i + 1);
    const std::string bin = i == 0 ? fmt::format("below {:.{}f}", to, decimals)
                            : i == last
                                ? fmt::format("over {:.{}f}", from, decimals)
                                : fmt::format("{:.{}f} to {:.{}f}", from, decimals, to, decimals);
    auto bar = [&](int count, char letter) {
      // Rare must not look like none.
      return std::string(static_cast<std::size_t>(std::ceil(letters * count)), letter);
    };
    text += fmt::format("{:>16} {:>5} {}\n", bin, histogram.slip[i] + histogram.stable[i],
                        bar(histogram.slip[i], '#') + bar(histogram.stable[i], '-'));
  }
  return text;
}

const ObjectStats* most_lopsided_test_object(const DatasetStats& stats) {
  const ObjectStats* worst = nullptr;
  for (const ObjectStats& object : stats.objects) {
    if (object.test &&
        (worst == nullptr || object.outcomes.rarer_share() < worst->outcomes.rarer_share())) {
      worst = &object;
    }
  }
  return worst;
}

std::string balance_words(const DatasetStats& stats) {
  std::string text =
      "Balance: near 50% slip overall, and both classes in every object, leaves nothing to gain by "
      "guessing.\n";
  if (const ObjectStats* worst = most_lopsided_test_object(stats)) {
    text += fmt::format("Least balanced test object: {}, {:.0f}% of its rarer class.\n",
                        worst->object, 100 * worst->outcomes.rarer_share());
  }
  return text;
}

std::string kinds_words(const DatasetStats& stats) {
  const double slips = std::max(1, stats.all.slips());
  const auto& kinds = stats.all.kinds;
  if (!stats.labels_measured) {
    return "Kinds of slip: not known, a person said what slipped.\n";
  }
  return fmt::format(
      "Of the slips: incipient {:.1f}%, translation {:.1f}%, rotation {:.1f}%, lost {:.1f}%. "
      "Incipient slips are the hard ones: over {:g} mm at the pad, too little to see outside.\n",
      100 * kinds[1] / slips, 100 * kinds[2] / slips, 100 * kinds[3] / slips,
      100 * kinds[4] / slips, kMillimetres * stats.slip_distance);
}

std::string prediction_lines(const DatasetStats& stats) {
  std::string text =
      "What names the label without looking (balanced accuracy in %, 95% interval over objects; 50 "
      "is chance)\n";
  for (const BlindPrediction& one : stats.predictions) {
    const std::string figure =
        one.balanced_accuracy
            ? fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * one.balanced_accuracy->value,
                          100 * one.balanced_accuracy->low, 100 * one.balanced_accuracy->high)
            : "not told: " + one.why_not;
    text += fmt::format("  {:<42} {}\n      {}\n", one.name, figure, one.meaning);
  }
  return text;
}

Json json_of(const std::optional<Range>& range) {
  if (!range) return nullptr;
  return {{"low", range->low},
          {"median", range->median},
          {"high", range->high},
          {"count", range->count}};
}

Json json_of(const OutcomeCounts& counts) {
  Json kinds = Json::object();
  for (std::size_t i = 0; i < counts.kinds.size(); ++i) {
    kinds[to_string(static_cast<SlipKind>(i))] = counts.kinds[i];
  }
  return {{"grasps", counts.grasps}, {"slip_share", counts.slip_share()}, {"kinds", kinds}};
}

Json json_of(const Histogram& histogram) {
  return {{"first", histogram.first},
          {"width", histogram.width},
          {"slip", histogram.slip},
          {"stable", histogram.stable}};
}

Json json_of(const BlindPrediction& one) {
  Json json = {{"name", one.name}, {"meaning", one.meaning}};
  if (one.balanced_accuracy) {
    json["balanced_accuracy"] = {{"value", one.balanced_accuracy->value},
                                 {"low", one.balanced_accuracy->low},
                                 {"high", one.balanced_accuracy->high},
                                 {"grasps", one.balanced_accuracy->grasps},
                                 {"objects", one.balanced_accuracy->objects}};
  } else {
    json["balanced_accuracy"] = nullptr;
    json["why_not"] = one.why_not;
  }
  return json;
}

}  // namespace

std::string stats_text(const DatasetStats& stats) {
  std::string text = fmt::format("data set {}\n\n", stats.dataset_hash);
  text += fmt::format("{:<10} {:>7} {:>7} {:>7}", "side", "objects", "grasps", "slip");
  for (std::size_t i = 0; i < stats.all.kinds.size(); ++i) {
    text += fmt::format(" {:>11}", to_string(static_cast<SlipKind>(i)));
  }
  text += "\n" + outcome_line("all", stats.train_objects + stats.test_objects, stats.all) +
          outcome_line("training", stats.train_objects, stats.train) +
          outcome_line("test", stats.test_objects, stats.test) + balance_words(stats) +
          kinds_words(stats) + "\n" + object_lines(stats) + "\n";
  text += fmt::format(
      "mass of the objects         {}\nsqueeze, slipping grasps    {}\nsqueeze, stable grasps      "
      "{}\nnormal force at T(-2)       {}\n",
      range_words(stats.mass, kGrams, "g"), range_words(stats.squeeze_slip, kMillimetres, "mm"),
      range_words(stats.squeeze_stable, kMillimetres, "mm"), range_words(stats.force, 1.0, "N"));
  text += fmt::format(
      "from the measured start of the lift to T(0)        {}\n"
      "from a tactile picture to the outside one          {}\n"
      "from a picture to the nearest state of the arm     {}\n",
      range_words(stats.onset_to_frame, kMilliseconds, "ms"),
      range_words(stats.outside_after_tactile, kMilliseconds, "ms"),
      range_words(stats.frame_to_state, kMilliseconds, "ms"));
  text += "Squeeze is how far the jaws close beyond the first touch.\n\n";
  if (stats.slip_begins.total() > 0) {
    text += fmt::format(
        "When slip begins (s after T(0), when the arm starts to lift; mean slip over {:g} "
        "mm)\n{}\n",
        kMillimetres * stats.slip_distance, histogram_lines(stats.slip_begins, 1.0, 3));
  } else {
    text += "When slip begins: not known, no grasp's trace holds the truth.\n\n";
  }
  if (stats.margins.total() > 0) {
    const double all = stats.margins.total();
    text += fmt::format(
        "Grip margin (%, (mu1 + mu2) N / m (g + a) - 1; under 0 friction alone cannot hold; # "
        "slip, "
        "- stable)\n{}"
        "Within 5% of the edge: {:.1f}% of the grasps; 5 to 15%: {:.1f}%; beyond: {:.1f}%. The "
        "nearer, the harder to tell.\n\n",
        histogram_lines(stats.margins, 100.0, 0), 100 * stats.margin_parts[0] / all,
        100 * stats.margin_parts[1] / all, 100 * stats.margin_parts[2] / all);
  } else {
    text += "Grip margin: not known, this rig cannot tell friction.\n\n";
  }
  return text + prediction_lines(stats);
}

std::string stats_json(const DatasetStats& stats) {
  Json objects = Json::array();
  for (const ObjectStats& object : stats.objects) {
    Json one = {{"object", object.object}, {"side", object.test ? "test" : "train"}};
    one.update(json_of(object.outcomes));
    one["mass"] = object.mass ? Json(*object.mass) : Json(nullptr);
    one["squeeze"] = json_of(object.squeeze);
    objects.push_back(one);
  }
  Json predictions = Json::array();
  for (const BlindPrediction& one : stats.predictions) predictions.push_back(json_of(one));
  const Json json = {{"schema", 1},
                     {"dataset_sha256", stats.dataset_hash},
                     {"all", json_of(stats.all)},
                     {"train", json_of(stats.train)},
                     {"test", json_of(stats.test)},
                     {"objects", objects},
                     {"mass", json_of(stats.mass)},
                     {"squeeze_slip", json_of(stats.squeeze_slip)},
                     {"squeeze_stable", json_of(stats.squeeze_stable)},
                     {"normal_force", json_of(stats.force)},
                     {"onset_to_frame", json_of(stats.onset_to_frame)},
                     {"outside_after_tactile", json_of(stats.outside_after_tactile)},
                     {"frame_to_state", json_of(stats.frame_to_state)},
                     {"slip_distance", stats.slip_distance},
                     {"labels_measured", stats.labels_measured},
                     {"slip_begins", json_of(stats.slip_begins)},
                     {"grip_margin", json_of(stats.margins)},
                     {"grip_margin_parts",
                      {{"under_5_percent", stats.margin_parts[0]},
                       {"5_to_15_percent", stats.margin_parts[1]},
                       {"over_15_percent", stats.margin_parts[2]}}},
                     {"predictions", predictions}};
  return json.dump(1) + "\n";
}

}  // namespace gripbench::experiments

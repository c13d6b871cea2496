#include "experiments/report_data.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/files.h"

namespace gripbench::experiments {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Estimate& estimate) {
  return {{"value", estimate.value},   {"low", estimate.low},
          {"high", estimate.high},     {"windows", estimate.windows},
          {"grasps", estimate.grasps}, {"objects", estimate.objects}};
}

Json json_of(const Confusion& confusion) {
  return {{"slip_said_slip", confusion.slip_said_slip},
          {"slip_said_stable", confusion.slip_said_stable},
          {"stable_said_slip", confusion.stable_said_slip},
          {"stable_said_stable", confusion.stable_said_stable}};
}

Json json_of(const SplitFacts& facts) {
  Json kinds = Json::object();
  for (std::size_t i = 0; i < facts.kinds.size(); ++i) {
    kinds[to_string(static_cast<SlipKind>(i))] = facts.kinds[i];
  }
  return {{"objects", facts.objects}, {"grasps", facts.grasps}, {"kinds", kinds}};
}

Json json_of(const PairedRow& row) {
  return {{"detector", row.detector},
          {"against", row.against},
          {"difference", json_of(row.comparison.difference)},
          {"p_bootstrap", row.comparison.p_bootstrap},
          {"p_flip_grasps", row.comparison.p_flip_grasps},
          {"p_flip_objects", row.comparison.p_flip_objects}};
}

Json json_of(const AccuracyRow& row) {
  return {{"detector", row.detector},
          {"windows_shown", to_string(row.form)},
          {"frames", row.length},
          {"accuracy", json_of(row.accuracy)},
          {"balanced_accuracy", json_of(row.balanced)},
          {"confusion", json_of(row.confusion)}};
}

Json json_of(const BreakdownRow& row) {
  return {{"detector", row.detector},
          {"by", row.by},
          {"part", row.part},
          {"accuracy", json_of(row.accuracy)},
          {"confusion", json_of(row.confusion)}};
}

Json json_of(const DetectorFacts& detector) {
  return {{"id", detector.id},
          {"kind", detector.kind},
          {"source", detector.source},
          {"input", detector.input}};
}

template <typename Row>
Json json_list(const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows) list.push_back(json_of(row));
  return list;
}

}  // namespace

std::string results_json(const ReportFacts& facts, const ScoreTables& tables) {
  const Json json = {{"schema", kResultsSchema},
                     {"preset", facts.preset},
                     {"seed", facts.seed},
                     {"software_version", facts.software_version},
                     {"dataset_sha256", facts.dataset_hash},
                     {"train", json_of(facts.train)},
                     {"test", json_of(facts.test)},
                     {"statistics",
                      {{"resamples", facts.statistics.resamples},
                       {"level", facts.statistics.level},
                       {"seed", facts.statistics.seed}}},
                     {"detectors", json_list(facts.detectors)},
                     {"accuracy", json_list(tables.accuracy)},
                     {"paired", json_list(tables.paired)},
                     {"rise_with_length", json_list(tables.rise)},
                     {"breakdown", json_list(tables.breakdown)}};
  return json.dump(2) + "\n";
}

std::string results_csv(const ReportFacts& facts, const ScoreTables& tables) {
  std::string text = csv_line({"detector", "kind", "source", "input", "windows_shown", "frames",
                               "accuracy", "low", "high", "balanced_accuracy", "balanced_low",
                               "balanced_high", "windows", "grasps", "objects", "slip_said_slip",
                               "slip_said_stable", "stable_said_slip", "stable_said_stable"});
  for (const AccuracyRow& row : tables.accuracy) {
    const auto known =
        std::find_if(facts.detectors.begin(), facts.detectors.end(),
                     [&](const DetectorFacts& facts_of) { return facts_of.id == row.detector; });
    const DetectorFacts facts_of =
        known == facts.detectors.end() ? DetectorFacts{row.detector, "", "", ""} : *known;
    const Confusion& c = row.confusion;
    std::vector<std::string> fields{row.detector,        facts_of.kind,
                                    facts_of.source,     facts_of.input,
                                    to_string(row.form), fmt::format("{}", row.length)};
    for (const double number : {row.accuracy.value, row.accuracy.low, row.accuracy.high,
                                row.balanced.value, row.balanced.low, row.balanced.high}) {
      fields.push_back(fmt::format("{:.6f}", number));
    }
    for (const int number :
         {row.accuracy.windows, row.accuracy.grasps, row.accuracy.objects, c.slip_said_slip,
          c.slip_said_stable, c.stable_said_slip, c.stable_said_stable}) {
      fields.push_back(fmt::format("{}", number));
    }
    text += csv_line(fields);
  }
  return text;
}

}  // namespace gripbench::experiments

#include "experiments/report.h"

#include <algorithm>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/files.h"
#include "experiments/report_data.h"
#include "experiments/windows.h"

namespace gripbench::experiments {
namespace {

/// Li et al. 2018, Table II: accuracy in % by number of frames, 6 to 9.
struct PublishedRow {
  const char* title;
  std::array<double, 4> accuracy;
};
constexpr std::array<PublishedRow, 3> kTableTwo{
    {{"raw, Inception-V3, tactile + vision", {86.71, 83.95, 88.03, 86.45}},
     {"difference, VGG-16, tactile + vision", {84.08, 85.79, 87.76, 86.58}},
     {"threshold method (Dong et al. 2017), tactile", {53.28, 63.81, 78.28, 82.24}}}};

using Titles = std::map<std::string, std::string>;

std::string title_of(const Titles& titles, const std::string& id) {
  const auto found = titles.find(id);
  return found == titles.end() ? id : found->second;
}

/// The columns of kinds: that of slips of unknown kind only where there are any.
std::vector<SlipKind> kinds_shown(const ReportFacts& facts) {
  const auto unknown = static_cast<std::size_t>(SlipKind::kUnknown);
  std::vector<SlipKind> kinds;
  for (std::size_t i = 0; i < kSlipKinds; ++i) {
    if (i == unknown && facts.train.kinds[i] + facts.test.kinds[i] == 0) continue;
    kinds.push_back(static_cast<SlipKind>(i));
  }
  return kinds;
}

std::string split_line(const std::string& name, const SplitFacts& facts,
                       const std::vector<SlipKind>& kinds) {
  const double all = std::max(1, facts.grasps);
  std::string line = fmt::format("| {} | {} | {} | {:.0f}% |", name, facts.objects.size(),
                                 facts.grasps, 100 * facts.slips() / all);
  for (const SlipKind kind : kinds) {
    line += fmt::format(" {:.0f}% |", 100 * facts.kinds[static_cast<std::size_t>(kind)] / all);
  }
  return line + "\n";
}

std::string joined(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += (line.empty() ? "" : ", ") + word;
  return line;
}

std::string dataset_section(const ReportFacts& facts) {
  const std::vector<SlipKind> kinds = kinds_shown(facts);
  std::string names, rule;
  for (const SlipKind kind : kinds) {
    names += fmt::format(" {} |", to_string(kind));
    rule += "---|";
  }
  return fmt::format(
             "## Data set\n\n"
             "| | |\n|---|---|\n| preset | {} |\n| seed | {} |\n| data set (SHA-256) | `{}` |\n"
             "| software | gripbench {} |\n\n"
             "Test objects touch neither training, nor thresholds, nor the choice of a row.\n\n"
             "| side | objects | grasps | slip |{}\n|---|---|---|---|{}\n",
             facts.preset, facts.seed, facts.dataset_hash, facts.software_version, names, rule) +
         split_line("train", facts.train, kinds) + split_line("test", facts.test, kinds) +
         fmt::format("\nTrain: {}. Test: {}.\n\n", joined(facts.train.objects),
                     joined(facts.test.objects));
}

std::string accuracy_section(const ScoreTables& tables, const Titles& titles) {
  std::vector<int> lengths;
  for (const AccuracyRow& row : tables.accuracy) {
    if (std::find(lengths.begin(), lengths.end(), row.length) == lengths.end()) {
      lengths.push_back(row.length);
    }
  }
  std::sort(lengths.begin(), lengths.end());
  std::string text =
      "## Accuracy by number of frames\n\nIn % of the windows of test objects, with 95% intervals "
      "from resampling objects, then their grasps.\n\n| detector | windows shown |";
  for (const int length : lengths) text += fmt::format(" {} frames |", length);
  text += " windows per length |\n|---|---|";
  for (std::size_t i = 0; i <= lengths.size(); ++i) text += "---|";
  const std::string* detector = nullptr;
  const WindowForm* form = nullptr;
  int windows = 0;
  for (const AccuracyRow& row : tables.accuracy) {
    const bool next_line = !detector || *detector != row.detector || *form != row.form;
    if (next_line) {
      if (detector) text += fmt::format(" {} |", windows);
      text += fmt::format("\n| {} | {} |", title_of(titles, row.detector), to_string(row.form));
    }
    text += " " + percent(row.accuracy) + " |";
    windows = row.accuracy.windows;
    detector = &row.detector;
    form = &row.form;
  }
  text += fmt::format(" {} |\n\n![Accuracy over length](accuracy_over_length.svg)\n\n", windows);
  text +=
      "For orientation, the published figures on 10 real test objects, 152 grasps, 760 windows "
      "(Li et al. 2018, Table II):\n\n| published | 6 frames | 7 frames | 8 frames | 9 frames |\n"
      "|---|---|---|---|---|\n";
  for (const PublishedRow& row : kTableTwo) {
    text += fmt::format("| {} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |\n", row.title, row.accuracy[0],
                        row.accuracy[1], row.accuracy[2], row.accuracy[3]);
  }
  return text + "\n";
}

std::string paired_lines(const std::vector<PairedRow>& rows, const Titles& titles) {
  std::string text;
  for (const PairedRow& row : rows) {
    const PairedComparison& c = row.comparison;
    text +=
        fmt::format("| {} | {} | {:+.1f} [{:+.1f}, {:+.1f}] | {} | {} | {} |\n",
                    title_of(titles, row.detector), title_of(titles, row.against),
                    100 * c.difference.value, 100 * c.difference.low, 100 * c.difference.high,
                    p_value(c.p_bootstrap), p_value(c.p_flip_grasps), p_value(c.p_flip_objects));
  }
  return text;
}

std::string paired_section(const ScoreTables& tables, const Titles& titles) {
  const std::string head =
      "\n| detector | against | difference, points | p, bootstrap | p, sign flip of grasps | p, "
      "sign flip of objects |\n|---|---|---|---|---|---|\n";
  const int objects = tables.paired.empty() ? 0 : tables.paired[0].comparison.difference.objects;
  return fmt::format(
             "## Paired comparisons\n\nOn the same windows, all lengths together; two-sided. "
             "\"Chance\" names the test set's more frequent class every time. A detector is "
             "credited with what it gains over its own control rows: \"T(-2) repeated\" knows only "
             "how deep the grip is (as difference pictures it is blank, so that its row is "
             "constant), "
             "\"frames shuffled\" has the pictures but no order. With {} "
             "objects a sign flip of whole objects cannot give a p under {:.3g}; the one over "
             "grasps takes the grasps of an object as independent.\n",
             objects, 2.0 / static_cast<double>(1ULL << std::min(objects, 60))) +
         head + paired_lines(tables.paired, titles) +
         "\n### Rise with length\n\nAccuracy with the most frames minus that with the fewest, same "
         "grasps and starts.\n" +
         head + paired_lines(tables.rise, titles) + "\n";
}

std::string breakdown_section(const ScoreTables& tables, const Titles& titles) {
  if (tables.breakdown.empty()) {
    return "## Where it is hard\n\nThis rig knows neither grip margin nor slip so far.\n\n";
  }
  std::string text =
      "## Where it is hard\n\nAll lengths together. Grip margin is |(mu1 + mu2) N / m (g + a) - "
      "1|: "
      "how far the grasp is from the edge between slipping and holding. Slip so far is slip up to "
      "the window's last frame; without it a slipping grasp can only be foretold.\n\n"
      "| detector | by | part | accuracy | windows | grasps | objects | slip windows |\n"
      "|---|---|---|---|---|---|---|---|\n";
  for (const BreakdownRow& row : tables.breakdown) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n",
                        title_of(titles, row.detector), row.by, row.part, percent(row.accuracy),
                        row.accuracy.windows, row.accuracy.grasps, row.accuracy.objects,
                        row.confusion.slip_said_slip + row.confusion.slip_said_stable);
  }
  return text + "\n";
}

std::string confusion_section(const ScoreTables& tables, const Titles& titles) {
  std::string text =
      "## Confusion counts\n\nWindows as recorded.\n\n| detector | frames | slip: said slip | "
      "slip: "
      "said stable | stable: said slip | stable: said stable | balanced accuracy |\n"
      "|---|---|---|---|---|---|---|\n";
  for (const AccuracyRow& row : tables.accuracy) {
    if (row.form != WindowForm::kAsRecorded) continue;
    const Confusion& c = row.confusion;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} |\n", title_of(titles, row.detector),
                        row.length, c.slip_said_slip, c.slip_said_stable, c.stable_said_slip,
                        c.stable_said_stable, percent(row.balanced));
  }
  return text + "\n";
}

}  // namespace

void add_to(SplitFacts& facts, const EpisodeRecord& record) {
  const std::string& object = record.parameters.object;
  if (std::find(facts.objects.begin(), facts.objects.end(), object) == facts.objects.end()) {
    facts.objects.push_back(object);
  }
  ++facts.grasps;
  ++facts.kinds[static_cast<std::size_t>(record.kind)];
}

std::string DetectorFacts::title() const {
  std::string text = kind;
  for (const std::string& more : {source, input}) {
    if (!more.empty()) text += ", " + more;
  }
  return text;
}

std::string percent(const Estimate& estimate) {
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", 100 * estimate.value, 100 * estimate.low,
                     100 * estimate.high);
}

std::string p_value(double p) { return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p); }

void write_report(const std::filesystem::path& folder, const ReportFacts& facts,
                  const ScoreTables& tables, const std::string& real_input) {
  Titles titles;
  for (const DetectorFacts& detector : facts.detectors) titles[detector.id] = detector.title();
  write_file(folder / "results.json", results_json(facts, tables));
  write_file(folder / "results.csv", results_csv(facts, tables));
  write_file(folder / "report.md",
             "# Slip detection while lifting\n\n" + dataset_section(facts) +
                 accuracy_section(tables, titles) + paired_section(tables, titles) +
                 breakdown_section(tables, titles) + confusion_section(tables, titles) +
                 "## Two grasps\n\nOne stable and one slipping grasp of test objects, as Figure 3 "
                 "of the paper lays them out: pictures, then 128 + I(t) - I(-2).\n\n"
                 "![Two grasps](contact_sheet.png)\n\n" +
                 real_input);
}

}  // namespace gripbench::experiments

#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/episode.h"
#include "experiments/score_tables.h"

namespace gripbench::experiments {

/// One side of a data set: how many grasps of which objects ended how.
struct SplitFacts {
  std::vector<std::string> objects;
  int grasps = 0;
  /// Grasps by SlipKind, in its order.
  std::array<int, kSlipKinds> kinds{};

  int slips() const { return grasps - kinds[0]; }
};

/// Counts a grasp in.
void add_to(SplitFacts& facts, const EpisodeRecord& record);

/// What a table says about a detector; the fields are DetectorEntry's.
struct DetectorFacts {
  std::string id;
  std::string kind;
  std::string source;
  std::string input;

  /// "CNN + LSTM, tactile + vision, difference"
  std::string title() const;
};

/// Everything a reader needs to trust a report, or to make it again.
struct ReportFacts {
  std::string preset;
  std::uint64_t seed = 0;
  std::string software_version;
  /// SHA-256 of the frozen data set.
  std::string dataset_hash;
  SplitFacts train;
  SplitFacts test;
  std::vector<DetectorFacts> detectors;
  BootstrapOptions statistics;
};

/// Writes `report.md`, `results.csv` and `results.json` into `folder`; README.md of this folder
/// describes their fields. `real_input` is Markdown on recordings of real rigs, empty if there is
/// none. Pictures named accuracy_over_length.svg and contact_sheet.png are expected beside it.
/// @throws hal::StorageError if the disk refuses.
void write_report(const std::filesystem::path& folder, const ReportFacts& facts,
                  const ScoreTables& tables, const std::string& real_input);

/// "81.2 [74.0, 87.5]", in percent.
std::string percent(const Estimate& estimate);
/// "< 0.001" or "0.034".
std::string p_value(double p);

}  // namespace gripbench::experiments

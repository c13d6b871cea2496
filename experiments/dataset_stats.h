#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "experiments/episode_store.h"
#include "experiments/label_predictors.h"

namespace gripbench::experiments {

/// Smallest, middle and largest of some numbers.
struct Range {
  double low = 0.0;
  double median = 0.0;
  double high = 0.0;
  int count = 0;
};
/// Nothing for no number.
std::optional<Range> range_of(std::vector<double> values);

/// How the grasps of a group ended.
struct OutcomeCounts {
  int grasps = 0;
  /// By SlipKind, in its order.
  std::array<int, kSlipKinds> kinds{};

  int slips() const { return grasps - kinds[0]; }
  double slip_share() const;
  /// Share of the rarer class.
  double rarer_share() const;
};

struct ObjectStats {
  std::string object;
  bool test = false;
  OutcomeCounts outcomes;
  /// kg; nothing where the catalogue does not hold it.
  std::optional<double> mass;
  std::optional<Range> squeeze;
};

/// Counts of grasps in bins of one width; the first and last bin also take what lies beyond.
struct Histogram {
  double first = 0.0;
  double width = 0.0;
  std::vector<int> slip;
  std::vector<int> stable;

  Histogram(double from, double to, int bins);
  void add(double value, bool slipped);
  int total() const;
};

struct DatasetStats {
  std::string dataset_hash;
  OutcomeCounts all;
  OutcomeCounts train;
  OutcomeCounts test;
  int train_objects = 0;
  int test_objects = 0;
  /// Sorted: training before test objects, then by name.
  std::vector<ObjectStats> objects;
  /// m; by label.
  std::optional<Range> squeeze_slip;
  std::optional<Range> squeeze_stable;
  /// kg, over objects.
  std::optional<Range> mass;
  /// Normal force per pad at T(-2) (N).
  std::optional<Range> force;
  /// Seconds from T(0) until the mean slip of either pad passes the protocol's threshold; grasps
  /// with slip whose rig knows it.
  Histogram slip_begins{-0.1, 0.5, 24};
  /// Times of cameras and arm, LiftTiming's over the grasps (s).
  std::optional<Range> onset_to_frame, outside_after_tactile, frame_to_state;
  /// Signed: over 0 the grip should hold.
  Histogram margins{-0.8, 1.6, 24};
  /// |margin| under 5%, 5 to 15%, over 15%.
  std::array<int, 3> margin_parts{};
  /// Threshold of the label (m), and whether labels come from measured slip or from a person.
  double slip_distance = 0.0;
  bool labels_measured = false;
  std::vector<BlindPrediction> predictions;
};

struct DatasetStatsOptions {
  int jobs = 1;
  /// kg, by object.
  std::map<std::string, double> masses;
  BootstrapOptions statistics;
  const std::atomic<bool>* stop = nullptr;
};

/// Reads records, traces and the sizes of the pictures' files; no picture.
/// @throws hal::InputError if the data set is damaged or empty; hal::Interrupted.
DatasetStats dataset_stats(const EpisodeStore& store, const DatasetStatsOptions& options);

/// When slip begins, in seconds of the trace; nothing if it does not, or nobody knows.
std::optional<double> slip_onset(const std::vector<TracePoint>& trace, double slip_distance);

}  // namespace gripbench::experiments

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "detectors/slip_detector.h"
#include "experiments/episode.h"
#include "experiments/windows.h"

namespace gripbench::experiments {

/// Episodes one at a time, so that a data set need not fit in memory. `load` may be called from
/// several threads at once.
struct EpisodeSource {
  std::size_t count = 0;
  std::function<Episode(std::size_t)> load;
};

/// What a table says about a detector, and the detector.
struct DetectorEntry {
  /// Short, unique, fit for a file name: "difference_both".
  std::string id;
  /// For the tables' columns: "CNN + LSTM", "tactile + vision", "difference".
  std::string kind;
  std::string source;
  std::string input;
  /// Learned detectors get the control rows.
  bool learned = false;
  const detectors::SlipDetector* detector = nullptr;
};

/// What a detector said about one window, and what is known of the window.
struct WindowScore {
  std::string detector;
  WindowForm form = WindowForm::kAsRecorded;
  std::string object;
  std::string grasp;
  bool slip = false;
  int start = 0;
  int length = 0;
  double probability = 0.0;
  /// Larger of the pads' mean slip (m) at the window's last frame, infinite once the object is
  /// lost; nothing where the rig cannot know.
  std::optional<double> slip_so_far;
  /// Signed grip margin of the grasp; nothing where the rig cannot know.
  std::optional<double> margin;

  bool said_slip() const { return probability > 0.5; }
  bool correct() const { return said_slip() == slip; }
};

struct EvaluateOptions {
  /// Seed of the shuffled windows; the same window is shuffled alike for every detector.
  std::uint64_t seed = 1;
  int jobs = 1;
  std::vector<int> lengths{kWindowLengths.begin(), kWindowLengths.end()};
  /// Share done in [0, 1] and the number of episodes done; called from one thread at a time.
  std::function<void(double share, std::size_t done)> progress;
  /// True once the user asked to stop.
  std::function<bool()> interrupted;
};

/// Shows every window of every episode to every detector, in all forms to learned detectors and as
/// recorded to the others. A frame is encoded once per detector: all windows of a grasp share
/// T(-2) as their first frame. The result is in order of episode, detector, form, length, start,
/// whatever the number of jobs.
/// @throws hal::Interrupted.
std::vector<WindowScore> evaluate(std::span<const DetectorEntry> entries,
                                  const EpisodeSource& episodes, const EvaluateOptions& options);

/// Slip so far at `time` (s from the first frame), from the last trace point up to then.
std::optional<double> slip_so_far(const EpisodeRecord& record, double time);

/// The pictures of both cameras, at the tactile camera's times.
std::vector<detectors::FramePair> frame_pairs(const Episode& episode);

}  // namespace gripbench::experiments

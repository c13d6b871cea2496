#include "experiments/evaluation.h"

#include <algorithm>
#include <limits>
#include <mutex>

#include "experiments/parallel.h"
#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

using detectors::Encoding;
using detectors::FramePair;

/// Encodings of one grasp's frames by one detector, also with one frame's picture shown at
/// another's time, as the control forms need it.
class EncodedGrasp {
 public:
  EncodedGrasp(const detectors::SlipDetector& detector, const std::vector<FramePair>& frames)
      : detector_(detector), frames_(frames) {
    for (const FramePair& frame : frames_) own_.push_back(detector_.encode(frames_[0], frame));
  }

  /// The picture of frame `picture` at the time of frame `at`.
  Encoding shown(int picture, int at) {
    if (picture == at || time_does_not_matter()) return own_[static_cast<std::size_t>(picture)];
    FramePair frame = frames_[static_cast<std::size_t>(picture)];
    frame.time = frames_[static_cast<std::size_t>(at)].time;
    return detector_.encode(frames_[0], frame);
  }

 private:
  /// Most detectors' encodings hold no time; then a picture need not be encoded again. Found out
  /// by encoding one picture at two times.
  bool time_does_not_matter() {
    if (!timeless_) {
      FramePair moved = frames_.back();
      moved.time = 0.5 * (frames_.front().time + frames_.back().time) + 0.0123;
      timeless_ = detector_.encode(frames_[0], moved) == own_.back();
    }
    return *timeless_;
  }

  const detectors::SlipDetector& detector_;
  const std::vector<FramePair>& frames_;
  std::vector<Encoding> own_;
  std::optional<bool> timeless_;
};

/// One seed per window, the same for every detector.
std::uint64_t window_seed(std::uint64_t seed, std::size_t episode, const Window& window) {
  const auto place = static_cast<std::uint64_t>(window.length() * 64 + window.start + 8);
  return hal::split_seed(hal::split_seed(seed, "shuffled episode", episode), "window", place);
}

std::vector<WindowScore> score_episode(std::span<const DetectorEntry> entries,
                                       const Episode& episode, std::size_t index,
                                       const EvaluateOptions& options) {
  const std::vector<FramePair> frames = frame_pairs(episode);
  const EpisodeRecord& record = episode.record;
  std::vector<WindowScore> scores;
  for (const DetectorEntry& entry : entries) {
    EncodedGrasp encoded(*entry.detector, frames);
    for (const WindowForm form : kWindowForms) {
      if (form != WindowForm::kAsRecorded && !entry.learned) continue;
      for (const int length : options.lengths) {
        for (const Window& window : paper_windows(length)) {
          const std::vector<int> shown =
              shown_frames(window, form, window_seed(options.seed, index, window));
          std::vector<Encoding> encodings;
          for (std::size_t i = 0; i < shown.size(); ++i) {
            encodings.push_back(encoded.shown(shown[i], window.frames[i]));
          }
          WindowScore score;
          score.detector = entry.id;
          score.form = form;
          score.object = record.parameters.object;
          score.grasp = record.parameters.grasp;
          score.slip = record.slip;
          score.start = window.start;
          score.length = length;
          score.probability = entry.detector->slip_probability(encodings);
          score.slip_so_far = slip_so_far(
              record, record.tactile_times[static_cast<std::size_t>(window.frames.back())]);
          score.margin = record.grip_margin;
          scores.push_back(std::move(score));
        }
      }
    }
  }
  return scores;
}

}  // namespace

std::vector<FramePair> frame_pairs(const Episode& episode) {
  std::vector<FramePair> frames;
  for (std::size_t i = 0; i < kFramesPerEpisode; ++i) {
    frames.push_back({episode.tactile[i], episode.external[i], episode.record.tactile_times[i]});
  }
  return frames;
}

std::optional<double> slip_so_far(const EpisodeRecord& record, double time) {
  std::optional<double> slip;
  for (const TracePoint& point : record.trace) {
    if (point.time > time + 1e-9) break;
    if (!point.truth) continue;
    slip = std::max(point.truth->pads[0].mean_distance, point.truth->pads[1].mean_distance);
    if (point.truth->object_lost) slip = std::numeric_limits<double>::infinity();
  }
  return slip;
}

std::vector<WindowScore> evaluate(std::span<const DetectorEntry> entries,
                                  const EpisodeSource& episodes, const EvaluateOptions& options) {
  std::vector<std::vector<WindowScore>> by_episode(episodes.count);
  std::mutex mutex;
  std::size_t done = 0;
  for_each_parallel(episodes.count, options.jobs, [&](std::size_t index) {
    if (options.interrupted && options.interrupted()) {
      throw hal::Interrupted("interrupted while evaluating; nothing was written");
    }
    by_episode[index] = score_episode(entries, episodes.load(index), index, options);
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) {
      options.progress(static_cast<double>(done) / static_cast<double>(episodes.count), done);
    }
  });

  std::vector<WindowScore> scores;
  for (auto& of_episode : by_episode) {
    std::move(of_episode.begin(), of_episode.end(), std::back_inserter(scores));
  }
  return scores;
}

}  // namespace gripbench::experiments

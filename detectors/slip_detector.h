#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace gripbench::detectors {

/// What both cameras saw at one instant: 8-bit BGR, any size, the same size throughout a sequence.
/// A source that does not exist stays empty. `time` is in seconds, on any clock.
struct FramePair {
  cv::Mat tactile;
  cv::Mat external;
  double time = 0.0;
};

/// What a detector keeps of one frame; its meaning is the detector's own.
using Encoding = std::vector<float>;

/// Decides from a window of frames whether a grip slips.
///
/// A window is a list of frames of one grasp in order of time; its first frame shows the grip at
/// rest, before the lift (Li et al. 2018, section IV-A: T(-2)). The work is split so that a frame
/// is looked at once, as it comes, whatever the number of windows it is part of. Detectors never
/// see paths, file sizes, frame counts, commands or a simulator's state.
class SlipDetector {
 public:
  virtual ~SlipDetector() = default;

  /// Looks at one frame against the window's first frame (which is encoded against itself).
  /// @throws std::invalid_argument if a picture that this detector needs is empty or of another
  /// size.
  virtual Encoding encode(const FramePair& first, const FramePair& frame) const = 0;

  /// Probability (or, for a threshold detector, a score in [0, 1] that is above 0.5 exactly when a
  /// signal is over its threshold) that the grip slips, from the encodings of a window's frames.
  virtual double slip_probability(std::span<const Encoding> window) const = 0;

  /// One line for tables: kind, source, input.
  virtual std::string name() const = 0;

  /// Writes the detector into a file that `load_detector` reads.
  virtual void save(const std::filesystem::path& file) const = 0;
};

/// A grasp to learn from. `windows` holds, for each window, the indices of its frames.
struct LabelledSequence {
  std::vector<FramePair> frames;
  std::vector<std::vector<int>> windows;
  bool slip = false;
  /// Sequences of one group (one object) never stand on both sides of a fold.
  std::string group;
};

/// Grasps to learn from, loaded one at a time so that a data set need not fit in memory.
struct SequenceSource {
  std::size_t count = 0;
  std::function<LabelledSequence(std::size_t)> load;
};

/// Called as training goes on: what it does ("encode", "fit"), share done in [0, 1], a short line
/// of figures.
using TrainingProgress =
    std::function<void(const std::string& stage, double share, const std::string& figures)>;

/// Reads a detector of any kind that `SlipDetector::save` wrote.
/// @throws hal::InputError if the file is missing, damaged, or of an unknown kind or version.
std::unique_ptr<SlipDetector> load_detector(const std::filesystem::path& file);

}  // namespace gripbench::detectors

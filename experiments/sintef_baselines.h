#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/sintef_import.h"

namespace gripbench::experiments {

/// What can be said of a recording without looking at slip; a detector counts by what it gains over
/// these under the same folds. REFERENCES: the number of frames gives 80% balanced accuracy, the
/// look of the last frame 78%, image statistics 75%.
enum class TrivialBaseline {
  /// A threshold on the number of frames in the video.
  kFrameCount,
  /// A threshold on how far the last frame differs from the empty gel.
  kLastFrameEmpty,
  /// A random forest over 14 statistics of the first and last frame.
  kImageStatistics,
};
inline constexpr TrivialBaseline kTrivialBaselines[] = {TrivialBaseline::kFrameCount,
                                                        TrivialBaseline::kLastFrameEmpty,
                                                        TrivialBaseline::kImageStatistics};
const char* to_string(TrivialBaseline baseline);

/// Fits on the training grasps, then says slip or not of each test grasp.
std::vector<bool> trivial_decisions(TrivialBaseline baseline,
                                    std::span<const ImportedGrasp* const> training,
                                    std::span<const ImportedGrasp* const> test);

/// A threshold on one number, and the side on which slip lies.
struct Stump {
  double threshold = 0.0;
  bool slip_below = true;

  bool says_slip(double value) const { return (value < threshold) == slip_below; }
};

/// The threshold with the best balanced accuracy, half way between the neighbouring values; of
/// equally good ones the middle one.
/// @throws std::invalid_argument if a class is missing.
Stump fit_stump(std::span<const double> values, const std::vector<bool>& slip);

}  // namespace gripbench::experiments

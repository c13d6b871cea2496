#pragma once

#include <array>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "sim/calibration/simulated_presses.h"

namespace gripbench::sim {

/// What a set of gel pictures looks like, by numbers; the same measure for real and simulated.
/// Grey levels and px of the pictures; channels are blue, green, red.
struct GelLook {
  std::array<std::array<double, 256>, 3> histogram{};  ///< of the untouched gel, dots included
  std::array<double, 3> mean{};
  double dots = 0.0, pitch = 0.0, diameter = 0.0, diameter_spread = 0.0, position_spread = 0.0;
  double bend = 0.0, stretch = 0.0;  ///< as of MarkerProfile
  double darkness = 0.0, softness = 0.0;
  /// Standard deviation from frame to frame where nothing moves (least moved pairs of frames).
  std::array<double, 3> noise{};
  /// In the contact: share of the view, change of colour against the untouched gel (median, 90%,
  /// 99% of the largest of three channels), gradient of brightness per px (median, 90%).
  double contact_share = 0.0;
  std::array<double, 3> change{};
  std::array<double, 2> gradient{};
  /// One of the untouched and one of the most pressed frames.
  cv::Mat calm, pressed;
};

/// Where a sequence does not say how its untouched gel looks, its calmest frame stands for it:
/// right only if some frame shows the gel with nothing on it.
/// @throws std::invalid_argument if there are no frames.
GelLook measure_look(const std::vector<GelSequence>& sequences);

struct LikenessRow {
  std::string quantity;
  double real = 0.0, simulated = 0.0, difference = 0.0;
  /// Difference as a share of what would be striking; rows are ranked by it.
  double weight = 0.0;
};

/// Row by row; for colours `difference` is the distance between the histograms (earth mover's,
/// grey levels), else simulated less real.
std::vector<LikenessRow> compare_looks(const GelLook& real, const GelLook& simulated);

}  // namespace gripbench::sim

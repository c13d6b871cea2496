#pragma once

#include <opencv2/core/mat.hpp>

#include <Eigen/Core>

#include "hal/objects.h"

namespace gripbench::sim {

/// One tile of the print on an object's surface, and how often it repeats over a part.
struct PrintTile {
  cv::Mat image;  ///< 8-bit BGR
  /// Repeats around the part and along its axis.
  Eigen::Vector2i repeats = {1, 1};
};

/// The tile for a part whose surface measures `around` by `along` (m). The print's pitch is bent so
/// far that whole tiles fit around the part. The same description gives the same pixels.
PrintTile print_tile(const hal::Appearance& appearance, double around, double along);

}  // namespace gripbench::sim

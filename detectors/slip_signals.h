#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <opencv2/core.hpp>

#include "detectors/slip_detector.h"
#include "detectors/texture_motion.h"

namespace gripbench::detectors {

/// The signals of Dong, Yuan, Adelson 2017 (and Yuan et al. 2015), each of which alone may tell
/// slip. Lengths are in pitches of the marker array, so that sensors of any resolution compare.
enum class SlipSignal : std::size_t {
  /// The object's texture against the markers in the contact: shift, and turn (arc at the
  /// contact's radius).
  kTextureTranslation,
  kTextureRotation,
  /// How far the markers around the contact fall behind those in its middle.
  kRimLag,
  /// Root mean square of what a rigid motion leaves of the markers' motion in the contact.
  kInhomogeneity,
  /// Entropy of the markers' displacement magnitudes, 0 (all alike) to 1.
  kEntropy,
  /// Share of the relief's energy in the contact that is gone.
  kContactLoss,
  /// Over time: the markers' motion in the contact stops growing (largest drop of its growth from
  /// one frame to the next), or goes back (largest return from its maximum).
  kStall,
  kReturn,
};
inline constexpr std::size_t kSignalCount = 8;
using Signals = std::array<double, kSignalCount>;

/// A word for files and reports: "texture_translation".
const char* to_string(SlipSignal signal);

/// What is known of a window's first picture; the rest is measured against it.
struct FirstLook {
  MarkerField markers;
  Relief relief;
  ContactRegion contact;
};

FirstLook look_at_first(const cv::Mat& tactile);

/// The numbers that one frame adds to a window: the signals up to kContactLoss, then the mean
/// motion of the markers in the contact, x and y (pitches).
inline constexpr std::size_t kFrameNumbers = 8;
Encoding measure_frame(const FirstLook& first, const cv::Mat& tactile);

/// Signals of a window from what its frames added, in order of time: the largest of each.
/// @throws std::invalid_argument if a frame does not hold kFrameNumbers finite numbers.
Signals window_signals(std::span<const Encoding> frames);

}  // namespace gripbench::detectors

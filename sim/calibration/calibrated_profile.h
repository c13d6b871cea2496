#pragma once

#include <filesystem>
#include <string>

#include <opencv2/core/mat.hpp>

#include "sim/calibration/ball_press.h"
#include "sim/calibration/optics_fit.h"
#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// The sensor's profile from a fit: lights or table, background, dots, noise and view from the
/// pictures; the pad's mechanics, its spread and its blur in pixels from `base`.
/// @param pixel_pitch m on the gel.
SensorProfile calibrated_profile(const SensorProfile& base, const ReferencePicture& reference,
                                 std::span<const BallPress> presses, const OpticsFit& fit,
                                 double pixel_pitch);

/// Smallest grid of the base's pitch that covers the profile's view.
void cover_view(SensorProfile& profile);

/// What the renderer adds to the untouched gel where a ball presses as `shape` says: 32-bit BGR.
/// @param ball_radius m.
cv::Mat rendered_change(const OpticsProfile& optics, const OpticsFit& fit, const PressShape& shape,
                        double ball_radius);

/// Error of a rendered press against its picture (root mean square over free pixels and channels,
/// grey levels), and that of "nothing changes".
struct PressError {
  double inside = 0.0, inside_unchanged = 0.0;  ///< within the contact
  double around = 0.0, around_unchanged = 0.0;  ///< within the press's reach
};
PressError press_error(const BallPress& press, const cv::Mat& change, const PressShape& shape);

/// Real, rendered (reference picture plus change), difference around 128 doubled, side by side and
/// cropped to the press.
cv::Mat press_comparison(const BallPress& press, const ReferencePicture& reference,
                         const cv::Mat& change);

/// Writes a profile that SensorProfile::load reads back, its table in a file beside it (same name,
/// .table). Checks it by reading it before it takes its place.
/// @param heading comment at the file's top; each line is given its '#'.
/// @throws StorageError if it cannot be written; ConfigError if the profile is impossible.
void write_profile(const SensorProfile& profile, const std::string& heading,
                   const std::filesystem::path& file);

}  // namespace gripbench::sim

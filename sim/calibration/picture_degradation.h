#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace gripbench::sim {

/// What was done to a sensor's pictures before they were published, to be done to simulated ones.
struct Degradation {
  cv::Size size;
  /// Colours of a dithered palette; 0 for full colour.
  int palette = 0;
  /// MPEG-4 at OpenCV's own rate, as in recordings that OpenCV wrote.
  bool video = false;
};

/// Number of colours in a picture, counted up to `most` + 1.
int count_colors(const cv::Mat& bgr, int most);

/// The picture in a palette of its own (median cut, Heckbert 1982) with error diffusion (Floyd,
/// Steinberg 1976).
cv::Mat dither(const cv::Mat& bgr, int colors);

/// One still or moving sequence, degraded frame by frame.
/// @param scratch an existing folder for a temporary video.
/// @throws StorageError if a video cannot be written there.
std::vector<cv::Mat> degrade(const std::vector<cv::Mat>& frames, const Degradation& how,
                             const std::filesystem::path& scratch);

}  // namespace gripbench::sim

#pragma once

#include <cstdint>

#include <opencv2/core/mat.hpp>

#include <Eigen/Core>

namespace gripbench::sim {

/// What lens, sensor and mount do to the pictures of one grasp. 8-bit steps and pixels.
struct ImageVariation {
  /// Seed of everything that changes from frame to frame.
  std::uint64_t seed = 0;
  /// Exposure and white balance: factor on blue, green, red.
  Eigen::Vector3d gain = Eigen::Vector3d::Ones();
  /// Share of the light that the lens loses in the picture's corners; grows with the square of the
  /// distance from the middle.
  double vignette = 0.0;
  /// Standard deviation of the noise of a black pixel.
  double read_noise = 0.0;
  /// Growth of the noise's variance per step of brightness, by the photons' own randomness.
  double shot_noise = 0.0;
  /// Standard deviation of the blur by lens and motion, up to 1.2 px.
  double blur_px = 0.0;
  /// Largest shift of a frame, in x and in y, by the shaking of the mount, up to 1 px.
  double vibration_px = 0.0;
};

/// Turns a rendered picture (8-bit BGR) into the one the camera would deliver as its frame number
/// `frame_index`: shaken, blurred, vignetted, exposed and noisy, in this order. The noise is
/// bell-shaped (a sum of four uniform variables, so within 3.46 standard deviations), independent
/// between pixels, channels and frames, and the same for the same seed and frame.
/// @throws std::invalid_argument if the image is not 8-bit BGR or a value is out of its range.
void finish_camera_image(cv::Mat& image, const ImageVariation& variation,
                         std::uint64_t frame_index);

}  // namespace gripbench::sim

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <opencv2/core/mat.hpp>

#include "sim/gel_height_field.h"
#include "sim/gel_imprint.h"
#include "sim/gel_markers.h"
#include "sim/gel_shading.h"
#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// How lamps and dots of a specimen are in one grasp: lamps drift, dots wear off.
struct GelCondition {
  /// Factor on blue, green, red.
  std::array<double, 3> light_gain = {1.0, 1.0, 1.0};
  /// Share of their darkness that the dots have lost.
  double dot_fade = 0.0;
  /// Standard deviation of each dot's place, along x and along y, from frame to frame (pixels).
  double dot_shake_px = 0.0;
};

/// The camera of one GelSight specimen: pictures of its gel from what touches it.
///
/// From the object's surface to the picture: height field (GelHeightField), colours (GelShading),
/// blur, dots (GelMarkers), noise. Image x and y are the pad's; pixel (u, v) lies at
/// ((u - (width - 1) / 2) * pitch, (v - (height - 1) / 2) * pitch). The same imprint and seed give
/// the same bytes, whatever was rendered before.
///
/// Not thread-safe, uses one thread, and allocates nothing per frame once the first is drawn.
class GelSightImage {
 public:
  /// @param wear_seed picks the specimen: how its dots are placed and worn.
  GelSightImage(const OpticsProfile& optics, std::uint64_t wear_seed);

  /// From here on pictures are of the gel in this condition.
  void set_condition(const GelCondition& condition) { condition_ = condition; }

  /// Draws the gel into `bgr`, 8-bit, re-allocated only if its size or type is another.
  /// @param frame_seed of this frame's noise.
  /// @throws std::invalid_argument if the imprint's fields do not have its grid's size.
  void render(const GelImprint& imprint, std::uint64_t frame_seed, cv::Mat& bgr);

  /// The untouched gel without noise.
  cv::Mat background();

  int width() const { return width_; }
  int height() const { return height_; }
  /// Distance on the gel's surface that one pixel spans (m).
  double pixel_pitch() const { return pixel_pitch_; }
  /// Centres of the dots at rest (m, pad frame), also of those just outside of the view.
  const std::vector<Eigen::Vector2d>& marker_rest_positions() const {
    return markers_.rest_positions();
  }

 private:
  void make_noise_bank();
  void blur(const PixelRegion& region);
  /// Colours, dots and (if there is a seed) noise to bytes.
  void compose(const std::uint64_t* frame_seed, cv::Mat& bgr);

  int width_, height_;
  double pixel_pitch_, noise_;
  GelCondition condition_;
  GelHeightField height_field_;
  GelShading shading_;
  GelMarkers markers_;
  GelShading::Planes planes_;
  /// Weights of the blur: middle, first and second neighbours.
  float blur_weights_[3];
  GelPlane blur_rows_;
  std::vector<std::int16_t> noise_bank_;
  RowUpsampler upsampler_;
  std::vector<float> row_, clear_row_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace gripbench::sim

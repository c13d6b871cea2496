#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "sim/gel_imprint.h"
#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// The dots printed on one specimen of a gel: where each is, what it looks like, and the picture of
/// them as the gel's surface moves.
///
/// The image plane here is the camera's: pixel (u, v) lies at x = (u - (width - 1) / 2) * pitch.
class GelMarkers {
 public:
  /// @param wear_seed picks the specimen: irregularity and wear of each dot.
  GelMarkers(const OpticsProfile& optics, std::uint64_t wear_seed);

  /// Moves the dots with the gel's surface and draws how much light they take: 0 to 255 (all) per
  /// pixel, over the whole image. Each dot's place is off by normal noise of standard deviation
  /// `shake_px` (pixels, along x and along y), drawn from `shake_seed`.
  void draw(const GelImprint& imprint, double shake_px = 0.0, std::uint64_t shake_seed = 0);
  /// Draws the dots at rest.
  void draw_at_rest();

  const std::uint8_t* opacity_row(int v) const {
    return &opacity_[static_cast<std::size_t>(v) * width_];
  }

  /// Centres of the dots at rest (m, pad frame), including those just outside of the view.
  const std::vector<Eigen::Vector2d>& rest_positions() const { return rest_; }

 private:
  void draw_dot(std::size_t index, const Eigen::Vector2d& displacement);
  void compute_spread(const GelImprint& imprint);

  int width_, height_;
  double pitch_;
  double spread_;
  std::vector<Eigen::Vector2d> rest_;
  /// Opacity (0 to 255) of each dot around its centre, stamp_size_ x stamp_size_ pixels.
  int stamp_size_;
  std::vector<float> stamps_;
  std::vector<std::uint8_t> opacity_;
  /// Indentation smoothed over its neighbours, on the pad's grid (m).
  std::vector<float> smooth_, smooth_tmp_;
};

}  // namespace gripbench::sim

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace gripbench::sim {

/// Where a ball touches the gel (px of the picture).
struct PressShape {
  double x = 0.0, y = 0.0;
  double contact_radius = 0.0;
};

/// What all presses of one ball on one gel share (px of the picture).
struct PressScale {
  double ball_radius = 0.0;
  /// OpticsProfile::membrane_length.
  double membrane = 0.0;
};

/// Slope of the gel's indentation around a ball: the ball's own in the contact; outside, that of
/// the membrane which leaves it smoothly,
///   s(r) = s(a) K1(r / L) / K1(a / L),
/// the solution of GelHeightField's equation for a round contact.
class PressProfile {
 public:
  /// @param contact_radius is held between 2 px and 0.98 of the ball's radius.
  PressProfile(double contact_radius, const PressScale& scale, double reach);
  /// |de/dr| at distance r from the middle (px); the gel falls away from the middle.
  double slope(double r) const;
  /// How deep the ball reaches below the untouched surface (px).
  double depth() const { return depth_; }

 private:
  std::vector<double> table_;
  double depth_;
};

/// One pixel near a press that shows the gel and no dot.
struct PressPixel {
  float x, y;           ///< px
  float background[3];  ///< the untouched gel, smoothed (grey levels; blue, green, red)
  float change[3];      ///< press less reference (grey levels)
};

/// A picture of a ball on the gel.
struct BallPress {
  std::string name;
  cv::Mat picture;                 ///< 8-bit BGR
  PressShape shape;                ///< as found in the picture; fits refine it
  std::vector<PressPixel> pixels;  ///< within `reach` of the middle
  double reach = 0.0;
  /// Spread of the change far from the press: twice the variance of the camera's noise, and
  /// whatever else changed (grey levels).
  double far_deviation = 0.0;
};

/// The untouched gel.
struct ReferencePicture {
  cv::Mat picture;  ///< 8-bit BGR
  cv::Mat dots;     ///< 8-bit mask: not 0 where a dot may be
  cv::Mat smooth;   ///< 32-bit BGR: the gel without its dots
};

/// Pixels that belong to dark dots: darker in every channel than what lies around them, widened.
cv::Mat mask_dots(const cv::Mat& bgr);

/// @throws InputError if the picture is missing or no picture.
ReferencePicture load_reference(const std::filesystem::path& file);

/// Finds the one press in a picture.
/// @throws InputError if the picture is missing, of another size than the reference, or shows no
/// clear press.
BallPress load_ball_press(const std::filesystem::path& file, const ReferencePicture& reference);

}  // namespace gripbench::sim

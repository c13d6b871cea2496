#pragma once

#include <array>
#include <optional>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace gripbench::sim {

/// A dark dot of a gel picture, whole in view (px).
struct GelDot {
  double x = 0.0, y = 0.0;
  double diameter = 0.0;  ///< of the disc as large as what is darker than half of its darkest
  double darkness = 0.0;  ///< share of the light that its darkest 5% take
  double softness = 0.0;  ///< mean distance over which darkness falls from 90% to 10%
};

/// Dots found against the picture's own large-scale brightness (its brightest channel), knowing
/// nothing of how they were made. The same for real and simulated pictures.
std::vector<GelDot> find_gel_dots(const cv::Mat& bgr);

/// The square lattice that dots stand on as the camera shows it, and how they vary (px, rad).
struct DotLattice {
  double pitch = 0.0, angle = 0.0;
  double origin_x = 0.0, origin_y = 0.0;  ///< a lattice point, from the picture's middle
  double bend = 0.0, stretch = 0.0;       ///< as of MarkerProfile; 0 where few dots are seen
  double position_deviation = 0.0;        ///< off their places, per axis
  double diameter = 0.0, diameter_deviation = 0.0;
  double darkness = 0.0, darkness_deviation = 0.0;
  double softness = 0.0;
};

/// Nothing where fewer than 6 dots stand on a lattice.
std::optional<DotLattice> fit_dot_lattice(const std::vector<GelDot>& dots, const cv::Size& picture);

/// OpticsProfile::background of a picture, of degree 6: least squares over what `mask` leaves out.
std::array<std::vector<double>, 3> fit_background(const cv::Mat& bgr, const cv::Mat& mask);

}  // namespace gripbench::sim

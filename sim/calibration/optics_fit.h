#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <Eigen/Core>

#include "sim/calibration/ball_press.h"
#include "sim/shading_table.h"

namespace gripbench::sim {

/// Three near lamps whose change of light is added to the untouched gel
/// (ShadingModel::kDifference). Lengths in half widths of the picture, from its middle, x to the
/// right, y down, height towards the camera.
struct LampModel {
  struct Lamp {
    double x = 0.0, y = 0.0, height = 0.0;
    std::array<double, 3> color{};  ///< grey levels; blue, green, red
  };
  std::array<Lamp, 3> lamps;
  double falloff = 0.0;
};

/// A smooth function of the normal and, linearly, of the place (ShadingModel::kTable): polynomial
/// coefficients of one row per term, one column per channel.
struct TableModel {
  Eigen::MatrixXd coefficients;
  /// Of the surfaces it was fitted to (rad); beyond, the table holds its last value.
  double steepest_tilt = 0.0;

  /// The same as a table over bins of tilt and direction.
  ShadingTable table() const;
};

using ShadingFit = std::variant<LampModel, TableModel>;

/// What the presses tell about the gel and its lights.
struct OpticsFit {
  PressScale scale;
  ShadingFit shading;
  /// Of the presses fitted, in their order.
  std::vector<PressShape> shapes;
  double rms = 0.0;  ///< over the fitted pixels and channels (grey levels)
};

/// Picture size that places are measured against.
struct PictureFrame {
  double width = 0.0, height = 0.0;  ///< px
};

/// Fits lamps, shapes, the membrane's length, and the ball's radius in px unless it is given.
///
/// The radius comes out of how the colours curve with the slope; it is less sure than a measured
/// pixel pitch (see `gripbench calibrate --help`).
OpticsFit fit_lamps(std::span<const BallPress> presses, const PictureFrame& frame,
                    std::optional<double> ball_radius_px);

/// Fits a table to presses whose scale and shapes are those of `lamps`.
OpticsFit fit_table(std::span<const BallPress> presses, const PictureFrame& frame,
                    const OpticsFit& lamps);

/// Change of colour (grey levels; blue, green, red) at a place (px) of a surface with the given
/// slopes.
std::array<double, 3> predict_change(const ShadingFit& fit, const PictureFrame& frame, double x,
                                     double y, double slope_x, double slope_y);

/// Finds the place and radius of a press that a fit has not seen; all else stays as fitted.
PressShape locate_press(const BallPress& press, const OpticsFit& fit, const PictureFrame& frame);

}  // namespace gripbench::sim

#pragma once

#include <span>
#include <string>

#include <opencv2/core/mat.hpp>

#include <Eigen/Core>

#include "hal/pad_map.h"

namespace gripbench::experiments {

/// What of a pad's map is drawn.
enum class PadView { kHeight, kPressure, kTraction, kSlip };

/// What the colours and the longest arrows stand for: indentation and slip (m), pressure and
/// traction (Pa). One set for all frames of a grasp, or else pictures could not be compared.
struct PadScales {
  double indentation = 0.0;
  double pressure = 0.0;
  double traction = 0.0;
  double slip = 0.0;
};

/// The largest values of all maps, rounded up to 1, 2 or 5 times a power of ten.
PadScales common_scales(std::span<const hal::PadMap> maps);

/// A map in figures: areas (m^2), mean over the contact of the length of the nodes' slip (m), force
/// on the pad (N; z presses on it) and torque about its normal (N·m).
struct PadFigures {
  double contact_area = 0.0;
  double stick_area = 0.0;
  double mean_slip = 0.0;
  double deepest = 0.0;  ///< m
  Eigen::Vector3d force = Eigen::Vector3d::Zero();
  double torque = 0.0;

  /// Share of the contact that sticks, in [0, 1]; 0 without a contact.
  double stick_share() const { return contact_area > 0.0 ? stick_area / contact_area : 0.0; }
};
PadFigures sum_up(const hal::PadMap& map);

/// The pad as a tactile image shows it (x to the right, y down), 8-bit BGR; a node is a square of
/// `node_px` pixels. Nodes out of contact are light grey.
///   height    indentation in false colour
///   pressure  in false colour
///   traction  its size in false colour, direction and size as arrows
///   slip      sticking nodes blue, slipping ones orange; slip since it was zeroed as arrows
cv::Mat draw_pad_map(const hal::PadMap& map, PadView view, const PadScales& scales, int node_px);

/// What colours and arrows of `draw_pad_map` mean, with units: a column of `size` pixels (90 wide
/// or more).
cv::Mat draw_pad_legend(PadView view, const PadScales& scales, const cv::Size& size);

/// The view's most telling figure: "sticks 62%".
std::string pad_figure(const PadFigures& figures, PadView view);

/// All figures, in two lines.
std::string contact_line(const PadFigures& figures);
std::string wrench_line(const PadFigures& figures);

/// Dark text of one line with its left bottom corner at `at`.
void put_words(cv::Mat& picture, const std::string& words, const cv::Point& at, double size);

}  // namespace gripbench::experiments

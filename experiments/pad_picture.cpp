#include "experiments/pad_picture.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

namespace gripbench::experiments {
namespace {

// Colours that colour-blind readers tell apart (Okabe and Ito 2008), as BGR.
const cv::Scalar kStick(178, 114, 0);
const cv::Scalar kSlip(0, 159, 230);
const cv::Scalar kFree(225, 225, 225);
const cv::Scalar kInk(20, 20, 20);
const cv::Scalar kWhite = cv::Scalar::all(255);

/// Every how many nodes there is an arrow, and the length of the longest, in nodes.
constexpr int kArrowEvery = 2;
constexpr double kArrowReach = 2.6;
/// Shorter arrows (px) would be mere dots.
constexpr double kShortestArrow = 2.0;
/// Legends name lengths of slip under this as none (m).
constexpr double kNoSlip = 1e-9;

double round_up(double value) {
  if (!(value > 0.0)) return 0.0;
  const double decade = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (value <= step * decade * (1.0 + 1e-9)) return step * decade;
  }
  return 10.0 * decade;
}

/// On a grid of 1 / `per_unit`, and never minus zero.
double rounded(double value, double per_unit) {
  return std::round(value * per_unit) / per_unit + 0.0;
}

cv::Vec3b false_colour(double value, double full) {
  const double share = full > 0.0 ? std::clamp(value / full, 0.0, 1.0) : 0.0;
  cv::Mat level(1, 1, CV_8U, cv::Scalar(std::lround(255.0 * share)));
  cv::Mat colour;
  cv::applyColorMap(level, colour, cv::COLORMAP_VIRIDIS);
  return colour.at<cv::Vec3b>(0, 0);
}

/// The value behind the false colour of a node, and what the brightest stands for.
struct Shade {
  double value;
  double full;
};

Shade shade_of(const hal::PadMap& map, int node, PadView view, const PadScales& scales) {
  switch (view) {
    case PadView::kHeight:
      return {map.indentation[node], scales.indentation};
    case PadView::kPressure:
      return {map.pressure[node], scales.pressure};
    case PadView::kTraction:
    case PadView::kSlip:
      break;
  }
  return {std::hypot(map.traction_x[node], map.traction_y[node]), scales.traction};
}

cv::Scalar node_colour(const hal::PadMap& map, int node, PadView view, const PadScales& scales) {
  if (!map.in_contact(node)) return kFree;
  if (view == PadView::kSlip) return map.sticking[node] != 0 ? kStick : kSlip;
  const Shade shade = shade_of(map, node, view, scales);
  return cv::Scalar(false_colour(shade.value, shade.full));
}

void draw_arrow(cv::Mat& picture, const cv::Point2d& middle, const Eigen::Vector2d& pixels,
                const cv::Scalar& colour) {
  const double length = pixels.norm();
  if (length < kShortestArrow) return;
  // Centred on its node, so that the field looks where it is.
  const cv::Point2d half(0.5 * pixels.x(), 0.5 * pixels.y());
  constexpr int kFraction = 4;
  const auto fixed = [](const cv::Point2d& p) {
    return cv::Point(static_cast<int>(std::lround(p.x * (1 << kFraction))),
                     static_cast<int>(std::lround(p.y * (1 << kFraction))));
  };
  cv::arrowedLine(picture, fixed(middle - half), fixed(middle + half), colour, 1, cv::LINE_AA,
                  kFraction, 0.35);
}

/// Arrows of a field on every second node of the contact.
void draw_arrows(cv::Mat& picture, const hal::PadMap& map, const std::vector<double>& field_x,
                 const std::vector<double>& field_y, double full, int node_px,
                 const cv::Scalar& colour) {
  if (full <= kNoSlip) return;
  const double per_unit = kArrowReach * node_px / full;
  for (int j = kArrowEvery / 2; j < map.ny; j += kArrowEvery) {
    for (int i = kArrowEvery / 2; i < map.nx; i += kArrowEvery) {
      const int node = j * map.nx + i;
      if (!map.in_contact(node)) continue;
      draw_arrow(picture, {(i + 0.5) * node_px, (j + 0.5) * node_px},
                 per_unit * Eigen::Vector2d(field_x[node], field_y[node]), colour);
    }
  }
}

/// A quantity as legends write it.
struct Quantity {
  const char* name;
  const char* unit;
  double full;
};

Quantity quantity_of(PadView view, const PadScales& scales) {
  switch (view) {
    case PadView::kHeight:
      return {"indentation", "mm", 1e3 * scales.indentation};
    case PadView::kPressure:
      return {"pressure", "kPa", 1e-3 * scales.pressure};
    case PadView::kTraction:
      return {"traction", "kPa", 1e-3 * scales.traction};
    case PadView::kSlip:
      break;
  }
  return {"slip", "mm", 1e3 * scales.slip};
}

constexpr double kLegendText = 0.4;
constexpr int kLine = 16;

void draw_colour_bar(cv::Mat& legend, const Quantity& quantity) {
  const int top = 2 * kLine + 6;
  const int height = legend.rows - top - 8;
  put_words(legend, quantity.name, {6, kLine - 3}, kLegendText);
  put_words(legend, quantity.unit, {6, 2 * kLine - 4}, kLegendText);
  if (height < 2) return;
  const cv::Rect bar(6, top, 16, height);
  for (int y = 0; y < height; ++y) {
    const double share = 1.0 - static_cast<double>(y) / (height - 1);
    const cv::Scalar colour(false_colour(share, 1.0));
    cv::line(legend, {bar.x, top + y}, {bar.x + bar.width - 1, top + y}, colour);
  }
  cv::rectangle(legend, bar, kInk);
  for (const double share : {1.0, 0.5, 0.0}) {
    const int y = top + static_cast<int>(std::lround((1.0 - share) * (height - 1)));
    cv::line(legend, {bar.x + bar.width, y}, {bar.x + bar.width + 4, y}, kInk);
    put_words(legend, fmt::format("{:.3g}", share * quantity.full), {bar.x + bar.width + 7, y + 4},
              kLegendText);
  }
}

void draw_slip_legend(cv::Mat& legend, double full_slip) {
  int y = 4;
  const auto entry = [&](const cv::Scalar& colour, const char* word) {
    cv::rectangle(legend, {6, y, 13, 12}, colour, cv::FILLED);
    put_words(legend, word, {25, y + 11}, kLegendText);
    y += kLine + 2;
  };
  entry(kStick, "sticks");
  entry(kSlip, "slips");
  entry(kFree, "free");
  if (full_slip <= kNoSlip) return;
  y += kLine;
  put_words(legend, "arrows:", {6, y}, kLegendText);
  put_words(legend, fmt::format("to {:.3g} mm", 1e3 * full_slip), {6, y + kLine}, kLegendText);
  put_words(legend, "since T(-2)", {6, y + 2 * kLine}, kLegendText);
}

}  // namespace

PadScales common_scales(std::span<const hal::PadMap> maps) {
  PadScales scales;
  for (const hal::PadMap& map : maps) {
    for (int n = 0; n < map.size(); ++n) {
      if (!map.in_contact(n)) continue;
      scales.indentation = std::max(scales.indentation, map.indentation[n]);
      scales.pressure = std::max(scales.pressure, map.pressure[n]);
      scales.traction = std::max(scales.traction, std::hypot(map.traction_x[n], map.traction_y[n]));
      scales.slip = std::max(scales.slip, std::hypot(map.slip_x[n], map.slip_y[n]));
    }
  }
  for (double* scale : {&scales.indentation, &scales.pressure, &scales.traction, &scales.slip}) {
    *scale = round_up(*scale);
  }
  return scales;
}

PadFigures sum_up(const hal::PadMap& map) {
  PadFigures figures;
  int contact = 0;
  int sticking = 0;
  for (int j = 0; j < map.ny; ++j) {
    for (int i = 0; i < map.nx; ++i) {
      const int n = j * map.nx + i;
      if (!map.in_contact(n)) continue;
      ++contact;
      sticking += map.sticking[n];
      figures.mean_slip += std::hypot(map.slip_x[n], map.slip_y[n]);
      figures.deepest = std::max(figures.deepest, map.indentation[n]);
      figures.force += Eigen::Vector3d(map.traction_x[n], map.traction_y[n], map.pressure[n]);
      figures.torque += map.x(i) * map.traction_y[n] - map.y(j) * map.traction_x[n];
    }
  }
  if (contact == 0) return figures;
  figures.contact_area = contact * map.node_area();
  figures.stick_area = sticking * map.node_area();
  figures.mean_slip /= contact;
  figures.force *= map.node_area();
  figures.torque *= map.node_area();
  return figures;
}

cv::Mat draw_pad_map(const hal::PadMap& map, PadView view, const PadScales& scales, int node_px) {
  cv::Mat picture(map.ny * node_px, map.nx * node_px, CV_8UC3, kWhite);
  // A gap between the nodes shows the grid where there is room for it.
  const int gap = view == PadView::kSlip && node_px >= 8 ? 1 : 0;
  for (int j = 0; j < map.ny; ++j) {
    for (int i = 0; i < map.nx; ++i) {
      const cv::Rect square(i * node_px, j * node_px, node_px - gap, node_px - gap);
      picture(square).setTo(node_colour(map, j * map.nx + i, view, scales));
    }
  }
  if (view == PadView::kTraction) {
    draw_arrows(picture, map, map.traction_x, map.traction_y, scales.traction, node_px, kWhite);
  } else if (view == PadView::kSlip) {
    draw_arrows(picture, map, map.slip_x, map.slip_y, scales.slip, node_px, kInk);
  }
  return picture;
}

cv::Mat draw_pad_legend(PadView view, const PadScales& scales, const cv::Size& size) {
  cv::Mat legend(size, CV_8UC3, kWhite);
  if (view == PadView::kSlip) {
    draw_slip_legend(legend, scales.slip);
  } else {
    draw_colour_bar(legend, quantity_of(view, scales));
  }
  return legend;
}

std::string pad_figure(const PadFigures& figures, PadView view) {
  if (figures.contact_area <= 0.0) return "no contact";
  switch (view) {
    case PadView::kHeight:
      return fmt::format("deepest {:.2f} mm", 1e3 * figures.deepest);
    case PadView::kPressure:
      return fmt::format("normal {:.2f} N", figures.force.z());
    case PadView::kTraction:
      return fmt::format("shear {:.2f} N", figures.force.head<2>().norm());
    case PadView::kSlip:
      break;
  }
  return fmt::format("sticks {:.0f}%", 100.0 * figures.stick_share());
}

std::string contact_line(const PadFigures& figures) {
  if (figures.contact_area <= 0.0) return "no contact";
  return fmt::format("contact {:.1f} mm^2, {:.0f}% of it sticks; mean slip {:.3f} mm",
                     1e6 * figures.contact_area, 100.0 * figures.stick_share(),
                     1e3 * figures.mean_slip);
}

std::string wrench_line(const PadFigures& figures) {
  return fmt::format("force x {:.2f}, y {:.2f}, normal {:.2f} N; torque {:.1f} mN m",
                     rounded(figures.force.x(), 100.0), rounded(figures.force.y(), 100.0),
                     figures.force.z(), rounded(1e3 * figures.torque, 10.0));
}

void put_words(cv::Mat& picture, const std::string& words, const cv::Point& at, double size) {
  cv::putText(picture, words, at, cv::FONT_HERSHEY_SIMPLEX, size, kInk, 1, cv::LINE_AA);
}

}  // namespace gripbench::experiments

#include "experiments/pad_picture.h"

#include <gtest/gtest.h>
#include <opencv2/core.hpp>

namespace gripbench::experiments {
namespace {

constexpr int kNode = 16;
const cv::Vec3b kBlue(178, 114, 0);
const cv::Vec3b kOrange(0, 159, 230);
const cv::Vec3b kGrey(225, 225, 225);

/// 4 x 3 nodes of 1 mm. Row 1 is in contact: sticks, sticks, slips; the rest is free.
hal::PadMap hand_made() {
  hal::PadMap map{.nx = 4, .ny = 3, .pitch = 1e-3};
  for (auto* field : {&map.pressure, &map.traction_x, &map.traction_y, &map.slip_x, &map.slip_y,
                      &map.displacement_x, &map.displacement_y, &map.indentation}) {
    field->assign(12, 0.0);
  }
  map.sticking.assign(12, 0);
  for (int node : {4, 5, 6}) {
    map.indentation[node] = 1e-4 * (node - 3);
    map.pressure[node] = 1e4 * (node - 3);
    map.traction_y[node] = 2e3;
  }
  map.traction_x[6] = 1e3;
  map.sticking[4] = map.sticking[5] = 1;
  map.slip_y[6] = 3e-4;
  return map;
}

cv::Vec3b corner_of_node(const cv::Mat& picture, int i, int j) {
  return picture.at<cv::Vec3b>(j * kNode + 1, i * kNode + 1);
}

double brightness(const cv::Vec3b& colour) { return 0.3 * colour[2] + 0.6 * colour[1]; }

TEST(PadPicture, AddsUpTheNodes) {
  const PadFigures figures = sum_up(hand_made());
  EXPECT_NEAR(figures.contact_area, 3e-6, 1e-15);
  EXPECT_NEAR(figures.stick_area, 2e-6, 1e-15);
  EXPECT_NEAR(figures.mean_slip, 1e-4, 1e-12);
  EXPECT_NEAR(figures.deepest, 3e-4, 1e-12);
  EXPECT_NEAR(figures.force.x(), 1e-3, 1e-12);
  EXPECT_NEAR(figures.force.y(), 6e-3, 1e-12);
  EXPECT_NEAR(figures.force.z(), 6e-2, 1e-12);
  // Nodes at x = -1.5, -0.5, 0.5 mm on the line y = 0: 2 mN each along y.
  EXPECT_NEAR(figures.torque, 2e-3 * -1.5e-3, 1e-12);
  EXPECT_EQ(pad_figure(figures, PadView::kSlip), "sticks 67%");
  EXPECT_EQ(contact_line(figures), "contact 3.0 mm^2, 67% of it sticks; mean slip 0.100 mm");
}

TEST(PadPicture, SaysWhenNothingTouches) {
  hal::PadMap map = hand_made();
  std::fill(map.indentation.begin(), map.indentation.end(), 0.0);
  const PadFigures figures = sum_up(map);
  EXPECT_EQ(figures.stick_share(), 0.0);
  EXPECT_EQ(figures.mean_slip, 0.0);
  EXPECT_EQ(pad_figure(figures, PadView::kPressure), "no contact");
  EXPECT_EQ(contact_line(figures), "no contact");
}

TEST(PadPicture, ScalesAreRoundAndCoverAllMaps) {
  hal::PadMap small = hand_made();
  hal::PadMap large = hand_made();
  large.pressure[6] = 3.3e4;
  const std::array<hal::PadMap, 2> both{small, large};
  const PadScales scales = common_scales(both);
  EXPECT_NEAR(scales.pressure, 5e4, 1e-6);
  EXPECT_NEAR(scales.indentation, 5e-4, 1e-12);
  EXPECT_NEAR(scales.traction, 5e3, 1e-9);  // hypot(1, 2) kPa
  EXPECT_NEAR(scales.slip, 5e-4, 1e-12);
  const std::array<hal::PadMap, 1> exact{[] {
    hal::PadMap map = hand_made();
    map.indentation[6] = 2e-4;
    return map;
  }()};
  EXPECT_NEAR(common_scales(exact).indentation, 2e-4, 1e-12);
}

TEST(PadPicture, ShowsStickAndSlipNodeByNode) {
  const hal::PadMap map = hand_made();
  const cv::Mat picture = draw_pad_map(map, PadView::kSlip, common_scales(std::array{map}), kNode);
  ASSERT_EQ(picture.size(), cv::Size(4 * kNode, 3 * kNode));
  EXPECT_EQ(corner_of_node(picture, 0, 1), kBlue);
  EXPECT_EQ(corner_of_node(picture, 1, 1), kBlue);
  EXPECT_EQ(corner_of_node(picture, 2, 1), kOrange);
  EXPECT_EQ(corner_of_node(picture, 3, 1), kGrey);
  EXPECT_EQ(corner_of_node(picture, 0, 0), kGrey);
  EXPECT_EQ(corner_of_node(picture, 2, 2), kGrey);
}

TEST(PadPicture, FalseColourGrowsBrighterWithTheValue) {
  const hal::PadMap map = hand_made();
  const PadScales scales = common_scales(std::array{map});
  for (const PadView view : {PadView::kHeight, PadView::kPressure}) {
    const cv::Mat picture = draw_pad_map(map, view, scales, kNode);
    EXPECT_LT(brightness(corner_of_node(picture, 0, 1)), brightness(corner_of_node(picture, 1, 1)));
    EXPECT_LT(brightness(corner_of_node(picture, 1, 1)), brightness(corner_of_node(picture, 2, 1)));
    EXPECT_EQ(corner_of_node(picture, 3, 1), kGrey);
  }
}

TEST(PadPicture, ArrowsPointAlongTheTraction) {
  // One node of many, so that no other arrow is near: white above and below, not beside it.
  hal::PadMap map = hand_made();
  for (int node : {4, 6}) map.indentation[node] = 0.0;
  const cv::Mat picture = draw_pad_map(map, PadView::kTraction, PadScales{.traction = 4e3}, kNode);
  const int x = 1 * kNode + kNode / 2;
  const int y = 1 * kNode + kNode / 2;
  EXPECT_GT(brightness(picture.at<cv::Vec3b>(y - 6, x)), 180.0);
  EXPECT_GT(brightness(picture.at<cv::Vec3b>(y + 4, x)), 180.0);
  EXPECT_LT(brightness(picture.at<cv::Vec3b>(y - 6, x - 6)), 180.0);
  EXPECT_LT(brightness(picture.at<cv::Vec3b>(y, x + 6)), 180.0);
}

TEST(PadPicture, LegendsAreReadableAtAnySize) {
  const PadScales scales{.indentation = 5e-4, .pressure = 1e5, .traction = 5e4, .slip = 1e-3};
  for (const PadView view :
       {PadView::kHeight, PadView::kPressure, PadView::kTraction, PadView::kSlip}) {
    for (const cv::Size size : {cv::Size(100, 360), cv::Size(90, 114), cv::Size(90, 20)}) {
      const cv::Mat legend = draw_pad_legend(view, scales, size);
      EXPECT_EQ(legend.size(), size);
      EXPECT_GT(cv::countNonZero(legend.reshape(1) < 100), 40);
    }
  }
}

}  // namespace
}  // namespace gripbench::experiments

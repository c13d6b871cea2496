#include "sim/object_print.h"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "sim/object_relief.h"

namespace gripbench::sim {

namespace {

using Print = hal::Appearance::Print;

constexpr int kTilePx = 256;
constexpr int kLabelPx = 512;

cv::Scalar bgr(const Eigen::Vector3d& rgb) {
  return {255.0 * rgb.z(), 255.0 * rgb.y(), 255.0 * rgb.x()};
}

int repeats(double length, double pitch) {
  return std::max(1, static_cast<int>(std::lround(length / pitch)));
}

cv::Mat filled(int size, const Eigen::Vector3d& color) {
  return cv::Mat(size, size, CV_8UC3, bgr(color));
}

/// Bands around the part.
cv::Mat stripes(const hal::Appearance& a) {
  cv::Mat image = filled(kTilePx, a.color);
  image.rowRange(kTilePx / 2, kTilePx).setTo(bgr(a.second_color));
  return image;
}

/// One dark and one light square of a chessboard each way.
cv::Mat checks(const hal::Appearance& a) {
  cv::Mat image = filled(kTilePx, a.color);
  constexpr int kHalf = kTilePx / 2;
  image(cv::Rect(0, 0, kHalf, kHalf)).setTo(bgr(a.second_color));
  image(cv::Rect(kHalf, kHalf, kHalf, kHalf)).setTo(bgr(a.second_color));
  return image;
}

/// A paper label around the middle, with a heading and lines of words on each side.
cv::Mat label(const hal::Appearance& a, double around, double along) {
  cv::Mat image = filled(kLabelPx, a.color);
  const int low = kLabelPx / 6, high = kLabelPx - kLabelPx / 6;
  image.rowRange(low, high).setTo(bgr(a.second_color));
  const cv::Scalar ink = bgr(0.35 * a.color), accent = bgr(a.color);
  // The pitch is the height of a line of words; one label is as wide as a quarter of the way round.
  const int line = std::max(6, static_cast<int>(kLabelPx * a.pitch / along));
  const int letter = std::max(3, static_cast<int>(0.5 * kLabelPx * a.pitch / around));
  for (int side = 0; side < 4; ++side) {
    const int left = side * kLabelPx / 4 + kLabelPx / 40, right = (side + 1) * kLabelPx / 4;
    cv::rectangle(image, {left, low + line / 2}, {right - kLabelPx / 40, low + 2 * line}, accent,
                  cv::FILLED);
    for (int row = 0; low + (row + 4) * line < high; ++row) {
      const int top = low + (row + 3) * line;
      for (int x = left, word = 0; x + letter < right; ++word) {
        const int letters = 2 + static_cast<int>(cell_hash(word, row, side) % 6);
        const int end = std::min(x + letters * letter, right - letter);
        cv::rectangle(image, {x, top}, {end, top + line / 2}, ink, cv::FILLED);
        x = end + 2 * letter;
      }
    }
  }
  return image;
}

/// Round specks of the second colour, 40 to a tile, that run on over the tile's edges.
cv::Mat speckled(const hal::Appearance& a) {
  cv::Mat image = filled(kTilePx, a.color);
  for (int k = 0; k < 40; ++k) {
    const int x = static_cast<int>(cell_hash(k, 0, 7) % kTilePx);
    const int y = static_cast<int>(cell_hash(k, 1, 7) % kTilePx);
    const int radius = 4 + static_cast<int>(cell_hash(k, 2, 7) % 12);
    for (const int dx : {-kTilePx, 0, kTilePx}) {
      for (const int dy : {-kTilePx, 0, kTilePx}) {
        cv::circle(image, {x + dx, y + dy}, radius, bgr(a.second_color), cv::FILLED, cv::LINE_AA);
      }
    }
  }
  return image;
}

}  // namespace

PrintTile print_tile(const hal::Appearance& appearance, double around, double along) {
  const Eigen::Vector2i by_pitch(repeats(around, appearance.pitch),
                                 repeats(along, appearance.pitch));
  switch (appearance.print) {
    case Print::kPlain:
      break;
    case Print::kStripes:
      return {stripes(appearance), by_pitch};
    case Print::kChecks:
      return {checks(appearance), by_pitch};
    case Print::kLabel:
      return {label(appearance, around, along), {1, 1}};
    case Print::kSpeckled:
      return {speckled(appearance), by_pitch};
  }
  return {filled(8, appearance.color), {1, 1}};
}

}  // namespace gripbench::sim

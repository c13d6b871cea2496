#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace gripbench::sim {

/// A picture of floats, row by row.
struct GelPlane {
  GelPlane() = default;
  GelPlane(int width, int height, float value = 0.0f)
      : width(width), height(height), data(static_cast<std::size_t>(width) * height, value) {}

  float* row(int y) { return data.data() + static_cast<std::size_t>(y) * width; }
  const float* row(int y) const { return data.data() + static_cast<std::size_t>(y) * width; }
  void fill(float value) { std::fill(data.begin(), data.end(), value); }

  int width = 0, height = 0;
  std::vector<float> data;
};

/// Pixels x0 <= x < x1, y0 <= y < y1.
struct PixelRegion {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;

  bool empty() const { return x0 >= x1 || y0 >= y1; }
  int width() const { return x1 - x0; }
  /// The same place in a picture of half the size; all bounds must be even.
  PixelRegion halved() const { return {x0 / 2, y0 / 2, x1 / 2, y1 / 2}; }
};

/// Reads a picture at twice its size, between its pixel centres; beyond the rim the rim's value
/// holds.
class RowUpsampler {
 public:
  explicit RowUpsampler(int width) : blended_(static_cast<std::size_t>(width) / 2 + 2) {}

  /// Pixels [x0, x1), both even, of row `y` of the doubled picture, into the same places of `out`.
  void read(const GelPlane& in, int y, int x0, int x1, float* __restrict out) {
    const int j = y / 2;
    const int neighbour = y % 2 == 0 ? std::max(j - 1, 0) : std::min(j + 1, in.height - 1);
    const float* near = in.row(j);
    const float* far = in.row(neighbour);
    const int i0 = x0 / 2, i1 = x1 / 2, last = in.width - 1;
    float* const blended = blended_.data() + 1 - i0;
    for (int i = i0; i < i1; ++i) blended[i] = 0.75f * near[i] + 0.25f * far[i];
    const int before = std::max(i0 - 1, 0), after = std::min(i1, last);
    blended[i0 - 1] = 0.75f * near[before] + 0.25f * far[before];
    blended[i1] = 0.75f * near[after] + 0.25f * far[after];
    for (int i = i0; i < i1; ++i) {
      const float here = 0.75f * blended[i];
      out[2 * i] = here + 0.25f * blended[i - 1];
      out[2 * i + 1] = here + 0.25f * blended[i + 1];
    }
  }

 private:
  std::vector<float> blended_;
};

}  // namespace gripbench::sim

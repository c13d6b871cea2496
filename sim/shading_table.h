#pragma once

#include <array>
#include <filesystem>
#include <vector>

namespace gripbench::sim {

/// How the gel's colour changes with its surface normal and with the place, as calibrated.
///
/// Per bin of the surface's tilt and direction, and per channel (blue, green, red), the change in
/// grey levels is a polynomial of the place: coefficients of x^2, y^2, xy, x, y, 1 with x, y from
/// the image's middle in half widths. Tilt is atan |grad e| and direction atan2(e_y, e_x) of the
/// indentation e, in the image's axes. Bin i of n tilts is centred at (i + 0.5) (pi / 2) / (n - 1),
/// bin j of m directions at -pi + (j + 0.5) 2 pi / (m - 1): the layout of Taxim's table (Si, Yuan
/// 2022, polyTableCalib.py), whose positions are in pixels.
struct ShadingTable {
  static constexpr int kTerms = 6;
  using Bin = std::array<std::array<float, 3>, kTerms>;  ///< [term][channel]

  int tilts = 0, directions = 0;
  std::vector<Bin> bins;  ///< [tilt * directions + direction]

  Bin& at(int tilt, int direction) {
    return bins[static_cast<std::size_t>(tilt) * directions + direction];
  }
  const Bin& at(int tilt, int direction) const {
    return bins[static_cast<std::size_t>(tilt) * directions + direction];
  }

  /// Change (grey levels) interpolated between bins; zero for a level surface.
  /// @param x, y from the image's middle in half widths.
  std::array<double, 3> change(double slope_x, double slope_y, double x, double y) const;

  /// Reads a table file: "GBSHADE1", two 32-bit counts, then 32-bit floats, little-endian.
  /// @throws InputError if it is missing, cut short, too long, or holds what is no number.
  static ShadingTable load(const std::filesystem::path& file);
  /// Writes beside and renames. @throws StorageError.
  void save(const std::filesystem::path& file) const;

 private:
  Bin between(double tilt, double direction) const;
  friend class ShadingGrid;
};

/// The same table over the normal's x and y components, as the renderer reads it: even steps, no
/// trigonometry, neighbours side by side.
class ShadingGrid {
 public:
  ShadingGrid() = default;
  explicit ShadingGrid(const ShadingTable& table);

  bool empty() const { return nodes_.empty(); }
  /// Adds the changes of `count` pixels to three channels.
  /// @param place_x, place_y of the pixels, from the image's middle in half widths.
  void add(const float* slope_x, const float* slope_y, const float* place_x, float place_y,
           int count, float* blue, float* green, float* red) const;

 private:
  static constexpr int kNodes = 65;
  static constexpr int kStride = 24;  ///< six terms of four channels, one unused
  std::vector<float> nodes_;
};

}  // namespace gripbench::sim

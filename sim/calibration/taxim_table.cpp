#include "sim/calibration/taxim_table.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hal/errors.h"
#include "sim/calibration/npz.h"

namespace gripbench::sim {
namespace {

using Terms = std::array<double, ShadingTable::kTerms>;

/// From pixels to half widths from the middle: x = cx + s u, y = cy + s v.
Terms recentred(const double* a, const TaximPicture& picture) {
  const double s = 0.5 * picture.width;
  const double cx = 0.5 * (picture.width - 1), cy = 0.5 * (picture.height - 1);
  return {a[0] * s * s,
          a[1] * s * s,
          a[2] * s * s,
          s * (2.0 * a[0] * cx + a[2] * cy + a[3]),
          s * (2.0 * a[1] * cy + a[2] * cx + a[4]),
          a[0] * cx * cx + a[1] * cy * cy + a[2] * cx * cy + a[3] * cx + a[4] * cy + a[5]};
}

/// Largest change over the corners, edges and middle of the view.
double largest_change(const Terms& t, double aspect) {
  double largest = 0.0;
  for (const double x : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
    for (const double v : {-1.0, -0.5, 0.0, 0.5, 1.0}) {
      const double y = v * aspect;
      largest = std::max(largest, std::abs(t[0] * x * x + t[1] * y * y + t[2] * x * y + t[3] * x +
                                           t[4] * y + t[5]));
    }
  }
  return largest;
}

}  // namespace

ShadingTable import_taxim(const std::filesystem::path& file, const TaximPicture& picture) {
  const auto arrays = read_npz(file);
  ShadingTable table;
  const char* const names[] = {"grad_r", "grad_g", "grad_b"};  // blue, green, red
  const double aspect = static_cast<double>(picture.height) / picture.width;
  for (int c = 0; c < 3; ++c) {
    const auto found = arrays.find(names[c]);
    if (found == arrays.end()) {
      throw hal::InputError(
          fmt::format("{}: not a Taxim table; it has no array '{}'", file.string(), names[c]));
    }
    const NumberArray& array = found->second;
    if (array.shape.size() != 3 || array.shape[2] != ShadingTable::kTerms || array.shape[0] < 2 ||
        array.shape[1] < 2 || array.shape[0] > 1024 || array.shape[1] > 1024) {
      throw hal::InputError(fmt::format("{}: '{}' must have the shape (tilts, directions, 6)",
                                        file.string(), names[c]));
    }
    if (c == 0) {
      table.tilts = static_cast<int>(array.shape[0]);
      table.directions = static_cast<int>(array.shape[1]);
      table.bins.resize(array.shape[0] * array.shape[1]);
    } else if (table.tilts != static_cast<int>(array.shape[0]) ||
               table.directions != static_cast<int>(array.shape[1])) {
      throw hal::InputError(file.string() + ": its three arrays differ in shape");
    }
    for (std::size_t k = 0; k < table.bins.size(); ++k) {
      const double* a = &array.values[k * ShadingTable::kTerms];
      for (int t = 0; t < ShadingTable::kTerms; ++t) {
        if (!std::isfinite(a[t])) {
          throw hal::InputError(
              fmt::format("{}: '{}' holds what is no number", file.string(), names[c]));
        }
      }
      const Terms terms = recentred(a, picture);
      const double scale = std::min(1.0, 255.0 / std::max(largest_change(terms, aspect), 1e-9));
      for (int t = 0; t < ShadingTable::kTerms; ++t) {
        table.bins[k][t][c] = static_cast<float>(scale * terms[t]);
      }
    }
  }
  return table;
}

}  // namespace gripbench::sim

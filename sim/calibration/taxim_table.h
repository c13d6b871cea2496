#pragma once

#include <filesystem>

#include "sim/shading_table.h"

namespace gripbench::sim {

/// The picture that Taxim's published tables are for (sensorParams.py): its size and its pitch.
struct TaximPicture {
  int width = 640, height = 480;
  double pixel_pitch = 0.0295e-3;
};

/// Reads the calibration table of Taxim (Si, Yuan 2022): a .npz whose arrays grad_r, grad_g, grad_b
/// hold, per bin of tilt and direction, the coefficients of x^2, y^2, xy, x, y, 1 in pixels.
///
/// Taxim reads its pictures with OpenCV, so its "r" is the first channel, blue.
/// Bins that no ball ever showed can hold wild polynomials: changes are cut at 255 grey levels
/// over the view.
/// @throws InputError if the file is no such table.
ShadingTable import_taxim(const std::filesystem::path& file, const TaximPicture& picture);

}  // namespace gripbench::sim

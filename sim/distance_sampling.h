#pragma once

#include "hal/mesh_solid.h"
#include "sim/triangle_tree.h"

namespace gripbench::sim {

/// How a surface's distance is sampled.
struct SamplingOptions {
  /// Edge of the grid's cells (m); grows where the grid would have more than a million.
  double cell = 2e-3;
  /// Room between the surface and the grid's outside (m): not a multiple of the cell, so that flat
  /// sides of a centred object do not fall on the cells' own faces.
  double margin = 4.3e-3;
  /// Cells are divided until the error at the surface is below this (m), or to their finest; away
  /// from it, an error of `relative_tolerance` of the distance is allowed as well.
  double tolerance = 3e-6;
  double relative_tolerance = 0.05;
  /// Only cells nearer than this to the surface are divided (m): no gel is pressed in by more.
  double band = 4e-3;
  /// Threads; the result does not depend on it.
  int jobs = 1;
};

/// Samples the distance of a closed, oriented surface.
/// @throws std::invalid_argument for options that make no grid.
hal::SampledDistance sample_distance(const TriangleSurface& surface,
                                     const SamplingOptions& options = {});

/// How far the sampled surface lies from the true one, over points spread evenly by area (m).
struct SamplingError {
  double largest = 0.0;
  /// 95 of 100 points are nearer than this.
  double usual = 0.0;
};
SamplingError sampling_error(const TriangleSurface& surface, const hal::SampledDistance& field,
                             int points = 200000);

}  // namespace gripbench::sim

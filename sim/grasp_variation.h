#pragma once

#include <cstdint>

#include <Eigen/Core>

#include "hal/config.h"
#include "hal/objects.h"
#include "hal/stage.h"
#include "sim/gelsight_image.h"

namespace gripbench::sim {

/// Within what bounds an object's stand and the gel differ from grasp to grasp, as they do in a
/// laboratory. A workcell's file fills it under `variation:`, a key per member; keys left out are
/// 0, nothing varies. What differs in the webcam's picture is VariationRanges.
struct GraspVariationRanges {
  /// Largest error of the object's stand along x and along y (m), and of its turn (rad): who puts
  /// an object on a mark does not hit it.
  double placement_shift = 0.0;
  double placement_turn = 0.0;
  /// Largest relative change of each of the gel's lamps: they warm up and drift.
  double gel_light = 0.0;
  /// Largest share of their darkness that the dots have lost by wear.
  double dot_fade = 0.0;
  /// Largest standard deviation of the place of a dot between frames (pixels).
  double dot_shake_px = 0.0;

  /// @throws hal::ConfigError for an unknown key or an impossible value.
  static GraspVariationRanges from(hal::ConfigNode node);
};

/// What chance decided about the mechanics and the gel of one grasp.
struct GraspVariation {
  Eigen::Vector2d placement_shift = Eigen::Vector2d::Zero();  ///< m, x and y of the base frame
  double placement_turn = 0.0;                                ///< rad
  double friction_gel = 0.0;
  double friction_rubber = 0.0;
  GelCondition gel;
};

/// Draws everything that `seed` decides; the friction lies within the object's own range.
GraspVariation draw_grasp_variation(std::uint64_t seed, const GraspVariationRanges& ranges,
                                    const hal::ObjectDescription& object);

/// Adds the drawn values to what a stage tells of its grasp.
void describe(const GraspVariation& variation, hal::Variation& description);

}  // namespace gripbench::sim

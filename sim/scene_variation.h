#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <mujoco/mujoco.h>

#include <Eigen/Core>

#include "hal/config.h"
#include "hal/stage.h"
#include "sim/image_effects.h"

namespace gripbench::sim {

/// Within what bounds the webcam's picture differs from grasp to grasp; every value is drawn
/// uniformly from its range. A workcell's file fills it under `camera: variation:`, a key per
/// member; keys left out keep these defaults. Ranges are written [min, max].
struct VariationRanges {
  /// Each lamp that stands in the world is turned around the point it shines at (on the plane
  /// z = 0) by up to this angle about two axes (rad).
  double light_turn = 0.25;
  /// Factor on each lamp's brightness, and on the light that is everywhere.
  hal::Range light_gain = {0.75, 1.10};
  hal::Range ambient_gain = {0.88, 1.10};
  /// Largest shift of a lamp's colour between blue and red: red times (1 + x), blue times (1 - x).
  double light_warmth = 0.06;

  /// Materials that the table may be made of, and how often each is drawn, as proportions. Every
  /// geom of the scene that wears one of them is given the one drawn.
  std::vector<std::string> table_materials = {"table_white", "table_wood", "table_felt"};
  std::vector<double> table_weights = {0.6, 0.2, 0.2};
  /// Factor on the table's brightness, and largest relative change of each of its colour channels.
  hal::Range table_gain = {0.88, 1.05};
  double table_tint = 0.03;

  /// The same for the object: two pieces of one product are not of one colour.
  hal::Range object_gain = {0.85, 1.05};
  double object_tint = 0.03;

  /// Largest turn of the camera about each of its axes (rad), and largest shift along each (m).
  double camera_turn = 0.008;
  double camera_shift = 0.001;

  /// Delay of the camera's frames after the tactile ones (s).
  hal::Range delay = {0.0, 0.025};

  /// The image; the terms are those of ImageVariation. `exposure` is the factor on all channels,
  /// `white_balance` the largest relative change of blue and of red.
  hal::Range exposure = {0.88, 1.08};
  double white_balance = 0.04;
  hal::Range vignette = {0.02, 0.14};
  hal::Range read_noise = {0.8, 2.0};
  hal::Range shot_noise = {0.01, 0.04};
  hal::Range blur_px = {0.4, 0.9};
  hal::Range vibration_px = {0.0, 0.3};

  /// @throws hal::ConfigError for an unknown key or an impossible value.
  static VariationRanges from(hal::ConfigNode node);
};

/// What one grasp's pictures are taken with.
struct SceneVariation {
  static constexpr int kMaxLights = 8;
  struct Light {
    Eigen::Vector2d turn = Eigen::Vector2d::Zero();  ///< rad, about the world's x and y
    Eigen::Vector3d gain = Eigen::Vector3d::Ones();  ///< red, green, blue
  };
  std::array<Light, kMaxLights> lights;
  double ambient_gain = 1.0;
  /// All materials the table may have, and the index of the one it has.
  std::vector<std::string> table_materials;
  std::size_t table_material = 0;
  Eigen::Vector3d table_gain = Eigen::Vector3d::Ones();    ///< red, green, blue
  Eigen::Vector3d object_gain = Eigen::Vector3d::Ones();   ///< red, green, blue
  Eigen::Vector3d camera_turn = Eigen::Vector3d::Zero();   ///< rotation vector, camera's axes (rad)
  Eigen::Vector3d camera_shift = Eigen::Vector3d::Zero();  ///< along the camera's axes (m)
  double delay = 0.0;                                      ///< s
  ImageVariation image;
};

/// Draws everything that `seed` decides.
SceneVariation draw_scene_variation(std::uint64_t seed, const VariationRanges& ranges);

/// Adds the drawn values to what a stage tells of its grasp.
void describe(const SceneVariation& variation, hal::Variation& description);

/// Gives `model` the lights, table, object's colours and camera of `variation`, where `pristine`
/// holds those without any; `model` is a copy of it and may carry an earlier variation. Run
/// mj_forward (or mj_kinematics, mj_comPos and mj_camlight) on its data afterwards; meshes and
/// textures stay as they are.
/// @throws hal::InputError if the model lacks the camera or one of the table's materials, or has
/// more than kMaxLights lamps.
void apply(const SceneVariation& variation, const mjModel& pristine, mjModel& model,
           const std::string& camera = "webcam");

}  // namespace gripbench::sim

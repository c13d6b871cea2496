#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <vector>

#include <Eigen/Core>

#include "hal/config.h"
#include "sim/pad_profile.h"
#include "sim/shading_table.h"

namespace gripbench::sim {

/// A lamp inside the sensor.
struct GelLight {
  /// In the pad frame (m); inside the sensor, so z < 0.
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  /// What it adds to blue, green and red of a membrane that faces it, in the middle of the pad.
  Eigen::Vector3d color_bgr = Eigen::Vector3d::Zero();
};

/// The dots printed on the gel: a square lattice, as regular as a hand can print it, and its wear.
/// Lengths in m. Jitters are standard deviations; shares lie in [0, 1].
struct MarkerProfile {
  double pitch = 0.0;
  /// Turn of the lattice from the image's x axis towards its y axis (rad).
  double angle = 0.0;
  /// A lattice point, from the image's middle.
  Eigen::Vector2d origin = Eigen::Vector2d::Zero();
  /// How the camera shows the lattice. The lens: a dot at w half widths from the image's middle is
  /// seen bend w^3 farther out. A picture whose two directions were scaled unlike: y grows by half
  /// of the stretch, x shrinks by as much. Nothing else in view has a place that is known to a
  /// pixel, so only dots are moved.
  double bend = 0.0, stretch = 0.0;
  /// Diameter at half of the dot's darkness, and its jitter as a share of it.
  double diameter = 0.0;
  double diameter_jitter = 0.0;
  double position_jitter = 0.0;
  /// Amplitude of a dot's departures from a circle, as a share of its radius.
  double roughness = 0.0;
  /// Distance over which darkness falls from 90% to 10% at a dot's edge.
  double softness = 0.0;
  /// Share of the light that a fresh dot takes away, and its jitter.
  double darkness = 0.0;
  double darkness_jitter = 0.0;
  /// Share of dots that are rubbed pale, and share that have lost a piece.
  double faded_share = 0.0;
  double chipped_share = 0.0;
};

/// How the lights change the colour of the gel where it is pressed.
enum class ShadingModel {
  /// The measured colour of the untouched gel times what the lights give, relative to what they
  /// give on the untouched gel.
  kRatio,
  /// That colour plus the change of what the lights give; their colours are in grey levels.
  kDifference,
  /// That colour plus the change that a calibrated table gives.
  kTable,
};

/// What the camera behind the gel sees of it.
struct OpticsProfile {
  int width = 0, height = 0;  ///< px
  double pixel_pitch = 0.0;   ///< m on the gel's surface per pixel

  /// Colour of the untouched gel: per channel (blue, green, red) the coefficients of a polynomial,
  /// 1, x, y, x^2, xy, y^2, x^3, x^2 y, ... with x, y from the image's middle in half widths, of
  /// degree 3 to 6 (10, 15, 21 or 28 coefficients). Lens shading is part of it.
  std::array<std::vector<double>, 3> background{};

  ShadingModel shading = ShadingModel::kRatio;
  /// Only with ShadingModel::kTable, which knows no dome and needs no lights: those it has only
  /// cast shadows, their colours in grey levels.
  std::shared_ptr<const ShadingTable> table;
  std::vector<GelLight> lights;
  /// Light that comes from everywhere, in the same measure as the lights' colours.
  double ambient = 0.0;
  /// A light weakens with distance r as r^-falloff.
  double falloff = 0.0;
  /// Share of a light that a cast shadow takes away, and the depth below the shadow's edge at which
  /// it has done so (m).
  double shadow_strength = 0.0;
  double shadow_depth = 0.0;

  /// Radius of curvature of the untouched gel (m), and the indentation that flattens it (m).
  double dome_radius = 0.0;
  double dome_flattening = 0.0;
  /// Length over which the membrane comes back to rest beside a contact (m), and the steepest slope
  /// of an object that it follows.
  double membrane_length = 0.0;
  double membrane_steepest = 0.0;
  /// Outward motion of the surface under load per slope of the indentation (m).
  double spread = 0.0;

  double blur = 0.0;   ///< standard deviation of the camera's blur (m on the gel)
  double noise = 0.0;  ///< standard deviation per pixel, channel and frame (grey levels)

  MarkerProfile markers;

  /// The height field and the colours are kept at half of the image's resolution, over an area that
  /// sticks out of the image on the right and below where its size is no multiple of 8.
  int field_width() const { return (width + 7) / 8 * 4; }
  int field_height() const { return (height + 7) / 8 * 4; }
  /// Where column i and row j of that field lie (m, pad frame).
  double field_x(int i) const { return (2.0 * i + 0.5 - 0.5 * (width - 1)) * pixel_pitch; }
  double field_y(int j) const { return (2.0 * j + 0.5 - 0.5 * (height - 1)) * pixel_pitch; }

  /// Reads the mapping of an `optics:` key.
  /// @throws ConfigError for a missing, unknown or impossible value.
  static OpticsProfile from(hal::ConfigNode optics);
};

/// A tactile finger: its pad's mechanics and its camera.
struct SensorProfile {
  PadProfile pad;
  OpticsProfile optics;

  /// @throws InputError, ConfigError; also if the pad's grid does not cover the camera's view.
  static SensorProfile load(const std::filesystem::path& file);
};

}  // namespace gripbench::sim

#pragma once

#include <array>
#include <vector>

#include "sim/gel_height_field.h"
#include "sim/gel_plane.h"
#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// Colours of the membrane under the sensor's lights, without dots, blur and noise, at the height
/// field's resolution.
///
/// The membrane is matt (Lambert): each near light adds its colour times the cosine between the
/// membrane's normal and the direction to it, times r^-falloff, less a cast shadow. The measured
/// colour of the untouched gel divided by what the lights alone would give there is a gain per
/// pixel and channel, so that an untouched gel looks as measured and a touched one changes as the
/// lights tell. With ShadingModel::kDifference the lights' change is added instead, and with
/// ShadingModel::kTable a calibrated table's, less what the lights would give where their shadows
/// lie.
class GelShading {
 public:
  explicit GelShading(const OpticsProfile& optics);

  using Planes = std::array<GelPlane, 3>;  ///< blue, green, red, in grey levels

  /// The untouched gel.
  const Planes& background() const { return background_; }

  /// Colours within the field's region, into `planes`; leaves the rest alone.
  void shade(const GelHeightField& field, Planes& planes);

 private:
  /// A light as each pixel sees it: direction times weakening with distance, as three planes.
  struct LightField {
    GelPlane toward_x, toward_y, toward_z;
    std::array<float, 3> color{};
    /// Towards the light from the pad's middle, in its plane, and the tangent of its elevation.
    double direction_x = 0.0, direction_y = 0.0, elevation = 0.0;
    GelPlane shadow;  ///< share of the light that is left, at half of the field's resolution
    GelPlane horizon;
  };

  LightField make_light(const GelLight& source, const OpticsProfile& optics) const;
  void light_untouched_gel(const OpticsProfile& optics);
  /// The sums of a row to colours of one channel.
  void apply(int channel, int y, int x0, int x1, float* out) const;
  void cast_shadows(const GelHeightField& field);
  void sweep_shadow(LightField& light, const PixelRegion& region, double pitch) const;

  /// Slopes of the field's row `y`, [x0, x1), and with the dome's under them.
  void find_slopes(const GelHeightField& field, int y, int x0, int x1);
  /// What of the lights is summed up.
  enum class Light { kAll, kLessShadows, kLostToShadows };
  /// Ambient light and that part of each lamp's; what shadows take counts below zero.
  void add_lights(int y, int x0, int x1, Light part);
  void add_table(int y, int x0, int x1, Planes& planes) const;

  ShadingModel model_;
  ShadingGrid table_;
  std::vector<float> place_x_, place_y_;  ///< from the image's middle in half widths
  double dome_radius_, dome_flattening_, ambient_;
  std::vector<float> dome_x_, dome_y_;  ///< slopes of the untouched dome
  double shadow_strength_, shadow_depth_;
  int width_, height_;
  std::vector<LightField> lights_;
  Planes background_, gain_;
  Planes bare_;      ///< what the lights alone give on the untouched gel
  GelPlane coarse_;  ///< indentation at the shadows' resolution
  RowUpsampler upsampler_;
  /// One row: slope of the surface, 1 / length of its normal, one light's strength, the sums.
  std::vector<float> slope_x_, slope_y_, cosine_, shadow_row_;
  std::array<std::vector<float>, 3> sum_;
};

}  // namespace gripbench::sim

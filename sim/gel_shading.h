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
/// lights tell.
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

  void shade_row(const GelHeightField& field, int y, bool shadows, Planes& planes);
  void cast_shadows(const GelHeightField& field);
  void sweep_shadow(LightField& light, const PixelRegion& region, double pitch) const;

  double dome_radius_, dome_flattening_, ambient_;
  double shadow_strength_, shadow_depth_;
  int width_, height_;
  std::vector<LightField> lights_;
  Planes background_, gain_;
  GelPlane coarse_;  ///< indentation at the shadows' resolution
  RowUpsampler upsampler_;
  /// One row: slope of the surface, 1 / length of its normal, one light's strength, the sums.
  std::vector<float> slope_x_, slope_y_, cosine_, shadow_row_;
  std::array<std::vector<float>, 3> sum_;
};

}  // namespace gripbench::sim

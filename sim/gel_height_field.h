#pragma once

#include <array>
#include <vector>

#include "sim/gel_imprint.h"
#include "sim/gel_plane.h"
#include "sim/sensor_profile.h"

namespace gripbench::sim {

/// The shape that an object gives the gel's surface: its indentation at half of the camera's
/// resolution.
///
/// The surface is a membrane of tension T on a foundation of stiffness k that the object o keeps
/// from below, wherever it is not too steep for the gel to follow (an obstacle problem):
///   e >= o,  e - L^2 laplace(e) >= 0, one of them equal,  L = sqrt(T / k) =
///   OpticsProfile::membrane_length.
/// So the slope goes on smoothly across the rim of a round object's contact, and jumps at the rim
/// of a flat one's. The relief is added where the membrane touches.
class GelHeightField {
 public:
  explicit GelHeightField(const OpticsProfile& optics);

  void build(const GelImprint& imprint);

  /// Indentation (m, >= 0); zero outside of `region()`.
  const GelPlane& indentation() const { return levels_[0].height; }
  /// Where the surface may be indented or shadowed; its bounds are multiples of 4. Empty for an
  /// untouched gel.
  const PixelRegion& region() const { return region_; }
  /// Distance between two pixels of the field (m).
  double pitch() const { return pitch_; }

 private:
  /// The membrane at one of three resolutions, each half of the one before.
  struct Level {
    GelPlane contact;  ///< indentation in the contact, 0 elsewhere
    GelPlane held;     ///< what the membrane is held at there
    GelPlane height, next;
  };

  PixelRegion contact_bounds(const GelImprint& imprint) const;
  void evaluate_contact(const GelImprint& imprint, const PixelRegion& bounds);
  void measure_distance(const GelImprint& imprint, const PixelRegion& bounds);
  void turn_distance_to_depth(const GelImprint& imprint, const PixelRegion& bounds);
  void trace(const GelImprint& imprint, std::size_t count);
  void print_relief(const GelImprint& imprint, const PixelRegion& bounds);
  /// The contact into `followed`, without what is too steep to follow.
  void free_steep_places(const PixelRegion& bounds, GelPlane& followed) const;
  double slope(const GelPlane& plane, int x, int y) const;
  double gentler_slope(const GelPlane& plane, int x, int y) const;
  double x_of(int x) const { return x0_ + x * pitch_; }
  double y_of(int y) const { return y0_ + y * pitch_; }
  /// How a contact holds the membrane: it may lift off, or not.
  enum class Hold { kFromBelow, kFast };
  void relax(Level& level, const GelPlane& held, const PixelRegion& region, double pitch,
             int sweeps, Hold hold);

  double pitch_;
  double x0_, y0_;  ///< of the first pixel (m, pad frame)
  double membrane_length_;
  PixelRegion region_;
  std::array<Level, 3> levels_;
  double steepest_;
  /// Length of the longest shadow per depth of the contact, and that depth (m).
  double shadow_reach_ = 0.0;
  float deepest_ = 0.0f;
  RowUpsampler upsampler_;
  /// A batch of points in the pad frame, what the object says of them, and their pixels.
  std::vector<double> x_, y_, z_, value_;
  std::vector<float*> pixels_;
};

}  // namespace gripbench::sim

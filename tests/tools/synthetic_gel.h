#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <opencv2/core.hpp>

#include "detectors/slip_detector.h"

namespace gripbench::tests {

/// A plain drawing of a gel with markers and the relief of an object behind it, whose motions are
/// known exactly: truth for the tests of trackers, independent of the simulator's optics.
struct SyntheticGel {
  cv::Size size{640, 480};
  double marker_pitch_px = 60.0;
  double marker_diameter_px = 19.0;
  /// Turn of the marker grid (rad).
  double grid_turn = 0.35;
  /// 1: black, 0: invisible.
  double marker_contrast = 0.75;
  /// Share of markers that are missing.
  double missing = 0.0;
  /// Grey levels of noise (standard deviation).
  double noise = 2.0;
  /// Wavelength of the relief's detail, and its strength in grey levels.
  double texture_wavelength_px = 30.0;
  double texture_strength = 25.0;
  /// Ellipse in contact: centre and half axes.
  cv::Point2d contact_centre{320.0, 240.0};
  cv::Point2d contact_axes{170.0, 140.0};
  /// Chooses the relief, the background and the missing markers.
  std::uint64_t seed = 1;
};

/// Rigid motion in the picture: turn about the contact's centre, then shift.
struct RigidMotion {
  cv::Point2d shift{0.0, 0.0};
  double turn = 0.0;
};

/// Displacement of the gel's surface at a place of the untouched picture (px).
using DisplacementField = std::function<cv::Point2d(cv::Point2d)>;

/// Where the markers stand on the undisplaced gel, missing ones left out.
std::vector<cv::Point2d> marker_positions(const SyntheticGel& gel);

/// The picture with markers displaced by `field` and the object moved by `object`;
/// `noise_seed` draws the noise.
cv::Mat draw(const SyntheticGel& gel, const DisplacementField& field, const RigidMotion& object,
             std::uint64_t noise_seed);

/// The gel's displacement when it sticks to a contact moving by `motion`: rigid within the contact,
/// decaying outside.
DisplacementField dragged(const SyntheticGel& gel, const RigidMotion& motion);

/// A grasp of `frames` frame pairs: the load drags the gel along; in a slipping one the gel stays
/// behind the object from some frame on. The object's own total motion has the same distribution in
/// both. Groups differ in relief, contact, lighting.
detectors::LabelledSequence synthetic_grasp(std::uint64_t seed, int group, bool slip, int frames,
                                            cv::Size size);

}  // namespace gripbench::tests

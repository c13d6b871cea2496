#pragma once

#include <span>

#include <opencv2/core.hpp>

#include "detectors/marker_tracker.h"

namespace gripbench::detectors {

/// The relief of an object as a gel picture shows it: colours less their smooth course, at about
/// 160 px width, markers masked. Two colour differences stand for the two slopes of the membrane.
struct Relief {
  /// Float, three channels: two colour differences (grey levels, 0 under markers) and the mask
  /// (1 where they are known).
  cv::Mat detail;
  /// Original pixels per pixel of `detail`.
  double factor = 1.0;
  double pitch_px = 0.0;
};

/// @throws std::invalid_argument for an empty picture or one that is not 8-bit BGR.
Relief extract_relief(const cv::Mat& picture, const MarkerField& markers);

/// Where a picture shows contact: the energy of its relief against that of its quietest part.
///
/// A gel touched evenly by something smooth shows relief at the contact's rim only, and the first
/// picture of a window is in contact already: `confidence` says how far the region stands out, from
/// 0 (nothing does; the region is then the picture's middle) to 1.
struct ContactRegion {
  /// Float weight in [0, 1] over the relief's pixels.
  cv::Mat weight;
  /// In pixels of the original picture.
  cv::Point2d centre;
  /// Root mean square distance of the weight from its centre (px of the original picture).
  double radius_px = 0.0;
  /// Mean energy of the relief in the region (squared grey levels).
  double energy = 0.0;
  double confidence = 0.0;

  /// The weight at a place of the original picture.
  double at(cv::Point2d place, double factor) const;
};

ContactRegion find_contact(const Relief& relief);

/// Mean energy of another picture's relief over a region (squared grey levels).
double energy_in(const Relief& relief, const ContactRegion& region);

/// An affine motion of the picture's plane (px of the original picture).
struct AffineMotion {
  cv::Matx22d linear = cv::Matx22d::eye();
  cv::Point2d shift;

  cv::Point2d operator()(cv::Point2d p) const {
    return {linear(0, 0) * p.x + linear(0, 1) * p.y + shift.x,
            linear(1, 0) * p.x + linear(1, 1) * p.y + shift.y};
  }
};

/// The affine motion of the markers, each weighted by the contact at its place (and a little
/// everywhere, so that an empty contact still has one). Pure translation below 4 markers.
AffineMotion fit_markers_in_contact(std::span<const MarkerTrack> tracks,
                                    const ContactRegion& contact, double factor);

/// Motion of the object's texture in the contact relative to the markers there.
struct RelativeMotion {
  /// At the contact's centre (px of the original picture); about it (rad).
  cv::Point2d translation;
  double rotation = 0.0;
  /// Correlation of both reliefs after the motion, in [0, 1]; near 0 where there is no texture to
  /// follow, and translation and rotation then mean nothing.
  double confidence = 0.0;
  /// The same correlation before it: how well "everything moved with the markers" explains the
  /// picture.
  double correlation_at_rest = 0.0;
};

/// Takes the markers' motion out of the second relief, finds the translation that is left by phase
/// correlation within the contact (up to a quarter of the picture), then translation and turn by
/// Gauss-Newton steps (Baker and Matthews 2004, inverse compositional).
RelativeMotion relative_texture_motion(const Relief& first, const Relief& now,
                                       const ContactRegion& contact, const AffineMotion& markers);

}  // namespace gripbench::detectors

#pragma once

#include <vector>

#include <opencv2/core.hpp>

namespace gripbench::detectors {

/// One dark dot on the gel, in pixels of the picture it was found in.
struct Marker {
  cv::Point2d position;
  /// Of the circle of equal area.
  double diameter_px = 0.0;
  /// How much darker than its surroundings (grey levels of the brightest channel).
  double depth = 0.0;
};

/// The size of markers, and how far apart nearest neighbours stand (medians).
struct MarkerScale {
  double diameter_px = 0.0;
  double pitch_px = 0.0;
};

/// The markers of one picture; whole ones only, none cut by the picture's edge.
struct MarkerField {
  MarkerScale scale;
  std::vector<Marker> markers;
};

/// A marker of the first picture (index) and how far it has moved since (px).
struct MarkerTrack {
  int marker = 0;
  cv::Point2d at;
  cv::Point2d displacement;
};

/// Finds the markers of an 8-bit BGR picture: blobs that are dark in every channel (coloured
/// shading is bright in one), of about one size, in an array of about one pitch. Size and pitch
/// are found in the picture. Empty where fewer than 6 form an array.
/// @throws std::invalid_argument for an empty picture or another type.
MarkerField find_markers(const cv::Mat& picture);

/// The same with the size known from an earlier picture of the sensor.
MarkerField find_markers(const cv::Mat& picture, const MarkerScale& known);

/// Follows markers from one picture of a sensor to a later one. Starts where markers moved least
/// and goes from neighbour to neighbour, predicting each move from those found beside it (a local
/// affine fit), so that moves of more than half a pitch are followed where they build up gradually
/// across the array. Markers without a plausible counterpart are left out. A shift of the entire
/// array by a pitch or more cannot be told from a smaller one.
std::vector<MarkerTrack> track_markers(const MarkerField& first, const MarkerField& now);

}  // namespace gripbench::detectors

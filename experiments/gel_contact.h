#pragma once

#include <span>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace gripbench::experiments {

/// Tells from tactile pictures alone when something presses on the gel.
///
/// A recording that begins and ends in contact holds no picture of its own empty gel. But each
/// sensor's empty gel recurs over recordings of different objects, and nothing else does: pictures
/// that look alike in recordings of two or more objects are the empty gels. This is calibration of
/// the sensors; no label is used.

/// A small picture: 80x60, each channel divided by its mean, so that the exposure settling in the
/// first frames of a recording does not look like a touch. CV_32FC3.
cv::Mat gel_thumbnail(const cv::Mat& picture);

struct NamedThumbnail {
  std::string object;
  cv::Mat thumbnail;
};

/// The empty gels among thumbnails taken all over the recordings. Pixelwise medians.
/// Empty if no two objects share a look.
std::vector<cv::Mat> find_empty_gels(std::span<const NamedThumbnail> thumbnails);

/// Index of the empty gel that one of these thumbnails comes nearest to.
std::size_t nearest_gel(std::span<const cv::Mat> gels, std::span<const cv::Mat> thumbnails);

/// How much a picture differs from its empty gel: the 98th percentile over pixels of the most
/// differing channel, in % of the channel's mean. An empty gel measures 3 to 10, a light touch 15,
/// a firm grip 30 to 120.
double gel_imprint_measure(const cv::Mat& thumbnail, const cv::Mat& empty_gel);

/// Measure above which a recording's frames show contact: 14, or, when dirt or a lasting dent lifts
/// the floor of an empty gel, a third of the way from it to the contact's. Such a floor shows by a
/// clear step down from the contact that lasts to the recording's end.
double contact_threshold(std::span<const double> measures);

/// First and last frame of a contact, both included.
struct ContactSpan {
  int first = 0;
  int last = -1;
  int length() const { return last - first + 1; }
};

/// The longest stretch of contact; interruptions under 8 frames (0.3 s) do not end it. A brief
/// touch before the grasp, as some recordings begin with, is thereby passed over.
ContactSpan longest_contact(const std::vector<bool>& contact);

}  // namespace gripbench::experiments

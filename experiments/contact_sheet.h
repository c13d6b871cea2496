#pragma once

#include <filesystem>
#include <span>

#include <opencv2/core/mat.hpp>

#include "experiments/episode.h"

namespace gripbench::experiments {

/// 128 + I(t) - I(-2), clipped (Li et al. 2018, section IV-B): 8-bit, same size.
cv::Mat difference_image(const cv::Mat& image, const cv::Mat& first);

/// Grasps laid out as Figure 3 of Li et al. 2018: per grasp the rows outside camera, tactile, and
/// the difference images of both; columns T(-2) and every second frame of the lift.
cv::Mat contact_sheet(std::span<const Episode> grasps);

/// @throws hal::StorageError if the disk refuses.
void write_contact_sheet(const std::filesystem::path& file, std::span<const Episode> grasps);

}  // namespace gripbench::experiments

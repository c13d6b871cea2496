#pragma once

#include <functional>
#include <string>

#include <opencv2/core/mat.hpp>

namespace gripbench::experiments {

/// The bytes of an MP4 (MPEG-4 part 2, "mp4v"). `frame(n)` draws frame n of `count`, all of one
/// even size, 8-bit BGR.
/// @throws hal::InputError if this OpenCV cannot write MP4; hal::StorageError if there is no room
/// for temporary files.
std::string encode_mp4(int count, double frames_per_second,
                       const std::function<cv::Mat(int)>& frame);

/// Makes a tiny one, to know before any long work whether it can be done.
/// @throws as `encode_mp4`.
void require_mp4();

}  // namespace gripbench::experiments

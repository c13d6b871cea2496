#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <opencv2/core/mat.hpp>

namespace gripbench::experiments {

/// The layout of the SINTEF recordings (A. Parag and SINTEF Ocean, BSD 2-Clause): real grasps of a
/// Franka with two GelSight Mini, no outside camera.
///
///   OBJECT/exp_num_N/camera_0.avi, camera_2.avi     320x240, 25 frames a second
///                    slip.txt                       there when the object slipped
struct SintefVideo {
  /// "camera_0"
  std::string camera;
  std::filesystem::path file;
};
struct SintefGrasp {
  std::string object;
  /// "exp_num_3"
  std::string grasp;
  bool slip = false;
  std::vector<SintefVideo> videos;
};

/// Something that was not taken, and why.
struct LeftOut {
  std::string object;
  std::string grasp;
  /// Empty if the whole grasp was left out.
  std::string camera;
  std::string reason;
  bool slip = false;
};

struct SintefScan {
  /// By object, then grasp.
  std::vector<SintefGrasp> grasps;
  std::vector<LeftOut> left_out;
};

/// Lists the recordings. Other files are passed over; upper-case names and a missing camera are
/// taken as they are.
/// @throws hal::InputError if the folder cannot be read or holds no such recording.
SintefScan scan_sintef(const std::filesystem::path& folder);

/// All frames of a video, 8-bit BGR. FFmpeg's own messages are switched off for the process unless
/// the environment sets OPENCV_FFMPEG_LOGLEVEL.
/// @throws hal::InputError if it cannot be opened or ends before its header says.
std::vector<cv::Mat> read_video(const std::filesystem::path& file);

}  // namespace gripbench::experiments

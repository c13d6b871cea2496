#include "experiments/sintef_recordings.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <fmt/format.h>
#include <opencv2/videoio.hpp>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// Frames a header may promise beyond those that come: encoders count the last one differently.
constexpr int kHeaderSlack = 1;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

std::vector<fs::path> entries(const fs::path& folder, bool folders) {
  std::vector<fs::path> found;
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    if (it->is_directory() == folders) found.push_back(it->path());
  }
  if (failure) {
    throw hal::InputError(folder.string() + ": cannot be read: " + failure.message());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// FFmpeg would print several lines of its own about each damaged video; ours says it in one.
/// OpenCV reads the variable when it first opens a video, so this must come before. A level that
/// the user has set stays.
void silence_ffmpeg() {
  static const int done = setenv("OPENCV_FFMPEG_LOGLEVEL", "-8", 0);
  static_cast<void>(done);
}

bool is_video(const fs::path& file) {
  return lower(file.extension().string()) == ".avi" &&
         lower(file.stem().string()).rfind("camera_", 0) == 0;
}

}  // namespace

SintefScan scan_sintef(const fs::path& folder) {
  // Here too: no thread that reads videos runs yet, and setenv is not safe beside getenv.
  silence_ffmpeg();
  SintefScan scan;
  for (const fs::path& object : entries(folder, true)) {
    for (const fs::path& grasp : entries(object, true)) {
      if (lower(grasp.filename().string()).rfind("exp_num_", 0) != 0) continue;
      SintefGrasp found{object.filename().string(), grasp.filename().string(), false, {}};
      for (const fs::path& file : entries(grasp, false)) {
        if (is_video(file)) found.videos.push_back({lower(file.stem().string()), file});
        found.slip |= lower(file.filename().string()) == "slip.txt";
      }
      if (found.videos.empty()) {
        scan.left_out.push_back({found.object, found.grasp, "", "no video", found.slip});
      } else {
        scan.grasps.push_back(std::move(found));
      }
    }
  }
  if (scan.grasps.empty()) {
    throw hal::InputError(folder.string() +
                          ": holds no recording OBJECT/exp_num_N/camera_N.avi of this format");
  }
  return scan;
}

std::vector<cv::Mat> read_video(const fs::path& file) {
  silence_ffmpeg();
  cv::VideoCapture video;
  // Other backends would each be tried on a damaged file, and complain in their own way.
  if (!video.open(file.string(), cv::CAP_FFMPEG)) {
    throw hal::InputError(file.string() + ": cannot be opened as a video; is it damaged?");
  }
  const int promised = static_cast<int>(video.get(cv::CAP_PROP_FRAME_COUNT));
  std::vector<cv::Mat> frames;
  cv::Mat frame;
  while (video.read(frame)) frames.push_back(frame.clone());
  if (frames.empty() || static_cast<int>(frames.size()) + kHeaderSlack < promised) {
    throw hal::InputError(fmt::format("{}: ends after {} of {} frames; the video is truncated",
                                      file.string(), frames.size(), promised));
  }
  return frames;
}

}  // namespace gripbench::experiments

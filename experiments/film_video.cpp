#include "experiments/film_video.h"

#include <filesystem>

#include <opencv2/videoio.hpp>

#include "experiments/file_io.h"
#include "experiments/scratch_folder.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse() {
  throw hal::InputError(
      "--mp4: this OpenCV has no encoder for MP4 (codec mp4v); install one built with FFmpeg, or "
      "leave out --mp4");
}

}  // namespace

std::string encode_mp4(int count, double frames_per_second,
                       const std::function<cv::Mat(int)>& frame) {
  const ScratchFolder folder;
  const fs::path file = folder.path() / "film.mp4";
  {
    cv::VideoWriter writer;
    for (int n = 0; n < count; ++n) {
      const cv::Mat picture = frame(n);
      if (n == 0 &&
          !writer.open(file.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('m', 'p', '4', 'v'),
                       frames_per_second, picture.size())) {
        refuse();
      }
      writer.write(picture);
    }
  }
  std::error_code error;
  if (fs::file_size(file, error) == 0 || error) refuse();
  return read_file(file);
}

void require_mp4() {
  encode_mp4(1, 1.0, [](int) { return cv::Mat(64, 64, CV_8UC3, cv::Scalar::all(0)); });
}

}  // namespace gripbench::experiments

#pragma once

#include <opencv2/videoio.hpp>

#include "hal/video/frame_source.h"

namespace gripbench::hal {

/// A camera at this machine, through Video4Linux.
class DeviceSource final : public FrameSource {
 public:
  DeviceSource(const VideoSettings& settings, const DeviceVideo& video, const Clock& clock);

  /// Video4Linux waits as long as it likes for a frame (10 s), whatever `timeout` is.
  std::optional<CapturedFrame> next(Duration timeout) override;

 private:
  void set(int property, double value, const std::string& name);

  const std::string path_;
  const Clock& clock_;
  cv::VideoCapture capture_;
};

/// A film, played at its own rate. Each frame's time is the one it is due at.
class FileSource final : public FrameSource {
 public:
  FileSource(const VideoSettings& settings, const FileVideo& video, const Clock& clock);

  std::optional<CapturedFrame> next(Duration timeout) override;
  int settling_frames() const override { return 0; }

 private:
  void open();

  const FileVideo video_;
  const Clock& clock_;
  cv::VideoCapture capture_;
  double period_;
  /// When the next frame is due (s on the workcell's clock).
  double due_;
};

}  // namespace gripbench::hal

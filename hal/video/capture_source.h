#pragma once

#include <opencv2/videoio.hpp>

#include "hal/video/frame_source.h"

namespace gripbench::hal {

/// A camera at this machine, through Video4Linux.
class DeviceSource final : public FrameSource {
 public:
  DeviceSource(const VideoSettings& settings, const DeviceVideo& video, const Clock& clock);

  /// OpenCV waits up to 10 s for the first frame of an opening, whatever `timeout` is: its
  /// Video4Linux has no timeout for reading (CAP_PROP_READ_TIMEOUT_MSEC is FFmpeg's alone), but
  /// `VideoCapture::waitAny`, which then polls.
  std::optional<CapturedFrame> next(Duration timeout) override;

 private:
  void set(int property, double value, const std::string& name);
  /// Whether a frame came in time. @throws WireError if none will come any more.
  bool grab(Duration timeout);

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

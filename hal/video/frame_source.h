#pragma once

#include <memory>
#include <optional>

#include <opencv2/core/mat.hpp>

#include "hal/clock.h"
#include "hal/video/video_settings.h"

namespace gripbench::hal {

/// A frame as it came from a camera.
struct CapturedFrame {
  /// 8-bit BGR; empty if what came could not be decoded.
  cv::Mat image;
  /// s on the workcell's clock.
  double arrival = 0.0;
  /// The device's own time of it, if it tells (s, of an origin of its own).
  std::optional<double> stamp;
};

/// Where frames come from: one opening of it. One thread uses it.
class FrameSource {
 public:
  virtual ~FrameSource() = default;

  /// The next frame, waiting up to about `timeout` for it.
  /// @throws WireError if the source is broken, has ended, or gives pictures of another size.
  virtual std::optional<CapturedFrame> next(Duration timeout) = 0;

  /// How many frames after opening are not to be trusted: exposure and time stamps settle.
  virtual int settling_frames() const { return 5; }
};

/// Opens what the settings name.
/// @throws WireError saying what was expected and what came; SilenceError.
std::unique_ptr<FrameSource> open_source(const VideoSettings& settings, const Clock& clock);

/// @throws WireError "expected pictures of W x H pixels from WHERE, got ..." for another size.
void expect_size(const VideoSettings& settings, cv::Size size, const std::string& where);

}  // namespace gripbench::hal

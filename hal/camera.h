#pragma once

#include <cstdint>
#include <optional>

#include <opencv2/core/mat.hpp>

namespace gripbench::hal {

/// One picture: 8-bit BGR, with the middle of its exposure (s on the workcell's clock).
struct Frame {
  cv::Mat image;
  double time = 0.0;
  /// Counts the device's frames; a gap means dropped frames.
  std::uint64_t sequence = 0;
};

/// What a camera delivers: pixels and frames per second.
struct CameraInfo {
  int width_px = 0;
  int height_px = 0;
  double rate_hz = 0.0;
};

/// A camera that runs by itself; the caller takes its frames.
class Camera {
 public:
  virtual ~Camera() = default;

  virtual CameraInfo info() const = 0;

  /// The newest frame taken so far, at or before the clock's now.
  /// @throws DeviceError if there is none yet or the camera stalled.
  virtual Frame newest() = 0;

  /// The oldest frame still buffered whose time is later than `time`, if any: lets a caller take
  /// every frame in turn. Cameras keep at least the last 0.5 s.
  virtual std::optional<Frame> next_after(double time) = 0;
};

}  // namespace gripbench::hal

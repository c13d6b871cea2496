#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

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

  /// As `next_after`, for servers that must not hold up the workcell: the picture is drawn when the
  /// function is called, which may be on another thread, one thread at a time, while the workcell
  /// lives. A camera that cannot draw apart draws here.
  virtual std::optional<std::function<Frame()>> next_after_to_draw(double time) {
    std::optional<Frame> frame = next_after(time);
    if (!frame) return std::nullopt;
    return [frame = *std::move(frame)] { return frame; };
  }
};

}  // namespace gripbench::hal

#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "hal/tactile_sensor.h"
#include "hal/video/frame_source.h"
#include "hal/video/stamp_filter.h"

namespace gripbench::hal {

/// What became of a camera's frames so far.
struct VideoCounts {
  std::uint64_t received = 0;
  /// Frames that never came, by the gaps in time.
  std::uint64_t dropped = 0;
  /// Frames that show the same picture as the one before, to the last pixel.
  std::uint64_t repeated = 0;
  /// Frames that could not be decoded.
  std::uint64_t undecodable = 0;
  /// How often no frame came for so long that the camera had stalled; and how often it was opened
  /// after the first time.
  std::uint64_t stalls = 0, reopened = 0;
};

/// Captures a camera on a thread of its own and keeps the last second of its frames.
///
/// Every frame's time is that of its exposure (see StampFilter), less the latency that the settings
/// give. A camera that breaks is opened again, for as long as this object lives.
class VideoStream {
 public:
  /// Opens the camera; the first frame has arrived when it returns. The clock must be safe to read
  /// from another thread, and outlive the stream.
  /// @throws DeviceError saying what was expected and what came, e.g. another size; TimeoutError.
  VideoStream(VideoSettings settings, const Clock& clock);
  ~VideoStream();
  VideoStream(const VideoStream&) = delete;
  VideoStream& operator=(const VideoStream&) = delete;

  CameraInfo info() const;
  /// @throws DeviceError saying why, if the camera stalled or shows one picture again and again.
  Frame newest() const;
  std::optional<Frame> next_after(double time) const;

  VideoCounts counts() const;
  /// Frames per second over those kept; 0 while there are too few.
  double measured_rate() const;
  /// @throws DeviceError as `newest`: for RigClock::watch.
  void check() const { newest(); }

 private:
  void run(std::stop_token stop, std::unique_ptr<FrameSource> source);
  void capture(FrameSource& source, std::stop_token stop);
  void keep(CapturedFrame frame, double time);
  void note_silence();

  const VideoSettings settings_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::deque<Frame> frames_;
  double newest_arrival_ = 0.0;
  std::uint64_t next_sequence_ = 0;
  /// The newest pictures that are the same, counted back from the last.
  int alike_ = 0;
  bool stalled_ = false;
  VideoCounts counts_;
  /// Frames that came while the camera settled.
  std::uint64_t settling_ = 0;
  std::string broken_because_;

  std::jthread thread_;
};

/// A camera of a real rig.
class VideoCamera final : public Camera {
 public:
  VideoCamera(VideoSettings settings, const Clock& clock) : stream_(std::move(settings), clock) {}

  CameraInfo info() const override { return stream_.info(); }
  Frame newest() override { return stream_.newest(); }
  std::optional<Frame> next_after(double time) override { return stream_.next_after(time); }
  const VideoStream& stream() const { return stream_; }

 private:
  VideoStream stream_;
};

/// A camera behind a gel, e.g. of a GelSight finger.
class VideoTactileSensor final : public TactileSensor {
 public:
  /// `pixel_pitch`: distance on the gel that one pixel spans (m).
  VideoTactileSensor(VideoSettings settings, double pixel_pitch, const Clock& clock)
      : stream_(std::move(settings), clock), pixel_pitch_(pixel_pitch) {}

  CameraInfo info() const override { return stream_.info(); }
  Frame newest() override { return stream_.newest(); }
  std::optional<Frame> next_after(double time) override { return stream_.next_after(time); }
  double pixel_pitch() const override { return pixel_pitch_; }
  const VideoStream& stream() const { return stream_; }

 private:
  VideoStream stream_;
  double pixel_pitch_;
};

}  // namespace gripbench::hal

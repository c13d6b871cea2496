#include "hal/video/video_camera.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

/// How soon the thread notices that it shall stop (s).
constexpr Duration kLookUp{0.05};
/// Twice what Camera promises (s), and not more frames than that.
constexpr double kKept = 1.0;
constexpr std::size_t kMostKept = 256;
/// The least step of time from frame to frame (s): times increase whatever the stamps do.
constexpr double kLeastStep = 1e-4;

bool same_picture(const cv::Mat& a, const cv::Mat& b) {
  if (a.size() != b.size() || a.type() != b.type()) return false;
  for (int row = 0; row < a.rows; ++row) {
    if (std::memcmp(a.ptr(row), b.ptr(row), a.elemSize() * static_cast<std::size_t>(a.cols)) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace

VideoStream::VideoStream(VideoSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock) {
  std::unique_ptr<FrameSource> source;
  try {
    source = open_source(settings_, clock_);
  } catch (const SilenceError& error) {
    throw TimeoutError(settings_.device, error.what());
  } catch (const WireError& error) {
    throw DeviceError(settings_.device, error.what());
  }
  thread_ =
      std::jthread([this](std::stop_token stop,
                          std::unique_ptr<FrameSource> first) { run(stop, std::move(first)); },
                   std::move(source));
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, settings_.answer_timeout,
                    [this] { return !frames_.empty() || !broken_because_.empty(); });
  if (!frames_.empty()) return;
  if (!broken_because_.empty()) throw DeviceError(settings_.device, broken_because_);
  const std::string came =
      counts_.undecodable > 0 ? "what came could not be decoded"
      : settling_ > 0
          ? fmt::format("only the first {} came, during which a camera settles", settling_)
          : "none came";
  throw TimeoutError(settings_.device, fmt::format("expected a picture within {} s, {}",
                                                   settings_.answer_timeout.count(), came));
}

VideoStream::~VideoStream() = default;

void VideoStream::run(std::stop_token stop, std::unique_ptr<FrameSource> source) {
  while (!stop.stop_requested()) {
    try {
      if (!source) {
        source = open_source(settings_, clock_);
        const std::lock_guard lock(mutex_);
        ++counts_.reopened;
      }
      capture(*source, stop);
      return;
    } catch (const WireError& error) {
      source.reset();
      std::unique_lock lock(mutex_);
      broken_because_ = error.what();
      changed_.notify_all();
      changed_.wait_for(lock, stop, settings_.reconnect_pause, [] { return false; });
    }
  }
}

/// Keeps what comes until the source breaks or the stream ends.
void VideoStream::capture(FrameSource& source, std::stop_token stop) {
  StampFilter filter;
  double heard = clock_.now();
  int to_settle = source.settling_frames();
  while (!stop.stop_requested()) {
    std::optional<CapturedFrame> frame = source.next(kLookUp);
    note_silence();
    if (!frame && clock_.now() - heard > settings_.given_up_after.count()) {
      throw WireError(fmt::format("nothing came for {:g} s", settings_.given_up_after.count()));
    }
    if (!frame) continue;
    heard = clock_.now();
    if (frame->image.empty()) {
      const std::lock_guard lock(mutex_);
      ++counts_.undecodable;
      continue;
    }
    const double exposure = filter.exposure(frame->arrival, frame->stamp) - settings_.latency;
    if (to_settle-- > 0) {
      const std::lock_guard lock(mutex_);
      ++settling_;
      continue;
    }
    keep(*std::move(frame), exposure);
  }
}

void VideoStream::note_silence() {
  const std::lock_guard lock(mutex_);
  const bool silent =
      !frames_.empty() && clock_.now() - newest_arrival_ > settings_.stale_after.count();
  if (silent && !stalled_) ++counts_.stalls;
  stalled_ = silent;
}

void VideoStream::keep(CapturedFrame captured, double time) {
  const std::lock_guard lock(mutex_);
  Frame frame{std::move(captured.image), time, next_sequence_};
  if (!frames_.empty()) {
    const Frame& last = frames_.back();
    frame.time = std::max(frame.time, last.time + kLeastStep);
    const double missing = std::round((frame.time - last.time) * settings_.rate_hz) - 1.0;
    if (missing > 0.0) {
      counts_.dropped += static_cast<std::uint64_t>(missing);
      frame.sequence += static_cast<std::uint64_t>(missing);
    }
    const bool same = same_picture(frame.image, last.image);
    if (same) ++counts_.repeated;
    alike_ = same ? alike_ + 1 : 1;
  } else {
    alike_ = 1;
  }
  next_sequence_ = frame.sequence + 1;
  newest_arrival_ = captured.arrival;
  ++counts_.received;
  broken_because_.clear();
  frames_.push_back(std::move(frame));
  while (frames_.size() > kMostKept || frames_.front().time < frames_.back().time - kKept) {
    frames_.pop_front();
  }
  changed_.notify_all();
}

CameraInfo VideoStream::info() const {
  return {settings_.width_px, settings_.height_px, settings_.rate_hz};
}

Frame VideoStream::newest() const {
  const std::lock_guard lock(mutex_);
  const double age = clock_.now() - newest_arrival_;
  if (frames_.empty() || age > settings_.stale_after.count()) {
    throw DeviceError(settings_.device, fmt::format("no frame for {:.2f} s: {}", age,
                                                    broken_because_.empty()
                                                        ? "the camera stalled"
                                                        : broken_because_ + "; opening it again"));
  }
  if (settings_.frozen_after > 0 && alike_ >= settings_.frozen_after) {
    throw DeviceError(settings_.device,
                      fmt::format("the last {} pictures are the same to the last pixel: the camera "
                                  "or its encoder is frozen; switch it off and on",
                                  alike_));
  }
  return frames_.back();
}

std::optional<Frame> VideoStream::next_after(double time) const {
  const std::lock_guard lock(mutex_);
  const auto next = std::find_if(frames_.begin(), frames_.end(),
                                 [time](const Frame& frame) { return frame.time > time; });
  if (next == frames_.end()) return std::nullopt;
  return *next;
}

VideoCounts VideoStream::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

double VideoStream::measured_rate() const {
  const std::lock_guard lock(mutex_);
  if (frames_.size() < 2) return 0.0;
  const double span = frames_.back().time - frames_.front().time;
  return static_cast<double>(frames_.size() - 1) / span;
}

}  // namespace gripbench::hal

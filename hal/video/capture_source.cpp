#include "hal/video/capture_source.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "hal/video/http_source.h"

namespace gripbench::hal {
namespace {

/// Video4Linux's way to say "by hand" and "by itself", as OpenCV hands it on.
constexpr double kManualExposure = 1.0;
/// A property read back agrees with what was set within this, relatively.
constexpr double kSameProperty = 0.02;

template <typename... Kind>
struct Overloaded : Kind... {
  using Kind::operator()...;
};

}  // namespace

void expect_size(const VideoSettings& settings, cv::Size size, const std::string& where) {
  if (size == cv::Size(settings.width_px, settings.height_px)) return;
  throw WireError(fmt::format("expected pictures of {} x {} pixels from {}, got {} x {}",
                              settings.width_px, settings.height_px, where, size.width,
                              size.height));
}

std::unique_ptr<FrameSource> open_source(const VideoSettings& settings, const Clock& clock) {
  using Source = std::unique_ptr<FrameSource>;
  return std::visit(Overloaded{[&](const DeviceVideo& video) -> Source {
                                 return std::make_unique<DeviceSource>(settings, video, clock);
                               },
                               [&](const HttpVideo& video) -> Source {
                                 return std::make_unique<HttpSource>(settings, video, clock);
                               },
                               [&](const FileVideo& video) -> Source {
                                 return std::make_unique<FileSource>(settings, video, clock);
                               }},
                    settings.source);
}

DeviceSource::DeviceSource(const VideoSettings& settings, const DeviceVideo& video,
                           const Clock& clock)
    : path_(video.path), clock_(clock) {
  if (!std::filesystem::exists(path_)) {
    throw WireError(fmt::format("there is no camera at {}; is it plugged in?", path_));
  }
  if (!capture_.open(path_, cv::CAP_V4L2)) {
    throw WireError(fmt::format(
        "{} is no camera that can be opened; does another program use it, or may you not?", path_));
  }
  // Compressed pictures, since USB 2 carries no more than a few raw ones per second.
  capture_.set(cv::CAP_PROP_FOURCC, cv::VideoWriter::fourcc('M', 'J', 'P', 'G'));
  capture_.set(cv::CAP_PROP_FRAME_WIDTH, settings.width_px);
  capture_.set(cv::CAP_PROP_FRAME_HEIGHT, settings.height_px);
  capture_.set(cv::CAP_PROP_FPS, settings.rate_hz);
  expect_size(settings,
              {static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_WIDTH)),
               static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_HEIGHT))},
              path_);
  if (video.exposure) {
    set(cv::CAP_PROP_AUTO_EXPOSURE, kManualExposure, "manual exposure");
    set(cv::CAP_PROP_EXPOSURE, *video.exposure, "exposure");
  }
  if (video.gain) set(cv::CAP_PROP_GAIN, *video.gain, "gain");
  if (video.white_balance) {
    set(cv::CAP_PROP_AUTO_WB, 0.0, "manual white balance");
    set(cv::CAP_PROP_WB_TEMPERATURE, *video.white_balance, "white_balance");
  }
  if (video.focus) {
    set(cv::CAP_PROP_AUTOFOCUS, 0.0, "manual focus");
    set(cv::CAP_PROP_FOCUS, *video.focus, "focus");
  }
}

void DeviceSource::set(int property, double value, const std::string& name) {
  const bool taken = capture_.set(property, value);
  const double now = capture_.get(property);
  if (!taken || std::abs(now - value) > kSameProperty * std::max(1.0, std::abs(value))) {
    throw WireError(
        fmt::format("expected {} to take {} as {}, it has {}; see what it can with "
                    "v4l2-ctl --list-ctrls",
                    path_, value, name, now));
  }
}

bool DeviceSource::grab(Duration timeout) {
  std::vector<int> ready;
  try {
    return cv::VideoCapture::waitAny(
        {capture_}, ready, std::chrono::duration_cast<std::chrono::nanoseconds>(timeout).count());
  } catch (const cv::Exception&) {
    throw WireError(path_ + " gives no frames any more");
  }
}

std::optional<CapturedFrame> DeviceSource::next(Duration timeout) {
  if (!grab(timeout)) return std::nullopt;
  CapturedFrame frame;
  frame.arrival = clock_.now();
  const double stamp_ms = capture_.get(cv::CAP_PROP_POS_MSEC);
  if (stamp_ms > 0.0) frame.stamp = 1e-3 * stamp_ms;
  try {
    capture_.retrieve(frame.image);
  } catch (const cv::Exception&) {
    frame.image.release();
  }
  return frame;
}

FileSource::FileSource(const VideoSettings& settings, const FileVideo& video, const Clock& clock)
    : video_(video), clock_(clock), due_(clock.now()) {
  open();
  expect_size(settings,
              {static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_WIDTH)),
               static_cast<int>(capture_.get(cv::CAP_PROP_FRAME_HEIGHT))},
              video_.path);
  const double rate = capture_.get(cv::CAP_PROP_FPS);
  period_ = 1.0 / (rate > 0.0 && std::isfinite(rate) ? rate : settings.rate_hz);
}

void FileSource::open() {
  if (!std::filesystem::exists(video_.path)) {
    throw WireError(fmt::format("there is no film {}", video_.path));
  }
  if (!capture_.open(video_.path, cv::CAP_FFMPEG)) {
    throw WireError(fmt::format("expected a film, {} is none that FFmpeg reads", video_.path));
  }
}

std::optional<CapturedFrame> FileSource::next(Duration timeout) {
  const double wait = due_ - clock_.now();
  if (wait > timeout.count()) {
    std::this_thread::sleep_for(timeout);
    return std::nullopt;
  }
  CapturedFrame frame;
  if (!capture_.read(frame.image)) {
    if (!video_.loop) throw WireError(fmt::format("the film {} has ended", video_.path));
    open();
    if (!capture_.read(frame.image)) throw WireError(video_.path + " has no frames");
  }
  if (wait > 0.0) std::this_thread::sleep_for(Duration(wait));
  // A film that falls behind goes on from now instead of rushing.
  due_ = std::max(due_, clock_.now() - period_);
  frame.arrival = due_;
  due_ += period_;
  return frame;
}

}  // namespace gripbench::hal

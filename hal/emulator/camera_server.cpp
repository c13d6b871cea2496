#include "hal/emulator/camera_server.h"

#include <algorithm>
#include <chrono>
#include <future>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "hal/emulator/http_page.h"

namespace gripbench::hal {
namespace {

constexpr int kJpegQuality = 95;
/// How soon a new frame is noticed (s), and how long nobody looks for one where none can be.
constexpr Duration kBetweenLooks{0.002};
constexpr Duration kNothingDue{0.02};
/// For so much of a frame's period nobody asks whether the next one is there.
constexpr double kNoneSooner = 0.9;
/// Drawing that is further behind lets frames go (s).
constexpr double kMostBehind = 0.2;
/// How soon a client gets a new picture (s).
constexpr Duration kTick{0.003};
constexpr double kLongestInterval = 10.0;
constexpr std::string_view kBoundary = "gripbench-frame";

std::string name_of(LiveCamera camera) {
  return camera == LiveCamera::kTactile ? "tactile" : "camera";
}

/// Counts somebody who looks, while it lives.
class Watching {
 public:
  explicit Watching(std::atomic<int>& watchers) : watchers_(watchers) { ++watchers_; }
  ~Watching() { --watchers_; }
  Watching(const Watching&) = delete;
  Watching& operator=(const Watching&) = delete;

 private:
  std::atomic<int>& watchers_;
};

}  // namespace

CameraServer::CameraServer(LiveWorkcell& workcell, LiveCamera camera, const ListenOn& where,
                           FaultBoard& board, ControlServer& control)
    : workcell_(workcell),
      camera_(camera),
      faults_(board.add(name_of(camera))),
      drawing_([this](std::stop_token stop) { draw(stop); }),
      server_(where, [this](TcpConnection& connection, std::stop_token stop) {
        serve(connection, stop);
      }) {
  control.add("slow_" + name_of(camera), "SECONDS", "the least time from frame to frame; 0 ends it",
              [this](const ControlServer::Words& words) {
                least_interval_ = number_word(words, 0, 0.0, kLongestInterval);
                return "";
              });
}

void CameraServer::draw(std::stop_token stop) {
  double last = workcell_.now();
  std::uint64_t number = 0;
  while (!stop.stop_requested()) {
    std::optional<Frame> frame;
    const double now = workcell_.now();
    // A slow camera leaves out what it has no time for.
    const double after = std::max(last + least_interval_, now - kMostBehind);
    // Each question interrupts the workcell.
    const double due = std::max(after, last + kNoneSooner * period_);
    if (watchers_ > 0 && now > due) {
      try {
        frame = workcell_.frame_after(camera_, after);
        if (frame && period_ == 0.0) period_ = frame_period();
      } catch (const Error&) {
        // Nothing has been presented yet, or the camera stalled: a camera shows nothing then.
      } catch (const std::future_error&) {
        return;
      }
    }
    if (!frame) {
      const Duration left = watchers_ > 0 ? Duration(due - now) : kNothingDue;
      std::this_thread::sleep_for(std::clamp(left, kBetweenLooks, kNothingDue));
      continue;
    }
    last = frame->time;
    auto picture = std::make_shared<Picture>();
    picture->number = ++number;
    picture->time = frame->time;
    cv::imencode(".jpg", frame->image, picture->jpeg, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality});
    const std::lock_guard lock(mutex_);
    newest_ = std::move(picture);
  }
}

double CameraServer::frame_period() const {
  double rate = 0.0;
  workcell_.call([&](Workcell& workcell) {
    Camera& camera = camera_ == LiveCamera::kTactile ? workcell.tactile() : workcell.camera();
    rate = camera.info().rate_hz;
  });
  return rate > 0.0 ? 1.0 / rate : 0.0;
}

CameraServer::PicturePtr CameraServer::newer(std::uint64_t than) const {
  const std::lock_guard lock(mutex_);
  return newest_ && newest_->number > than ? newest_ : nullptr;
}

void CameraServer::serve(TcpConnection& connection, std::stop_token stop) {
  FaultyLine line(connection, faults_);
  const std::optional<std::string> path = receive_http_path(line, stop);
  if (!path) return;
  const Watching watching(watchers_);
  if (path->starts_with("/stream") || *path == "/?action=stream") {
    stream(line, stop);
  } else if (path->starts_with("/snapshot") || *path == "/?action=snapshot") {
    const PicturePtr before = newer(0);
    while (!stop.stop_requested()) {
      line.receive(kTick);
      const PicturePtr picture = newer(before ? before->number : 0);
      if (!picture) continue;
      const std::string_view jpeg(reinterpret_cast<const char*>(picture->jpeg.data()),
                                  picture->jpeg.size());
      line.send(http_page("200 OK", "image/jpeg", jpeg));
      return;
    }
  } else if (*path == "/") {
    line.send(http_page("200 OK", "text/html",
                        fmt::format("<!DOCTYPE html><title>{0}</title><img src=\"/stream\" "
                                    "alt=\"{0}\">",
                                    name_of(camera_))));
  } else {
    line.send(http_page("404 Not Found", "text/plain", "there is /stream and /snapshot\n"));
  }
}

void CameraServer::stream(FaultyLine& line, std::stop_token stop) {
  line.send(
      fmt::format("HTTP/1.0 200 OK\r\nConnection: close\r\nCache-Control: no-store\r\n"
                  "Content-Type: multipart/x-mixed-replace; boundary={}\r\n\r\n",
                  kBoundary));
  std::uint64_t sent = 0;
  double due = 0.0;
  while (!stop.stop_requested()) {
    // What was sent leaves while the line waits to receive.
    line.receive(std::clamp(Duration(due - workcell_.now()), kTick, kNothingDue));
    const PicturePtr picture = newer(sent);
    if (!picture) continue;
    sent = picture->number;
    due = picture->time + kNoneSooner * period_;
    const std::string head = fmt::format(
        "--{}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nX-Timestamp: {:.6f}\r\n\r\n",
        kBoundary, picture->jpeg.size(), picture->time);
    Bytes part(head.begin(), head.end());
    part.insert(part.end(), picture->jpeg.begin(), picture->jpeg.end());
    part.insert(part.end(), {'\r', '\n'});
    line.send(std::move(part));
  }
}

}  // namespace gripbench::hal

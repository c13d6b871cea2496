#include "hal/watchdog/watched_run.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/watchdog/start_watchdog.h"

namespace gripbench::hal {
namespace {

constexpr const char* kDevice = "watchdog";
constexpr std::chrono::milliseconds kBetweenBeats{50};
constexpr Duration kAnswerTime{5.0};
constexpr Duration kLookUp{0.1};

TcpConnection connect(std::uint16_t port) {
  try {
    return TcpConnection::connect("127.0.0.1", port, kAnswerTime);
  } catch (const WireError& error) {
    throw DeviceError(kDevice, error.what());
  }
}

}  // namespace

WatchedRun::WatchedRun(std::uint16_t port) : connection_(connect(port)) {
  try {
    gripper_port_ = static_cast<std::uint16_t>(std::stoul(ask("watch")));
  } catch (const WireError& error) {
    throw DeviceError(kDevice, error.what());
  } catch (const std::logic_error&) {
    throw DeviceError(kDevice, fmt::format("another program than it answers at port {}", port));
  }
  beating_ = std::jthread([this](std::stop_token stop) { beat_on(stop); });
}

WatchedRun::~WatchedRun() {
  beating_.request_stop();
  beating_.join();
  try {
    ask("bye");
  } catch (const Error&) {
    // It has ended: the gripper's driver has said goodbye before.
  }
}

void WatchedRun::tell_frames_of(const std::string& camera, std::function<std::uint64_t()> count) {
  const std::lock_guard lock(mutex_);
  cameras_[camera] = std::move(count);
}

void WatchedRun::forget_cameras() {
  const std::lock_guard lock(mutex_);
  cameras_.clear();
}

void WatchedRun::come_by() {
  ++progress_;
  const std::lock_guard lock(mutex_);
  if (!stopped_because_.empty()) throw DeviceError(kDevice, stopped_because_);
}

std::string WatchedRun::beat() {
  std::string line = fmt::format("beat {}", progress_.load());
  const std::lock_guard lock(mutex_);
  for (const auto& [camera, count] : cameras_) line += fmt::format(" {}={}", camera, count());
  return line;
}

void WatchedRun::beat_on(std::stop_token stop) {
  while (!stop.stop_requested()) {
    try {
      ask(beat());
    } catch (const Error& error) {
      const std::lock_guard lock(mutex_);
      stopped_because_ = fmt::format("the rig is no longer in this run's hands: {}", error.what());
      return;
    }
    std::this_thread::sleep_for(kBetweenBeats);
  }
}

/// What follows "ok". @throws DeviceError with what follows "error"; WireError.
std::string WatchedRun::ask(const std::string& line) {
  connection_.send(line + "\n");
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
  while (std::chrono::steady_clock::now() < deadline) {
    if (const std::optional<std::string> answer = reader_.next()) {
      if (answer->starts_with(kWatchdogFailed)) {
        throw_complaint(answer->substr(kWatchdogFailed.size()));
      }
      return answer->starts_with("ok ") ? answer->substr(3) : "";
    }
    reader_.append(connection_.receive(kLookUp));
  }
  throw TimeoutError(kDevice, fmt::format("no answer within {:g} s", kAnswerTime.count()));
}

}  // namespace gripbench::hal

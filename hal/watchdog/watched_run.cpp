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
/// The arm is not stopped before a fault is explained; a watchdog that lives answers within
/// milliseconds.
constexpr Duration kExplanationTime{0.5};

TcpConnection connect(std::uint16_t port) {
  try {
    return TcpConnection::connect("127.0.0.1", port, kAnswerTime);
  } catch (const WireError& error) {
    throw DeviceError(kDevice, error.what());
  }
}

}  // namespace

WatchedRun::WatchedRun(std::uint16_t port, double beat_timeout)
    : beat_timeout_(beat_timeout), connection_(connect(port)) {
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

/// Lets a beat be sent at once. Whether an answer came in time that was asked for after this.
bool WatchedRun::hear(Duration patience) {
  std::unique_lock lock(mutex_);
  const std::uint64_t mine = ++wanted_;
  changed_.notify_all();
  changed_.wait_for(lock, patience, [&] { return heard_ >= mine || !stopped_because_.empty(); });
  if (!stopped_because_.empty()) throw DeviceError(kDevice, stopped_because_);
  return heard_ >= mine;
}

void WatchedRun::demand_rig() {
  if (hear(beat_timeout_)) return;
  throw MotionRefused(kDevice, fmt::format("motion refused: no answer for {:g} s, so nobody would "
                                           "stop the arm; is the machine overloaded?",
                                           beat_timeout_.count()));
}

void WatchedRun::explain_fault() { hear(kExplanationTime); }

std::string WatchedRun::beat() {
  std::string line = fmt::format("beat {}", progress_.load());
  const std::lock_guard lock(mutex_);
  for (const auto& [camera, count] : cameras_) line += fmt::format(" {}={}", camera, count());
  return line;
}

void WatchedRun::beat_on(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::uint64_t wanted = 0;
    {
      const std::lock_guard lock(mutex_);
      wanted = wanted_;
    }
    std::string lost;
    try {
      ask(beat());
    } catch (const Error& error) {
      lost = fmt::format("the rig is no longer in this run's hands: {}", error.what());
    }
    std::unique_lock lock(mutex_);
    heard_ = wanted;
    stopped_because_ = lost;
    changed_.notify_all();
    if (!lost.empty()) return;
    changed_.wait_for(lock, stop, kBetweenBeats, [this] { return wanted_ != heard_; });
  }
}

/// What follows "ok". @throws DeviceError with what follows "error"; WireError.
std::string WatchedRun::ask(const std::string& line) {
  connection_.send(line + "\n");
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
  // One more look than time allows: a process that was stopped finds its answer late.
  bool late = false;
  while (true) {
    if (const std::optional<std::string> answer = reader_.next()) {
      if (answer->starts_with(kWatchdogFailed)) {
        throw_complaint(answer->substr(kWatchdogFailed.size()));
      }
      return answer->starts_with("ok ") ? answer->substr(3) : "";
    }
    if (late) {
      throw TimeoutError(kDevice, fmt::format("no answer within {:g} s", kAnswerTime.count()));
    }
    late = std::chrono::steady_clock::now() >= deadline;
    reader_.append(connection_.receive(kLookUp));
  }
}

}  // namespace gripbench::hal

#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "hal/net/line_reader.h"
#include "hal/net/tcp_connection.h"

namespace gripbench::hal {

/// A run's end of the line to its watchdog: beats on a thread of its own for as long as it lives.
/// The gripper's driver connects to `gripper_port` of the loopback interface, and goes before this.
class WatchedRun {
 public:
  /// Asks the watchdog at this port to watch, which connects it to the gripper.
  /// @throws DeviceError, TimeoutError about "watchdog".
  explicit WatchedRun(std::uint16_t port);
  /// Says goodbye.
  ~WatchedRun();
  WatchedRun(const WatchedRun&) = delete;
  WatchedRun& operator=(const WatchedRun&) = delete;

  std::uint16_t gripper_port() const { return gripper_port_; }

  /// From here on the frames that a camera received are told with each beat. `count` must be safe
  /// from another thread until `forget_cameras`.
  void tell_frames_of(const std::string& camera, std::function<std::uint64_t()> count);
  void forget_cameras();

  /// The run's thread is alive: for RigClock::watch.
  /// @throws DeviceError if the watchdog has stopped the rig, with its reason.
  void come_by();

 private:
  void beat_on(std::stop_token stop);
  std::string beat();
  std::string ask(const std::string& line);

  TcpConnection connection_;
  LineReader reader_;
  std::uint16_t gripper_port_ = 0;
  std::atomic<std::uint64_t> progress_{1};

  std::mutex mutex_;
  std::map<std::string, std::function<std::uint64_t()>> cameras_;
  /// Why the watchdog has stopped the rig; empty while it has not.
  std::string stopped_because_;

  std::jthread beating_;
};

}  // namespace gripbench::hal

#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "hal/net/line_reader.h"
#include "hal/net/tcp_connection.h"
#include "hal/watchdog/watch_state.h"

namespace gripbench::hal {

/// A run's end of the line to its watchdog: beats on a thread of its own for as long as it lives.
/// The gripper's driver connects to `gripper_port` of the loopback interface, and goes before this.
class WatchedRun {
 public:
  /// Asks the watchdog at this port to watch, which connects it to the gripper. Its word on a
  /// motion is waited for as long as it waits for a beat (s).
  /// @throws DeviceError, TimeoutError about "watchdog".
  explicit WatchedRun(std::uint16_t port, double beat_timeout = WatchRules().beat_timeout);
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

  /// The watchdog says, asked now, that the rig is this run's: before each motion, since the run
  /// may have been stopped, and lost, since anybody looked.
  /// @throws DeviceError if it has stopped the rig, with its reason; MotionRefused if it does not
  /// answer.
  void demand_rig();

  /// A device failed. Where the watchdog is the cause, because it has taken the rig, that is the
  /// fault to tell of: it acts before this run can hear of it, so it is asked and briefly waited
  /// for. @throws DeviceError if it has stopped the rig, with its reason.
  void explain_fault();

 private:
  bool hear(Duration patience);
  void beat_on(std::stop_token stop);
  std::string beat();
  std::string ask(const std::string& line);

  const Duration beat_timeout_;
  TcpConnection connection_;
  LineReader reader_;
  std::uint16_t gripper_port_ = 0;
  std::atomic<std::uint64_t> progress_{1};

  std::mutex mutex_;
  std::map<std::string, std::function<std::uint64_t()>> cameras_;
  /// Why the watchdog has stopped the rig; empty while it has not.
  std::string stopped_because_;

  /// How often somebody wanted to hear of the watchdog, and how many of these requests a beat that
  /// was sent after them has answered.
  std::uint64_t wanted_ = 0, heard_ = 0;
  std::condition_variable_any changed_;

  std::jthread beating_;
};

}  // namespace gripbench::hal

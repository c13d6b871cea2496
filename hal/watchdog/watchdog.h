#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "hal/net/tcp_server.h"
#include "hal/rig_clock.h"
#include "hal/ur/ur_arm.h"
#include "hal/watchdog/gripper_relay.h"
#include "hal/watchdog/watch_state.h"
#include "hal/wsg/wsg_settings.h"

namespace gripbench::hal {

/// Where a rig's watchdog listens, on the loopback interface; 0 takes any free port.
inline constexpr std::uint16_t kWatchdogPort = 29950;

struct WatchdogSettings {
  std::uint16_t port = kWatchdogPort;
  WatchRules rules;
  UrSettings arm;
  WsgSettings gripper;
  JawOpening opening;
};

/// What a watchdog is for, and by which settings it would stop: the gripper first, no commas
/// within. Two that differ in it must not stand in for each other.
std::vector<std::string> watched_by(const WatchdogSettings& settings);

/// Stands between a run and the rig in a process of its own: holds the gripper's connection, and
/// stops the arm and keeps the grip when the run dies, hangs, or loses a camera.
///
/// Its port speaks lines of text, each answered by "ok" and what there is to say, or "error: " and
/// why:
///   hello                       gripbench-watchdog, what it watches, the mode and why
///   watch                       begins to watch this connection's run; answers the relay's port
///   beat PROGRESS CAMERA=N ...  the run lives; an error once it counts as lost
///   bye                         the run is about to close this connection
///   release, open               a person has the part, or the jaws shall open first
class Watchdog {
 public:
  using Say = std::function<void(const std::string& line)>;

  /// Connects to the arm and listens; the gripper is connected to when a run asks to be watched.
  /// What happens is said through `say`, a line each.
  /// @throws DeviceError about the arm; InputError if it cannot listen.
  Watchdog(WatchdogSettings settings, Say say);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  std::uint16_t port() const { return control_->port(); }

  /// Watches until a run has ended in order, or what a lost one held has been released. `asked` is
  /// raised from outside to release; while a run is watched it is lowered again.
  /// @throws DeviceError if the gripper lets go while it is held.
  void run(std::atomic<bool>& asked);

 private:
  void serve(TcpConnection& connection, std::stop_token stop);
  /// `watch` is the number of the connection's watch, 0 before it has asked for one: a run that was
  /// lost must not speak for the one that came after it.
  std::string answer(const std::string& line, std::uint64_t& watch);
  std::string begin_to_watch(std::uint64_t& watch);
  std::string take_beat(std::istream& words, std::uint64_t watch);
  void take_goodbye(std::uint64_t& watch);
  std::string end_of_holding(bool open_jaws);
  void client_gone(bool announced);
  bool arm_moves();
  bool program_runs();
  void take_over(const std::string& reason);
  void keep_standing();
  void bring_arm_to_a_stand(const char* since);
  WatchState::Mode mode() const;

  const WatchdogSettings settings_;
  const Say say_;
  RigClock clock_;
  UrArm arm_;

  mutable std::mutex mutex_;
  WatchState state_;
  /// Counts the runs that it has watched, from 1.
  std::uint64_t watches_ = 0;
  bool open_jaws_ = false;
  /// The arm stands since the run was lost, as far as anybody saw.
  bool stopped_ = false;

  // Whoever is served uses all above; the relay's clients and the control's end first.
  std::unique_ptr<GripperRelay> relay_;
  std::unique_ptr<TcpServer> control_;
};

}  // namespace gripbench::hal

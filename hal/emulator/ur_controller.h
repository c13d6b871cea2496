#pragma once

#include <deque>
#include <functional>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "hal/emulator/live_workcell.h"
#include "hal/emulator/ur_image.h"
#include "hal/emulator/ur_run.h"
#include "hal/ur/primary_packet.h"
#include "hal/ur/rtde_packet.h"

namespace gripbench::hal {

/// Arm geometry that a workcell does not tell. Without it, joint targets are refused, and the tool
/// that a program sets is taken to be the workcell's own.
struct UrBody {
  /// Pose of the flange in the base frame for six joint angles (rad).
  std::function<Eigen::Isometry3d(const Eigen::Matrix<double, 6, 1>&)> flange_at;
};

struct UrControllerOptions {
  ControllerVersion version{3, 15, 8, 106339};
  /// The installation's tool, which is active at the start.
  UrPose flange_from_tcp{};
  std::optional<UrBody> body;
  /// A protective stop cannot be unlocked sooner (s).
  double unlock_after = 5.0;
};

/// The core of an emulated UR controller of the CB3 series: modes, registers, programs, in cycles
/// of 8 ms on a thread of its own, with a live workcell as the arm. Servers show it to clients.
/// Every function is safe from any thread.
class UrController {
 public:
  /// The workcell must outlive the controller.
  UrController(LiveWorkcell& workcell, UrControllerOptions options);
  ~UrController();
  UrController(const UrController&) = delete;
  UrController& operator=(const UrController&) = delete;

  const ControllerVersion& version() const { return options_.version; }
  UrImage image() const;

  /// Called with every cycle's image and with every message, on the controller's thread, until the
  /// subscription is destroyed; it must return at once and must not call the controller.
  using OnImage = std::function<void(const UrImage&)>;
  using OnMessage = std::function<void(const UrMessage&)>;
  using Subscription = std::shared_ptr<void>;
  Subscription subscribe(OnImage on_image, OnMessage on_message);

  /// Takes a program that came over a script port: it begins with the next cycle and replaces the
  /// one that runs; a secondary program runs beside it. Wrong ones are answered by a message.
  void submit(std::string script);

  /// Writes an input register or another variable of rtde_input.
  void write_input(const std::string& variable, const RtdeValue& value);

  // What the dashboard does; false if the controller refuses.
  bool power_on();
  void power_off();
  bool release_brakes();
  enum class Unlock { kDone, kTooEarly, kNothingToUnlock };
  Unlock unlock_protective_stop();
  bool play();
  bool pause();
  bool stop_program();

  // What happens to it: each stops the arm and ends or pauses the program, as a real one does.
  void protective_stop();
  void emergency_stop();
  /// The button is pulled out again: the arm is off and wants power and brakes.
  void release_emergency_stop();
  void safeguard(bool open);

 private:
  class Machine;
  struct Subscriber {
    OnImage on_image;
    OnMessage on_message;
  };
  /// An RTDE input that the program wants to be written every `period`; times in s of the workcell.
  struct Watchdog {
    double period = 0.0;
    UrWatchdogAction action = UrWatchdogAction::kPause;
    double written = 0.0;
  };

  void run(std::stop_token stop);
  void cycle(std::deque<UrMessage>& messages);
  void measure();
  void take_scripts(std::deque<UrMessage>& messages);
  void advance_programs(std::deque<UrMessage>& messages);
  bool advance(UrRun& program, std::deque<UrMessage>& messages);
  void advance_power();
  void look_at_watchdogs();
  bool may_move() const;
  void hold(UrSafetyMode mode);
  void pause_program();
  void end_program();

  LiveWorkcell& workcell_;
  const UrControllerOptions options_;
  const std::unique_ptr<Machine> machine_;

  mutable std::mutex mutex_;
  UrImage image_;
  std::deque<std::string> scripts_;
  std::optional<UrRun> program_;
  std::list<UrRun> secondary_;
  /// By the input's name.
  std::map<std::string, Watchdog> watchdogs_;
  /// Messages that other threads caused, for the next cycle.
  std::deque<UrMessage> messages_;
  double stopped_at_ = 0.0;
  /// Live time at which the present power mode goes on to the next (s).
  std::optional<double> power_changes_at_;

  std::mutex subscribers_mutex_;
  std::list<std::weak_ptr<Subscriber>> subscribers_;

  std::jthread thread_;
};

}  // namespace gripbench::hal

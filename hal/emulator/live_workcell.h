#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "hal/workcell.h"

namespace gripbench::hal {

/// What a live workcell's devices measured at one moment. All times are on the live clock.
struct LiveState {
  /// Counts the states, from 1.
  std::uint64_t number = 0;
  double time = 0.0;
  /// Why there is nothing to measure: nothing has been presented yet, or physics failed. Empty when
  /// all is well; else the values are the last that there were.
  std::string not_ready_because;
  ArmState arm;
  bool arm_moving = false;
  GripperState gripper;
  bool gripper_moving = false;
  /// At the wrist, if the workcell has a sensor there.
  std::optional<WrenchReading> wrench;
  /// Real time that the workcell could not keep up with so far (s): 0 for a true rig.
  double lost = 0.0;
};

enum class LiveCamera { kTactile, kExternal };

/// A workcell that runs in step with the wall clock, so that servers can show it to clients as if
/// it were the rig.
///
/// One thread makes the workcell, owns it, advances its clock and carries out commands; everybody
/// else sees copies of its state. Every function is safe from any thread. The live clock begins at
/// 0 and only goes forward, also where the workcell's own starts anew with Stage::present.
class LiveWorkcell {
 public:
  using Make = std::function<std::unique_ptr<Workcell>()>;
  using Command = std::function<void(Workcell&)>;
  static constexpr std::chrono::milliseconds kPeriod{2};

  /// Makes the workcell on its thread and waits for it. Its states are `period` (s) apart: a
  /// quarter of a UR controller's, if nobody has reasons for less.
  /// @throws whatever `make` throws.
  explicit LiveWorkcell(Make make, std::chrono::duration<double> period = kPeriod);
  /// Commands that still wait are dropped: their futures report a broken promise.
  ~LiveWorkcell();
  LiveWorkcell(const LiveWorkcell&) = delete;
  LiveWorkcell& operator=(const LiveWorkcell&) = delete;

  /// Seconds on the live clock.
  double now() const;

  /// The newest state, about a period old.
  LiveState state() const;

  /// Carries out a command between two steps, in the order posted; `state` shows its effect once
  /// the future is ready. What the command throws comes out of the future. A command that takes
  /// long stops time for the workcell.
  std::future<void> post(Command command);

  /// Posts and waits. Not from within a command.
  void call(Command command) { post(std::move(command)).get(); }

  /// The oldest frame of a camera later than `after` (s on the live clock), if there is one; drawn
  /// on the calling thread where the camera can. One thread per camera.
  std::optional<Frame> frame_after(LiveCamera camera, double after);

 private:
  struct Waiting {
    Command command;
    std::promise<void> done;
  };

  void run(std::stop_token stop, const Make& make, std::promise<void>& made);
  void carry_out(Workcell& workcell);
  void advance(Workcell& workcell);
  void anchor(Workcell& workcell);
  void publish(Workcell& workcell);

  const std::chrono::duration<double> period_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Waiting> waiting_;
  LiveState state_;

  // The workcell's thread alone uses these.
  /// Live time at which the workcell's clock showed 0 (s).
  double origin_ = 0.0;
  /// Time of the last state (s).
  double last_shown_ = 0.0;
  double lost_ = 0.0;
  std::string failed_because_;
  /// How often a command moved the workcell's clock.
  std::uint64_t restarts_ = 0;

  /// The frame shown last (s on the workcell's own clock). Its camera's thread alone uses it.
  struct Shown {
    std::uint64_t restarts = 0;
    double time = -1.0;
  };
  std::array<Shown, 2> shown_;

  std::jthread thread_;
};

}  // namespace gripbench::hal

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hal/arm.h"
#include "hal/clock.h"
#include "hal/ur/dashboard_client.h"
#include "hal/ur/primary_client.h"
#include "hal/ur/robot_state.h"
#include "hal/ur/rtde_client.h"
#include "hal/ur/ur_settings.h"

namespace gripbench::hal {

/// What the controller says of itself.
struct UrStatus {
  /// When this arrived (s on the workcell's clock).
  double time = 0.0;
  ControllerVersion version;
  UrRobotMode robot_mode = UrRobotMode::kDisconnected;
  UrSafetyMode safety_mode = UrSafetyMode::kUndefined;
  UrRuntimeState runtime_state = UrRuntimeState::kStopped;
  /// Share of the programmed speed that the pendant's slider allows, 0 to 1.
  double speed_scaling = 1.0;
  /// What holds the arm and what to do about it, in words; empty if it may move.
  std::string held_because;
};

/// A UR arm of the CB3 series, by the controller's own interfaces: state by RTDE, motions as UR
/// script programs over the primary interface, power and brakes by the dashboard.
///
/// A program announces its begin and its end in an output register, which is how a motion's end is
/// known; the controller's complaints about it come over the primary interface. While it runs, the
/// controller itself listens for this client's beats in an input register: without them, as when
/// the network is lost, it ends the program and stops the arm (URScript, `rtde_set_watchdog`).
class UrArm final : public Arm {
 public:
  /// Numbers of programs begin anew after so many; twice a few times that fits the register.
  static constexpr std::int32_t kMostPrograms = 1'000'000;

  /// Connects to the state stream and the primary interface; moves nothing. The clock must be safe
  /// to read from another thread, and outlive the arm.
  /// @throws DeviceError, TimeoutError saying what was expected and what came.
  UrArm(UrSettings settings, const Clock& clock);

  /// Asks the dashboard, which a stop may need, sets tool centre point and payload on the
  /// controller and waits until it has them; poses read before are those of another tool. Nothing
  /// moves.
  /// @throws DeviceError if the arm or its dashboard is not ready, or the controller then names
  /// another tool.
  void prepare();

  /// Newest measured state; its time is that of arrival.
  /// @throws DeviceError if the state stream is broken or stale.
  ArmState read() override;

  /// As hal::Arm; a speed slider below 100% slows it further. Whether the target can be reached is
  /// for the controller to find: `moving` then throws its reason.
  /// @throws MotionRefused if limits or target are no numbers, or something holds the arm;
  /// DeviceError if the controller cannot be reached or its state is stale.
  void start_move(const Eigen::Isometry3d& base_from_tcp,
                  const LinearMotionLimits& limits) override;

  /// Where the controller's log complains, it waits some states for what the safety system has to
  /// say.
  /// @throws DeviceError if the motion cannot end: a stop of the safety system, a script error, a
  /// program that never began or was replaced.
  bool moving() override;

  /// As hal::Arm. Also where the safety system holds the arm: the program is then ended, so that
  /// nothing resumes when the hold is lifted. A stop that goes out by the primary interface is
  /// confirmed by the state or the controller's log, within a second or `stale_after` and the time
  /// to brake; where that fails the dashboard ends the program. Without a state a program with a
  /// heartbeat counts as stopped once the controller must have missed it.
  /// @throws DeviceError "the stop is not confirmed: ..." if nothing of this shows that the arm
  /// stands.
  void stop() override;

  /// @throws DeviceError in words if the arm may not move or its state is stale; for
  /// RigClock::watch.
  void check();

  UrStatus status() const;
  const RtdeClient& rtde() const { return rtde_; }
  /// For what an operator asks; here `prepare` asks whether it is there, and `stop` ends programs.
  DashboardClient& dashboard() { return dashboard_; }

 private:
  /// A program on its way. Its markers are 2 number when it begins and 2 number + 1 when it ends.
  struct Program {
    std::int32_t number = 0;
    /// When it was sent, and since when the controller runs none (s).
    double sent = 0.0;
    std::optional<double> idle_since;
    bool begun = false;
  };
  struct State;
  /// A stop on its way: when it was asked for, until when it shall be confirmed, and how long the
  /// arm brakes (s).
  struct Stop {
    double begin = 0.0;
    double until = 0.0;
    double braking = 0.0;
    /// The controller stops what moves by itself without this client's beats.
    bool heartbeat = false;
    /// The program that stops, if it could be sent.
    std::optional<std::int32_t> program;
    bool by_dashboard = false;
  };

  State state_of(const RtdeSample& sample) const;
  void run(const std::string& body, const State& state);
  std::string watchdog_line() const;
  void send(const std::string& body);
  std::int32_t send_stop();
  void look_for_errors(const Program& program) const;
  std::string held_soon() const;
  void look_for_end(Program& program, const State& state) const;
  std::optional<State> fresh_state() const;
  bool is_confirmed(const Stop& stop) const;
  bool ended_by_log(std::int32_t program, double since) const;
  void end_program(Stop stop);
  bool stopped_by_controller(const Stop& stop) const;

  const UrSettings settings_;
  const Clock& clock_;
  RtdeClient rtde_;
  PrimaryClient primary_;
  DashboardClient dashboard_;
  std::int32_t programs_ = 0;
  std::optional<Program> program_;
  double stop_deceleration_;
};

}  // namespace gripbench::hal

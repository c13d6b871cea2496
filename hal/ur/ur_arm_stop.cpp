#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/ur/ur_arm_state.h"

namespace gripbench::hal {
namespace {

/// A stop that is not confirmed after this and the time to brake is taken to be lost (s).
constexpr double kUntilConfirmed = 1.0;
/// Beats may go on for so long after a stream is found stale (s).
constexpr double kBeatsEnd = 0.05;
/// The tool stands below that (m/s, rad/s).
constexpr double kStanding = 1e-3;
constexpr double kNotTurning = 1e-2;
/// Between two looks at the state (s).
constexpr Duration kBetweenLooks{0.01};

/// Without the device's name, which the message around it has.
std::string words(const DeviceError& error) {
  return std::string(error.what()).substr(error.device().size() + 2);
}

}  // namespace

bool UrArm::State::stands() const {
  return arm.tcp_velocity.head<3>().norm() < kStanding &&
         arm.tcp_velocity.tail<3>().norm() < kNotTurning;
}

std::optional<UrArm::State> UrArm::fresh_state() const {
  try {
    return state_of(rtde_.newest());
  } catch (const DeviceError&) {
    return std::nullopt;
  }
}

void UrArm::stop() {
  const double begin = clock_.now();
  const std::optional<State> fresh = fresh_state();
  // However old: without a newer one nobody knows whether the arm moves, which is a reason to stop.
  const State last = fresh ? *fresh : state_of(rtde_.wait_newer(0, Duration(0.0)));
  const double braking = last.arm.tcp_velocity.head<3>().norm() / stop_deceleration_;
  Stop stop;
  stop.begin = begin;
  stop.until = begin + std::max(kUntilConfirmed, settings_.silent_after()) + braking;
  stop.braking = braking;
  stop.heartbeat = settings_.has_heartbeat() && program_;
  if (fresh && !fresh->status.held_because.empty()) {
    program_.reset();
    // A paused program would go on once the hold is lifted.
    if (!fresh->idle()) end_program(stop);
    return;
  }
  const bool nothing_to_stop = !program_ && last.idle() && last.stands();
  try {
    stop.program = send_stop();
  } catch (const DeviceError&) {
    // The program that moves the arm can still be ended by the other door.
  }
  const bool done = nothing_to_stop || (stop.program && is_confirmed(stop));
  if (!done) end_program(stop);
  program_.reset();
}

/// Waits until the stop is known to have worked, or its time is over. Programs go out on one
/// connection in their order, so what was sent before the stop does not move the arm after it.
bool UrArm::is_confirmed(const Stop& stop) const {
  std::optional<double> still_since;
  while (true) {
    // While the state is stale, the controller's log still tells of the end of programs.
    if (stop.program && ended_by_log(*stop.program, stop.begin)) return true;
    const double now = clock_.now();
    const std::optional<State> state = fresh_state();
    if (!state) still_since.reset();
    if (state && state->arm.time > stop.begin) {
      if (stop.program && state->marker == 2 * *stop.program + 1) return true;
      const bool still = state->idle() && state->stands();
      if (!still) still_since.reset();
      if (still && !still_since) still_since = now;
      if (still && now - *still_since > kIdleMeansEnded) return true;
      // A held arm takes no program any more.
      const bool held = !state->status.held_because.empty() && !state->idle();
      if (held && !stop.by_dashboard) return false;
    }
    if (now >= stop.until && !still_since) return false;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

bool UrArm::ended_by_log(std::int32_t program, double since) const {
  const std::string name = fmt::format("gripbench_{}", program);
  const std::deque<TimedUrMessage> log = primary_.messages_since(since);
  return std::any_of(log.begin(), log.end(), [&](const TimedUrMessage& timed) {
    const auto* key = std::get_if<UrKeyMessage>(&timed.message);
    return key != nullptr && key->title == "PROGRAM_XXX_STOPPED" && key->text == name;
  });
}

/// By the dashboard.
/// @throws DeviceError if nothing shows that the arm stands then.
void UrArm::end_program(Stop stop) {
  stop.by_dashboard = true;
  std::string said;
  try {
    const bool ended = dashboard_.stop_program();
    // Without a state its word is all there is; that it knows of no program is not enough.
    if (ended && !fresh_state()) return;
    said = ended ? "the dashboard says that it ended the program"
                 : "the dashboard knows of no program that runs";
    stop.until = std::max(stop.until, clock_.now() + kUntilConfirmed + stop.braking);
  } catch (const DeviceError& error) {
    said = words(error);
  }
  if (is_confirmed(stop) || stopped_by_controller(stop)) return;
  std::string shown = "the arm still moves, or its program still runs", hope;
  try {
    rtde_.newest();
  } catch (const DeviceError& error) {
    shown = words(error);
    if (stop.heartbeat) {
      hope = fmt::format("; its controller stops it by itself after {:g} s without this computer",
                         settings_.heartbeat_timeout);
    }
  }
  throw DeviceError(settings_.device,
                    fmt::format("the stop is not confirmed: {}; {}{}", shown, said, hope));
}

/// Beats end with the state stream, and without them the controller ends the program. True if it
/// must have done so; waits for that where it is near.
bool UrArm::stopped_by_controller(const Stop& stop) const {
  if (!stop.heartbeat) return false;
  const double last_state = rtde_.wait_newer(0, Duration(0.0)).time;
  const double stopped_at = last_state + settings_.silent_after() + kBeatsEnd +
                            settings_.heartbeat_timeout + stop.braking;
  if (stopped_at > stop.until + kUntilConfirmed) return false;
  while (!fresh_state()) {
    if (clock_.now() >= stopped_at) return true;
    std::this_thread::sleep_for(kBetweenLooks);
  }
  // The stream is back, and beats with it: the state decides.
  return false;
}

}  // namespace gripbench::hal

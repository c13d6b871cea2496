#include "hal/watchdog/watchdog.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/net/line_reader.h"

namespace gripbench::hal {
namespace {

using Mode = WatchState::Mode;

constexpr Duration kTick{0.01};
constexpr Duration kLookUp{0.02};
/// The tool stands below that (m/s).
constexpr double kStanding = 1e-3;
/// Between two tries to stop an arm that still moves, and when to say that it does (s).
constexpr double kStopAgain = 0.25;
constexpr double kStopPatience = 5.0;
/// An arm that is still for so long, without a program, stays so (s).
constexpr double kStillFor = 0.3;

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::kIdle:
      return "idle";
    case Mode::kWatching:
      return "watching";
    case Mode::kHolding:
      return "holding";
    case Mode::kDone:
      return "done";
  }
  return "unknown";
}

std::uint64_t count_of(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw WireError(fmt::format("expected a count, got '{}'", text));
  }
  return count;
}

/// The run's own beats keep the arm's program going; here nothing but stops is sent, under numbers
/// that the run does not use.
UrSettings for_stops(UrSettings arm) {
  arm.heartbeat_timeout = 0.0;
  arm.programs_from = UrArm::kMostPrograms;
  return arm;
}

}  // namespace

std::vector<std::string> watched_by(const WatchdogSettings& settings) {
  const WsgOptions& gripper = settings.gripper.connection;
  const UrSettings& arm = settings.arm;
  const WatchRules& rules = settings.rules;
  const Eigen::Vector3d& centre = arm.payload_centre;
  return {
      fmt::format("gripper {}:{}", gripper.host, gripper.port),
      fmt::format("arm {} at {} {} {}", arm.host, arm.rtde_port, arm.primary_port,
                  arm.dashboard_port),
      // Each program that stops the arm sets them.
      fmt::format("tool {:g}", fmt::join(arm.flange_from_tcp, " ")),
      fmt::format("payload {:g} kg at {:g} {:g} {:g}", arm.payload, centre.x(), centre.y(),
                  centre.z()),
      fmt::format("opening to {:g} m at {:g} m/s", settings.opening.width, settings.opening.speed),
      fmt::format("beat_timeout {:g} s", rules.beat_timeout),
      fmt::format("camera_timeout {:g} s", rules.camera_timeout),
      fmt::format("hang_timeout {:g} s", rules.hang_timeout)};
}

Watchdog::Watchdog(WatchdogSettings settings, Say say)
    : settings_(std::move(settings)),
      say_(std::move(say)),
      arm_(for_stops(settings_.arm), clock_),
      state_(settings_.rules, clock_.now()) {
  relay_ = std::make_unique<GripperRelay>(settings_.gripper.connection,
                                          [this](bool announced) { client_gone(announced); });
  control_ = std::make_unique<TcpServer>(
      ListenOn{"127.0.0.1", settings_.port},
      [this](TcpConnection& connection, std::stop_token stop) { serve(connection, stop); });
}

Watchdog::~Watchdog() = default;

WatchState::Mode Watchdog::mode() const {
  const std::lock_guard lock(mutex_);
  return state_.mode();
}

void Watchdog::client_gone(bool announced) {
  const std::lock_guard lock(mutex_);
  if (announced) {
    state_.goodbye();
  } else if (relay_->holds()) {
    state_.lost("the run's connection to the gripper");
  }
  // Else the gripper closed it, which the run learns from its own driver.
}

void Watchdog::serve(TcpConnection& connection, std::stop_token stop) {
  LineReader reader;
  std::uint64_t watch = 0;
  try {
    while (!stop.stop_requested()) {
      reader.append(connection.receive(kLookUp));
      while (const std::optional<std::string> line = reader.next()) {
        connection.send(answer(*line, watch) + "\n");
      }
    }
  } catch (const WireError&) {
    // Gone, or no client of ours.
  }
  if (watch == 0 || stop.stop_requested()) return;
  const std::lock_guard lock(mutex_);
  if (watch == watches_) state_.lost("the run's connection to the watchdog");
}

std::string Watchdog::answer(const std::string& line, std::uint64_t& watch) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  try {
    if (command == "hello") {
      const std::lock_guard lock(mutex_);
      return fmt::format("ok gripbench-watchdog {}; {} {}", fmt::join(watched_by(settings_), ", "),
                         name_of(state_.mode()), state_.reason());
    }
    if (command == "watch") return begin_to_watch(watch);
    if (command == "beat") return take_beat(words, watch);
    if (command == "bye") {
      take_goodbye(watch);
      return "ok";
    }
    if (command == "release" || command == "open") return end_of_holding(command == "open");
    return "error: unknown command '" + command + "'";
  } catch (const Error& error) {
    return std::string("error: ") + error.what();
  }
}

std::string Watchdog::begin_to_watch(std::uint64_t& watch) {
  const std::lock_guard lock(mutex_);
  if (state_.mode() == Mode::kWatching) return "error: another run has the rig; wait for its end";
  if (state_.mode() == Mode::kHolding && !stopped_) {
    return "error: it is still stopping the arm; try again";
  }
  relay_->open();
  if (!state_.begin(clock_.now())) return "error: it is about to end; try again";
  watch = ++watches_;
  return fmt::format("ok {}", relay_->port());
}

std::string Watchdog::take_beat(std::istream& words, std::uint64_t watch) {
  WatchBeat beat;
  std::string word;
  words >> word;
  beat.progress = count_of(word);
  while (words >> word) {
    const std::size_t equals = std::min(word.find('='), word.size());
    beat.frames[word.substr(0, equals)] =
        count_of(std::string_view(word).substr(std::min(equals + 1, word.size())));
  }
  const std::lock_guard lock(mutex_);
  if (watch != watches_) return "error: another run has the rig now";
  state_.beat(clock_.now(), beat);
  if (state_.mode() == Mode::kHolding) return "error: " + state_.reason();
  return "ok";
}

void Watchdog::take_goodbye(std::uint64_t& watch) {
  const bool nothing_held = !relay_->holds();
  const std::lock_guard lock(mutex_);
  if (std::exchange(watch, 0) != watches_) return;
  if (nothing_held) {
    state_.goodbye();
  } else {
    state_.lost("the run");
  }
}

std::string Watchdog::end_of_holding(bool open_jaws) {
  const std::lock_guard lock(mutex_);
  if (!state_.release()) return "error: a run is being watched; end that first (Ctrl-C)";
  open_jaws_ = open_jaws;
  return "ok";
}

bool Watchdog::arm_moves() {
  try {
    return arm_.read().tcp_velocity.head<3>().norm() > kStanding;
  } catch (const DeviceError&) {
    // Nobody knows.
    return true;
  }
}

/// Else somebody moves the arm by the pendant.
bool Watchdog::program_runs() {
  try {
    return arm_.status().runtime_state != UrRuntimeState::kStopped;
  } catch (const DeviceError&) {
    return true;
  }
}

void Watchdog::run(std::atomic<bool>& asked) {
  Mode before = Mode::kIdle;
  while (true) {
    const bool moves = arm_moves();
    Mode now = Mode::kIdle;
    std::string reason;
    {
      const std::lock_guard lock(mutex_);
      state_.tick(clock_.now(), moves && program_runs());
      if (asked.exchange(false) && !state_.release()) {
        say_("a run is being watched; end that first, and this ends by itself");
      }
      now = state_.mode();
      reason = state_.reason();
      if (now != Mode::kHolding) stopped_ = false;
    }
    if (now == Mode::kHolding && before != Mode::kHolding) take_over(reason);
    if (now == Mode::kHolding && before == Mode::kHolding) keep_standing();
    if (now == Mode::kDone) break;
    if (now == Mode::kHolding && !relay_->holds()) {
      throw DeviceError(settings_.gripper.connection.device,
                        "the connection is lost and the gripper has let go; look at the part, then "
                        "acknowledge on the gripper's web page");
    }
    before = now;
    std::this_thread::sleep_for(kTick);
  }
  if (!relay_->holds()) return;
  if (open_jaws_) relay_->open_jaws(settings_.opening);
  relay_->say_goodbye();
  say_(open_jaws_ ? "the jaws are open; the gripper is free for the next run"
                  : "the gripper holds on by itself; it is free for the next run");
}

void Watchdog::take_over(const std::string& reason) {
  relay_->close();
  bring_arm_to_a_stand("the run was lost");
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  say_(fmt::format(
      "{}; the jaws keep their grip ({:.1f} N per pad). Take hold of the part, then end this by "
      "'gripbench watchdog release --port {}' (--open opens the jaws first), or run the same "
      "command again to go on",
      reason, relay_->normal_force(), port()));
}

/// A lost run that was only stopped goes on once it may, and one motion may pass before it hears. A
/// state that nobody knows is no motion here: the arm was seen to stand.
void Watchdog::keep_standing() {
  try {
    const bool moves = arm_.read().tcp_velocity.head<3>().norm() > kStanding;
    if (!moves || arm_.status().runtime_state == UrRuntimeState::kStopped) return;
  } catch (const DeviceError&) {
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    // The next run may have come for it meanwhile.
    if (state_.mode() != Mode::kHolding) return;
    stopped_ = false;
  }
  say_("a program moves the arm though its run is lost; it is stopped again");
  bring_arm_to_a_stand("it was seen to move");
  const std::lock_guard lock(mutex_);
  stopped_ = true;
}

/// A run may be lost between sending a motion and the arm's start: one stop is sent in any case,
/// and the arm counts as standing when it has been still for a while with no program to move it.
void Watchdog::bring_arm_to_a_stand(const char* since) {
  const double begin = clock_.now();
  double next_stop = begin, still_since = begin;
  std::string trouble;
  while (clock_.now() - begin < kStopPatience) {
    const double now = clock_.now();
    if (arm_moves() || program_runs() || now == begin) still_since = now;
    const bool stopped_once = next_stop > begin;
    if (stopped_once && now - still_since > kStillFor) break;
    if (now >= next_stop && (!stopped_once || still_since == now)) {
      next_stop = now + kStopAgain;
      try {
        arm_.stop();
      } catch (const DeviceError& error) {
        trouble = error.what();
      }
      // The arm may have come to its stand while that was waited for.
      still_since = clock_.now();
    }
    std::this_thread::sleep_for(kTick);
  }
  if (arm_moves()) {
    say_(fmt::format("THE ARM COULD NOT BE STOPPED: hit the emergency stop ({})", trouble));
  } else {
    say_(fmt::format("the arm stands, {:.2f} s after {}", still_since - begin, since));
  }
}

}  // namespace gripbench::hal

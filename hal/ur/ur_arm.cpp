#include "hal/ur/ur_arm.h"

#include <algorithm>
#include <cmath>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/ur/ur_arm_state.h"

namespace gripbench::hal {
namespace {

/// The controller's own default (URScript manual, movel).
constexpr double kDefaultDeceleration = 1.2;
/// Between two looks at a program that prepares the arm (s).
constexpr Duration kBetweenLooks{0.01};
/// Poses of the same tool agree within this after their way through the controller (m, rad).
constexpr double kSameTool = 1e-4;
/// From this level on an entry of the controller's log is a complaint (violation).
constexpr std::int32_t kComplaint = 3;
/// The log may be ahead of the state by some packages, and by this at least (packages, s).
constexpr double kStatesBehindLog = 3.0;
constexpr double kBehindLog = 0.1;

/// Code of the log where an RTDE input was not written in time (controller's error codes, C207).
constexpr std::int32_t kInputLost = 207;
/// A controller was seen to stop the arm after two periods without a beat, its manual says one.
constexpr double kPeriodsWithoutBeat = 2.0;
/// So many beats come in the time after which the first is missed.
constexpr double kBeatsToMiss = 5.0;

/// The fields of the recipe, by their place in it.
enum Field : std::size_t {
  kJoints,
  kTcpPose,
  kTcpSpeed,
  kRobotMode,
  kSafetyStatus,
  kSafetyBits,
  kRuntimeState,
  kSpeedScaling,
  kMarker,
  kTcpOffset,
};

std::vector<RtdeField> fields(const UrSettings& settings) {
  std::vector<RtdeField> all(kTcpOffset + 1);
  all[kJoints] = {"actual_q", RtdeType::kVector6d, "", true};
  all[kTcpPose] = {"actual_TCP_pose", RtdeType::kVector6d, "", true};
  all[kTcpSpeed] = {"actual_TCP_speed", RtdeType::kVector6d, "", true};
  all[kRobotMode] = {"robot_mode", RtdeType::kInt32, "", true};
  all[kSafetyStatus] = {"safety_status", RtdeType::kInt32, "safety_mode", true};
  all[kSafetyBits] = {"safety_status_bits", RtdeType::kUint32, "", false};
  all[kRuntimeState] = {"runtime_state", RtdeType::kUint32, "", true};
  all[kSpeedScaling] = {"speed_scaling", RtdeType::kDouble, "", false};
  all[kMarker] = {fmt::format("output_int_register_{}", settings.marker_register), RtdeType::kInt32,
                  "", true};
  all[kTcpOffset] = {"tcp_offset", RtdeType::kVector6d, "", false};
  return all;
}

std::string beat_register(const UrSettings& settings) {
  return fmt::format("input_int_register_{}", settings.marker_register);
}

RtdeOptions rtde_options(const UrSettings& settings) {
  RtdeOptions options;
  options.device = settings.device;
  options.host = settings.host;
  options.port = settings.rtde_port;
  options.frequency = settings.rate;
  options.stale_after = Duration(settings.silent_after());
  options.answer_timeout = Duration(settings.answer_timeout);
  if (settings.has_heartbeat()) {
    options.beat_input = beat_register(settings);
    options.beat_period =
        std::min(options.beat_period,
                 Duration(settings.heartbeat_timeout / (kPeriodsWithoutBeat * kBeatsToMiss)));
  }
  return options;
}

PrimaryOptions primary_options(const UrSettings& settings) {
  PrimaryOptions options;
  options.device = settings.device;
  options.host = settings.host;
  options.port = settings.primary_port;
  options.connect_timeout = options.silent_after = Duration(settings.answer_timeout);
  return options;
}

DashboardOptions dashboard_options(const UrSettings& settings) {
  return {settings.device, settings.host, settings.dashboard_port,
          DashboardOptions().answer_timeout};
}

template <typename T>
T value_of(const RtdeSample& sample, Field field, T otherwise = {}) {
  const std::optional<RtdeValue>& value = sample.values.at(field);
  return value ? std::get<T>(*value) : otherwise;
}

/// A number as UR script reads it: no exponent.
std::string script_number(double value) { return fmt::format("{:.7f}", value); }

std::string script_pose(const UrPose& pose) {
  std::vector<std::string> numbers;
  for (double value : pose) numbers.push_back(script_number(value));
  return fmt::format("p[{}]", fmt::join(numbers, ", "));
}

}  // namespace

UrArm::UrArm(UrSettings settings, const Clock& clock)
    : settings_(std::move(settings)),
      clock_(clock),
      rtde_(rtde_options(settings_), fields(settings_), clock),
      primary_(primary_options(settings_), clock),
      dashboard_(dashboard_options(settings_)),
      stop_deceleration_(kDefaultDeceleration) {
  // The register may still show an earlier session's last program.
  programs_ =
      std::clamp(state_of(rtde_.newest()).marker / 2 - settings_.programs_from, 0, kMostPrograms);
}

UrArm::State UrArm::state_of(const RtdeSample& sample) const {
  State state;
  state.arm.time = sample.time;
  state.arm.base_from_tcp = from_ur_pose(value_of<UrPose>(sample, kTcpPose));
  const auto speed = value_of<UrPose>(sample, kTcpSpeed);
  const auto joints = value_of<UrPose>(sample, kJoints);
  std::copy(speed.begin(), speed.end(), state.arm.tcp_velocity.data());
  std::copy(joints.begin(), joints.end(), state.arm.joint_positions.data());

  UrStatus& status = state.status;
  status.time = sample.time;
  status.version = rtde_.version();
  status.robot_mode = static_cast<UrRobotMode>(value_of<std::int32_t>(sample, kRobotMode));
  status.safety_mode = static_cast<UrSafetyMode>(value_of<std::int32_t>(sample, kSafetyStatus));
  // On old firmware the mode may trail the bits.
  const auto bits = value_of<std::uint32_t>(sample, kSafetyBits);
  if (allows_motion(status.safety_mode) && bits != 0) status.safety_mode = mode_of_bits(bits);
  status.runtime_state =
      static_cast<UrRuntimeState>(value_of<std::uint32_t>(sample, kRuntimeState));
  status.speed_scaling = value_of<double>(sample, kSpeedScaling, 1.0);
  status.held_because = explain(status.safety_mode);
  if (status.held_because.empty()) status.held_because = explain(status.robot_mode);

  state.marker = value_of<std::int32_t>(sample, kMarker);
  if (sample.values.at(kTcpOffset)) state.tcp_offset = value_of<UrPose>(sample, kTcpOffset);
  return state;
}

UrStatus UrArm::status() const { return state_of(rtde_.newest()).status; }

ArmState UrArm::read() { return state_of(rtde_.newest()).arm; }

void UrArm::check() {
  const UrStatus now = status();
  if (!now.held_because.empty()) throw DeviceError(settings_.device, now.held_because);
}

void UrArm::run(const std::string& body, const State& state) {
  if (!state.status.held_because.empty()) {
    throw MotionRefused(settings_.device, state.status.held_because);
  }
  send(watchdog_line() + body);
}

/// The controller forgets its watchdog when the program ends.
std::string UrArm::watchdog_line() const {
  if (!settings_.has_heartbeat()) return "";
  return fmt::format("  rtde_set_watchdog(\"{}\", {}, \"stop\")\n", beat_register(settings_),
                     script_number(kPeriodsWithoutBeat / settings_.heartbeat_timeout));
}

void UrArm::send(const std::string& body) {
  programs_ = programs_ < kMostPrograms ? programs_ + 1 : 1;
  const std::int32_t number = settings_.programs_from + programs_;
  const Eigen::Vector3d& centre = settings_.payload_centre;
  const std::string script = fmt::format(
      "def gripbench_{0}():\n"
      "  set_tcp({1})\n"
      "  set_payload({2}, [{3}, {4}, {5}])\n"
      "  write_output_integer_register({6}, {7})\n"
      "{8}"
      "  write_output_integer_register({6}, {9})\n"
      "end\n",
      number, script_pose(settings_.flange_from_tcp), script_number(settings_.payload),
      script_number(centre.x()), script_number(centre.y()), script_number(centre.z()),
      settings_.marker_register, 2 * number, body, 2 * number + 1);
  const Program program{number, clock_.now(), std::nullopt, false};
  primary_.send_script(script);
  program_ = program;
}

/// The number of the program that stops the arm.
std::int32_t UrArm::send_stop() {
  send(fmt::format("  stopl({})\n", script_number(stop_deceleration_)));
  return program_->number;
}

void UrArm::prepare() {
  // Found missing only when a stop needs it, it would be too late.
  dashboard_.robot_mode();
  // One cycle lets the tool set here show in the state.
  run("  sync()\n", state_of(rtde_.newest()));
  while (moving()) std::this_thread::sleep_for(kBetweenLooks);
  const State state = state_of(rtde_.newest());
  if (!state.tcp_offset) return;
  const Eigen::Isometry3d difference =
      from_ur_pose(settings_.flange_from_tcp).inverse() * from_ur_pose(*state.tcp_offset);
  if (!difference.matrix().isApprox(Eigen::Matrix4d::Identity(), kSameTool)) {
    throw DeviceError(
        settings_.device,
        fmt::format("expected the tool centre point {} on the controller, got {}; "
                    "does another program set it?",
                    script_pose(settings_.flange_from_tcp), script_pose(*state.tcp_offset)));
  }
}

void UrArm::start_move(const Eigen::Isometry3d& base_from_tcp, const LinearMotionLimits& limits) {
  const bool limits_good = limits.speed > 0.0 && limits.acceleration > 0.0 &&
                           std::isfinite(limits.speed) && std::isfinite(limits.acceleration);
  if (!limits_good) {
    throw MotionRefused(settings_.device, "speed and acceleration of a motion must be positive");
  }
  if (!base_from_tcp.matrix().allFinite()) {
    throw MotionRefused(settings_.device, "the target pose is not finite");
  }
  stop_deceleration_ = std::max(kDefaultDeceleration, limits.acceleration);
  run(fmt::format("  movel({}, a={}, v={})\n", script_pose(to_ur_pose(base_from_tcp)),
                  script_number(limits.acceleration), script_number(limits.speed)),
      state_of(rtde_.newest()));
}

bool UrArm::moving() {
  if (!program_) return false;
  const State state = state_of(rtde_.newest());
  if (state.marker == 2 * program_->number + 1) {
    program_.reset();
    return false;
  }
  if (!state.status.held_because.empty()) {
    throw DeviceError(settings_.device, "the motion was interrupted: " + state.status.held_because);
  }
  look_for_errors(*program_);
  look_for_end(*program_, state);
  return true;
}

void UrArm::look_for_errors(const Program& program) const {
  for (const TimedUrMessage& timed : primary_.messages_since(program.sent)) {
    if (const auto* error = std::get_if<UrRuntimeException>(&timed.message)) {
      throw DeviceError(settings_.device,
                        fmt::format("the controller ended program gripbench_{} on line {}: {}",
                                    program.number, error->line, error->text));
    }
    const auto* entry = std::get_if<UrErrorCode>(&timed.message);
    if (entry != nullptr && entry->level >= kComplaint) {
      const std::string report = fmt::format(
          "the controller reports C{}A{} {}{}", entry->code, entry->argument, entry->text,
          entry->code == kInputLost
              ? ": it heard nothing of this computer for too long; cable, switch, or a busy machine"
              : "");
      const std::string held = held_soon();
      throw DeviceError(settings_.device,
                        held.empty()
                            ? report + "; look it up in its log"
                            : fmt::format("the motion was interrupted: {} ({})", held, report));
    }
  }
}

/// What holds the arm by one of the states to come; empty if nothing does.
std::string UrArm::held_soon() const {
  const double until = clock_.now() + std::max(kBehindLog, kStatesBehindLog / settings_.rate);
  try {
    RtdeSample sample = rtde_.newest();
    while (true) {
      const State state = state_of(sample);
      const double left = until - clock_.now();
      if (!state.status.held_because.empty() || left <= 0.0) return state.status.held_because;
      sample = rtde_.wait_newer(sample.number, Duration(left));
    }
  } catch (const DeviceError&) {
    // A stream that broke at this moment is no reason to keep the log's word back.
    return "";
  }
}

void UrArm::look_for_end(Program& program, const State& state) const {
  const double now = state.arm.time;
  program.begun = program.begun || state.marker == 2 * program.number;
  if (!program.begun) {
    if (now - program.sent > settings_.start_timeout) {
      throw TimeoutError(settings_.device,
                         fmt::format("program gripbench_{} did not begin within {} s; is the arm "
                                     "in local mode, or does the pendant show a question?",
                                     program.number, settings_.start_timeout));
    }
    return;
  }
  const bool idle = state.idle();
  if (!idle) program.idle_since.reset();
  if (idle && !program.idle_since) program.idle_since = now;
  if (state.marker != 2 * program.number || (idle && now - *program.idle_since > kIdleMeansEnded)) {
    throw DeviceError(
        settings_.device,
        fmt::format("program gripbench_{} ended before its motion did: it was stopped "
                    "on the pendant or replaced by another program",
                    program.number));
  }
}

}  // namespace gripbench::hal

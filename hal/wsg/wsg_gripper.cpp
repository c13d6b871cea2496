#include "hal/wsg/wsg_gripper.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

/// Homing opens through the whole stroke at a pace of the gripper's own (s).
constexpr double kHomingTime = 30.0;
/// What a motion takes beyond its distance at its speed (s).
constexpr double kMotionMargin = 3.0;
/// The values of one period come one after the other; after so many widths all are newer.
constexpr std::uint64_t kFreshWidths = 2;
constexpr double kPadsPerGripper = 2.0;

float to_mm(double metres) { return static_cast<float>(1e3 * metres); }
double to_m(float millimetres) { return 1e-3 * static_cast<double>(millimetres); }
float sum_of_pads(double normal_force) {
  return static_cast<float>(kPadsPerGripper * normal_force);
}
double per_pad(float sum) { return static_cast<double>(sum) / kPadsPerGripper; }

}  // namespace

WsgGripper::WsgGripper(WsgSettings settings, const Clock& clock)
    : settings_(std::move(settings)), clock_(clock), client_(settings_.connection, clock) {}

void WsgGripper::prepare() {
  check();
  client_.ask(
      make_request(WsgCommand::kSetAcceleration, float_bytes(to_mm(settings_.acceleration))));
  set_force_limit(settings_.force_limit);
}

bool WsgGripper::homed() { return (client_.newest().state_bits & kWsgReferenced) != 0; }

void WsgGripper::start_homing() {
  demand_no_fault();
  end_motion_before();
  stopped_by_us_ = false;
  deadline_.reset();
  client_.begin(make_homing(WsgHoming::kOpening));
  deadline_ = clock_.now() + kHomingTime;
}

GripperLimits WsgGripper::limits() const {
  const WsgHardwareLimits hardware = client_.hardware();
  GripperLimits limits;
  limits.max_width = to_m(hardware.stroke);
  limits.min_speed = to_m(hardware.min_speed);
  limits.max_speed = to_m(hardware.max_speed);
  limits.max_normal_force = per_pad(hardware.nominal_force);
  limits.resolution = settings_.resolution;
  return limits;
}

GripperState WsgGripper::read() {
  const WsgReading reading = client_.newest();
  return {reading.time, to_m(reading.width), to_m(reading.speed), per_pad(reading.force)};
}

void WsgGripper::check() const {
  const std::string fault = explain_state(client_.newest().state_bits);
  if (!fault.empty()) throw DeviceError(settings_.connection.device, fault);
}

void WsgGripper::demand_no_fault() const {
  const std::string fault = explain_state(client_.newest().state_bits);
  if (!fault.empty()) throw MotionRefused(settings_.connection.device, fault);
}

void WsgGripper::demand_homed() const {
  if ((client_.newest().state_bits & kWsgReferenced) == 0) {
    throw MotionRefused(settings_.connection.device, explain(WsgStatus::kNotInitialized));
  }
}

void WsgGripper::end_motion_before() {
  stop();
  client_.wait_for_end(settings_.connection.answer_timeout);
}

void WsgGripper::begin(const WsgFrame& motion, double width, double speed) {
  const GripperLimits limits = this->limits();
  if (!(width >= limits.min_width && width <= limits.max_width)) {
    throw MotionRefused(settings_.connection.device,
                        fmt::format("a width of {:g} mm is outside {:g} to {:g} mm", 1e3 * width,
                                    1e3 * limits.min_width, 1e3 * limits.max_width));
  }
  if (!(speed >= limits.min_speed && speed <= limits.max_speed)) {
    throw MotionRefused(settings_.connection.device,
                        fmt::format("a speed of {:g} mm/s is outside {:g} to {:g} mm/s",
                                    1e3 * speed, 1e3 * limits.min_speed, 1e3 * limits.max_speed));
  }
  demand_no_fault();
  demand_homed();
  end_motion_before();
  stopped_by_us_ = false;
  deadline_.reset();
  const double distance = std::abs(read().width - width);
  client_.begin(motion);
  deadline_ = clock_.now() + distance / speed + kMotionMargin;
}

void WsgGripper::start_move(double width, double speed) {
  begin(make_pre_position({false, false, to_mm(width), to_mm(speed)}), width, speed);
}

void WsgGripper::start_grasp(double width, double speed) {
  begin(make_width_speed(WsgCommand::kGrasp, {to_mm(width), to_mm(speed)}), width, speed);
}

void WsgGripper::start_release(double width, double speed) {
  begin(make_width_speed(WsgCommand::kRelease, {to_mm(width), to_mm(speed)}), width, speed);
}

bool WsgGripper::moving() {
  if (!deadline_) return false;
  const std::string& device = settings_.connection.device;
  const std::optional<WsgMotion> motion = client_.motion();
  if (motion && !motion->ended()) {
    if (clock_.now() < *deadline_) return true;
    deadline_.reset();
    throw TimeoutError(device, fmt::format("{} did not end in time; are the jaws jammed?",
                                           describe(motion->command)));
  }
  if (!motion) {
    deadline_.reset();
    return false;
  }
  if (!motion->lost && client_.newest().number < motion->ended_at + kFreshWidths) return true;
  deadline_.reset();
  const std::string what = describe(motion->command);
  if (motion->lost) {
    throw DeviceError(device, what +
                                  " was under way when the connection was lost: the gripper "
                                  "has let go; look at the part, then acknowledge");
  }
  switch (*motion->last) {
    case WsgStatus::kSuccess:
      return false;
    case WsgStatus::kAxisBlocked:
      // What blocks homing is no part, and there is no zero then.
      if (motion->command != WsgCommand::kHome) return false;
      break;
    case WsgStatus::kAborted:
      if (stopped_by_us_) return false;
      break;
    case WsgStatus::kFailed:
      // No part between the jaws: the grasping state tells.
      if (motion->command == WsgCommand::kGrasp) return false;
      break;
    default:
      break;
  }
  throw DeviceError(device, fmt::format("{} failed: {}", what, explain(*motion->last)));
}

void WsgGripper::stop() {
  const std::optional<WsgMotion> motion = client_.motion();
  if (!motion || motion->ended()) return;
  stopped_by_us_ = true;
  client_.ask(make_request(WsgCommand::kStop));
}

void WsgGripper::set_force_limit(double normal_force) {
  const WsgHardwareLimits hardware = client_.hardware();
  const double least = per_pad(hardware.min_force);
  const double most = per_pad(hardware.nominal_force);
  if (!(normal_force >= least && normal_force <= most)) {
    throw MotionRefused(
        settings_.connection.device,
        fmt::format("a force limit of {:g} N per pad is outside {:g} to {:g} N (twice that is what "
                    "the gripper counts)",
                    normal_force, least, most));
  }
  client_.ask(make_request(WsgCommand::kSetForceLimit, float_bytes(sum_of_pads(normal_force))));
}

void WsgGripper::fast_stop() { client_.ask(make_request(WsgCommand::kFastStop)); }

void WsgGripper::acknowledge() {
  client_.ask(make_acknowledge());
  wait_for_fresh_state();
}

void WsgGripper::wait_for_fresh_state() const {
  client_.wait_newer(client_.newest().number + kFreshWidths - 1,
                     settings_.connection.answer_timeout);
}

}  // namespace gripbench::hal

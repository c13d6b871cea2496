#include "hal/emulator/wsg_device.h"

#include <algorithm>
#include <cmath>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

/// Jaws that end so far from their target were blocked (m).
constexpr double kOffTarget = 2e-4;
/// How far a grasp closes beyond the width of the part to clamp it (m).
constexpr double kClampingTravel = 3e-3;
/// A part presses with more than that on both fingers together (N).
constexpr float kPartForce = 1.0f;
/// How far the jaws come apart when the motor goes off (m).
constexpr double kRelaxation = 2e-3;
constexpr double kHomingSpeed = 0.1;
constexpr std::uint16_t kShortestPeriod = 10;
constexpr std::int16_t kTemperature = 350;

double to_m(float millimetres) { return 1e-3 * static_cast<double>(millimetres); }
float to_mm(double metres) { return static_cast<float>(1e3 * metres); }
float force_sum(const LiveState& state) {
  return static_cast<float>(2.0 * state.gripper.normal_force);
}

/// What is understood while the gripper is in fast stop.
bool allowed_in_fast_stop(WsgCommand command) {
  switch (command) {
    case WsgCommand::kHome:
    case WsgCommand::kPrePosition:
    case WsgCommand::kStop:
    case WsgCommand::kGrasp:
    case WsgCommand::kRelease:
      return false;
    default:
      return true;
  }
}

}  // namespace

WsgDevice::WsgDevice(LiveWorkcell& workcell, WsgDeviceOptions options)
    : workcell_(workcell),
      options_(options),
      referenced_(options.homed),
      force_limit_(options.limits.nominal_force) {
  constexpr std::array<WsgCommand, 5> kValues = {WsgCommand::kSystemState,
                                                 WsgCommand::kGraspingState, WsgCommand::kForce,
                                                 WsgCommand::kSpeed, WsgCommand::kWidth};
  for (std::size_t i = 0; i < kValues.size(); ++i) updates_[i].value = kValues[i];
}

bool WsgDevice::attach() {
  const std::lock_guard lock(mutex_);
  if (attached_) return false;
  attached_ = true;
  announced_ = false;
  for (Updates& updates : updates_) updates.enabled = false;
  results_.clear();
  return true;
}

void WsgDevice::detach() {
  const std::lock_guard lock(mutex_);
  attached_ = false;
  if (!announced_) enter_fast_stop();
  results_.clear();
}

void WsgDevice::block_jaws(bool blocked) {
  const std::lock_guard lock(mutex_);
  jammed_ = blocked;
}

std::vector<WsgFrame> WsgDevice::handle(const WsgFrame& request) {
  const auto command = static_cast<WsgCommand>(request.command);
  const std::lock_guard lock(mutex_);
  if (announced_ || (fast_stop_ && !allowed_in_fast_stop(command))) {
    return {make_answer(command, WsgStatus::kAccessDenied)};
  }
  try {
    std::vector<WsgFrame> frames = {carry_out(command, request.payload)};
    // A stop's answer comes before the end of what it stopped.
    frames.insert(frames.end(), results_.begin(), results_.end());
    results_.clear();
    return frames;
  } catch (const WireError&) {
    return {make_answer(command, WsgStatus::kFormatError)};
  }
}

WsgFrame WsgDevice::carry_out(WsgCommand command, ByteView parameters) {
  const auto done = [command](WsgStatus status, ByteView answer = {}) {
    return make_answer(command, status, answer);
  };
  switch (command) {
    case WsgCommand::kLoop:
      return done(WsgStatus::kSuccess, parameters);
    case WsgCommand::kAnnounceDisconnect:
      announced_ = true;
      return done(WsgStatus::kSuccess);
    case WsgCommand::kHome:
      parse_homing(parameters);
      return begin(command, to_m(options_.limits.stroke), kHomingSpeed, false);
    case WsgCommand::kPrePosition: {
      const WsgPrePosition motion = parse_pre_position(parameters);
      const double from = motion.relative ? workcell_.state().gripper.width : 0.0;
      return begin(command, from + to_m(motion.width), to_m(motion.speed), motion.stop_on_block);
    }
    case WsgCommand::kGrasp: {
      const WsgWidthSpeed motion = parse_width_speed(parameters);
      return begin(command, to_m(motion.width) - kClampingTravel, to_m(motion.speed), false);
    }
    case WsgCommand::kRelease: {
      const WsgWidthSpeed motion = parse_width_speed(parameters);
      return begin(command, to_m(motion.width), to_m(motion.speed), false);
    }
    case WsgCommand::kStop:
      return done(stop());
    case WsgCommand::kFastStop:
      enter_fast_stop();
      return done(WsgStatus::kSuccess);
    case WsgCommand::kAcknowledge:
      if (!is_acknowledgement(parameters)) return done(WsgStatus::kInvalidParameter);
      fast_stop_ = false;
      grasping_ = WsgGraspingState::kIdle;
      return done(WsgStatus::kSuccess);
    case WsgCommand::kSetAcceleration:
      acceleration_ = std::clamp(parse_float(parameters), options_.limits.min_acceleration,
                                 options_.limits.max_acceleration);
      return done(WsgStatus::kSuccess);
    case WsgCommand::kGetAcceleration:
      return done(WsgStatus::kSuccess, float_bytes(acceleration_));
    case WsgCommand::kSetForceLimit: {
      const float most =
          overdrive_ ? options_.limits.overdrive_force : options_.limits.nominal_force;
      force_limit_ = std::clamp(parse_float(parameters), options_.limits.min_force, most);
      return done(WsgStatus::kSuccess);
    }
    case WsgCommand::kGetForceLimit:
      return done(WsgStatus::kSuccess, float_bytes(force_limit_));
    case WsgCommand::kSetSoftLimits:
      soft_limits_ = parse_width_speed(parameters);
      return done(WsgStatus::kSuccess);
    case WsgCommand::kGetSoftLimits: {
      const WsgWidthSpeed limits = soft_limits_.value_or(WsgWidthSpeed{0, options_.limits.stroke});
      return done(WsgStatus::kSuccess, make_width_speed(command, limits).payload);
    }
    case WsgCommand::kClearSoftLimits:
      soft_limits_.reset();
      return done(WsgStatus::kSuccess);
    case WsgCommand::kOverdrive:
      overdrive_ = !parameters.empty() && parameters[0] != 0;
      force_limit_ = std::min(force_limit_, overdrive_ ? options_.limits.overdrive_force
                                                       : options_.limits.nominal_force);
      return done(WsgStatus::kSuccess);
    case WsgCommand::kTareForce:
      if (grasping_ == WsgGraspingState::kHolding) return done(WsgStatus::kNotAvailable);
      force_zero_ = force_sum(workcell_.state());
      return done(WsgStatus::kSuccess);
    case WsgCommand::kSystemState:
    case WsgCommand::kGraspingState:
    case WsgCommand::kWidth:
    case WsgCommand::kSpeed:
    case WsgCommand::kForce:
      return value(command, parameters);
    case WsgCommand::kTemperature: {
      LittleEndianWriter temperature;
      return done(WsgStatus::kSuccess, temperature.number(kTemperature).bytes());
    }
    case WsgCommand::kIdentity:
      return done(WsgStatus::kSuccess, identity_bytes(options_.identity));
    case WsgCommand::kLimits:
      return done(WsgStatus::kSuccess, limits_bytes(options_.limits));
  }
  return done(WsgStatus::kUnknownCommand);
}

WsgFrame WsgDevice::value(WsgCommand command, ByteView parameters) {
  const WsgUpdateWish wish = parameters.empty() ? WsgUpdateWish{} : parse_update_wish(parameters);
  Updates& updates = *std::find_if(updates_.begin(), updates_.end(),
                                   [&](const Updates& each) { return each.value == command; });
  const LiveState state = workcell_.state();
  updates.enabled = wish.automatic;
  updates.on_change_only = wish.on_change_only;
  updates.period = 1e-3 * std::max(wish.period, kShortestPeriod);
  updates.due = workcell_.now() + updates.period;
  updates.last = measure(command, state);
  return make_answer(command, WsgStatus::kSuccess, updates.last);
}

bool WsgDevice::within_soft_limits(double target) const {
  return !soft_limits_ ||
         (target >= to_m(soft_limits_->width) - 1e-9 && target <= to_m(soft_limits_->speed) + 1e-9);
}

WsgFrame WsgDevice::begin(WsgCommand command, double target, double speed, bool stop_on_block) {
  const auto refuse = [command](WsgStatus status) { return make_answer(command, status); };
  if (motion_) return refuse(WsgStatus::kAlreadyRunning);
  if (!referenced_ && command != WsgCommand::kHome) return refuse(WsgStatus::kNotInitialized);
  if (!std::isfinite(target) || !(speed > 0.0)) return refuse(WsgStatus::kInvalidParameter);
  if (command != WsgCommand::kHome && !within_soft_limits(target)) {
    return refuse(WsgStatus::kRange);
  }
  const WsgHardwareLimits& limits = options_.limits;
  target = std::clamp(target, 0.0, to_m(limits.stroke));
  speed = std::clamp(speed, to_m(limits.min_speed), to_m(limits.max_speed));
  const bool closing = target < workcell_.state().gripper.width;
  if (!jammed_) {
    const WsgStatus status = start_jaws(target, speed);
    if (status != WsgStatus::kSuccess) return refuse(status);
  }
  motion_ = Motion{command, target, closing, stop_on_block};
  stopped_ = target_reached_ = false;
  blocked_bits_ = 0;
  switch (command) {
    case WsgCommand::kGrasp:
      grasping_ = WsgGraspingState::kGrasping;
      break;
    case WsgCommand::kRelease:
      grasping_ = WsgGraspingState::kReleasing;
      break;
    default:
      grasping_ = WsgGraspingState::kPositioning;
  }
  return make_answer(command, WsgStatus::kPending);
}

WsgStatus WsgDevice::start_jaws(double target, double speed) {
  try {
    workcell_.call([=](Workcell& workcell) {
      const GripperLimits jaws = workcell.gripper().limits();
      workcell.gripper().start_move(std::clamp(target, jaws.min_width, jaws.max_width),
                                    std::clamp(speed, jaws.min_speed, jaws.max_speed));
    });
    return WsgStatus::kSuccess;
  } catch (const MotionRefused&) {
    return WsgStatus::kRange;
  } catch (const Error&) {
    return WsgStatus::kNotAvailable;
  }
}

void WsgDevice::hold_jaws() {
  try {
    workcell_.call([](Workcell& workcell) { workcell.gripper().stop(); });
  } catch (const Error&) {
    // There is nothing that moves.
  }
}

WsgStatus WsgDevice::stop() {
  hold_jaws();
  stopped_ = true;
  if (motion_) results_.push_back(make_answer(motion_->command, WsgStatus::kAborted));
  motion_.reset();
  if (grasping_ != WsgGraspingState::kHolding) grasping_ = WsgGraspingState::kIdle;
  return WsgStatus::kSuccess;
}

void WsgDevice::enter_fast_stop() {
  stop();
  fast_stop_ = true;
  grasping_ = WsgGraspingState::kError;
  const LiveState state = workcell_.state();
  if (state.gripper.normal_force > 0.0) {
    start_jaws(state.gripper.width + kRelaxation, to_m(options_.limits.min_speed));
  }
}

std::vector<WsgFrame> WsgDevice::step() {
  const std::lock_guard lock(mutex_);
  const LiveState state = workcell_.state();
  std::vector<WsgFrame> out;
  if (motion_) {
    if (const std::optional<bool> blocked = jaws_ended(*motion_, state)) {
      const Motion ended = *motion_;
      motion_.reset();
      out.push_back(make_answer(ended.command, end_of(ended, state, *blocked)));
    }
  } else {
    watch_part(state);
  }
  step_updates(state, out);
  return out;
}

/// Nothing while the jaws move; then whether they were blocked.
std::optional<bool> WsgDevice::jaws_ended(const Motion& motion, const LiveState& state) {
  const bool too_much = motion.closing && force_sum(state) - force_zero_ >= force_limit_;
  if (jammed_ || too_much) {
    hold_jaws();
    return true;
  }
  if (state.gripper_moving) return std::nullopt;
  return std::abs(state.gripper.width - motion.target) > kOffTarget;
}

WsgStatus WsgDevice::end_of(const Motion& motion, const LiveState& state, bool blocked) {
  target_reached_ = !blocked;
  if (blocked) blocked_bits_ = motion.closing ? kWsgBlockedMinus : kWsgBlockedPlus;
  const bool part = force_sum(state) - force_zero_ > kPartForce;
  grasping_ = WsgGraspingState::kIdle;
  switch (motion.command) {
    case WsgCommand::kHome:
      referenced_ = !jammed_;
      return referenced_ ? WsgStatus::kSuccess : WsgStatus::kFailed;
    case WsgCommand::kGrasp:
      grasping_ = part ? WsgGraspingState::kHolding : WsgGraspingState::kNoPart;
      return part ? WsgStatus::kSuccess : WsgStatus::kFailed;
    default:
      return blocked ? WsgStatus::kAxisBlocked : WsgStatus::kSuccess;
  }
}

void WsgDevice::watch_part(const LiveState& state) {
  if (grasping_ != WsgGraspingState::kHolding) return;
  if (force_sum(state) - force_zero_ < kPartForce) grasping_ = WsgGraspingState::kPartLost;
}

std::uint32_t WsgDevice::state_bits(const LiveState& state) const {
  const auto bit = [](bool set, WsgStateBit mask) { return set ? std::uint32_t{mask} : 0u; };
  return bit(referenced_, kWsgReferenced) |
         bit(motion_.has_value() && state.gripper_moving, kWsgMoving) | bit(stopped_, kWsgStopped) |
         bit(target_reached_, kWsgTargetReached) | bit(overdrive_, kWsgOverdrive) |
         bit(grasping_ == WsgGraspingState::kHolding, kWsgForceControl) |
         bit(fast_stop_, kWsgFastStop) | blocked_bits_;
}

Bytes WsgDevice::measure(WsgCommand value, const LiveState& state) const {
  switch (value) {
    case WsgCommand::kSystemState:
      return state_bits_bytes(state_bits(state));
    case WsgCommand::kGraspingState:
      return {static_cast<std::uint8_t>(grasping_)};
    case WsgCommand::kSpeed:
      return float_bytes(to_mm(state.gripper.speed));
    case WsgCommand::kForce:
      return float_bytes(force_sum(state) - force_zero_);
    default:
      return float_bytes(to_mm(state.gripper.width));
  }
}

void WsgDevice::step_updates(const LiveState& state, std::vector<WsgFrame>& out) {
  const double now = workcell_.now();
  for (Updates& updates : updates_) {
    if (!updates.enabled || now < updates.due) continue;
    updates.due = std::max(updates.due + updates.period, now);
    Bytes measured = measure(updates.value, state);
    if (updates.on_change_only && measured == updates.last) continue;
    updates.last = std::move(measured);
    out.push_back(make_answer(updates.value, WsgStatus::kSuccess, updates.last));
  }
}

}  // namespace gripbench::hal

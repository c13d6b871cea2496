#include "hal/rig/rig_stage.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

constexpr double kPollPeriod = 0.02;
/// Jaws that open less far are blocked (m).
constexpr double kBlocked = 1e-3;

}  // namespace

RigStageSettings RigStageSettings::from(ConfigNode node) {
  RigStageSettings settings;
  settings.home = node.vector3("home");
  settings.motion.speed = node.number("speed", kPositive);
  settings.motion.acceleration = node.number("acceleration", kPositive);
  settings.holding_force = node.number("holding_force", kPositive);
  if (node.has("open_width")) settings.open_width = node.number("open_width", kPositive);
  settings.jaw_speed = node.number("jaw_speed", kPositive);
  settings.patience = node.number("patience", kPositive);
  node.finish();
  return settings;
}

RigStage::RigStage(const RigStageSettings& settings, Clock& clock, Arm& arm, Gripper& gripper,
                   std::unique_ptr<Operator> person)
    : settings_(settings),
      clock_(clock),
      arm_(arm),
      gripper_(gripper),
      operator_(std::move(person)) {}

void RigStage::present(const Placement& placement) {
  const bool first = std::exchange(first_, false);
  if (first || !gripper_.homed()) {
    take_over();
  } else {
    put_down();
  }
  go_home();
  operator_->place(placement);
  placement_ = placement;
  wait_until_well();
}

void RigStage::wait_until_well() {
  const double deadline = clock_.now() + settings_.patience;
  while (true) {
    try {
      clock_.sleep_until(clock_.now() + kPollPeriod);
      return;
    } catch (const DeviceError&) {
      if (clock_.now() > deadline) throw;
    }
    // The clock that refuses to go on does not wait either.
    std::this_thread::sleep_for(std::chrono::duration<double>(kPollPeriod));
  }
}

void RigStage::home_jaws() {
  gripper_.start_homing();
  wait_for("gripper", [&] { return !gripper_.moving(); });
  if (gripper_.homed()) return;
  throw DeviceError("gripper", "homing ended and the jaws have no zero; look for what blocks them");
}

/// Somebody has their hands at the jaws.
void RigStage::take_over() {
  operator_->take_what_is_held();
  wait_until_well();
  gripped_at_.reset();
  if (!gripper_.homed()) home_jaws();
  open_jaws();
  operator_->stand_clear();
  wait_until_well();
}

void RigStage::put_down() {
  const bool held = gripper_.read().normal_force >= settings_.holding_force;
  if (gripped_at_ && held) move_arm(*gripped_at_);
  gripped_at_.reset();
  open_jaws();
}

void RigStage::go_home() {
  // Up first: whatever stands between the fingers must not be swept along.
  Eigen::Vector3d above = arm_.read().base_from_tcp.translation();
  above.z() = std::max(above.z(), settings_.home.z());
  move_arm(above);
  move_arm(settings_.home);
}

void RigStage::zero_slip() {
  gripped_at_ = arm_.read().base_from_tcp.translation();
  operator_->watch();
}

std::optional<bool> RigStage::operator_says_slipped() { return operator_->slipped(placement_); }

void RigStage::clear() {
  // Whatever a rig holds that was never at work here is not this run's to let go.
  if (first_) return;
  put_down();
  go_home();
}

void RigStage::move_arm(const Eigen::Vector3d& to) {
  arm_.start_move(tool_down_at(to), settings_.motion);
  wait_for("arm", [&] { return !arm_.moving(); });
}

void RigStage::open_jaws() {
  const GripperLimits limits = gripper_.limits();
  const double width = std::min(settings_.open_width.value_or(limits.max_width), limits.max_width);
  gripper_.start_move(width, std::min(settings_.jaw_speed, limits.max_speed));
  wait_for("gripper", [&] { return !gripper_.moving(); });
  // Blocked jaws still hold what they held, and it would go along with the arm.
  const GripperState jaws = gripper_.read();
  if (jaws.width >= width - kBlocked) return;
  throw DeviceError("gripper",
                    fmt::format("the jaws opened to {:.1f} mm, pressing with {:.1f} N, and not to "
                                "{:.1f} mm; look for what blocks them",
                                1e3 * jaws.width, jaws.normal_force, 1e3 * width));
}

template <typename Done>
void RigStage::wait_for(const char* device, Done done) {
  const double deadline = clock_.now() + settings_.patience;
  while (!done()) {
    if (clock_.now() > deadline) {
      throw TimeoutError(device, fmt::format("did not get ready for the next object within {:g} s",
                                             settings_.patience));
    }
    clock_.sleep_until(clock_.now() + kPollPeriod);
  }
}

}  // namespace gripbench::hal

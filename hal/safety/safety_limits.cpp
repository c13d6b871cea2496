#include "hal/safety/safety_limits.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

/// A pose read back differs from the one commanded by this much (m).
constexpr double kReadBack = 2e-4;
/// rad.
constexpr double kReadBackTurn = 2e-3;

Eigen::Vector3d tool_axis(const Eigen::Isometry3d& base_from_tcp) {
  return base_from_tcp.linear().col(2);
}

/// Angle between the fingers and straight down (rad).
double tilt(const Eigen::Isometry3d& base_from_tcp) {
  return std::acos(std::clamp(-tool_axis(base_from_tcp).z(), -1.0, 1.0));
}

/// Height of the fingers' tips (m).
double tip_height(const SafetyLimits& limits, const Eigen::Isometry3d& base_from_tcp) {
  return base_from_tcp.translation().z() +
         limits.finger_reach * std::min(0.0, tool_axis(base_from_tcp).z());
}

std::string text(const Eigen::Vector3d& point) {
  return fmt::format("({:.3f}, {:.3f}, {:.3f})", point.x(), point.y(), point.z());
}

/// Distance outside the limits (m); 0 within.
double outside(const SafetyLimits& limits, const Eigen::Isometry3d& base_from_tcp) {
  const double below =
      limits.table_height + limits.table_clearance - tip_height(limits, base_from_tcp);
  return std::max(limits.workspace.exteriorDistance(base_from_tcp.translation()),
                  std::max(0.0, below));
}

template <typename Refuse>
void refuse_from_outside(const SafetyLimits& limits, const Eigen::Isometry3d& base_from_tcp,
                         Refuse refuse) {
  const double start = outside(limits, base_from_tcp);
  if (start <= kReadBack) return;
  refuse(
      fmt::format("the tool is at {} m, {:.1f} mm outside of where it may be; jog it back by "
                  "the pendant",
                  text(base_from_tcp.translation()), 1e3 * start));
}

}  // namespace

SafetyLimits SafetyLimits::from(ConfigNode node) {
  SafetyLimits limits;
  ConfigNode workspace = node.child("workspace");
  limits.workspace = {workspace.vector3("min"), workspace.vector3("max")};
  if ((limits.workspace.sizes().array() <= 0.0).any()) {
    workspace.fail("max", "each of its numbers must be above that of 'min'");
  }
  workspace.finish();
  limits.table_height = node.number("table_height");
  limits.finger_reach = node.number("finger_reach", {0.0, 0.5});
  limits.table_clearance = node.number("table_clearance", {0.0, 0.5});
  limits.max_tilt = node.number("max_tilt", {0.0, 3.15});
  limits.max_speed = node.number("max_speed", kPositive);
  limits.max_acceleration = node.number("max_acceleration", kPositive);
  limits.max_jaw_speed = node.number("max_jaw_speed", kPositive);
  limits.max_normal_force = node.number("max_normal_force", kPositive);
  limits.max_lift = node.number("max_lift", kPositive);
  limits.holding_force = node.number("holding_force", kPositive);
  node.finish();
  return limits;
}

void check_arm_motion(const SafetyLimits& limits, const SafetyState& state,
                      const Eigen::Isometry3d& base_from_tcp, const LinearMotionLimits& motion,
                      const char* device) {
  const auto refuse = [device](const std::string& why) {
    throw MotionRefused(device, "motion refused: " + why);
  };
  const Eigen::Vector3d target = base_from_tcp.translation();
  // Written so that what is not a number is refused.
  if (!target.allFinite() || !base_from_tcp.linear().allFinite()) {
    refuse("the target is no number");
  }
  if (!(motion.speed > 0.0 && motion.speed <= limits.max_speed)) {
    refuse(fmt::format("a speed of {:g} m/s; allowed are above 0 and up to {:g}", motion.speed,
                       limits.max_speed));
  }
  if (!(motion.acceleration > 0.0 && motion.acceleration <= limits.max_acceleration)) {
    refuse(fmt::format("an acceleration of {:g} m/s^2; allowed are above 0 and up to {:g}",
                       motion.acceleration, limits.max_acceleration));
  }
  if (!limits.workspace.contains(target)) {
    refuse(fmt::format("the tool would go to {} m, outside the workspace {} to {}", text(target),
                       text(limits.workspace.min()), text(limits.workspace.max())));
  }
  const double tips = tip_height(limits, base_from_tcp) - limits.table_height;
  if (tips < limits.table_clearance) {
    refuse(
        fmt::format("the fingers' tips would come to {:.1f} mm above the table, nearer than "
                    "{:.1f} mm",
                    1e3 * tips, 1e3 * limits.table_clearance));
  }
  if (tilt(base_from_tcp) > limits.max_tilt + 1e-9) {
    refuse(fmt::format("the fingers would lean {:.1f} degrees; allowed are {:.1f}",
                       tilt(base_from_tcp) * 180.0 / M_PI, limits.max_tilt * 180.0 / M_PI));
  }
  const double lift = target.z() - state.grip_height;
  const bool holds = state.normal_force >= limits.holding_force;
  if ((holds || state.jaws_close) && lift > limits.max_lift + kReadBack) {
    refuse(fmt::format("what {} would be lifted {:.1f} mm; allowed are {:.1f} mm",
                       holds ? "is held" : "the closing jaws take hold of", 1e3 * lift,
                       1e3 * limits.max_lift));
  }
  // A turn from there could take the fingers' tips lower than either end of the way has them.
  if (tilt(state.base_from_tcp) > limits.max_tilt + kReadBackTurn) {
    refuse(
        fmt::format("the fingers lean {:.1f} degrees where the tool is; allowed are {:.1f}; turn "
                    "it back by the pendant",
                    tilt(state.base_from_tcp) * 180.0 / M_PI, limits.max_tilt * 180.0 / M_PI));
  }
  // The target is within, so a way that begins within stays within.
  refuse_from_outside(limits, state.base_from_tcp, refuse);
}

void check_jaw_motion(const SafetyLimits& limits, double speed, const char* device) {
  if (!(speed > 0.0 && speed <= limits.max_jaw_speed)) {
    throw MotionRefused(device, fmt::format("motion refused: jaws at {:g} m/s; allowed are above 0 "
                                            "and up to {:g}",
                                            speed, limits.max_jaw_speed));
  }
}

void check_closing_in_motion(const SafetyLimits& limits, double rise, const char* device) {
  if (rise <= limits.max_lift + kReadBack) return;
  throw MotionRefused(
      device, fmt::format("motion refused: the jaws would close while the arm has yet to rise "
                          "{:.1f} mm; what is held may be lifted {:.1f} mm",
                          1e3 * rise, 1e3 * limits.max_lift));
}

void check_homing(const SafetyLimits& limits, const SafetyState& state, bool arm_moves,
                  const char* device) {
  const auto refuse = [device](const std::string& why) {
    throw MotionRefused(device, "homing refused: " + why);
  };
  if (arm_moves) refuse("the arm moves");
  check_grip_force(limits, state.normal_force, device);
  refuse_from_outside(limits, state.base_from_tcp, refuse);
}

void check_grip_force(const SafetyLimits& limits, double normal_force, const char* device) {
  if (!(normal_force <= limits.max_normal_force)) {
    throw MotionRefused(device, fmt::format("the pads press with {:.1f} N; allowed are {:.1f}; "
                                            "open the jaws by hand",
                                            normal_force, limits.max_normal_force));
  }
}

}  // namespace gripbench::hal

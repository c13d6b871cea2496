#pragma once

#include <Eigen/Geometry>

#include "hal/arm.h"
#include "hal/config.h"
#include "hal/gripper.h"

namespace gripbench::hal {

/// What a real arm may do at most. All lengths in the arm's base frame.
struct SafetyLimits {
  /// Where the tool centre point may be (m).
  Eigen::AlignedBox3d workspace;
  /// Height of the table's top (m), and how far the fingers reach below the tool centre point when
  /// they point straight down (m); their tips stay `table_clearance` above the table (m).
  double table_height = 0.0;
  double finger_reach = 0.0;
  double table_clearance = 0.0;
  /// Largest turn of the fingers away from straight down (rad).
  double max_tilt = 0.0;
  /// m/s, m/s^2.
  double max_speed = 0.0;
  double max_acceleration = 0.0;
  double max_jaw_speed = 0.0;
  /// N per pad.
  double max_normal_force = 0.0;
  /// How far something held may be lifted above where the jaws closed on it (m), and the force
  /// from which on something is held (N per pad).
  double max_lift = 0.0;
  double holding_force = 0.0;

  /// Reads the mapping `safety:` of a workcell file; every key must be there, since no default is
  /// safe on every rig.
  /// @throws ConfigError.
  static SafetyLimits from(ConfigNode node);
};

/// Where the tool is and what it holds, as far as safety is concerned.
struct SafetyState {
  Eigen::Isometry3d base_from_tcp = Eigen::Isometry3d::Identity();
  /// N per pad.
  double normal_force = 0.0;
  /// Jaws under way to a smaller width may take hold of something at any moment.
  bool jaws_close = false;
  /// Height of the tool when the jaws were told to make the motion that took hold (m, base frame).
  double grip_height = 0.0;
};

/// Refuses a straight motion of the tool from `state` to `base_from_tcp` that leaves the limits
/// anywhere: the box and the half-space over the table are convex, so its ends decide. From outside
/// of them nothing may move at all; a person has to bring the tool back.
/// @throws MotionRefused from `device` with limit and figure.
void check_arm_motion(const SafetyLimits& limits, const SafetyState& state,
                      const Eigen::Isometry3d& base_from_tcp, const LinearMotionLimits& motion,
                      const char* device = "arm");

/// @throws MotionRefused.
void check_jaw_motion(const SafetyLimits& limits, double speed, const char* device = "gripper");

/// Refuses jaws that begin to close while the arm has yet to rise by `rise` (m): what they took
/// hold of on the way would be lifted too far.
/// @throws MotionRefused.
void check_closing_in_motion(const SafetyLimits& limits, double rise,
                             const char* device = "gripper");

/// Refuses to home the jaws, which then open at the gripper's own pace, while the arm moves, from
/// outside of where the tool may be, or with a force that no allowed motion gives.
/// @throws MotionRefused.
void check_homing(const SafetyLimits& limits, const SafetyState& state, bool arm_moves,
                  const char* device = "gripper");

/// Refuses a force that is over the limit: the grip cannot have come from a motion that was
/// allowed.
/// @throws MotionRefused.
void check_grip_force(const SafetyLimits& limits, double normal_force,
                      const char* device = "gripper");

}  // namespace gripbench::hal

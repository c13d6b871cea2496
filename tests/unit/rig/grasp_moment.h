#pragma once

#include <array>

#include "experiments/grasp_phase.h"
#include "hal/emulator/live_workcell.h"

namespace gripbench::experiments {

/// When a fault comes: in the full swing of a grasp's phase, and of each of the stage's own motions
/// on the way to it.
enum class Moment {
  kTouchSearch,
  kApproach,
  kClosing,
  kRest,
  kLift,
  kEnd,
  kOpening,
  kRising,
  kLowering,
};

/// The columns of the table, each of which leaves the rig as the next one needs it: jaws that are
/// closed are to be opened, a tool that is low is to rise.
inline constexpr std::array kMoments = {Moment::kTouchSearch, Moment::kApproach, Moment::kClosing,
                                        Moment::kRest,        Moment::kLift,     Moment::kEnd,
                                        Moment::kOpening,     Moment::kRising,   Moment::kLowering};

constexpr const char* name_of(Moment moment) {
  constexpr std::array kNames = {
      "touch search",    "approach",        "closing",         "rest", "lift", "end",
      "the stage opens", "the stage rises", "the stage lowers"};
  return kNames.at(static_cast<std::size_t>(moment));
}

constexpr GraspPhase phase_of(Moment moment) {
  constexpr std::array kPhases = {
      GraspPhase::kTouchSearch, GraspPhase::kApproach, GraspPhase::kClosing,
      GraspPhase::kRest,        GraspPhase::kLift,     GraspPhase::kEnd,
      GraspPhase::kPresent,     GraspPhase::kPresent,  GraspPhase::kPresent};
  return kPhases.at(static_cast<std::size_t>(moment));
}

constexpr bool arm_moves_in(Moment moment) {
  return moment == Moment::kApproach || moment == Moment::kLift || moment == Moment::kEnd ||
         moment == Moment::kRising || moment == Moment::kLowering;
}

/// Jaws that open from below that do so for a while (m).
inline constexpr double kHalfOpen = 0.06;

/// What is held then must be held afterwards.
constexpr bool holds_in(Moment moment) {
  return moment == Moment::kRest || moment == Moment::kLift || moment == Moment::kEnd ||
         moment == Moment::kLowering;
}

/// What moves at this moment does, or stands as it shall.
inline bool in_full_swing(Moment moment, const hal::LiveState& state) {
  const bool holds = state.gripper.normal_force > 0.0;
  const double rising = state.arm.tcp_velocity.z();
  switch (moment) {
    case Moment::kApproach:
      return rising < -0.05;
    case Moment::kTouchSearch:
    case Moment::kClosing:
      return state.gripper_moving && !state.arm_moving;
    case Moment::kOpening:
      return state.gripper_moving && !state.arm_moving && state.gripper.width < kHalfOpen;
    case Moment::kRest:
      return holds && !state.gripper_moving && !state.arm_moving;
    case Moment::kRising:
      return rising > 0.03;
    case Moment::kLowering:
      return holds && rising < -0.03;
    default:
      return holds && rising > 0.01;
  }
}

}  // namespace gripbench::experiments

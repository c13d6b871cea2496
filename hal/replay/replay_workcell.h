#pragma once

#include <filesystem>
#include <memory>

#include "hal/workcell.h"

namespace gripbench::hal {

/// A workcell that repeats recorded grasps (DESIGN "the episode store").
///
/// `Stage::present` looks up `Placement::grasp`: "OBJECT/GRASP" is a recorded grasp,
/// "OBJECT/position_P/touch" and "OBJECT/position_P/trial_K" are what was done to prepare it. The
/// gel shows the untouched reference while the jaws are wider than the recorded touch, the picture
/// of the touch until the recorded grip, then T(-2). The jaws take any width, and the arm any pose,
/// at once, but for the lift of a recorded grasp: once the jaws stand at the recorded grip and the
/// arm is sent upwards, arm, jaws, slip and pictures come from the recording, at their recorded
/// times after the command. Cameras repeat their first picture before it and their last one after.
///
/// Of a trial only the outcome was kept: `operator_says_slipped` gives it. There is no wrench, and
/// joint angles read 0: neither was recorded.
///
/// @throws InputError if the folder holds no data set with recorded positions.
std::unique_ptr<Workcell> make_replay_workcell(const std::filesystem::path& dataset);

}  // namespace gripbench::hal

#pragma once

#include <memory>

#include "hal/safety/safety_limits.h"
#include "hal/workcell.h"

namespace gripbench::hal {

/// The workcell `inner` with every command to its arm and its gripper checked against `limits`
/// before it leaves: the one place where safety is enforced. A command that is refused moves
/// nothing; one to stop always passes. Reading a grip stronger than allowed throws too, since it
/// cannot have come from an allowed motion.
///
/// What the commands mean for safety, such as where the jaws closed, is learnt from the devices'
/// own states, so that nothing need be told.
std::unique_ptr<Workcell> guard(std::unique_ptr<Workcell> inner, const SafetyLimits& limits);

}  // namespace gripbench::hal

#pragma once

#include <memory>

#include "hal/config.h"
#include "hal/workcell.h"

namespace gripbench::sim {

/// A workcell on the MuJoCo twin, from a workcell file of backend `sim`.
///
/// Time passes only in Clock::sleep_until, in whole physics steps, and begins at 0 with every
/// Stage::present: what happens in a grasp depends on its Placement alone. Pictures are drawn when
/// they are asked for. One thread drives one workcell; several live side by side.
/// @throws hal::ConfigError, hal::InputError; hal::DeviceError if there is no OpenGL for the
/// webcam.
std::unique_ptr<hal::Workcell> make_workcell(hal::ConfigNode workcell_file);

}  // namespace gripbench::sim

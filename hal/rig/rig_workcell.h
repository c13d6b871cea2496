#pragma once

#include <functional>
#include <memory>

#include "hal/rig/rig_settings.h"
#include "hal/workcell.h"

namespace gripbench::hal {

/// A real rig: UR arm, WSG gripper, two cameras, and a force/torque sensor where the file names
/// one, all on one clock.
///
/// Connects to every device, sets tool, payload and force limit; nothing moves before the stage is
/// asked to present something. Every command to arm and jaws, the stage's own included, is checked
/// against the file's limits; letting time pass fails as soon as a device does. While time passes,
/// and while an operator at the terminal is waited for, `stop_check` is called; it may throw
/// Interrupted.
/// @throws DeviceError naming the device: what was expected, what came; TimeoutError.
std::unique_ptr<Workcell> make_rig_workcell(
    const RigSettings& settings, const std::function<void()>& stop_check = [] {});

}  // namespace gripbench::hal

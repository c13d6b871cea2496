#pragma once

#include <memory>

#include "hal/watchdog/watched_run.h"
#include "hal/workcell.h"

namespace gripbench::hal {

/// The workcell `inner` of a run that a watchdog watches, which may take the rig at any moment.
/// Before each motion the watchdog is asked whether the rig is still the run's; and where a device
/// fails because it is not, the watchdog's reason is thrown instead of what became of the device's
/// connection or program. Stops pass unasked, and fail as the device does.
///
/// `run` outlives it.
std::unique_ptr<Workcell> under_watch(WatchedRun& run, std::unique_ptr<Workcell> inner);

}  // namespace gripbench::hal

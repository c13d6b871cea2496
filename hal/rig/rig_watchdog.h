#pragma once

#include <cstdint>
#include <filesystem>

#include "hal/rig/rig_settings.h"
#include "hal/watchdog/watchdog.h"

namespace gripbench::hal {

/// What the watchdog of this rig is told; its port where the file names one.
WatchdogSettings watchdog_settings(const RigSettings& rig);

/// What a process does that is a rig's watchdog: prints the port where it listens on a line of its
/// standard output, then what happens on its error stream, and returns when it is over. SIGINT and
/// SIGTERM ask it to release what it holds, however often they come: ending at once would open a
/// grip.
/// @throws ConfigError about the workcell file; as Watchdog does.
void serve_as_watchdog(const std::filesystem::path& workcell, std::uint16_t port);

/// The same for a run that started this process (start_watchdog.h): why it cannot serve is said on
/// standard output, not thrown, and the run passes it on.
void serve_run_as_watchdog(const std::filesystem::path& workcell, std::uint16_t port);

}  // namespace gripbench::hal

#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "hal/watchdog/watchdog.h"

namespace gripbench::hal {

/// The process that a run's watchdog lives in.
struct WatchdogProcess {
  /// Where it listens.
  std::uint16_t port = 0;
  /// Its id; 0 if an earlier run had started it.
  int id = 0;
};

/// Begins a watchdog's refusals: of what it is asked, and of starting at all, where a run that
/// starts one expects its port.
inline constexpr std::string_view kWatchdogFailed = "error: ";

/// Throws what a watchdog complains of, as DeviceError about the device that it names first
/// ("gripper: no connection ..."), or about "watchdog".
[[noreturn]] void throw_complaint(const std::string& complaint);

/// Finds the watchdog that listens at the settings' port, left by a run that was lost, or starts
/// one: `program watchdog --workcell FILE --port PORT --started-by-run`, without a shell, in
/// a session of its own, so that a terminal's Ctrl-C and hang-up do not reach it. Port 0 always
/// starts one.
/// @throws DeviceError about "watchdog", also if the one that is there watches another rig or by
/// other settings; or about the device that it does not reach.
WatchdogProcess find_or_start_watchdog(const std::filesystem::path& program,
                                       const std::filesystem::path& workcell,
                                       const WatchdogSettings& settings);

/// What the watchdog at `port` answers to a line; the words after "ok".
/// @throws DeviceError about "watchdog" if none is there or it refuses, about another device if
/// that is what it complains of.
std::string ask_watchdog(std::uint16_t port, const std::string& line);

/// Lets a watchdog that was started here come to its end, for a while.
void wait_for_end(const WatchdogProcess& watchdog);

}  // namespace gripbench::hal

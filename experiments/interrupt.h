#pragma once

#include <atomic>

namespace gripbench::experiments {

/// From here on SIGINT and SIGTERM raise a flag in place of ending the program; a second one ends
/// it at once.
void catch_interrupts();

/// Raised once the user asked to stop.
const std::atomic<bool>& interrupt_flag();

}  // namespace gripbench::experiments

#pragma once

#include "hal/pad_map.h"
#include "sim/pad_contact.h"

namespace gripbench::sim {

/// All that is known of a pad's nodes now; the slip is that since `zero_slip`.
hal::PadMap pad_map(const PadContact& contact);

}  // namespace gripbench::sim

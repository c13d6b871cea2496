#pragma once

#include "hal/emulator/ur_image.h"
#include "hal/ur/rtde_packet.h"

namespace gripbench::hal {

/// The package of a controller's real-time port (30003), whose length depends on the firmware: an
/// int32 of its size, then doubles. Source: Universal Robots, "Client interfaces", CB3.
Bytes encode_realtime(const UrImage& image, const ControllerVersion& version);

/// Its size (bytes).
std::int32_t realtime_size(const ControllerVersion& version);

}  // namespace gripbench::hal

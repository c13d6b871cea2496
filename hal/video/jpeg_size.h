#pragma once

#include <optional>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// Width and height (pixels).
struct JpegSize {
  int width_px = 0;
  int height_px = 0;
};

/// The size that a JPEG picture's header claims; nothing if it has none. A
/// camera's pictures are looked at before they are decoded: a few bytes can claim gigabytes.
/// Source: ITU-T T.81, annex B.
std::optional<JpegSize> jpeg_size(ByteView jpeg);

}  // namespace gripbench::hal

#pragma once

#include "hal/errors.h"

namespace gripbench::hal {

/// What came over a wire is not what the protocol allows, or the wire broke. Codecs and connections
/// throw it; they do not know which device they serve. Drivers catch it and throw DeviceError with
/// the device's name before the same words.
class WireError : public Error {
 public:
  using Error::Error;
};

/// Nothing came over the wire within its time; drivers throw TimeoutError for it.
class SilenceError : public WireError {
 public:
  using WireError::WireError;
};

}  // namespace gripbench::hal

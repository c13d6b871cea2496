// Packages of the primary and secondary interfaces.
#include <cstddef>
#include <cstdint>

#include "hal/ur/primary_packet.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  PrimaryFramer framer;
  framer.append({data, size});
  try {
    while (const auto package = framer.next()) {
      try {
        if (package->type == kPrimaryState) parse_state(package->payload);
        if (package->type != kPrimaryMessage) continue;
        const auto message = parse_message(package->payload);
        if (message) encode_message(*message, 0);
      } catch (const WireError&) {
      }
    }
  } catch (const WireError&) {
  }
  return 0;
}

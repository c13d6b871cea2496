// Everything that reads WSG bytes, on both sides of the wire.
#include <cstddef>
#include <cstdint>

#include "hal/wsg/wsg_protocol.h"

namespace gripbench::hal {
namespace {

template <typename Parse>
void swallow(Parse parse) {
  try {
    parse();
  } catch (const WireError&) {
  }
}

void parse_all(const WsgFrame& frame) {
  const ByteView payload = frame.payload;
  swallow([&] {
    const WsgAnswer answer = parse_answer(payload);
    if (explain(answer.status).empty()) __builtin_trap();
    swallow([&] { parse_float(answer.parameters); });
    swallow([&] { explain_state(parse_state_bits(answer.parameters)); });
    swallow([&] { describe(parse_grasping_state(answer.parameters)); });
    swallow([&] { parse_limits(answer.parameters); });
    swallow([&] {
      const WsgIdentity identity = parse_identity(answer.parameters);
      if (identity_bytes(identity) != answer.parameters) __builtin_trap();
      describe_kind(identity.kind);
    });
  });
  swallow([&] { parse_pre_position(payload); });
  swallow([&] { parse_width_speed(payload); });
  swallow([&] { parse_homing(payload); });
  swallow([&] { parse_update_wish(payload); });
  is_acknowledgement(payload);
  describe(static_cast<WsgCommand>(frame.command));
}

}  // namespace
}  // namespace gripbench::hal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  WsgFramer framer;
  // In two parts, as a stream may come.
  const std::size_t split = size > 0 ? data[0] % size : 0;
  for (const ByteView part : {ByteView(data, split), ByteView(data + split, size - split)}) {
    framer.append(part);
    while (const auto frame = framer.next()) {
      if (frame->payload.size() > kWsgMostPayload) __builtin_trap();
      parse_all(*frame);
    }
    describe_bytes(framer.first_skipped());
  }
  if (framer.skipped() > size) __builtin_trap();
  // A checksum is hard to guess: the same bytes as a payload.
  parse_all({size > 0 ? data[0] : std::uint8_t{0}, Bytes(data, data + size)});
  return 0;
}

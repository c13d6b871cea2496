// RDT packages, and the document with the calibration.
#include <cstddef>
#include <cstdint>

#include "hal/netft/netft_calibration.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  const ByteView bytes(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const RdtRecord record = parse_rdt_record(bytes);
    const Bytes again = encode(record);
    if (!std::equal(again.begin(), again.end(), data, data + size)) __builtin_trap();
    explain_netft_status(record.status);
    to_record(to_wrench(record, {}, 0.0), {});
  } catch (const WireError&) {
  }
  try {
    encode(parse_rdt_request(bytes));
  } catch (const WireError&) {
  }
  try {
    const NetFtDocument document = parse_netft_document(text);
    const RdtRecord most{1, 1, 0, {2147483647, -2147483647, 1, 0, -1, 2147483647}};
    to_record(to_wrench(most, document.calibration, 0.0), document.calibration);
  } catch (const WireError&) {
  }
  return 0;
}

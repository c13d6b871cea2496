// Lines of the dashboard, and what an error message shows of them.
#include <cstddef>
#include <cstdint>

#include "hal/net/line_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  LineReader reader;
  const std::size_t split = size > 0 ? data[0] % size : 0;
  try {
    for (const ByteView part : {ByteView(data, split), ByteView(data + split, size - split)}) {
      reader.append(part);
      while (const auto line = reader.next()) {
        if (line->find('\n') != line->npos) __builtin_trap();
        if (describe_bytes(as_bytes(*line)).find('\n') != std::string::npos) __builtin_trap();
      }
    }
  } catch (const WireError&) {
  }
  return 0;
}

#include "hal/net/bytes.h"

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

/// Enough to recognise a protocol, short enough for one line.
constexpr std::size_t kShown = 24;

bool is_text(std::uint8_t byte) {
  return (byte >= 0x20 && byte < 0x7f) || byte == '\n' || byte == '\r' || byte == '\t';
}

}  // namespace

std::string describe_bytes(ByteView bytes) {
  if (bytes.empty()) return "nothing";
  const ByteView shown = bytes.first(std::min(bytes.size(), kShown));
  const char* more = bytes.size() > kShown ? "..." : "";
  if (std::all_of(shown.begin(), shown.end(), is_text)) {
    std::string text(shown.begin(), shown.end());
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < ' '; }, ' ');
    return fmt::format("the text '{}{}'", text, more);
  }
  return fmt::format("the bytes {:02x}{}", fmt::join(shown, " "), more);
}

}  // namespace gripbench::hal

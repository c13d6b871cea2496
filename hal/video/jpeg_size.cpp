#include "hal/video/jpeg_size.h"

namespace gripbench::hal {
namespace {

constexpr std::uint8_t kMarker = 0xff;
constexpr std::uint8_t kStartOfImage = 0xd8;
constexpr std::uint8_t kStartOfScan = 0xda;

/// Start of frame 0 to 15, but for the three codes in between that are something else (B.1.1.3).
bool is_start_of_frame(std::uint8_t code) {
  return code >= 0xc0 && code <= 0xcf && code != 0xc4 && code != 0xc8 && code != 0xcc;
}

}  // namespace

std::optional<JpegSize> jpeg_size(ByteView jpeg) {
  try {
    BigEndianReader reader(jpeg);
    if (reader.number<std::uint8_t>() != kMarker) return std::nullopt;
    if (reader.number<std::uint8_t>() != kStartOfImage) return std::nullopt;
    while (true) {
      if (reader.number<std::uint8_t>() != kMarker) return std::nullopt;
      auto code = reader.number<std::uint8_t>();
      while (code == kMarker) code = reader.number<std::uint8_t>();
      if (code == kStartOfScan) return std::nullopt;
      const auto length = reader.number<std::uint16_t>();
      if (length < 2) return std::nullopt;
      BigEndianReader segment(reader.take(length - 2u));
      if (!is_start_of_frame(code)) continue;
      segment.number<std::uint8_t>();  // bits per sample
      const int height = segment.number<std::uint16_t>();
      const int width = segment.number<std::uint16_t>();
      return JpegSize{width, height};
    }
  } catch (const WireError&) {
    return std::nullopt;
  }
}

}  // namespace gripbench::hal

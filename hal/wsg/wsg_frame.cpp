#include "hal/wsg/wsg_frame.h"

#include <algorithm>
#include <array>

namespace gripbench::hal {
namespace {

constexpr std::array<std::uint8_t, 3> kPreamble = {0xaa, 0xaa, 0xaa};
/// Preamble, command, length; checksum.
constexpr std::size_t kHeader = kPreamble.size() + 3;
constexpr std::size_t kChecksum = 2;
/// Enough to tell another protocol by.
constexpr std::size_t kRemembered = 32;

constexpr std::array<std::uint16_t, 256> make_table() {
  constexpr unsigned kPolynomial = 0x1021;
  std::array<std::uint16_t, 256> table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    unsigned crc = i << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1) ^ ((crc & 0x8000) != 0 ? kPolynomial : 0);
    table[i] = static_cast<std::uint16_t>(crc);
  }
  return table;
}

constexpr std::array<std::uint16_t, 256> kTable = make_table();

}  // namespace

std::uint16_t wsg_checksum(ByteView bytes, std::uint16_t start) {
  std::uint16_t crc = start;
  for (const std::uint8_t byte : bytes) {
    crc = static_cast<std::uint16_t>(kTable[(crc ^ byte) & 0xff] ^ (crc >> 8));
  }
  return crc;
}

Bytes encode(const WsgFrame& frame) {
  LittleEndianWriter writer;
  writer.append(kPreamble)
      .number(frame.command)
      .number(static_cast<std::uint16_t>(frame.payload.size()))
      .append(frame.payload);
  writer.number(wsg_checksum(writer.bytes()));
  return writer.bytes();
}

WsgFramer::Look WsgFramer::look_at(std::size_t position, std::size_t& size) const {
  const ByteView rest = ByteView(buffer_).subspan(position);
  const std::size_t seen = std::min(rest.size(), kPreamble.size());
  if (!std::equal(kPreamble.begin(), kPreamble.begin() + seen, rest.begin())) return Look::kNoFrame;
  // Of a row of AA the last three are the preamble: AA is no command.
  if (rest.size() > kPreamble.size() && rest[kPreamble.size()] == kPreamble[0]) {
    return Look::kNoFrame;
  }
  if (rest.size() < kHeader) return Look::kTooShort;
  const std::size_t payload = rest[kHeader - 2] + 256u * rest[kHeader - 1];
  size = kHeader + payload + kChecksum;
  if (payload > kWsgMostPayload) return Look::kNoFrame;
  if (rest.size() < size) return Look::kTooShort;
  return wsg_checksum(rest.first(size)) == 0 ? Look::kFrame : Look::kNoFrame;
}

std::optional<WsgFrame> WsgFramer::next() {
  std::size_t position = 0;
  std::optional<WsgFrame> frame;
  while (position < buffer_.size()) {
    std::size_t size = 0;
    const Look look = look_at(position, size);
    if (look == Look::kTooShort) break;
    if (look == Look::kFrame) {
      const auto begin = buffer_.begin() + static_cast<std::ptrdiff_t>(position);
      frame =
          WsgFrame{begin[kPreamble.size()],
                   Bytes(begin + kHeader, begin + static_cast<std::ptrdiff_t>(size - kChecksum))};
      skip(0, position);
      buffer_.erase(buffer_.begin(), begin + static_cast<std::ptrdiff_t>(size));
      return frame;
    }
    if (size > 0) ++garbled_;
    ++position;
  }
  skip(0, position);
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(position));
  return frame;
}

void WsgFramer::skip(std::size_t from, std::size_t to) {
  skipped_ += to - from;
  for (std::size_t i = from; i < to && first_skipped_.size() < kRemembered; ++i) {
    first_skipped_.push_back(buffer_[i]);
  }
}

}  // namespace gripbench::hal

#pragma once

#include <cstdint>
#include <optional>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// Frames of the binary protocol of Weiss Robotics' WSG grippers, as bytes and back. Both sides of
/// the wire use these: the driver and the emulated gripper.
///
/// Source: Weiss Robotics, "WSG Command Set Reference Manual". A frame is AA AA AA, a uint8
/// command, a little-endian uint16 length of the payload, the payload, and a checksum.

/// No command of this project's has a longer payload (bytes); a longer one is taken for garbage, so
/// that a garbled length holds up the stream for little.
inline constexpr std::size_t kWsgMostPayload = 256;

struct WsgFrame {
  std::uint8_t command = 0;
  Bytes payload;
};

/// CRC-16 of the manual's appendix: the table of polynomial 1021h, taken MSB-first, stepped
/// LSB-first. Over a whole frame with its checksum it gives 0.
std::uint16_t wsg_checksum(ByteView bytes, std::uint16_t start = 0xffff);

/// @pre the payload is not longer than kWsgMostPayload.
Bytes encode(const WsgFrame& frame);

/// Cuts frames out of a stream of bytes; skips what is none, and finds the next frame after it.
class WsgFramer {
 public:
  void append(ByteView bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }

  /// The next whole frame with a good checksum, if it is there; call it until there is none before
  /// appending more: then at most one frame is kept.
  std::optional<WsgFrame> next();

  /// Bytes skipped so far, and the first of them.
  std::uint64_t skipped() const { return skipped_; }
  ByteView first_skipped() const { return first_skipped_; }
  /// Frames that had a preamble and a wrong checksum or length, so far.
  std::uint64_t garbled() const { return garbled_; }

 private:
  enum class Look { kFrame, kTooShort, kNoFrame };

  Look look_at(std::size_t position, std::size_t& size) const;
  void skip(std::size_t from, std::size_t to);

  Bytes buffer_;
  std::uint64_t skipped_ = 0;
  std::uint64_t garbled_ = 0;
  Bytes first_skipped_;
};

}  // namespace gripbench::hal

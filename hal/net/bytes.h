#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "hal/net/wire_error.h"

namespace gripbench::hal {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// The first of `bytes` for an error message: as quoted text if they are text, else in hexadecimal.
std::string describe_bytes(ByteView bytes);

/// Numbers that a wire carries as they lie in memory.
template <typename T>
concept WireNumber = std::is_arithmetic_v<T> && !std::same_as<T, bool>;

/// Takes numbers and texts from the front of a package whose numbers have byte order `Order`.
template <std::endian Order>
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  /// @throws WireError if the package ends before.
  template <WireNumber T>
  T number() {
    const ByteView raw = take(sizeof(T));
    std::array<std::uint8_t, sizeof(T)> memory;
    std::copy(raw.begin(), raw.end(), memory.begin());
    if constexpr (Order != std::endian::native) std::reverse(memory.begin(), memory.end());
    return std::bit_cast<T>(memory);
  }

  /// @throws WireError if fewer than `length` bytes are left.
  std::string text(std::size_t length) {
    const ByteView raw = take(length);
    return {raw.begin(), raw.end()};
  }
  std::string rest() { return text(bytes_.size()); }

  /// The next `length` bytes, which stay where they are.
  ByteView take(std::size_t length) {
    if (length > bytes_.size()) throw WireError("the package ends too early");
    const ByteView taken = bytes_.first(length);
    bytes_ = bytes_.subspan(length);
    return taken;
  }

  std::size_t left() const { return bytes_.size(); }

 private:
  ByteView bytes_;
};

/// Builds a package whose numbers have byte order `Order`.
template <std::endian Order>
class ByteWriter {
 public:
  template <WireNumber T>
  ByteWriter& number(T value) {
    auto memory = std::bit_cast<std::array<std::uint8_t, sizeof(T)>>(value);
    if constexpr (Order != std::endian::native) std::reverse(memory.begin(), memory.end());
    bytes_.insert(bytes_.end(), memory.begin(), memory.end());
    return *this;
  }

  ByteWriter& text(std::string_view value) { return append(as_bytes(value)); }

  ByteWriter& append(ByteView value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }

  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

using BigEndianReader = ByteReader<std::endian::big>;
using BigEndianWriter = ByteWriter<std::endian::big>;
using LittleEndianReader = ByteReader<std::endian::little>;
using LittleEndianWriter = ByteWriter<std::endian::little>;

}  // namespace gripbench::hal

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gripbench::experiments {

/// SHA-256 (FIPS 180-4, section 6.2) of bytes given piece by piece.
class Sha256 {
 public:
  void update(std::string_view bytes);
  /// The digest as 64 lower-case hexadecimal digits. Nothing may be added afterwards.
  std::string hex_digest();

 private:
  void compress(const unsigned char* block);

  // Initial hash value: FIPS 180-4, section 5.3.3.
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> pending_{};
  std::size_t pending_size_ = 0;
  std::uint64_t total_bytes_ = 0;
};

/// Digest of a whole piece of memory.
std::string sha256(std::string_view bytes);

}  // namespace gripbench::experiments

#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// Cuts lines out of a stream of bytes; a line may end in "\n" or "\r\n".
class LineReader {
 public:
  static constexpr std::size_t kLongestLine = 4096;

  void append(ByteView bytes) { buffer_.append(bytes.begin(), bytes.end()); }

  /// The next whole line without its end, if it is there; call it until there is none before
  /// appending more.
  /// @throws WireError saying what came, if that is longer than a line can be.
  std::optional<std::string> next() {
    const std::size_t end = buffer_.find('\n');
    if (std::min(end, buffer_.size()) > kLongestLine) {
      throw WireError("expected a line of text, got " + describe_bytes(as_bytes(buffer_)));
    }
    if (end == std::string::npos) return std::nullopt;
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end + 1);
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

 private:
  std::string buffer_;
};

}  // namespace gripbench::hal

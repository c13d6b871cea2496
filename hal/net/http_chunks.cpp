#include "hal/net/http_chunks.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "hal/net/wire_error.h"

namespace gripbench::hal {
namespace {

constexpr std::size_t kLongestSizeLine = 256;
constexpr std::size_t kLongestChunk = std::size_t{1} << 40;

}  // namespace

Bytes HttpChunks::take(ByteView bytes) {
  Bytes body;
  while (!bytes.empty() && state_ != State::kEnded) {
    if (state_ == State::kData) {
      const std::size_t count = std::min(left_, bytes.size());
      body.insert(body.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
      bytes = bytes.subspan(count);
      left_ -= count;
      if (left_ == 0) state_ = State::kLineEnd;
      continue;
    }
    const char letter = static_cast<char>(bytes.front());
    bytes = bytes.subspan(1);
    if (letter != '\n') {
      line_ += letter;
      if (line_.size() > kLongestSizeLine) {
        throw WireError("expected the size of a chunk of the HTTP answer, got " +
                        describe_bytes(as_bytes(line_)));
      }
      continue;
    }
    if (line_.ends_with('\r')) line_.pop_back();
    if (state_ == State::kSize) {
      read_size();
    } else if (!line_.empty()) {
      throw WireError("expected the end of a chunk of the HTTP answer, got " +
                      describe_bytes(as_bytes(line_)));
    } else {
      state_ = State::kSize;
    }
    line_.clear();
  }
  return body;
}

void HttpChunks::read_size() {
  constexpr int kHexadecimal = 16;
  const std::string_view digits = std::string_view(line_).substr(0, line_.find_first_of("; \t"));
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), left_, kHexadecimal);
  if (error != std::errc() || end != digits.data() + digits.size() || left_ > kLongestChunk) {
    throw WireError("expected the size of a chunk of the HTTP answer, got " +
                    describe_bytes(as_bytes(line_)));
  }
  state_ = left_ == 0 ? State::kEnded : State::kData;
}

}  // namespace gripbench::hal

#pragma once

#include <string>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// Takes the chunked transfer coding off the body of an HTTP answer: "SIZE;EXTENSIONS" in
/// hexadecimal digits, that many bytes, a line end, again and again; a chunk of size 0 ends it.
/// What follows that (trailers) is passed over. Source: RFC 9112 section 7.1.
class HttpChunks {
 public:
  /// The bytes of the body in what came next; pieces may be cut anywhere.
  /// @throws WireError if what comes is no chunk.
  Bytes take(ByteView bytes);

  /// The last chunk has come.
  bool ended() const { return state_ == State::kEnded; }

 private:
  enum class State { kSize, kData, kLineEnd, kEnded };

  void read_size();

  State state_ = State::kSize;
  /// Of the line that is under way: the size, or what follows a chunk.
  std::string line_;
  /// Bytes of the chunk that are still to come.
  std::size_t left_ = 0;
};

}  // namespace gripbench::hal

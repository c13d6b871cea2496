#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hal/net/http_head.h"

namespace gripbench::hal {

/// One part of a multipart stream.
struct MultipartPart {
  HttpHead head;
  Bytes body;
  /// When the bytes arrived that hold its first one.
  double time = 0.0;
};

/// Cuts the parts out of a `multipart/x-mixed-replace` stream, as MJPEG cameras send it over HTTP:
/// "--BOUNDARY", headers, an empty line, a body, again and again.
///
/// It takes what cameras do to that: boundaries given with or without their dashes, parts with or
/// without Content-Length, lines that end in "\n" alone, bytes between parts. It keeps at most one
/// part and what was appended last. Source: RFC 2046 section 5.1.
class MultipartReader {
 public:
  /// The boundary as the Content-Type header gives it. @throws WireError if it is empty.
  explicit MultipartReader(std::string boundary, std::size_t longest_part = 8 << 20);

  /// Takes bytes that arrived at `time`.
  void append(ByteView bytes, double time);

  /// The next whole part, if it is there; call it until there is none before appending more.
  /// @throws WireError if headers or parts are longer than they may be, or headers are none.
  std::optional<MultipartPart> next();

  /// Bytes that belonged to no part, so far.
  std::uint64_t skipped() const { return skipped_; }

 private:
  enum class State { kBoundary, kHead, kBody };

  bool find_boundary();
  bool read_head();
  bool read_body();
  std::size_t find_delimiter(std::size_t from) const;
  void drop(std::size_t count);

  std::string delimiter_;
  std::size_t longest_part_;
  State state_ = State::kBoundary;
  std::string buffer_;
  /// No delimiter begins before it.
  std::size_t searched_ = 0;
  std::uint64_t skipped_ = 0;
  /// Of the bytes appended last, and of what the buffer begins with.
  double newest_time_ = 0.0;
  std::size_t old_bytes_ = 0;
  double old_time_ = 0.0;

  std::optional<std::size_t> length_;
  MultipartPart part_;
};

}  // namespace gripbench::hal

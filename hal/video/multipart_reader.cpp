#include "hal/video/multipart_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

std::string delimiter_of(std::string_view boundary) {
  // Some cameras give the boundary with its dashes, some without.
  boundary.remove_prefix(std::min(boundary.find_first_not_of('-'), boundary.size()));
  if (boundary.empty()) throw WireError("expected a boundary of the multipart stream, got none");
  return "--" + std::string(boundary);
}

}  // namespace

MultipartReader::MultipartReader(std::string boundary, std::size_t longest_part)
    : delimiter_(delimiter_of(boundary)), longest_part_(longest_part) {}

void MultipartReader::append(ByteView bytes, double time) {
  old_bytes_ = buffer_.size();
  if (old_bytes_ > 0) old_time_ = newest_time_;
  newest_time_ = time;
  buffer_.append(bytes.begin(), bytes.end());
}

std::optional<MultipartPart> MultipartReader::next() {
  while (true) {
    switch (state_) {
      case State::kBoundary:
        if (!find_boundary()) return std::nullopt;
        break;
      case State::kHead:
        if (!read_head()) return std::nullopt;
        break;
      case State::kBody:
        if (!read_body()) return std::nullopt;
        return std::exchange(part_, {});
    }
  }
}

std::size_t MultipartReader::find_delimiter(std::size_t from) const {
  return buffer_.find(delimiter_, from);
}

void MultipartReader::drop(std::size_t count) {
  buffer_.erase(0, count);
  old_bytes_ -= std::min(old_bytes_, count);
  searched_ = 0;
}

/// Drops everything up to a delimiter's line and the line itself.
bool MultipartReader::find_boundary() {
  const std::size_t at = find_delimiter(0);
  if (at == std::string::npos) {
    // The delimiter may have begun.
    const std::size_t keep = std::min(buffer_.size(), delimiter_.size() - 1);
    skipped_ += buffer_.size() - keep;
    drop(buffer_.size() - keep);
    return false;
  }
  const std::size_t line_end = buffer_.find('\n', at);
  if (line_end == std::string::npos) {
    skipped_ += at;
    drop(at);
    if (buffer_.size() > kLongestHttpHead) {
      throw WireError("a line of the multipart stream does not end");
    }
    return false;
  }
  skipped_ += at;
  part_.time = at < old_bytes_ ? old_time_ : newest_time_;
  drop(line_end + 1);
  state_ = State::kHead;
  return true;
}

bool MultipartReader::read_head() {
  const auto end = find_head_end(buffer_);
  if (!end) return false;
  part_.head = parse_http_head(std::string_view(buffer_).substr(0, *end), false);
  drop(*end);
  length_ = part_.head.content_length();
  if (length_ && *length_ > longest_part_) {
    throw WireError(fmt::format("expected a picture of at most {} bytes, got one of {}",
                                longest_part_, *length_));
  }
  state_ = State::kBody;
  return true;
}

bool MultipartReader::read_body() {
  std::size_t size = 0;
  if (length_) {
    if (buffer_.size() < *length_) return false;
    size = *length_;
  } else {
    size = find_delimiter(searched_);
    if (size == std::string::npos) {
      searched_ = buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
      if (buffer_.size() > longest_part_) {
        throw WireError(fmt::format(
            "expected a picture of at most {} bytes, got one without an end", longest_part_));
      }
      return false;
    }
  }
  std::string_view body = std::string_view(buffer_).substr(0, size);
  if (!length_) {
    // The line end before a delimiter belongs to it, and so do dashes more than two.
    while (body.ends_with('-')) body.remove_suffix(1);
    if (body.ends_with('\n')) body.remove_suffix(1);
    if (body.ends_with('\r')) body.remove_suffix(1);
  }
  part_.body.assign(body.begin(), body.end());
  drop(size);
  state_ = State::kBoundary;
  return true;
}

}  // namespace gripbench::hal

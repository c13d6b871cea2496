#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// The head of an HTTP message, or of one part of a multipart message: a first line where there is
/// one, and headers. Source: RFC 9112 section 2 to 5.
struct HttpHead {
  std::string first_line;
  /// Names in small letters, values without blanks around them.
  std::vector<std::pair<std::string, std::string>> headers;

  /// The value of the first header of that name (in small letters).
  std::optional<std::string_view> header(std::string_view name) const;
  /// Content-Length, if there is one. @throws WireError if it is no number below 2^40.
  std::optional<std::size_t> content_length() const;
};

inline constexpr std::size_t kLongestHttpHead = 16384;
inline constexpr std::size_t kMostHttpHeaders = 100;

/// Where a head ends in `bytes`, its empty line included; nothing if it is not there yet. Lines may
/// end in "\r\n" or "\n".
/// @throws WireError if there is no end within kLongestHttpHead.
std::optional<std::size_t> find_head_end(std::string_view bytes);

/// Reads a whole head, with `has_first_line` or without. @throws WireError.
HttpHead parse_http_head(std::string_view text, bool has_first_line);

/// "HTTP/1.0 200 OK" -> 200. @throws WireError.
int parse_http_status(const std::string& first_line);

/// Method and path of "GET /path HTTP/1.1". @throws WireError.
std::pair<std::string, std::string> parse_http_request(const std::string& first_line);

/// The value of a parameter in a header's value: boundary in
/// `multipart/x-mixed-replace; boundary="frame"`.
std::optional<std::string> header_parameter(std::string_view value, std::string_view name);

/// Text without blanks, tabs and line ends around it; in small letters.
std::string_view trimmed(std::string_view text);
std::string in_small_letters(std::string_view text);

}  // namespace gripbench::hal

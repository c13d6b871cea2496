#include "hal/net/http_head.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

constexpr std::size_t kMostContent = std::size_t{1} << 40;

/// The text up to the next line end, which is taken off `rest` with it.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string in_small_letters(std::string_view text) {
  std::string small(text);
  std::transform(small.begin(), small.end(), small.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return small;
}

std::optional<std::string_view> HttpHead::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& header) { return header.first == name; });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

std::optional<std::size_t> HttpHead::content_length() const {
  const std::optional<std::string_view> text = header("content-length");
  if (!text) return std::nullopt;
  const auto length = number_in<std::size_t>(*text);
  if (!length || *length > kMostContent) {
    throw WireError("expected a length as Content-Length, got " + describe_bytes(as_bytes(*text)));
  }
  return length;
}

std::optional<std::size_t> find_head_end(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, kLongestHttpHead);
  for (std::size_t end = head.find('\n'); end != std::string_view::npos;
       end = head.find('\n', end + 1)) {
    if (end == 0 || head.substr(0, end + 1) == "\r\n") return end + 1;
    if (head.substr(end + 1).starts_with('\n')) return end + 2;
    if (head.substr(end + 1).starts_with("\r\n")) return end + 3;
  }
  if (bytes.size() >= kLongestHttpHead) {
    throw WireError(fmt::format("expected HTTP headers, got {} bytes without an end: {}",
                                bytes.size(), describe_bytes(as_bytes(bytes))));
  }
  return std::nullopt;
}

HttpHead parse_http_head(std::string_view text, bool has_first_line) {
  HttpHead head;
  if (has_first_line) head.first_line = std::string(take_line(text));
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    if (line.empty()) break;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      throw WireError("expected an HTTP header, got " + describe_bytes(as_bytes(line)));
    }
    if (head.headers.size() == kMostHttpHeaders) throw WireError("there are too many HTTP headers");
    head.headers.emplace_back(in_small_letters(trimmed(line.substr(0, colon))),
                              std::string(trimmed(line.substr(colon + 1))));
  }
  return head;
}

int parse_http_status(const std::string& first_line) {
  const std::string_view line = first_line;
  const std::size_t blank = line.find(' ');
  if (line.starts_with("HTTP/") && blank != std::string_view::npos) {
    if (const auto status = number_in<int>(line.substr(blank + 1, 3))) return *status;
  }
  throw WireError("expected an HTTP answer, got " + describe_bytes(as_bytes(line)));
}

std::pair<std::string, std::string> parse_http_request(const std::string& first_line) {
  const std::size_t first = first_line.find(' ');
  const std::size_t second = first_line.find(' ', first == std::string::npos ? first : first + 1);
  if (second == std::string::npos || first_line.compare(second + 1, 5, "HTTP/") != 0) {
    throw WireError("expected an HTTP request, got " + describe_bytes(as_bytes(first_line)));
  }
  return {first_line.substr(0, first), first_line.substr(first + 1, second - first - 1)};
}

std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
  for (std::size_t at = value.find(';'); at != std::string_view::npos; at = value.find(';')) {
    value = value.substr(at + 1);
    const std::string_view parameter = trimmed(value.substr(0, value.find(';')));
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    if (in_small_letters(trimmed(parameter.substr(0, equals))) != name) continue;
    std::string_view text = trimmed(parameter.substr(equals + 1));
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
      text = text.substr(1, text.size() - 2);
    }
    return std::string(text);
  }
  return std::nullopt;
}

}  // namespace gripbench::hal

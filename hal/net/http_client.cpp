#include "hal/net/http_client.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string_view as_text(const Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class Deadline {
 public:
  explicit Deadline(Duration timeout) : end_(SteadyClock::now() + timeout) {}
  Duration left() const { return std::max(Duration(0.0), Duration(end_ - SteadyClock::now())); }

 private:
  std::chrono::time_point<SteadyClock, Duration> end_;
};

}  // namespace

HttpAddress HttpAddress::from(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  HttpAddress address;
  const auto fail = [&url]() -> WireError {
    return WireError(fmt::format("expected an address like http://HOST:PORT/PATH, got '{}'", url));
  };
  if (!url.starts_with(kScheme)) throw fail();
  std::string_view rest = std::string_view(url).substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos) address.path = std::string(rest.substr(slash));
  rest = rest.substr(0, slash);
  const std::size_t colon = rest.rfind(':');
  address.host = std::string(rest.substr(0, colon));
  if (colon != std::string_view::npos) {
    const std::string_view port = rest.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (error != std::errc() || end != port.data() + port.size()) throw fail();
  }
  // Blanks or line ends would make another request of it.
  const auto odd = [](char c) { return c <= ' ' || c == 0x7f; };
  if (address.host.empty() || std::any_of(url.begin(), url.end(), odd)) throw fail();
  return address;
}

Bytes HttpAnswer::receive(Duration timeout) {
  const Deadline deadline(timeout);
  while (true) {
    if (chunks && chunks->ended()) {
      throw WireError(fmt::format("{} ended its answer", connection.peer()));
    }
    const ByteView bytes = connection.receive(deadline.left());
    if (!chunks || bytes.empty()) return Bytes(bytes.begin(), bytes.end());
    if (Bytes part = chunks->take(bytes); !part.empty()) return part;
  }
}

HttpAnswer http_get(const HttpAddress& address, Duration timeout) {
  const Deadline deadline(timeout);
  HttpAnswer answer{TcpConnection::connect(address.host, address.port, timeout), {}, {}, {}};
  TcpConnection& connection = answer.connection;
  connection.send(fmt::format("GET {} HTTP/1.0\r\nHost: {}:{}\r\nConnection: close\r\n\r\n",
                              address.path, address.host, address.port));
  constexpr std::string_view kStart = "HTTP/";
  while (true) {
    const std::string_view text = as_text(answer.body);
    const std::size_t seen = std::min(text.size(), kStart.size());
    if (text.substr(0, seen) != kStart.substr(0, seen)) {
      throw WireError(fmt::format("expected an HTTP answer from {}, got {}", connection.peer(),
                                  describe_bytes(answer.body)));
    }
    if (const auto end = find_head_end(text)) {
      answer.head = parse_http_head(text.substr(0, *end), true);
      answer.body.erase(answer.body.begin(),
                        answer.body.begin() + static_cast<std::ptrdiff_t>(*end));
      break;
    }
    const ByteView bytes = connection.receive(deadline.left());
    if (bytes.empty()) {
      throw SilenceError(fmt::format("expected an HTTP answer from {} within {} s, nothing came",
                                     connection.peer(), timeout.count()));
    }
    answer.body.insert(answer.body.end(), bytes.begin(), bytes.end());
  }
  constexpr int kOk = 200;
  if (parse_http_status(answer.head.first_line) != kOk) {
    throw WireError(fmt::format("expected {} from {}, got '{}'", address.path, connection.peer(),
                                answer.head.first_line));
  }
  const std::string coding =
      in_small_letters(answer.head.header("transfer-encoding").value_or("identity"));
  if (coding == "chunked") {
    answer.chunks.emplace();
    answer.body = answer.chunks->take(answer.body);
  } else if (coding != "identity") {
    throw WireError(fmt::format("expected {} answers plain or in chunks, got them as '{}'",
                                connection.peer(), coding));
  }
  return answer;
}

std::string http_get_document(const HttpAddress& address, Duration timeout, std::size_t most) {
  const Deadline deadline(timeout);
  HttpAnswer answer = http_get(address, timeout);
  const std::optional<std::size_t> length =
      answer.chunks ? std::nullopt : answer.head.content_length();
  if (length && *length > most) {
    throw WireError(fmt::format("expected {} from {} to have at most {} bytes, got {}",
                                address.path, answer.connection.peer(), most, *length));
  }
  while (!length || answer.body.size() < *length) {
    if (answer.body.size() > most) {
      throw WireError(fmt::format("expected {} from {} to have at most {} bytes, got more",
                                  address.path, answer.connection.peer(), most));
    }
    Bytes bytes;
    try {
      bytes = answer.receive(deadline.left());
    } catch (const WireError&) {
      // Without a length the last chunk, or the end of the connection, ends the document.
      if (length || (answer.chunks && !answer.chunks->ended())) throw;
      break;
    }
    if (bytes.empty()) {
      throw SilenceError(
          fmt::format("expected the whole of {} from {} within {} s, it did not come", address.path,
                      answer.connection.peer(), timeout.count()));
    }
    answer.body.insert(answer.body.end(), bytes.begin(), bytes.end());
  }
  if (length) answer.body.resize(*length);
  return std::string(as_text(answer.body));
}

}  // namespace gripbench::hal

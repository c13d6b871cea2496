#pragma once

#include <optional>
#include <string>

#include "hal/net/http_chunks.h"
#include "hal/net/http_head.h"
#include "hal/net/tcp_connection.h"

namespace gripbench::hal {

/// "http://HOST[:PORT][/PATH]" taken apart.
struct HttpAddress {
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";

  /// @throws WireError saying what is wrong with it.
  static HttpAddress from(const std::string& url);
};

/// The answer to a GET request: its head has come, its body may still come.
struct HttpAnswer {
  TcpConnection connection;
  HttpHead head;
  /// What came of the body together with the head.
  Bytes body;
  /// Where the body comes in chunks: takes them apart.
  std::optional<HttpChunks> chunks;

  /// Whatever came of the body next, waiting up to `timeout` for it; empty if nothing did.
  /// @throws WireError if the connection is closed or broken, or the body has ended.
  Bytes receive(Duration timeout);
};

/// Asks in HTTP/1.0, and yet some servers answer in chunks (ffmpeg does): those are taken apart.
/// @throws WireError if there is no connection, no HTTP answer, or one that is not 200;
/// SilenceError.
HttpAnswer http_get(const HttpAddress& address, Duration timeout);

/// The whole body of a small document.
/// @throws WireError as `http_get`, or if it is longer than `most`; SilenceError.
std::string http_get_document(const HttpAddress& address, Duration timeout, std::size_t most);

}  // namespace gripbench::hal

#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "hal/emulator/faulty_line.h"
#include "hal/net/http_head.h"

namespace gripbench::hal {

/// The path of the GET request that comes over a line; nothing if none does before `stop`.
/// @throws WireError if something else comes.
inline std::optional<std::string> receive_http_path(FaultyLine& line, std::stop_token stop) {
  std::string request;
  while (!stop.stop_requested()) {
    const ByteView bytes = line.receive(Duration(0.05));
    request.append(bytes.begin(), bytes.end());
    if (const auto end = find_head_end(request)) {
      const HttpHead head = parse_http_head(std::string_view(request).substr(0, *end), true);
      return parse_http_request(head.first_line).second;
    }
  }
  return std::nullopt;
}

/// A whole answer.
inline std::string http_page(std::string_view status, std::string_view type,
                             std::string_view body) {
  std::string page = "HTTP/1.0 ";
  page.append(status).append("\r\nContent-Type: ").append(type);
  page.append("\r\nContent-Length: ").append(std::to_string(body.size()));
  page.append("\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n").append(body);
  return page;
}

}  // namespace gripbench::hal

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "hal/net/tcp_connection.h"

namespace gripbench::hal {

/// Where a server listens. Port 0 takes any free one.
struct ListenOn {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
};

/// Accepts TCP connections and serves each on a thread of its own.
class TcpServer {
 public:
  /// Serves one connection; returns to close it. It must look at the stop token at least every
  /// 0.1 s. A WireError ends the connection quietly: the other side went away.
  using Serve = std::function<void(TcpConnection&, std::stop_token)>;

  /// @throws InputError naming address and port when it cannot listen there.
  TcpServer(const ListenOn& where, Serve serve, std::size_t most_connections = 16);
  /// Asks every connection to stop and waits for it.
  ~TcpServer();
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  /// The port it listens on.
  std::uint16_t port() const;

 private:
  struct Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace gripbench::hal

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "hal/net/bytes.h"

namespace gripbench::hal {

using Duration = std::chrono::duration<double>;

/// One TCP connection. One thread receives; any thread may send: what is sent is queued and leaves
/// while the receiving thread is in `receive` or `flush`.
class TcpConnection {
 public:
  /// Connects to a name or address within `timeout`.
  /// @throws WireError "no connection to HOST:PORT: WHY".
  static TcpConnection connect(const std::string& host, std::uint16_t port, Duration timeout);

  TcpConnection(TcpConnection&&) noexcept;
  TcpConnection& operator=(TcpConnection&&) noexcept;
  ~TcpConnection();

  /// Queues bytes in order; returns at once. Safe from any thread.
  /// @throws WireError if the other side has not read for so long that 1 MB is waiting.
  void send(ByteView bytes);
  void send(std::string_view text) { send(as_bytes(text)); }

  /// Whatever has come, waiting up to `timeout` for it; empty if nothing did. Valid until the next
  /// call. Spurious returns do not happen: empty means that the time has passed.
  /// @throws WireError if the connection is closed or broken.
  ByteView receive(Duration timeout);

  /// Waits until all that was sent is out, or `timeout` has passed.
  void flush(Duration timeout);

  /// "HOST:PORT" of the other side.
  const std::string& peer() const;

 private:
  friend class TcpServer;
  struct Wire;
  explicit TcpConnection(std::unique_ptr<Wire> wire);

  std::unique_ptr<Wire> wire_;
};

}  // namespace gripbench::hal

#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "hal/net/tcp_connection.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// One UDP socket. One thread uses it.
class UdpSocket {
 public:
  /// Sends to and hears only one other side.
  /// @throws WireError "no address for HOST:PORT: WHY".
  static UdpSocket connect(const std::string& host, std::uint16_t port);
  /// Waits for whoever sends. @throws InputError naming address and port.
  static UdpSocket bind(const ListenOn& where);

  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  /// The next package, waiting up to `timeout` for it; empty if none came, or an empty one. Longer
  /// ones than 2 kB are cut. Valid until the next call.
  /// @throws WireError if the other side's machine says that nobody listens there.
  ByteView receive(Duration timeout);

  /// From here on `send` goes to whoever sent the package received last.
  void answer_to_last_sender();
  /// To the other side; a package that cannot leave is lost, as on any network.
  void send(ByteView package);

  std::uint16_t port() const;

 private:
  struct Wire;
  explicit UdpSocket(std::unique_ptr<Wire> wire);

  std::unique_ptr<Wire> wire_;
};

}  // namespace gripbench::hal

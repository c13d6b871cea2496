#pragma once

#include <chrono>
#include <deque>
#include <mutex>
#include <string_view>

#include "hal/emulator/line_faults.h"
#include "hal/net/tcp_connection.h"

namespace gripbench::hal {

/// A server's end of a connection, with the faults that are set for its line. Sending is safe from
/// any thread; one thread receives, often, for that is when what was delayed leaves.
class FaultyLine {
 public:
  FaultyLine(TcpConnection& connection, LineFaults& faults)
      : connection_(connection), faults_(faults), drops_at_begin_(faults.drops) {}

  /// Sends, later, garbled or not at all as the faults say. A client that does not read is dropped
  /// at the next `receive`.
  void send(Bytes package);
  void send(std::string_view text) { send(Bytes(text.begin(), text.end())); }

  /// What came within `timeout`; empty if nothing did.
  /// @throws WireError if the connection has ended or a fault drops it.
  ByteView receive(Duration timeout);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Late {
    Time due;
    Bytes package;
  };

  bool send_late();
  ByteView receive_within(Duration timeout);

  TcpConnection& connection_;
  LineFaults& faults_;
  const unsigned drops_at_begin_;
  std::mutex mutex_;
  std::deque<Late> late_;
  bool overrun_ = false;
  /// What came just when the line was cut, and what was handed out of it.
  Bytes held_, received_;
};

}  // namespace gripbench::hal

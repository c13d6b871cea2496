#pragma once

#include <array>
#include <atomic>
#include <deque>
#include <string>

#include <asio.hpp>

#include "hal/net/tcp_connection.h"

namespace gripbench::hal {

/// What is behind a TcpConnection: kept apart so that only two files see Asio.
///
/// Each connection has an io_context of its own that only the receiving thread runs: the socket is
/// never touched by two threads.
struct TcpConnection::Wire {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running = make_work_guard(io);
  asio::ip::tcp::socket socket{io};
  std::string peer;

  std::array<std::uint8_t, 16384> incoming;
  std::size_t received = 0;
  bool receiving = false;
  bool has_received = false;
  asio::error_code receive_error;

  std::deque<Bytes> outgoing;
  /// Bytes queued and not yet out; other threads read it.
  std::atomic<std::size_t> unsent{0};
  asio::error_code send_error;

  void begin_receive();
  void begin_send();
  /// To be called once the socket is connected.
  void connected();
};

}  // namespace gripbench::hal

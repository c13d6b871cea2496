#include "hal/net/tcp_connection.h"

#include <utility>

#include <fmt/format.h>

#include "hal/net/tcp_wire.h"

namespace gripbench::hal {
namespace {

using asio::ip::tcp;

constexpr std::size_t kMostUnsent = 1 << 20;

std::chrono::steady_clock::time_point after(Duration timeout) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout);
}

}  // namespace

void TcpConnection::Wire::begin_receive() {
  receiving = true;
  socket.async_read_some(asio::buffer(incoming), [this](asio::error_code error, std::size_t size) {
    receiving = false;
    has_received = true;
    receive_error = error;
    received = size;
  });
}

void TcpConnection::Wire::begin_send() {
  asio::async_write(socket, asio::buffer(outgoing.front()),
                    [this](asio::error_code error, std::size_t) {
                      if (error) {
                        send_error = error;
                        return;
                      }
                      unsent -= outgoing.front().size();
                      outgoing.pop_front();
                      if (!outgoing.empty()) begin_send();
                    });
}

void TcpConnection::Wire::connected() {
  asio::error_code ignored;
  // Packages are small and each is wanted at once.
  socket.set_option(tcp::no_delay(true), ignored);
  const tcp::endpoint end = socket.remote_endpoint(ignored);
  if (peer.empty()) peer = fmt::format("{}:{}", end.address().to_string(), end.port());
}

TcpConnection TcpConnection::connect(const std::string& host, std::uint16_t port,
                                     Duration timeout) {
  auto wire = std::make_unique<Wire>();
  wire->peer = fmt::format("{}:{}", host, port);
  asio::error_code error;
  tcp::resolver resolver(wire->io);
  const auto ends = resolver.resolve(host, std::to_string(port), error);
  if (error) {
    throw WireError(fmt::format("no connection to {}: {}", wire->peer, error.message()));
  }
  error = asio::error::timed_out;
  bool done = false;
  asio::async_connect(wire->socket, ends, [&](asio::error_code result, const tcp::endpoint&) {
    error = result;
    done = true;
  });
  const auto deadline = after(timeout);
  while (!done && wire->io.run_one_until(deadline) > 0) {
  }
  if (!done) {
    wire->socket.close();
    while (!done) wire->io.run_one();
    throw WireError(
        fmt::format("no connection to {}: no answer within {} s", wire->peer, timeout.count()));
  }
  if (error) {
    throw WireError(fmt::format("no connection to {}: {}", wire->peer, error.message()));
  }
  wire->connected();
  return TcpConnection(std::move(wire));
}

TcpConnection::TcpConnection(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}
TcpConnection::TcpConnection(TcpConnection&&) noexcept = default;
TcpConnection& TcpConnection::operator=(TcpConnection&&) noexcept = default;
TcpConnection::~TcpConnection() = default;

void TcpConnection::send(ByteView bytes) {
  Wire& wire = *wire_;
  if (wire.unsent + bytes.size() > kMostUnsent) {
    throw WireError(fmt::format("{} does not read what is sent to it", wire.peer));
  }
  wire.unsent += bytes.size();
  asio::post(wire.io, [&wire, package = Bytes(bytes.begin(), bytes.end())]() mutable {
    wire.outgoing.push_back(std::move(package));
    if (wire.outgoing.size() == 1 && !wire.send_error) wire.begin_send();
  });
}

ByteView TcpConnection::receive(Duration timeout) {
  Wire& wire = *wire_;
  const auto deadline = after(timeout);
  if (!wire.receiving && !wire.has_received) wire.begin_receive();
  wire.io.poll();
  while (!wire.has_received && !wire.send_error && wire.io.run_one_until(deadline) > 0) {
  }
  if (wire.has_received && !wire.receive_error) {
    wire.has_received = false;
    return {wire.incoming.data(), wire.received};
  }
  if (wire.has_received || wire.send_error) {
    const asio::error_code error = wire.has_received ? wire.receive_error : wire.send_error;
    throw WireError(error == asio::error::eof ? fmt::format("{} closed the connection", wire.peer)
                                              : fmt::format("the connection to {} broke: {}",
                                                            wire.peer, error.message()));
  }
  return {};
}

void TcpConnection::flush(Duration timeout) {
  Wire& wire = *wire_;
  const auto deadline = after(timeout);
  while (wire.unsent > 0 && !wire.send_error && wire.io.run_one_until(deadline) > 0) {
  }
}

const std::string& TcpConnection::peer() const { return wire_->peer; }

}  // namespace gripbench::hal

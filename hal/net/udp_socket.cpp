#include "hal/net/udp_socket.h"

#include <array>
#include <chrono>
#include <utility>

#include <asio.hpp>
#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {

using asio::ip::udp;

struct UdpSocket::Wire {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> keep_running = make_work_guard(io);
  udp::socket socket{io};
  std::string peer;
  bool connected = false;
  udp::endpoint sender, target;

  std::array<std::uint8_t, 2048> incoming;
  bool receiving = false, has_received = false;
  std::size_t received = 0;
  asio::error_code error;

  void begin_receive() {
    receiving = true;
    socket.async_receive_from(asio::buffer(incoming), sender,
                              [this](asio::error_code result, std::size_t size) {
                                receiving = false;
                                has_received = true;
                                error = result;
                                received = size;
                              });
  }
};

UdpSocket UdpSocket::connect(const std::string& host, std::uint16_t port) {
  auto wire = std::make_unique<Wire>();
  wire->peer = fmt::format("{}:{}", host, port);
  asio::error_code error;
  udp::resolver resolver(wire->io);
  const auto ends = resolver.resolve(host, std::to_string(port), error);
  if (!error) {
    wire->target = *ends.begin();
    wire->socket.open(wire->target.protocol(), error);
  }
  if (!error) wire->socket.connect(wire->target, error);
  if (error) throw WireError(fmt::format("no address for {}: {}", wire->peer, error.message()));
  wire->connected = true;
  return UdpSocket(std::move(wire));
}

UdpSocket UdpSocket::bind(const ListenOn& where) {
  auto wire = std::make_unique<Wire>();
  asio::error_code error;
  const asio::ip::address address = asio::ip::make_address(where.address, error);
  const udp::endpoint end(address, where.port);
  if (!error) wire->socket.open(end.protocol(), error);
  if (!error) wire->socket.bind(end, error);
  if (error) {
    throw InputError(
        fmt::format("cannot listen on {}:{}: {}", where.address, where.port, error.message()));
  }
  return UdpSocket(std::move(wire));
}

UdpSocket::UdpSocket(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

ByteView UdpSocket::receive(Duration timeout) {
  Wire& wire = *wire_;
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::duration_cast<std::chrono::steady_clock::duration>(timeout);
  if (!wire.receiving && !wire.has_received) wire.begin_receive();
  wire.io.poll();
  while (!wire.has_received && wire.io.run_one_until(deadline) > 0) {
  }
  if (!wire.has_received) return {};
  wire.has_received = false;
  if (wire.error) {
    // A client learns so that its request met nobody; a server has no business with it.
    if (!wire.connected) return {};
    throw WireError(fmt::format("nobody answers at {}: {}", wire.peer, wire.error.message()));
  }
  return {wire.incoming.data(), wire.received};
}

void UdpSocket::answer_to_last_sender() { wire_->target = wire_->sender; }

void UdpSocket::send(ByteView package) {
  asio::error_code lost;
  if (wire_->connected) {
    wire_->socket.send(asio::buffer(package.data(), package.size()), 0, lost);
  } else {
    wire_->socket.send_to(asio::buffer(package.data(), package.size()), wire_->target, 0, lost);
  }
}

std::uint16_t UdpSocket::port() const { return wire_->socket.local_endpoint().port(); }

}  // namespace gripbench::hal

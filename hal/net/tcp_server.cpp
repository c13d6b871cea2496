#include "hal/net/tcp_server.h"

#include <atomic>
#include <list>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/net/tcp_wire.h"

namespace gripbench::hal {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds kLookUp{50};

}  // namespace

struct TcpServer::Listener {
  struct Client {
    std::atomic<bool> ended{false};
    std::jthread thread;
  };

  Serve serve;
  std::size_t most_connections;
  asio::io_context io{1};
  tcp::acceptor acceptor{io};
  std::uint16_t port = 0;
  std::list<Client> clients;
  std::jthread thread;

  void listen(const ListenOn& where) {
    asio::error_code error;
    const asio::ip::address address = asio::ip::make_address(where.address, error);
    const tcp::endpoint end(address, where.port);
    if (!error) acceptor.open(end.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(end, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) {
      throw InputError(
          fmt::format("cannot listen on {}:{}: {}", where.address, where.port, error.message()));
    }
    port = acceptor.local_endpoint().port();
  }

  void run(std::stop_token stop) {
    std::unique_ptr<TcpConnection::Wire> next;
    bool accepting = false;
    asio::error_code result;
    while (!stop.stop_requested()) {
      std::erase_if(clients, [](Client& client) { return client.ended.load(); });
      if (!next) {
        next = std::make_unique<TcpConnection::Wire>();
        accepting = true;
        acceptor.async_accept(next->socket, [&](asio::error_code error) {
          accepting = false;
          result = error;
        });
      }
      io.restart();
      io.run_one_for(kLookUp);
      if (accepting) continue;
      // Beyond the limit the connection is closed at once.
      if (!result && clients.size() < most_connections) begin(std::move(next));
      next.reset();
    }
    asio::error_code ignored;
    acceptor.close(ignored);
    io.restart();
    io.run();
    for (Client& client : clients) client.thread.request_stop();
    clients.clear();
  }

  void begin(std::unique_ptr<TcpConnection::Wire> wire) {
    wire->connected();
    Client& client = clients.emplace_back();
    auto connection = std::make_shared<TcpConnection>(TcpConnection(std::move(wire)));
    client.thread = std::jthread([this, &client, connection](std::stop_token stop) {
      try {
        serve(*connection, stop);
        connection->flush(Duration(0.1));
      } catch (const WireError&) {
        // The other side went away or spoke nonsense: the connection ends, the server goes on.
      }
      client.ended = true;
    });
  }
};

TcpServer::TcpServer(const ListenOn& where, Serve serve, std::size_t most_connections)
    : listener_(std::make_unique<Listener>()) {
  listener_->serve = std::move(serve);
  listener_->most_connections = most_connections;
  listener_->listen(where);
  listener_->thread =
      std::jthread([listener = listener_.get()](std::stop_token stop) { listener->run(stop); });
}

TcpServer::~TcpServer() = default;

std::uint16_t TcpServer::port() const { return listener_->port; }

}  // namespace gripbench::hal

#include "hal/ur/primary_client.h"

#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

constexpr std::size_t kMostMessages = 64;
/// How soon the thread notices that it shall stop (s).
constexpr Duration kLookUp{0.05};

}  // namespace

PrimaryClient::PrimaryClient(PrimaryOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  try {
    PrimaryFramer framer;
    connection_ = connect(framer);
    thread_ = std::jthread(
        [this, framer](std::stop_token stop) mutable { run(stop, std::move(framer)); });
  } catch (const SilenceError& error) {
    throw TimeoutError(options_.device, error.what());
  } catch (const WireError& error) {
    throw DeviceError(options_.device, error.what());
  }
}

PrimaryClient::~PrimaryClient() = default;

/// Connects and waits for the version message, by which the interface is known.
std::shared_ptr<TcpConnection> PrimaryClient::connect(PrimaryFramer& framer) {
  auto connection = std::make_shared<TcpConnection>(
      TcpConnection::connect(options_.host, options_.port, options_.connect_timeout));
  const double begin = clock_.now();
  while (clock_.now() - begin < options_.silent_after.count()) {
    framer.append(connection->receive(kLookUp));
    while (const std::optional<PrimaryPackage> package = framer.next()) {
      take(*package);
      if (package->type != kPrimaryMessage) continue;
      const std::optional<UrMessage> message = parse_message(package->payload);
      if (message && std::holds_alternative<UrVersionMessage>(*message)) return connection;
    }
  }
  throw SilenceError(fmt::format(
      "expected the version message of a UR primary interface from {} within {} s, nothing came",
      connection->peer(), options_.silent_after.count()));
}

void PrimaryClient::run(std::stop_token stop, PrimaryFramer framer) {
  std::shared_ptr<TcpConnection> connection = connection_;
  while (true) {
    try {
      if (!connection) {
        framer = PrimaryFramer();
        connection = connect(framer);
        const std::lock_guard lock(mutex_);
        connection_ = connection;
      }
      receive(*connection, framer, stop);
      return;
    } catch (const WireError& error) {
      connection.reset();
      std::unique_lock lock(mutex_);
      connection_.reset();
      broken_because_ = error.what();
      changed_.wait_for(lock, stop, options_.reconnect_pause, [] { return false; });
      if (stop.stop_requested()) return;
    }
  }
}

void PrimaryClient::receive(TcpConnection& connection, PrimaryFramer& framer,
                            std::stop_token stop) {
  double last = clock_.now();
  while (!stop.stop_requested()) {
    while (std::optional<PrimaryPackage> package = framer.next()) take(*package);
    const ByteView bytes = connection.receive(kLookUp);
    const double now = clock_.now();
    if (!bytes.empty()) {
      last = now;
    } else if (now - last > options_.silent_after.count()) {
      throw WireError(
          fmt::format("{} is silent for {} s", connection.peer(), options_.silent_after.count()));
    }
    framer.append(bytes);
  }
}

void PrimaryClient::take(const PrimaryPackage& package) {
  if (package.type != kPrimaryMessage) return;
  std::optional<UrMessage> message = parse_message(package.payload);
  if (!message) return;
  const std::lock_guard lock(mutex_);
  if (const auto* version = std::get_if<UrVersionMessage>(&*message)) version_ = *version;
  if (messages_.size() == kMostMessages) messages_.pop_front();
  messages_.push_back({clock_.now(), *std::move(message)});
}

void PrimaryClient::send_script(const std::string& script) {
  const std::lock_guard lock(mutex_);
  if (!connection_) {
    throw DeviceError(options_.device, fmt::format("the script cannot be sent: {}; trying to "
                                                   "connect again",
                                                   broken_because_));
  }
  try {
    connection_->send(script.ends_with('\n') ? script : script + "\n");
  } catch (const WireError& error) {
    throw DeviceError(options_.device, fmt::format("the script cannot be sent: {}", error.what()));
  }
}

UrVersionMessage PrimaryClient::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

std::deque<TimedUrMessage> PrimaryClient::messages_since(double time) const {
  const std::lock_guard lock(mutex_);
  std::deque<TimedUrMessage> newer;
  for (const TimedUrMessage& message : messages_) {
    if (message.time > time) newer.push_back(message);
  }
  return newer;
}

}  // namespace gripbench::hal

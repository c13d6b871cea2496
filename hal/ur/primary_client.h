#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "hal/clock.h"
#include "hal/net/tcp_connection.h"
#include "hal/ur/primary_packet.h"

namespace gripbench::hal {

struct PrimaryOptions {
  /// What errors call the device.
  std::string device = "arm";
  std::string host;
  std::uint16_t port = 30001;
  Duration connect_timeout{1.0};
  /// The controller pushes its state ten times a second: silence for so long means that it is gone.
  Duration silent_after{1.0};
  Duration reconnect_pause{0.5};
};

/// A message and when it arrived (s on the workcell's clock).
struct TimedUrMessage {
  double time = 0.0;
  UrMessage message;
};

/// Listens to the primary interface on a thread of its own, and sends scripts over it; connects
/// again after a loss. A script is sent once or not at all.
class PrimaryClient {
 public:
  /// Connects; the controller's version message has arrived when it returns. The clock must be safe
  /// to read from another thread, and outlive the client.
  /// @throws DeviceError if the host or port is wrong or another protocol is spoken there;
  /// TimeoutError if it is silent.
  PrimaryClient(PrimaryOptions options, const Clock& clock);
  ~PrimaryClient();
  PrimaryClient(const PrimaryClient&) = delete;
  PrimaryClient& operator=(const PrimaryClient&) = delete;

  /// Sends a program or a statement; a missing newline at its end is added.
  /// @throws DeviceError if the connection is lost.
  void send_script(const std::string& script);

  UrVersionMessage version() const;
  /// Messages that arrived after `time`, oldest first; the newest 64 are kept.
  std::deque<TimedUrMessage> messages_since(double time) const;

 private:
  void run(std::stop_token stop, PrimaryFramer framer);
  std::shared_ptr<TcpConnection> connect(PrimaryFramer& framer);
  void receive(TcpConnection& connection, PrimaryFramer& framer, std::stop_token stop);
  void take(const PrimaryPackage& package);

  const PrimaryOptions options_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  /// The present connection; empty while there is none.
  std::shared_ptr<TcpConnection> connection_;
  std::string broken_because_;
  UrVersionMessage version_;
  std::deque<TimedUrMessage> messages_;

  std::jthread thread_;
};

}  // namespace gripbench::hal

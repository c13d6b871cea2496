#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "hal/net/tcp_server.h"
#include "hal/wsg/wsg_client.h"

namespace gripbench::hal {

/// How the jaws are opened when nobody drives them: slowly, since something is held.
struct JawOpening {
  /// m, m/s. A width beyond the stroke is clamped by the gripper.
  double width = 0.110;
  double speed = 0.020;
};

/// Holds the connection to a WSG gripper, and lends it to one client at a time at a port of the
/// loopback interface: whole frames go to and fro. When the client goes, the gripper notices
/// nothing, unless the client had announced it.
class GripperRelay {
 public:
  /// Called when the client's connection has closed, with whether it had said goodbye; on another
  /// thread.
  using ClientGone = std::function<void(bool announced)>;

  /// Listens; connects to nothing. @throws InputError if it cannot listen.
  GripperRelay(WsgOptions gripper, ClientGone gone);
  /// Closes the gripper's connection; what that means depends on whether goodbye was said.
  ~GripperRelay();
  GripperRelay(const GripperRelay&) = delete;
  GripperRelay& operator=(const GripperRelay&) = delete;

  /// Where clients connect, once `open`.
  std::uint16_t port() const { return server_.port(); }

  /// Connects to the gripper unless that is done, and lets clients in.
  /// @throws DeviceError
  void open();
  /// Sends the client away and lets no other in; jaws that move are stopped, so that they keep what
  /// they hold.
  void close();

  /// A connection to the gripper is held, and no goodbye was said on it.
  bool holds() const;
  /// What the gripper last said both pads press with, per pad (N).
  double normal_force() const { return normal_force_; }

  /// Opens the jaws. Waits for the end. @throws DeviceError
  void open_jaws(const JawOpening& opening);
  /// Says goodbye, by which the gripper keeps what it holds when the connection closes.
  /// @throws DeviceError if it does not answer.
  void say_goodbye();

 private:
  void serve(TcpConnection& client, std::stop_token stop);
  void talk(TcpConnection& client, std::stop_token stop);
  void listen_to_gripper(std::stop_token stop);
  void connect();
  void forward(const WsgFrame& frame);
  void take(const WsgFrame& frame);
  /// Sends the gripper a command of the relay's own and waits for its final answer.
  void ask(const WsgFrame& request, Duration timeout);

  const WsgOptions options_;
  const ClientGone gone_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::shared_ptr<TcpConnection> gripper_;
  /// The client being served; null while there is none.
  TcpConnection* client_ = nullptr;
  /// The client is to be let in, or on.
  bool open_ = false;
  bool announced_ = false;
  /// The motion that the gripper has not yet told the end of.
  std::optional<WsgCommand> motion_;
  /// The relay's own question, and its answer.
  std::optional<WsgCommand> question_;
  std::optional<WsgStatus> answer_;
  std::atomic<double> normal_force_{0.0};

  std::jthread listening_;
  TcpServer server_;
};

}  // namespace gripbench::hal

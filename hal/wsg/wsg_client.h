#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "hal/clock.h"
#include "hal/net/tcp_connection.h"
#include "hal/wsg/wsg_protocol.h"

namespace gripbench::hal {

struct WsgOptions {
  /// What errors call the device.
  std::string device = "gripper";
  std::string host;
  std::uint16_t port = 1000;
  /// Between two automatic updates of each value (s); 0.01 at least.
  double update_period = 0.02;
  /// For the connection, and for each answer (s).
  Duration answer_timeout{1.0};
  /// A width older than that is refused (s).
  Duration stale_after{0.25};
  /// Between two attempts to connect again (s).
  Duration reconnect_pause{0.5};
};

/// The newest values that the gripper told, in the units of the wire (see wsg_protocol.h).
struct WsgReading {
  /// When the width arrived (s on the workcell's clock).
  double time = 0.0;
  /// Counts the widths of this client, from 1.
  std::uint64_t number = 0;
  float width = 0.0f, speed = 0.0f, force = 0.0f;
  WsgGraspingState grasping = WsgGraspingState::kIdle;
  std::uint32_t state_bits = 0;
};

/// A motion that was begun: homing, pre-position, grasp or release.
struct WsgMotion {
  WsgCommand command = WsgCommand::kPrePosition;
  /// The gripper's first word on it, mostly "pending", and its last.
  std::optional<WsgStatus> first, last;
  /// The connection broke before the last word: there will be none.
  bool lost = false;
  /// Number of the newest reading when the last word came: later ones show the end.
  std::uint64_t ended_at = 0;

  bool ended() const { return last.has_value() || lost; }
};

/// Talks to a gripper on a thread of its own: automatic updates flow in, questions are answered,
/// one motion at a time is followed to its end.
///
/// A connection that closes without goodbye makes the gripper let go (its fast stop). So the client
/// never closes one because of silence or garbage: it asks for the updates again instead. Only
/// where the other side closed it does it connect anew.
class WsgClient {
 public:
  /// Connects and learns who is there; the first values have arrived when it returns. The clock
  /// must be safe to read from another thread, and outlive the client.
  /// @throws DeviceError if host or port is wrong, another protocol is spoken there, or the device
  /// or its firmware is none that this driver knows; TimeoutError if it is silent.
  WsgClient(WsgOptions options, const Clock& clock);
  /// Says goodbye, so that the gripper keeps what it holds.
  ~WsgClient();
  WsgClient(const WsgClient&) = delete;
  WsgClient& operator=(const WsgClient&) = delete;

  /// @throws DeviceError saying why, if the newest width is stale.
  WsgReading newest() const;
  /// The first reading with a greater number. @throws TimeoutError.
  WsgReading wait_newer(std::uint64_t than, Duration timeout) const;

  /// Sends a command that is no motion and waits for its final answer's parameters.
  /// @throws DeviceError with the status in words; TimeoutError.
  Bytes ask(const WsgFrame& request);

  /// Sends a motion and waits for the gripper's first word on it.
  /// @pre the motion before has ended.
  /// @throws MotionRefused with the status in words; DeviceError, TimeoutError.
  void begin(const WsgFrame& motion);
  /// The motion begun last, if any.
  std::optional<WsgMotion> motion() const;
  /// Waits for its end. @throws TimeoutError.
  WsgMotion wait_for_end(Duration timeout) const;

  WsgIdentity identity() const;
  WsgHardwareLimits hardware() const;
  /// How often it connected after the first time; frames that came garbled.
  std::uint64_t reconnections() const;
  std::uint64_t garbled() const;

 private:
  /// A question whose answer is awaited.
  struct Question {
    WsgCommand command;
    std::optional<WsgAnswer> answer;
    bool lost = false;
  };
  class Session;

  void run(std::stop_token stop, std::unique_ptr<Session> session);
  void receive(Session& session, std::stop_token stop);
  void adopt(Session& session);
  void disown(const std::string& why);
  void take(const WsgFrame& frame);
  void take_value(WsgCommand value, ByteView parameters);
  void send(const WsgFrame& frame);
  void say_goodbye() noexcept;

  const WsgOptions options_;
  const Clock& clock_;

  /// One question at a time.
  std::mutex asking_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  Session* session_ = nullptr;
  std::string broken_because_;
  WsgReading newest_;
  std::optional<Question> question_;
  std::optional<WsgMotion> motion_;
  WsgIdentity identity_;
  WsgHardwareLimits hardware_;
  std::uint64_t reconnections_ = 0;
  std::uint64_t garbled_ = 0;

  std::jthread thread_;
};

}  // namespace gripbench::hal

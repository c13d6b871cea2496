#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hal/clock.h"
#include "hal/net/tcp_connection.h"
#include "hal/ur/rtde_packet.h"

namespace gripbench::hal {

/// A variable that a client wants from the controller.
struct RtdeField {
  std::string name;
  RtdeType type = RtdeType::kDouble;
  /// A variable of the same type to take where the firmware does not know `name`.
  std::string otherwise;
  /// A field that may be missing has no value then.
  bool required = true;
};

struct RtdeOptions {
  /// What errors call the device.
  std::string device = "arm";
  std::string host;
  std::uint16_t port = 30004;
  /// Rate of the state stream (Hz); a CB3 controller gives 125 at most.
  double frequency = 125.0;
  /// For the connection, and for each answer while negotiating (s).
  Duration answer_timeout{1.0};
  /// A stream that is silent for so long is broken, and a state older than that is refused (s).
  Duration stale_after{0.25};
  /// Between two attempts to connect again (s); after a connection that was dropped the first comes
  /// at once.
  Duration reconnect_pause{0.5};
  /// An integer input of the controller to count up in, so that it knows that this client is there;
  /// empty for none. One client alone may write it.
  std::string beat_input;
  /// Between two beats (s).
  Duration beat_period{0.02};
};

/// The controller's variables, in the order of the fields that were asked for.
struct RtdeSample {
  /// When it arrived (s on the workcell's clock).
  double time = 0.0;
  /// Counts the samples of this client, from 1.
  std::uint64_t number = 0;
  std::vector<std::optional<RtdeValue>> values;
};

/// Receives a controller's state stream on a thread of its own.
///
/// After a dropped, silent or garbled connection it connects again and negotiates the protocol and
/// the recipe anew, for as long as it lives; a sample from before is never taken for a new one.
class RtdeClient {
 public:
  /// Connects, negotiates and starts the stream; the first sample has arrived when it returns. The
  /// clock must be safe to read from another thread, and outlive the client.
  /// @throws DeviceError if the host or port is wrong, another protocol is spoken there, the
  /// controller is too old, it does not know a required field, or another client writes the beat's
  /// input; TimeoutError if it is silent.
  RtdeClient(RtdeOptions options, std::vector<RtdeField> fields, const Clock& clock);
  ~RtdeClient();
  RtdeClient(const RtdeClient&) = delete;
  RtdeClient& operator=(const RtdeClient&) = delete;

  /// The newest sample.
  /// @throws DeviceError saying why the stream is broken, if it is older than `stale_after`.
  RtdeSample newest() const;

  /// The first sample that is newer than number `than`.
  /// @throws TimeoutError saying why none came.
  RtdeSample wait_newer(std::uint64_t than, Duration timeout) const;

  /// Firmware of the controller that is connected now or was last.
  ControllerVersion version() const;
  /// How often it connected after the first time.
  std::uint64_t reconnections() const;
  /// Fields that this firmware lacks, with what was taken instead, in words; empty if none.
  std::vector<std::string> replaced_fields() const;
  /// Newest warnings and errors that the controller sent over RTDE, at most 16.
  std::vector<RtdeTextMessage> messages() const;

 private:
  class Session;

  std::unique_ptr<Session> connect() const;
  void run(std::stop_token stop, std::unique_ptr<Session> session);
  void receive(Session& session, std::stop_token stop);
  void keep(RtdeSample sample);

  const RtdeOptions options_;
  const std::vector<RtdeField> fields_;
  const Clock& clock_;

  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  RtdeSample newest_;
  std::string broken_because_;
  ControllerVersion version_;
  std::uint64_t reconnections_ = 0;
  std::vector<std::string> replaced_;
  std::vector<RtdeTextMessage> messages_;

  std::jthread thread_;
};

}  // namespace gripbench::hal

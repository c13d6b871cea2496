#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "hal/clock.h"
#include "hal/config.h"
#include "hal/force_torque_sensor.h"
#include "hal/net/tcp_connection.h"
#include "hal/netft/netft_calibration.h"

namespace gripbench::hal {

/// What a workcell file says of an ATI Net F/T sensor.
struct NetFtSettings {
  /// What errors call it.
  std::string device = "force_torque";
  std::string host;
  std::uint16_t port = 49152;
  std::uint16_t http_port = 80;
  /// How the box counts; it is asked over HTTP where the file does not say.
  std::optional<NetFtCalibration> calibration;
  /// For the document over HTTP, and for the first record (s).
  Duration answer_timeout{1.0};
  /// A reading older than that is refused (s), and the stream asked for again.
  Duration stale_after{0.2};
  /// How many readings a bias averages.
  int bias_samples = 50;

  /// @throws ConfigError for a missing, unknown or impossible key.
  static NetFtSettings from(ConfigNode node);
};

/// What became of the stream so far.
struct NetFtCounts {
  std::uint64_t received = 0;
  /// Records that never came, by the gaps in their sequence; that came late or twice, and were
  /// dropped; packages that were no records.
  std::uint64_t lost = 0, late = 0, malformed = 0;
  /// How often the stream was asked for again.
  std::uint64_t restarts = 0;
};

/// An ATI force/torque sensor behind a Net F/T box, streaming by RDT over UDP to a thread of its
/// own. A stream that falls silent is asked for again, for as long as this object lives.
class NetFtSensor final : public ForceTorqueSensor {
 public:
  /// Learns the calibration and starts the stream; the first reading has arrived when it returns.
  /// The clock must be safe to read from another thread, and outlive the sensor.
  /// @throws DeviceError if host or port is wrong, or something else is there; TimeoutError.
  NetFtSensor(NetFtSettings settings, const Clock& clock);
  /// Stops the stream.
  ~NetFtSensor() override;

  WrenchReading read() override;
  /// Averages the next readings. The zero is kept here, not in the box: other clients of the box
  /// keep theirs. @throws as `read`, and TimeoutError if too few come.
  void bias() override;

  const NetFtCalibration& calibration() const { return calibration_; }
  NetFtCounts counts() const;

 private:
  NetFtCalibration learn_calibration() const;
  void run(std::stop_token stop);
  void take(ByteView package);
  void break_off(const std::string& why);
  WrenchReading newest(const std::unique_lock<std::mutex>& lock) const;

  const NetFtSettings settings_;
  const Clock& clock_;
  const NetFtCalibration calibration_;

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  WrenchReading newest_;
  WrenchReading zero_;
  std::uint32_t status_ = 0;
  /// Of the newest record; 0 when a new stream is to begin.
  std::uint32_t sequence_ = 0;
  NetFtCounts counts_;
  std::string broken_because_;

  std::jthread thread_;
};

}  // namespace gripbench::hal

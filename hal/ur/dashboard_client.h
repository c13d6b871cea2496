#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "hal/net/line_reader.h"
#include "hal/net/tcp_connection.h"
#include "hal/ur/robot_state.h"

namespace gripbench::hal {

struct DashboardOptions {
  /// What errors call the device.
  std::string device = "arm";
  std::string host;
  std::uint16_t port = 29999;
  Duration answer_timeout{2.0};
};

/// The dashboard server of a UR controller: powers the arm, releases brakes and stops. It lags the
/// state by half a second: whether the arm may move is for the state stream to say.
///
/// Connects at the first command, and again after a loss. Safe from any thread. Each command throws
/// DeviceError if the server is not there, is another one, or refuses, in its own words, and
/// TimeoutError if it is silent.
class DashboardClient {
 public:
  explicit DashboardClient(DashboardOptions options) : options_(std::move(options)) {}

  /// Sends a line and returns the answer.
  std::string ask(const std::string& command);

  void power_on();
  void power_off();
  /// Releases the brakes; powers the arm on first if need be.
  void release_brakes();
  /// The controller refuses this for 5 s after the stop.
  void unlock_protective_stop();
  void close_safety_popup();
  void stop_program();

  /// "RUNNING", "POWER_OFF", ...
  std::string robot_mode();
  /// "NORMAL", "PROTECTIVE_STOP", ...; by `safetystatus` where there is one, else by `safetymode`.
  std::string safety_status();
  /// "URSoftware 3.15.8.106339 (Jun 20 2022)".
  std::string polyscope_version();

 private:
  void connect();
  std::string take_line(const std::string& what);
  std::string exchange(const std::string& command);
  /// @throws DeviceError unless the answer begins with `expected`.
  std::string demand(const std::string& command, const std::string& expected);

  const DashboardOptions options_;
  std::mutex mutex_;
  std::optional<TcpConnection> connection_;
  LineReader lines_;
};

}  // namespace gripbench::hal

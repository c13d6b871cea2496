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

/// The dashboard server of a UR controller: stops programs, tells modes, and takes an operator's
/// commands as lines. It lags the state by half a second: whether the arm may move is for the state
/// stream to say.
///
/// Connects at the first command, and again after a loss; a command that finds its old connection
/// closed or broken is sent again over a new one. Safe from any thread. Each command throws
/// DeviceError if the server is not there, is another one, or refuses, in its own words, and
/// TimeoutError if it is silent.
class DashboardClient {
 public:
  explicit DashboardClient(DashboardOptions options) : options_(std::move(options)) {}

  /// Sends a line and returns the answer.
  std::string ask(const std::string& command);

  /// True once the program that ran is stopped (from PolyScope 3.3 on it answers when the stop is
  /// completed); false if it knows of none, which need not be the whole truth: by `programState` a
  /// program that was sent by socket does not run.
  bool stop_program();

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
  std::optional<std::string> ask_old_connection(const std::string& command);
  /// @throws DeviceError unless the answer begins with `expected`.
  std::string demand(const std::string& command, const std::string& expected);

  const DashboardOptions options_;
  std::mutex mutex_;
  std::optional<TcpConnection> connection_;
  LineReader lines_;
};

}  // namespace gripbench::hal

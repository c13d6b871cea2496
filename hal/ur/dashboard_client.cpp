#include "hal/ur/dashboard_client.h"

#include <chrono>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

constexpr std::string_view kBanner = "Connected: Universal Robots Dashboard Server";

}  // namespace

std::string DashboardClient::ask(const std::string& command) {
  const std::lock_guard lock(mutex_);
  try {
    if (std::optional<std::string> answer = ask_old_connection(command)) return *std::move(answer);
    connect();
    return exchange(command);
  } catch (const SilenceError& error) {
    connection_.reset();
    throw TimeoutError(options_.device, error.what());
  } catch (const WireError& error) {
    connection_.reset();
    throw DeviceError(options_.device, fmt::format("dashboard: {}", error.what()));
  }
}

/// Nothing if there is none any more: a controller that was started again since the last command
/// closes it, or knows nothing of it. Asking twice does no harm: none of the commands adds to what
/// it did before. A connection that is merely silent is not given up for another one.
std::optional<std::string> DashboardClient::ask_old_connection(const std::string& command) {
  if (!connection_) return std::nullopt;
  try {
    return exchange(command);
  } catch (const SilenceError&) {
    throw;
  } catch (const WireError&) {
    connection_.reset();
    return std::nullopt;
  }
}

void DashboardClient::connect() {
  lines_ = LineReader();
  connection_ = TcpConnection::connect(options_.host, options_.port, options_.answer_timeout);
  const std::string banner = take_line("the banner of a UR dashboard server");
  if (!banner.starts_with(kBanner)) {
    throw WireError(fmt::format("expected '{}' from {}, got {}", kBanner, connection_->peer(),
                                describe_bytes(as_bytes(banner))));
  }
}

std::string DashboardClient::exchange(const std::string& command) {
  connection_->send(command + "\n");
  return take_line("an answer to '" + command + "'");
}

std::string DashboardClient::take_line(const std::string& what) {
  const auto deadline = std::chrono::steady_clock::now() + options_.answer_timeout;
  while (true) {
    if (std::optional<std::string> line = lines_.next()) return *std::move(line);
    const Duration left = deadline - std::chrono::steady_clock::now();
    const ByteView bytes = connection_->receive(std::max(left, Duration(0.0)));
    if (bytes.empty()) {
      throw SilenceError(fmt::format("expected {} from {} within {} s, nothing came", what,
                                     connection_->peer(), options_.answer_timeout.count()));
    }
    lines_.append(bytes);
  }
}

std::string DashboardClient::demand(const std::string& command, const std::string& expected) {
  const std::string answer = ask(command);
  if (!answer.starts_with(expected)) {
    throw DeviceError(options_.device, fmt::format("dashboard: expected '{}' after '{}', got '{}'",
                                                   expected, command, answer));
  }
  return answer.substr(expected.size());
}

bool DashboardClient::stop_program() {
  const std::string answer = ask("stop");
  if (answer.starts_with("Stopped")) return true;
  if (answer.starts_with("Failed to execute: stop")) return false;
  throw DeviceError(options_.device,
                    fmt::format("dashboard: expected 'Stopped' after 'stop', got '{}'", answer));
}

std::string DashboardClient::robot_mode() { return demand("robotmode", "Robotmode: "); }

std::string DashboardClient::safety_status() {
  // A CB3 controller does not know safetystatus.
  const std::string answer = ask("safetystatus");
  constexpr std::string_view kStatus = "Safetystatus: ";
  if (answer.starts_with(kStatus)) return answer.substr(kStatus.size());
  return demand("safetymode", "Safetymode: ");
}

std::string DashboardClient::polyscope_version() { return ask("PolyscopeVersion"); }

}  // namespace gripbench::hal

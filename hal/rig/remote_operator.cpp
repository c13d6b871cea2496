#include "hal/rig/remote_operator.h"

#include <chrono>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

constexpr Duration kConnectTimeout{2.0};
/// To put an object down takes a simulation seconds: it builds the scene.
constexpr Duration kAnswerTimeout{60.0};
constexpr Duration kLookUp{0.1};
constexpr const char* kDevice = "operator";

TcpConnection connect(const std::string& host, std::uint16_t port) {
  try {
    return TcpConnection::connect(host, port, kConnectTimeout);
  } catch (const WireError& error) {
    throw DeviceError(kDevice, error.what());
  }
}

}  // namespace

RemoteOperator::RemoteOperator(const std::string& host, std::uint16_t port)
    : connection_(connect(host, port)) {}

void RemoteOperator::take_what_is_held() { ask("take"); }

void RemoteOperator::place(const Placement& placement) {
  ask(fmt::format("present {} {:.17g} {:.17g} {:.17g} {} {}", placement.object,
                  placement.position.x(), placement.position.y(), placement.yaw, placement.grasp,
                  placement.seed));
}

void RemoteOperator::watch() { ask("watch"); }

std::optional<bool> RemoteOperator::slipped(const Placement&) {
  const std::string answer = ask("slipped");
  const std::string word = answer.substr(0, answer.find(' '));
  if (word == "yes") return true;
  if (word == "no") return false;
  if (word == "unknown") return std::nullopt;
  throw DeviceError(kDevice, "expected yes, no or unknown, got '" + answer + "'");
}

/// What follows "ok" in the answer.
std::string RemoteOperator::ask(const std::string& line) {
  try {
    connection_.send(line + "\n");
    const std::string answer = next_line();
    if (answer == "ok") return "";
    if (answer.starts_with("ok ")) return answer.substr(3);
    const std::string command = line.substr(0, line.find(' '));
    throw DeviceError(kDevice, answer.starts_with("error: ")
                                   ? command + ": " + answer.substr(7)
                                   : "expected ok or error, got '" + answer + "'");
  } catch (const WireError& error) {
    throw DeviceError(kDevice, error.what());
  }
}

std::string RemoteOperator::next_line() {
  const auto deadline = std::chrono::steady_clock::now() + kAnswerTimeout;
  while (std::chrono::steady_clock::now() < deadline) {
    if (std::optional<std::string> line = reader_.next()) return *line;
    reader_.append(connection_.receive(kLookUp));
  }
  throw TimeoutError(kDevice, fmt::format("no answer within {:g} s", kAnswerTimeout.count()));
}

}  // namespace gripbench::hal

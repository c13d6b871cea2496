#include "hal/wsg/wsg_session.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// The grasping state and its kin came with version 2 of the command set.
constexpr int kOldestFirmware = 2;
constexpr double kShortestPeriod = 0.010;
constexpr Duration kGoodbye{0.2};

}  // namespace

WsgClient::Session::Session(const WsgOptions& options)
    : options_(options),
      connection_(TcpConnection::connect(options.host, options.port, options.answer_timeout)) {
  try {
    introduce();
  } catch (const SilenceError&) {
    leave();
    throw;
  } catch (const WireError& error) {
    leave();
    if (spoke_wsg_ || framer_.skipped() > 0) throw;
    throw WireError(
        fmt::format("{} before it answered; does another program hold the gripper?", error.what()));
  }
}

/// Whoever is there may hold something.
void WsgClient::Session::leave() {
  if (!spoke_wsg_) return;
  send(make_request(WsgCommand::kAnnounceDisconnect));
  connection_.flush(kGoodbye);
}

void WsgClient::Session::introduce() {
  check_identity();
  const WsgAnswer limits = ask(make_request(WsgCommand::kLimits));
  if (limits.status != WsgStatus::kSuccess) {
    throw WireError(
        fmt::format("{} does not tell its limits: {}", connection_.peer(), explain(limits.status)));
  }
  hardware_ = parse_limits(limits.parameters);
  request_updates();
}

void WsgClient::Session::check_identity() {
  const WsgAnswer answer = ask(make_request(WsgCommand::kIdentity));
  if (answer.status != WsgStatus::kSuccess) {
    throw WireError(
        fmt::format("{} does not say who it is: {}", connection_.peer(), explain(answer.status)));
  }
  identity_ = parse_identity(answer.parameters);
  if (identity_.kind != kWsg50) {
    throw WireError(fmt::format("expected a WSG 50 at {}, got {}", connection_.peer(),
                                describe_kind(identity_.kind)));
  }
  if (firmware_major(identity_.firmware) < kOldestFirmware) {
    throw WireError(fmt::format(
        "expected firmware {}.0.0 or newer of the WSG 50 at {}, got {}; update it on its web page",
        kOldestFirmware, connection_.peer(), describe_firmware(identity_.firmware)));
  }
}

std::vector<WsgFrame> WsgClient::Session::receive(Duration timeout) {
  framer_.append(connection_.receive(timeout));
  std::vector<WsgFrame> frames;
  while (std::optional<WsgFrame> frame = framer_.next()) frames.push_back(*std::move(frame));
  return frames;
}

WsgAnswer WsgClient::Session::ask(const WsgFrame& request) {
  send(request);
  const std::string what = describe(static_cast<WsgCommand>(request.command));
  const auto deadline = SteadyClock::now() + options_.answer_timeout;
  for (Duration left = options_.answer_timeout; left.count() > 0.0;
       left = deadline - SteadyClock::now()) {
    for (const WsgFrame& frame : receive(left)) {
      spoke_wsg_ = true;
      if (frame.command == request.command) return parse_answer(frame.payload);
    }
    if (!spoke_wsg_ && framer_.skipped() > 0) {
      throw WireError(fmt::format("expected a frame of the WSG protocol from {}, got {}",
                                  connection_.peer(), describe_bytes(framer_.first_skipped())));
    }
  }
  throw SilenceError(fmt::format(
      "expected {} of a WSG gripper from {} within {} s, nothing came; is its command interface "
      "set to TCP (port 1000) on its web page?",
      what, connection_.peer(), options_.answer_timeout.count()));
}

void WsgClient::Session::request_updates() {
  const double period = std::max(options_.update_period, kShortestPeriod);
  const WsgUpdateWish wish{true, false, static_cast<std::uint16_t>(std::lround(1e3 * period))};
  // Width last: when one has come, the others have been asked for.
  for (const WsgCommand value : {WsgCommand::kSystemState, WsgCommand::kGraspingState,
                                 WsgCommand::kForce, WsgCommand::kSpeed, WsgCommand::kWidth}) {
    send(make_value_request(value, wish));
  }
}

}  // namespace gripbench::hal

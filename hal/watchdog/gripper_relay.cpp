#include "hal/watchdog/gripper_relay.h"

#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/wsg/wsg_frame.h"

namespace gripbench::hal {
namespace {

/// Between two looks at what else there is to do.
constexpr Duration kLookUp{0.02};
constexpr Duration kGoodbyeTime{1.0};
/// What opening takes beyond its way at its speed.
constexpr Duration kOpeningMargin{5.0};
constexpr float kMillimetres = 1e3f;

bool is_motion(WsgCommand command) {
  return command == WsgCommand::kHome || command == WsgCommand::kPrePosition ||
         command == WsgCommand::kGrasp || command == WsgCommand::kRelease;
}

/// A side that has stopped reading must not cost the other its connection: the gripper would let
/// go, and the watchdog would not get to the arm. What it misses, its own thread will find out.
void send_if_it_reads(TcpConnection& to, const WsgFrame& frame) {
  try {
    to.send(encode(frame));
  } catch (const WireError&) {
  }
}

}  // namespace

GripperRelay::GripperRelay(WsgOptions gripper, ClientGone gone)
    : options_(std::move(gripper)),
      gone_(std::move(gone)),
      listening_([this](std::stop_token stop) { listen_to_gripper(stop); }),
      server_({}, [this](TcpConnection& client, std::stop_token stop) { serve(client, stop); }) {}

GripperRelay::~GripperRelay() = default;

void GripperRelay::open() {
  try {
    connect();
  } catch (const WireError& error) {
    throw DeviceError(options_.device, error.what());
  }
  const std::lock_guard lock(mutex_);
  open_ = true;
}

/// Unless that is done. @throws WireError
void GripperRelay::connect() {
  {
    const std::lock_guard lock(mutex_);
    if (gripper_) return;
  }
  auto gripper = std::make_shared<TcpConnection>(
      TcpConnection::connect(options_.host, options_.port, options_.answer_timeout));
  const std::lock_guard lock(mutex_);
  gripper_ = std::move(gripper);
  announced_ = false;
  motion_.reset();
  changed_.notify_all();
}

void GripperRelay::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
  if (gripper_ && motion_ && !announced_) {
    send_if_it_reads(*gripper_, make_request(WsgCommand::kStop));
  }
}

bool GripperRelay::holds() const {
  const std::lock_guard lock(mutex_);
  return gripper_ != nullptr && !announced_;
}

void GripperRelay::serve(TcpConnection& client, std::stop_token stop) {
  {
    const std::lock_guard lock(mutex_);
    if (!open_ || client_ != nullptr) return;
    client_ = &client;
  }
  try {
    // A client that comes back after the gripper was lost gets it anew, as from the gripper itself.
    connect();
    talk(client, stop);
  } catch (const WireError&) {
    // The client went away.
  }
  bool announced = false;
  {
    const std::lock_guard lock(mutex_);
    client_ = nullptr;
    announced = announced_;
  }
  gone_(announced);
}

void GripperRelay::talk(TcpConnection& client, std::stop_token stop) {
  WsgFramer framer;
  while (!stop.stop_requested()) {
    framer.append(client.receive(kLookUp));
    while (const std::optional<WsgFrame> frame = framer.next()) forward(*frame);
    const std::lock_guard lock(mutex_);
    if (!open_ || !gripper_) return;
  }
}

void GripperRelay::forward(const WsgFrame& frame) {
  const std::lock_guard lock(mutex_);
  if (!open_ || !gripper_) return;
  const auto command = static_cast<WsgCommand>(frame.command);
  if (is_motion(command)) motion_ = command;
  send_if_it_reads(*gripper_, frame);
}

void GripperRelay::listen_to_gripper(std::stop_token stop) {
  while (!stop.stop_requested()) {
    std::shared_ptr<TcpConnection> gripper;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, stop, [this] { return gripper_ != nullptr; });
      gripper = gripper_;
    }
    WsgFramer framer;
    try {
      while (gripper && !stop.stop_requested()) {
        framer.append(gripper->receive(kLookUp));
        while (const std::optional<WsgFrame> frame = framer.next()) take(*frame);
        const std::lock_guard lock(mutex_);
        if (gripper_ != gripper) gripper.reset();
      }
    } catch (const WireError&) {
      const std::lock_guard lock(mutex_);
      if (gripper_ == gripper) gripper_.reset();
      changed_.notify_all();
    }
  }
}

void GripperRelay::take(const WsgFrame& frame) {
  const auto command = static_cast<WsgCommand>(frame.command);
  std::optional<WsgAnswer> answer;
  try {
    answer = parse_answer(frame.payload);
    if (command == WsgCommand::kForce && answer->status == WsgStatus::kSuccess) {
      normal_force_ = 0.5 * static_cast<double>(parse_float(answer->parameters));
    }
  } catch (const WireError&) {
    // For the client to judge.
  }
  const std::lock_guard lock(mutex_);
  const bool final = answer && answer->status != WsgStatus::kPending;
  if (final && motion_ == command) motion_.reset();
  if (final && command == WsgCommand::kAnnounceDisconnect) {
    announced_ = answer->status == WsgStatus::kSuccess;
  }
  if (final && question_ == command) {
    answer_ = answer->status;
    changed_.notify_all();
  }
  if (client_ != nullptr) send_if_it_reads(*client_, frame);
}

void GripperRelay::ask(const WsgFrame& request, Duration timeout) {
  const auto command = static_cast<WsgCommand>(request.command);
  std::unique_lock lock(mutex_);
  if (!gripper_) throw DeviceError(options_.device, "the connection is lost: it has let go");
  question_ = command;
  answer_.reset();
  send_if_it_reads(*gripper_, request);
  const bool ended = changed_.wait_for(lock, timeout, [this] { return answer_ || !gripper_; });
  question_.reset();
  if (!ended || !answer_) {
    throw TimeoutError(options_.device, fmt::format("expected an answer to {} within {} s",
                                                    describe(command), timeout.count()));
  }
  const bool good = *answer_ == WsgStatus::kSuccess || *answer_ == WsgStatus::kAxisBlocked;
  if (!good) {
    throw DeviceError(options_.device,
                      fmt::format("{} was refused: {}", describe(command), explain(*answer_)));
  }
}

void GripperRelay::open_jaws(const JawOpening& opening) {
  const WsgWidthSpeed wanted{kMillimetres * static_cast<float>(opening.width),
                             kMillimetres * static_cast<float>(opening.speed)};
  ask(make_width_speed(WsgCommand::kRelease, wanted),
      kOpeningMargin + Duration(opening.width / opening.speed));
}

void GripperRelay::say_goodbye() {
  ask(make_request(WsgCommand::kAnnounceDisconnect), kGoodbyeTime);
}

}  // namespace gripbench::hal

#include "hal/wsg/wsg_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/wsg/wsg_session.h"

namespace gripbench::hal {
namespace {

/// How soon the thread notices that it shall stop (s).
constexpr Duration kLookUp{0.05};
/// What a lost connection means where something was wanted of the gripper.
constexpr const char* kHasLetGo =
    "; without its connection the gripper has let go: look at the part, then acknowledge";

bool is_value(WsgCommand command) {
  switch (command) {
    case WsgCommand::kSystemState:
    case WsgCommand::kGraspingState:
    case WsgCommand::kWidth:
    case WsgCommand::kSpeed:
    case WsgCommand::kForce:
      return true;
    default:
      return false;
  }
}

}  // namespace

WsgClient::WsgClient(WsgOptions options, const Clock& clock)
    : options_(std::move(options)), clock_(clock) {
  try {
    auto session = std::make_unique<Session>(options_);
    adopt(*session);
    thread_ = std::jthread([this](std::stop_token stop,
                                  std::unique_ptr<Session> first) { run(stop, std::move(first)); },
                           std::move(session));
  } catch (const SilenceError& error) {
    throw TimeoutError(options_.device, error.what());
  } catch (const WireError& error) {
    throw DeviceError(options_.device, error.what());
  }
  try {
    wait_newer(0, options_.answer_timeout);
  } catch (const DeviceError&) {
    say_goodbye();
    throw;
  }
}

WsgClient::~WsgClient() { say_goodbye(); }

void WsgClient::say_goodbye() noexcept {
  try {
    ask(make_request(WsgCommand::kAnnounceDisconnect));
  } catch (const Error&) {
    // There is nobody to say it to.
  }
}

void WsgClient::run(std::stop_token stop, std::unique_ptr<Session> session) {
  while (true) {
    try {
      if (!session) {
        session = std::make_unique<Session>(options_);
        adopt(*session);
        const std::lock_guard lock(mutex_);
        ++reconnections_;
      }
      receive(*session, stop);
      disown("the connection was closed");
      return;
    } catch (const WireError& error) {
      disown(error.what());
      session.reset();
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, options_.reconnect_pause, [] { return false; });
      if (stop.stop_requested()) return;
    }
  }
}

/// Takes in what comes until the connection breaks or the client ends.
void WsgClient::receive(Session& session, std::stop_token stop) {
  double asked = clock_.now();
  const std::uint64_t garbled_before = garbled();
  std::uint64_t malformed = 0;
  while (!stop.stop_requested()) {
    for (const WsgFrame& frame : session.receive(kLookUp)) {
      try {
        take(frame);
      } catch (const WireError&) {
        ++malformed;
      }
    }
    double last = 0.0;
    {
      const std::lock_guard lock(mutex_);
      garbled_ = garbled_before + session.garbled() + malformed;
      last = newest_.time;
    }
    const double now = clock_.now();
    if (now - std::max(last, asked) > options_.stale_after.count()) {
      session.request_updates();
      asked = now;
    }
  }
}

void WsgClient::adopt(Session& session) {
  const std::lock_guard lock(mutex_);
  session_ = &session;
  identity_ = session.identity();
  hardware_ = session.hardware();
}

void WsgClient::disown(const std::string& why) {
  const std::lock_guard lock(mutex_);
  session_ = nullptr;
  broken_because_ = why;
  if (question_) question_->lost = true;
  if (motion_ && !motion_->ended()) motion_->lost = true;
  changed_.notify_all();
}

void WsgClient::take(const WsgFrame& frame) {
  const auto command = static_cast<WsgCommand>(frame.command);
  WsgAnswer answer = parse_answer(frame.payload);
  const std::lock_guard lock(mutex_);
  if (is_value(command) && answer.status == WsgStatus::kSuccess) {
    take_value(command, answer.parameters);
  }
  if (motion_ && motion_->command == command && !motion_->ended()) {
    if (!motion_->first) motion_->first = answer.status;
    if (answer.status != WsgStatus::kPending) {
      motion_->last = answer.status;
      motion_->ended_at = newest_.number;
    }
  }
  if (question_ && question_->command == command && answer.status != WsgStatus::kPending) {
    question_->answer = std::move(answer);
  }
  changed_.notify_all();
}

void WsgClient::take_value(WsgCommand value, ByteView parameters) {
  switch (value) {
    case WsgCommand::kSystemState:
      newest_.state_bits = parse_state_bits(parameters);
      return;
    case WsgCommand::kGraspingState:
      newest_.grasping = parse_grasping_state(parameters);
      return;
    case WsgCommand::kForce:
      newest_.force = parse_float(parameters);
      return;
    case WsgCommand::kSpeed:
      newest_.speed = parse_float(parameters);
      return;
    default:
      newest_.width = parse_float(parameters);
      newest_.time = clock_.now();
      ++newest_.number;
      broken_because_.clear();
  }
}

void WsgClient::send(const WsgFrame& frame) {
  if (session_ == nullptr) {
    throw DeviceError(options_.device, fmt::format("no connection to {}:{}: {}{}", options_.host,
                                                   options_.port, broken_because_, kHasLetGo));
  }
  try {
    session_->send(frame);
  } catch (const WireError& error) {
    throw DeviceError(options_.device, error.what());
  }
}

Bytes WsgClient::ask(const WsgFrame& request) {
  const std::lock_guard one_at_a_time(asking_);
  const auto command = static_cast<WsgCommand>(request.command);
  std::unique_lock lock(mutex_);
  send(request);
  question_ = Question{command, {}, false};
  changed_.wait_for(lock, options_.answer_timeout,
                    [this] { return question_->answer || question_->lost; });
  const Question question = *std::exchange(question_, std::nullopt);
  if (question.lost) {
    throw DeviceError(options_.device, fmt::format("expected an answer to {}: {}{}",
                                                   describe(command), broken_because_, kHasLetGo));
  }
  if (!question.answer) {
    throw TimeoutError(options_.device,
                       fmt::format("expected an answer to {} from {}:{} within {} s, nothing came",
                                   describe(command), options_.host, options_.port,
                                   options_.answer_timeout.count()));
  }
  if (question.answer->status != WsgStatus::kSuccess) {
    throw DeviceError(options_.device, fmt::format("{} was refused: {}", describe(command),
                                                   explain(question.answer->status)));
  }
  return question.answer->parameters;
}

void WsgClient::begin(const WsgFrame& motion) {
  const auto command = static_cast<WsgCommand>(motion.command);
  std::unique_lock lock(mutex_);
  send(motion);
  motion_ = WsgMotion{command, {}, {}, false, 0};
  changed_.wait_for(lock, options_.answer_timeout,
                    [this] { return motion_->first || motion_->lost; });
  if (motion_->lost) {
    throw DeviceError(options_.device, fmt::format("expected an answer to {}: {}{}",
                                                   describe(command), broken_because_, kHasLetGo));
  }
  if (!motion_->first) {
    throw TimeoutError(options_.device,
                       fmt::format("expected an answer to {} from {}:{} within {} s, nothing came",
                                   describe(command), options_.host, options_.port,
                                   options_.answer_timeout.count()));
  }
  const WsgStatus first = *motion_->first;
  const bool taken = first == WsgStatus::kPending || first == WsgStatus::kSuccess ||
                     first == WsgStatus::kAxisBlocked;
  if (!taken) {
    motion_.reset();
    throw MotionRefused(options_.device,
                        fmt::format("{} was refused: {}", describe(command), explain(first)));
  }
}

std::optional<WsgMotion> WsgClient::motion() const {
  const std::lock_guard lock(mutex_);
  return motion_;
}

WsgMotion WsgClient::wait_for_end(Duration timeout) const {
  std::unique_lock lock(mutex_);
  const auto ended = [this] { return !motion_ || motion_->ended(); };
  if (!changed_.wait_for(lock, timeout, ended)) {
    throw TimeoutError(options_.device, fmt::format("{} did not end within {:.1f} s",
                                                    describe(motion_->command), timeout.count()));
  }
  return motion_.value_or(WsgMotion{});
}

WsgReading WsgClient::newest() const {
  const std::lock_guard lock(mutex_);
  const double age = clock_.now() - newest_.time;
  if (age > options_.stale_after.count()) {
    throw DeviceError(
        options_.device,
        fmt::format("no width for {:.2f} s: {}", age,
                    broken_because_.empty() ? "the gripper is silent"
                                            : broken_because_ + "; trying to connect again"));
  }
  return newest_;
}

WsgReading WsgClient::wait_newer(std::uint64_t than, Duration timeout) const {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, timeout, [&] { return newest_.number > than; })) {
    throw TimeoutError(options_.device,
                       fmt::format("no new width within {} s{}{}", timeout.count(),
                                   broken_because_.empty() ? "" : ": ", broken_because_));
  }
  return newest_;
}

WsgIdentity WsgClient::identity() const {
  const std::lock_guard lock(mutex_);
  return identity_;
}

WsgHardwareLimits WsgClient::hardware() const {
  const std::lock_guard lock(mutex_);
  return hardware_;
}

std::uint64_t WsgClient::reconnections() const {
  const std::lock_guard lock(mutex_);
  return reconnections_;
}

std::uint64_t WsgClient::garbled() const {
  const std::lock_guard lock(mutex_);
  return garbled_;
}

}  // namespace gripbench::hal

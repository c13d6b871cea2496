#include "hal/ur/rtde_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/ur/rtde_session.h"

namespace gripbench::hal {
namespace {

constexpr std::size_t kMostMessages = 16;
/// How soon the thread notices that it shall stop, and that a beat is due (s).
constexpr Duration kLookUp{0.02};

}  // namespace

RtdeClient::RtdeClient(RtdeOptions options, std::vector<RtdeField> fields, const Clock& clock)
    : options_(std::move(options)), fields_(std::move(fields)), clock_(clock) {
  try {
    std::unique_ptr<Session> session = connect();
    auto values = session->next(options_.answer_timeout);
    if (!values) {
      throw SilenceError(fmt::format("expected RTDE data from {}:{} within {} s, nothing came",
                                     options_.host, options_.port,
                                     options_.answer_timeout.count()));
    }
    version_ = session->version();
    replaced_ = session->replaced();
    keep({clock_.now(), 0, *std::move(values)});
    thread_ = std::jthread([this](std::stop_token stop,
                                  std::unique_ptr<Session> first) { run(stop, std::move(first)); },
                           std::move(session));
  } catch (const SilenceError& error) {
    throw TimeoutError(options_.device, error.what());
  } catch (const WireError& error) {
    throw DeviceError(options_.device, error.what());
  }
}

RtdeClient::~RtdeClient() = default;

std::unique_ptr<RtdeClient::Session> RtdeClient::connect() const {
  auto session = std::make_unique<Session>(options_, fields_);
  session->start();
  return session;
}

void RtdeClient::run(std::stop_token stop, std::unique_ptr<Session> session) {
  // A line that dropped may be there again at once; one that went silent, or that breaks before it
  // brought anything, is not worth the hurry.
  std::uint64_t tried_after = 0;
  while (true) {
    try {
      if (!session) {
        session = connect();
        const std::lock_guard lock(mutex_);
        ++reconnections_;
        version_ = session->version();
        replaced_ = session->replaced();
      }
      receive(*session, stop);
      return;
    } catch (const WireError& error) {
      session.reset();
      std::unique_lock lock(mutex_);
      broken_because_ = error.what();
      const bool brought_something = newest_.number > std::exchange(tried_after, newest_.number);
      const bool silent = dynamic_cast<const SilenceError*>(&error) != nullptr;
      if (silent || !brought_something) {
        changed_.wait_for(lock, stop, options_.reconnect_pause, [] { return false; });
      }
      if (stop.stop_requested()) return;
    }
  }
}

/// Keeps what comes until the stream breaks or the client ends.
void RtdeClient::receive(Session& session, std::stop_token stop) {
  double last = clock_.now();
  double beat_due = last;
  while (!stop.stop_requested()) {
    auto values = session.next(kLookUp);
    const double now = clock_.now();
    if (now >= beat_due) {
      session.beat();
      beat_due = now + options_.beat_period.count();
    }
    if (values) {
      keep({now, 0, *std::move(values)});
      last = now;
    } else if (now - last > options_.stale_after.count()) {
      throw SilenceError(fmt::format("no RTDE data from {}:{} for {} s", options_.host,
                                     options_.port, options_.stale_after.count()));
    }
    for (RtdeTextMessage& message : session.take_messages()) {
      const std::lock_guard lock(mutex_);
      if (messages_.size() == kMostMessages) messages_.erase(messages_.begin());
      messages_.push_back(std::move(message));
    }
  }
}

void RtdeClient::keep(RtdeSample sample) {
  const std::lock_guard lock(mutex_);
  sample.number = newest_.number + 1;
  newest_ = std::move(sample);
  broken_because_.clear();
  changed_.notify_all();
}

RtdeSample RtdeClient::newest() const {
  const std::lock_guard lock(mutex_);
  const double age = clock_.now() - newest_.time;
  if (age > options_.stale_after.count()) {
    throw DeviceError(
        options_.device,
        fmt::format("no state for {:.2f} s: {}; trying to connect again", age,
                    broken_because_.empty() ? "the controller is silent" : broken_because_));
  }
  return newest_;
}

RtdeSample RtdeClient::wait_newer(std::uint64_t than, Duration timeout) const {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, timeout, [&] { return newest_.number > than; })) {
    throw TimeoutError(options_.device,
                       fmt::format("no new state within {} s{}{}", timeout.count(),
                                   broken_because_.empty() ? "" : ": ", broken_because_));
  }
  return newest_;
}

ControllerVersion RtdeClient::version() const {
  const std::lock_guard lock(mutex_);
  return version_;
}

std::uint64_t RtdeClient::reconnections() const {
  const std::lock_guard lock(mutex_);
  return reconnections_;
}

std::vector<std::string> RtdeClient::replaced_fields() const {
  const std::lock_guard lock(mutex_);
  return replaced_;
}

std::vector<RtdeTextMessage> RtdeClient::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

}  // namespace gripbench::hal

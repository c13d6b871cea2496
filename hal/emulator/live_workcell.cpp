#include "hal/emulator/live_workcell.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>
#include <vector>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

/// A workcell takes whole steps and may end up so much later than it was asked to (s).
constexpr double kLongestStep = 0.001;
/// A workcell that is further behind is not chased: time is lost instead (s).
constexpr double kMostBehind = 0.2;

}  // namespace

LiveWorkcell::LiveWorkcell(Make make, std::chrono::duration<double> period) : period_(period) {
  std::promise<void> made;
  std::future<void> ready = made.get_future();
  thread_ = std::jthread([this, &make, &made](std::stop_token stop) { run(stop, make, made); });
  ready.get();
}

LiveWorkcell::~LiveWorkcell() = default;

double LiveWorkcell::now() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
}

LiveState LiveWorkcell::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

std::future<void> LiveWorkcell::post(Command command) {
  Waiting waiting{std::move(command), {}};
  std::future<void> done = waiting.done.get_future();
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(waiting));
  wake_.notify_all();
  return done;
}

std::optional<Frame> LiveWorkcell::frame_after(LiveCamera which, double after) {
  std::optional<std::function<Frame()>> draw;
  double origin = 0.0;
  Shown& shown = shown_[which == LiveCamera::kTactile ? 0 : 1];
  call([&](Workcell& workcell) {
    Camera& camera = which == LiveCamera::kTactile ? workcell.tactile() : workcell.camera();
    origin = origin_;
    // Lost time moves frames that were shown already to later live times: they do not come again.
    if (shown.restarts != restarts_) shown = {restarts_, -1.0};
    draw = camera.next_after_to_draw(std::max(after - origin, shown.time));
  });
  if (!draw) return std::nullopt;
  Frame frame = (*draw)();
  shown.time = frame.time;
  frame.time += origin;
  return frame;
}

void LiveWorkcell::run(std::stop_token stop, const Make& make, std::promise<void>& made) {
  std::unique_ptr<Workcell> workcell;
  try {
    workcell = make();
    anchor(*workcell);
    publish(*workcell);
    made.set_value();
  } catch (...) {
    made.set_exception(std::current_exception());
    return;
  }
  while (!stop.stop_requested()) {
    carry_out(*workcell);
    advance(*workcell);
    publish(*workcell);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, period_, [this] { return !waiting_.empty(); });
  }
}

void LiveWorkcell::carry_out(Workcell& workcell) {
  std::deque<Waiting> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(waiting_);
  }
  if (commands.empty()) return;
  const double before = workcell.clock().now();
  std::vector<std::exception_ptr> failures;
  for (Waiting& waiting : commands) {
    failures.emplace_back();
    try {
      waiting.command(workcell);
    } catch (...) {
      failures.back() = std::current_exception();
    }
  }
  if (workcell.clock().now() != before) {
    ++restarts_;
    anchor(workcell);
    failed_because_.clear();
  }
  publish(workcell);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    if (failures[i]) {
      commands[i].done.set_exception(failures[i]);
    } else {
      commands[i].done.set_value();
    }
  }
}

void LiveWorkcell::advance(Workcell& workcell) {
  try {
    const double behind = now() - origin_ - workcell.clock().now();
    if (behind > kMostBehind) {
      lost_ += behind;
      anchor(workcell);
    }
    workcell.clock().sleep_until(now() - kLongestStep - origin_);
  } catch (const DeviceError& error) {
    failed_because_ = error.what();
    anchor(workcell);
  }
}

/// From here on the workcell's present moment is now, but never before what was shown already.
void LiveWorkcell::anchor(Workcell& workcell) {
  origin_ = std::max(now() - kLongestStep, last_shown_) - workcell.clock().now();
}

void LiveWorkcell::publish(Workcell& workcell) {
  LiveState state;
  {
    const std::lock_guard lock(mutex_);
    state = state_;
  }
  ++state.number;
  last_shown_ = std::max(last_shown_, origin_ + workcell.clock().now());
  state.time = last_shown_;
  state.lost = lost_;
  state.not_ready_because = failed_because_;
  try {
    state.arm = workcell.arm().read();
    state.arm.time += origin_;
    state.arm_moving = workcell.arm().moving();
    state.gripper = workcell.gripper().read();
    state.gripper.time += origin_;
    state.gripper_moving = workcell.gripper().moving();
  } catch (const DeviceError& error) {
    state.not_ready_because = error.what();
  }
  try {
    state.wrench = workcell.force_torque().read();
    state.wrench->time += origin_;
  } catch (const DeviceError&) {
    state.wrench.reset();
  }
  const std::lock_guard lock(mutex_);
  state_ = std::move(state);
}

}  // namespace gripbench::hal

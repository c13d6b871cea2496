#include "hal/watchdog/watch_state.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {

bool WatchState::begin(double now) {
  if (mode_ == Mode::kWatching || mode_ == Mode::kDone) return false;
  mode_ = Mode::kWatching;
  reason_.clear();
  since_ = last_beat_ = stood_ = now;
  progress_ = {0, now};
  frames_.clear();
  return true;
}

void WatchState::advance(Counter& counter, std::uint64_t count, double now) {
  if (count == counter.count) return;
  counter = {count, now};
}

void WatchState::beat(double now, const WatchBeat& beat) {
  if (mode_ != Mode::kWatching) return;
  last_beat_ = now;
  advance(progress_, beat.progress, now);
  std::erase_if(frames_, [&](const auto& known) { return !beat.frames.contains(known.first); });
  for (const auto& [camera, count] : beat.frames) advance(frames_[camera], count, now);
}

void WatchState::lost(const std::string& what) {
  if (mode_ == Mode::kWatching) hold(what + " closed without goodbye: the run has died");
}

void WatchState::goodbye() {
  if (mode_ == Mode::kWatching || mode_ == Mode::kIdle) mode_ = Mode::kDone;
}

bool WatchState::release() {
  if (mode_ == Mode::kWatching) return false;
  mode_ = Mode::kDone;
  return true;
}

void WatchState::tick(double now, bool arm_moves) {
  if (mode_ == Mode::kIdle && now - since_ > rules_.idle_timeout) mode_ = Mode::kDone;
  if (mode_ != Mode::kWatching) return;
  if (!arm_moves) stood_ = now;
  if (now - last_beat_ > rules_.beat_timeout) {
    return hold(fmt::format("the run has not beaten for {:.2f} s: it is stopped or overloaded",
                            now - last_beat_));
  }
  for (const auto& [camera, counter] : frames_) {
    if (counter.count > 0 && now - counter.since > rules_.camera_timeout) {
      return hold(
          fmt::format("{}: no frame for {:.2f} s: it has stalled", camera, now - counter.since));
    }
  }
  // Nothing is asked of the run's thread while the arm stands: it may wait for a person.
  const double hanging = now - std::max(progress_.since, stood_);
  if (hanging > rules_.hang_timeout) {
    hold(fmt::format("the run has not looked at the moving arm for {:.2f} s: it hangs", hanging));
  }
}

void WatchState::hold(std::string reason) {
  mode_ = Mode::kHolding;
  reason_ = std::move(reason);
}

}  // namespace gripbench::hal

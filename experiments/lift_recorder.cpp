#include "experiments/lift_recorder.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

/// Two devices may give the same instant with a different last digit (s).
constexpr double kRounding = 1e-6;

/// Times are kept to the nanosecond: what is left of the workcell's own clock, which starts
/// anywhere, would otherwise make two recordings of the same motion differ in the last digit.
double since(double start, double time) { return std::round((time - start) * 1e9) * 1e-9; }

const hal::Frame& nearest(const std::vector<hal::Frame>& frames, double time) {
  return *std::min_element(frames.begin(), frames.end(),
                           [time](const hal::Frame& a, const hal::Frame& b) {
                             return std::abs(a.time - time) < std::abs(b.time - time);
                           });
}

}  // namespace

LiftRecorder::LiftRecorder(hal::Workcell& workcell, const GraspProtocol& protocol)
    : workcell_(workcell),
      protocol_(protocol),
      tactile_rate_(workcell.tactile().info().rate_hz),
      external_rate_(workcell.camera().info().rate_hz),
      tactile_since_(workcell.clock().now()),
      // The outside picture nearest to the first tactile one may be the one before it.
      external_since_(tactile_since_ - 1.0 / external_rate_) {}

void LiftRecorder::take_frames(hal::Camera& camera, const char* device, double rate_hz,
                               double& last_time, std::vector<hal::Frame>& frames) {
  while (std::optional<hal::Frame> frame = camera.next_after(last_time)) {
    last_time = frame->time;
    if (!frames.empty() && frame->sequence != frames.back().sequence + 1) {
      throw PicturesDropped(
          device, fmt::format("{} picture(s) were dropped during the lift; lessen the load on the "
                              "camera's bus or computer, then run the same command again",
                              frame->sequence - frames.back().sequence - 1));
    }
    frames.push_back(std::move(*frame));
  }
  if (workcell_.clock().now() - last_time > protocol_.patience.frame + 1.0 / rate_hz) {
    throw hal::TimeoutError(
        device, fmt::format("no picture for {:g} s; check the camera", protocol_.patience.frame));
  }
}

void LiftRecorder::take_state() {
  const hal::ArmState arm = workcell_.arm().read();
  // The state may be older than this poll: it counts by its own time, and once.
  if (!trace_.empty() && arm.time <= trace_.back().time) return;
  const hal::GripperState gripper = workcell_.gripper().read();
  trace_.push_back({.time = arm.time,
                    .base_from_tcp = arm.base_from_tcp,
                    .tcp_speed_z = arm.tcp_velocity[2],
                    .jaw_width = gripper.width,
                    .normal_force = gripper.normal_force,
                    .truth = workcell_.stage().slip_truth()});
  if (expecting_lift_ && !onset_ && arm.tcp_velocity[2] >= protocol_.lift.onset_speed) {
    onset_ = arm.time;
  }
}

void LiftRecorder::poll() {
  take_state();
  take_frames(workcell_.tactile(), "tactile", tactile_rate_, tactile_since_, tactile_);
  take_frames(workcell_.camera(), "camera", external_rate_, external_since_, external_);
}

std::optional<std::size_t> LiftRecorder::lift_frame() const {
  if (!onset_) return std::nullopt;
  const auto found = std::find_if(tactile_.begin(), tactile_.end(), [&](const hal::Frame& frame) {
    return frame.time >= *onset_ - kRounding;
  });
  if (found == tactile_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tactile_.begin());
}

bool LiftRecorder::complete() const {
  const std::optional<std::size_t> lift = lift_frame();
  if (!lift) return false;
  const std::size_t last = *lift + kFramesPerEpisode - kLiftFrame - 1;
  return tactile_.size() > last && !external_.empty() &&
         external_.back().time >= tactile_[last].time;
}

Episode LiftRecorder::episode() const {
  const std::size_t first = lift_frame().value() - kLiftFrame;
  const double start = tactile_[first].time;
  Episode episode;
  EpisodeRecord& record = episode.record;
  record.start = start;
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    const hal::Frame& tactile = tactile_[first + i];
    const hal::Frame& external = nearest(external_, tactile.time);
    if (std::abs(external.time - tactile.time) > 1.0 / external_rate_) {
      throw hal::DeviceError("camera", fmt::format("no picture within {:.0f} ms of T({})",
                                                   1e3 / external_rate_, i - kLiftFrame));
    }
    episode.tactile[i] = tactile.image;
    episode.external[i] = external.image;
    record.tactile_times[i] = since(start, tactile.time);
    record.external_times[i] = since(start, external.time);
  }
  const double end = record.tactile_times.back();
  for (const TracePoint& point : trace_) {
    const double time = since(start, point.time);
    if (time < 0.0 || time > end) continue;
    record.trace.push_back(point);
    record.trace.back().time = time;
  }
  return episode;
}

}  // namespace gripbench::experiments

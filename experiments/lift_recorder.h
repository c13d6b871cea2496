#pragma once

#include <optional>
#include <vector>

#include "experiments/episode.h"
#include "experiments/grasp_protocol.h"
#include "hal/errors.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// A camera lost pictures of a lift: the rig is well, the recording is not.
class PicturesDropped : public hal::DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// Takes down everything the rig says while the arm lifts: both cameras, the trace, and when the
/// lift began. Fetches no picture but those of the recording.
class LiftRecorder {
 public:
  LiftRecorder(hal::Workcell& workcell, const GraspProtocol& protocol);

  /// Takes what came since the last call.
  /// @throws TimeoutError if a camera stalls; PicturesDropped.
  void poll();

  std::size_t tactile_frames() const { return tactile_.size(); }

  /// From here on upward motion of the tool counts as the lift.
  void expect_lift() { expecting_lift_ = true; }
  bool lift_began() const { return onset_.has_value(); }

  /// True when T(12) is in, and the outside picture nearest to it.
  bool complete() const;

  /// The recording cut to T(-2)..T(12), each tactile frame with the outside frame nearest in time;
  /// times count from T(-2). Parameters and label are left to the caller.
  /// @throws DeviceError if no outside picture lies within one period of a tactile frame.
  Episode episode() const;

 private:
  void take_frames(hal::Camera& camera, const char* device, double rate_hz, double& last_time,
                   std::vector<hal::Frame>& frames);
  void take_state();
  std::optional<std::size_t> lift_frame() const;

  hal::Workcell& workcell_;
  const GraspProtocol& protocol_;
  double tactile_rate_;
  double external_rate_;
  /// Frames up to these times are not wanted any more.
  double tactile_since_;
  double external_since_;
  std::vector<hal::Frame> tactile_;
  std::vector<hal::Frame> external_;
  /// Times on the workcell's clock until `episode` shifts them.
  std::vector<TracePoint> trace_;
  bool expecting_lift_ = false;
  std::optional<double> onset_;
};

}  // namespace gripbench::experiments

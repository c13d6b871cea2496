#pragma once

#include <array>
#include <memory>
#include <vector>

#include "hal/pad_map.h"
#include "hal/workcell.h"

namespace gripbench::experiments {

/// Maps of both pads at the time of one tactile frame (s on the workcell's clock).
struct PadSample {
  double time = 0.0;
  std::array<hal::PadMap, 2> maps;
};

/// Whether a rig that cannot tell what its pads feel will do.
enum class PadTruth { kWanted, kRequired };

/// A workcell as it is, but for its clock, which stops at every tactile frame and takes down the
/// maps of the pads: from `Stage::zero_slip`, where recordings of a lift begin, until the next
/// `Stage::present`.
class WatchedWorkcell final : public hal::Workcell {
 public:
  /// `inner` must outlive this one. With PadTruth::kRequired `Stage::zero_slip` throws InputError
  /// on a rig that has no maps; with kWanted nothing is taken down there.
  WatchedWorkcell(hal::Workcell& inner, PadTruth truth);
  ~WatchedWorkcell() override;

  /// One per tactile frame, in order; empty where the rig has no maps.
  const std::vector<PadSample>& samples() const;

  hal::Clock& clock() override;
  hal::Arm& arm() override;
  hal::Gripper& gripper() override;
  hal::TactileSensor& tactile() override;
  hal::Camera& camera() override;
  hal::ForceTorqueSensor& force_torque() override;
  hal::Stage& stage() override;

 private:
  class Watch;
  class WatchedClock;
  class WatchedStage;

  hal::Workcell& inner_;
  std::unique_ptr<Watch> watch_;
  std::unique_ptr<WatchedClock> clock_;
  std::unique_ptr<WatchedStage> stage_;
};

/// The sample taken at `time` (s).
/// @throws hal::DeviceError if there is none.
const PadSample& sample_at(const std::vector<PadSample>& samples, double time);

}  // namespace gripbench::experiments

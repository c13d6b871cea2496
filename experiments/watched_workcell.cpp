#include "experiments/watched_workcell.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

/// How finely time passes while the pads are watched (s): the step of the simulated rig, so that a
/// frame is met at the very step it was taken.
constexpr double kLookPeriod = 0.001;
/// Room for rounding of times (s).
constexpr double kRounding = 1e-6;

}  // namespace

/// Follows the tactile frames and takes the maps at each.
class WatchedWorkcell::Watch {
 public:
  Watch(hal::Workcell& inner, PadTruth truth) : inner_(inner), truth_(truth) {}

  void begin() {
    samples_.clear();
    active_ = inner_.stage().pad_maps().has_value();
    last_frame_ = inner_.clock().now();
    if (!active_ && truth_ == PadTruth::kRequired) {
      throw hal::InputError(
          "this workcell does not know what its pads feel; leave out height, pressure, traction "
          "and slip, or take a simulated one");
    }
  }
  void end() { active_ = false; }
  bool active() const { return active_; }
  const std::vector<PadSample>& samples() const { return samples_; }

  void look() {
    const double now = inner_.clock().now();
    while (const auto frame = inner_.tactile().next_after(last_frame_)) {
      last_frame_ = frame->time;
      if (now - frame->time > kLookPeriod + kRounding) continue;
      if (auto maps = inner_.stage().pad_maps()) {
        samples_.push_back({frame->time, std::move(*maps)});
      }
    }
  }

 private:
  hal::Workcell& inner_;
  PadTruth truth_;
  bool active_ = false;
  double last_frame_ = 0.0;
  std::vector<PadSample> samples_;
};

class WatchedWorkcell::WatchedClock final : public hal::Clock {
 public:
  WatchedClock(hal::Workcell& inner, Watch& watch) : inner_(inner), watch_(watch) {}
  double now() const override { return inner_.clock().now(); }
  void sleep_until(double time) override {
    hal::Clock& clock = inner_.clock();
    while (watch_.active() && clock.now() + kLookPeriod < time) {
      clock.sleep_until(clock.now() + kLookPeriod);
      watch_.look();
    }
    clock.sleep_until(time);
    if (watch_.active()) watch_.look();
  }

 private:
  hal::Workcell& inner_;
  Watch& watch_;
};

class WatchedWorkcell::WatchedStage final : public hal::Stage {
 public:
  WatchedStage(hal::Workcell& inner, Watch& watch) : inner_(inner), watch_(watch) {}
  void present(const hal::Placement& placement) override {
    watch_.end();
    inner_.stage().present(placement);
  }
  void zero_slip() override {
    inner_.stage().zero_slip();
    watch_.begin();
  }
  std::optional<hal::SlipTruth> slip_truth() override { return inner_.stage().slip_truth(); }
  std::optional<std::array<hal::PadMap, 2>> pad_maps() override {
    return inner_.stage().pad_maps();
  }
  hal::Variation variation() override { return inner_.stage().variation(); }
  std::optional<bool> operator_says_slipped() override {
    return inner_.stage().operator_says_slipped();
  }
  void clear() override { inner_.stage().clear(); }

 private:
  hal::Workcell& inner_;
  Watch& watch_;
};

WatchedWorkcell::WatchedWorkcell(hal::Workcell& inner, PadTruth truth)
    : inner_(inner),
      watch_(std::make_unique<Watch>(inner, truth)),
      clock_(std::make_unique<WatchedClock>(inner, *watch_)),
      stage_(std::make_unique<WatchedStage>(inner, *watch_)) {}

WatchedWorkcell::~WatchedWorkcell() = default;

const std::vector<PadSample>& WatchedWorkcell::samples() const { return watch_->samples(); }
hal::Clock& WatchedWorkcell::clock() { return *clock_; }
hal::Arm& WatchedWorkcell::arm() { return inner_.arm(); }
hal::Gripper& WatchedWorkcell::gripper() { return inner_.gripper(); }
hal::TactileSensor& WatchedWorkcell::tactile() { return inner_.tactile(); }
hal::Camera& WatchedWorkcell::camera() { return inner_.camera(); }
hal::ForceTorqueSensor& WatchedWorkcell::force_torque() { return inner_.force_torque(); }
hal::Stage& WatchedWorkcell::stage() { return *stage_; }

const PadSample& sample_at(const std::vector<PadSample>& samples, double time) {
  const auto found = std::find_if(samples.begin(), samples.end(), [time](const PadSample& sample) {
    return std::abs(sample.time - time) < kRounding;
  });
  if (found == samples.end()) {
    throw hal::DeviceError(
        "stage", fmt::format("the pads were not looked at when the frame at {:.4f} s was taken; "
                             "the workcell's clock goes on in steps over {:g} ms",
                             time, 1e3 * kLookPeriod));
  }
  return *found;
}

}  // namespace gripbench::experiments

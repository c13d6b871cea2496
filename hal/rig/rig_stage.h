#pragma once

#include <memory>
#include <optional>

#include <Eigen/Geometry>

#include "hal/arm.h"
#include "hal/clock.h"
#include "hal/config.h"
#include "hal/gripper.h"
#include "hal/rig/operator.h"
#include "hal/stage.h"

namespace gripbench::hal {

/// How a real rig gets from one grasp to the next.
struct RigStageSettings {
  /// Where the tool waits while the operator works, pointing straight down (m, base frame).
  Eigen::Vector3d home = Eigen::Vector3d::Zero();
  LinearMotionLimits motion;
  /// Force from which on the jaws hold something (N per pad).
  double holding_force = 0.0;
  /// How wide the jaws open (m); all the way, if the file does not say.
  std::optional<double> open_width{};
  /// m/s; and the longest any of these motions may take (s).
  double jaw_speed = 0.0;
  double patience = 0.0;

  /// @throws ConfigError.
  static RigStageSettings from(ConfigNode node);
};

/// The place before a real arm. What was lifted is lowered to where it was gripped and let go, the
/// arm goes home with open jaws, and the operator puts the next object down. What was dropped is
/// not reached for. After a start, which may follow a fault, and where the jaws have lost their
/// zero, nobody knows what they hold: the operator takes it first, then jaws without a zero are
/// homed, and nothing has moved before.
class RigStage final : public Stage {
 public:
  /// The devices must outlive the stage. Arm and gripper are the guarded ones.
  RigStage(const RigStageSettings& settings, Clock& clock, Arm& arm, Gripper& gripper,
           std::unique_ptr<Operator> person);

  /// @throws also DeviceError and TimeoutError of the motions to get ready, and DeviceError if the
  /// jaws do not open, before the arm moves.
  void present(const Placement& placement) override;
  /// The grip at rest, before the lift: from here the object will be lowered again.
  void zero_slip() override;
  std::optional<SlipTruth> slip_truth() override { return std::nullopt; }
  std::optional<std::array<PadMap, 2>> pad_maps() override { return std::nullopt; }
  Variation variation() override { return {}; }
  std::optional<bool> operator_says_slipped() override;
  /// @throws as `present`.
  void clear() override;

 private:
  void home_jaws();
  void take_over();
  void put_down();
  void go_home();
  /// A device that fell silent while the operator was at work gets time to come back.
  void wait_until_well();
  void move_arm(const Eigen::Vector3d& to);
  void open_jaws();
  template <typename Done>
  void wait_for(const char* device, Done done);

  RigStageSettings settings_;
  Clock& clock_;
  Arm& arm_;
  Gripper& gripper_;
  std::unique_ptr<Operator> operator_;
  Placement placement_;
  /// Where the present object was gripped (m, base frame).
  std::optional<Eigen::Vector3d> gripped_at_;
  bool first_ = true;
};

}  // namespace gripbench::hal

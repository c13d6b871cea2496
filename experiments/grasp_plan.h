#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "experiments/grasp_protocol.h"
#include "hal/gripper.h"
#include "hal/objects.h"
#include "hal/stage.h"

namespace gripbench::experiments {

/// One position on one object: where the tool goes, the object standing as planned.
struct GripPosition {
  std::string object;
  /// Index among the positions of the object.
  int index = 0;
  /// Height of the grip above the table, side offset from the mass centre (m), the object's turn
  /// (rad).
  double height = 0.0;
  double offset = 0.0;
  double yaw = 0.0;
  /// Where the object's origin stands, in the arm's base frame (m).
  Eigen::Vector2d stand = Eigen::Vector2d::Zero();
  /// The grip, and the place above it from which the tool comes down, in the base frame (m).
  Eigen::Vector3d grip = Eigen::Vector3d::Zero();
  Eigen::Vector3d above = Eigen::Vector3d::Zero();
  /// Extent of the object along the jaws, by its catalogue (m).
  double extent = 0.0;
  std::uint64_t seed = 0;

  /// Name in the data set: "bottle/position_0".
  std::string name() const;
  hal::Placement placement(const std::string& grasp_name, std::uint64_t grasp_seed) const;
};

/// One grasp before it is made.
struct GraspPlan {
  std::string object;
  /// "003"
  std::string grasp;
  int position = 0;
  std::uint64_t seed = 0;
  /// Depth of the grip over the depth at the edge between slipping and holding.
  double depth_factor = 1.0;
  /// When the lift begins within the period of the tactile frames, in [0, 1).
  double lift_phase = 0.0;
};

/// The grip at `height` (m above the table), `offset` (m from the mass centre, across the jaws) and
/// `yaw` (rad), where the protocol puts objects; its seed is left to the caller.
GripPosition place_grip(const GraspProtocol& protocol, const hal::ObjectDescription& object,
                        int index, double height, double offset, double yaw);

/// The height that is `fraction` of the object's, kept within the protocol's bounds (m).
double grip_height(const PositionRules& rules, const hal::ObjectDescription& object,
                   double fraction);

/// All positions, by object, then index. Drawn from the protocol's seed alone.
std::vector<GripPosition> plan_positions(const GraspProtocol& protocol,
                                         const std::vector<hal::ObjectDescription>& objects);

/// All grasps, by object, then name. At each position half of them (the odd one on alternating
/// sides) have a depth below the edge's; within a half the depths are spread evenly in the
/// logarithm, one drawn in each stratum.
std::vector<GraspPlan> plan_grasps(const GraspProtocol& protocol);

/// Those of `plan_grasps` that part `shard` (from 0) of `shards` makes, in its order. Positions
/// with grasps are dealt out in turn, so that parts share none.
std::vector<GraspPlan> grasps_of_shard(const GraspProtocol& protocol, int shard, int shards);

/// Brings objects into the order in which their turns come: by chance, so that wear of the gel or a
/// change of the light does not go along with the alphabet.
void shuffle_objects(const GraspProtocol& protocol, std::vector<std::string>& objects);
/// The same for the grasps of one object.
void shuffle_grasps(const GraspProtocol& protocol, const std::string& object,
                    std::vector<GraspPlan>& grasps);

/// @throws hal::InputError if the object is wider across the jaws than they open.
void check_jaws_reach(const GripPosition& position, const hal::GripperLimits& limits);

/// The width (m) nearest to `width` that jaws of this resolution (m) take.
double on_resolution(double width, double resolution);

/// Width of the jaws for a grip of `depth` (m), on the jaws' resolution; the squeeze is the touch
/// width less this.
double grip_width(double touch_width, double depth, const SqueezeRules& rules, double resolution);

}  // namespace gripbench::experiments

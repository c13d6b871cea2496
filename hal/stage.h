#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <Eigen/Core>

#include "hal/pad_map.h"

namespace gripbench::hal {

/// What shall stand before the arm for one grasp.
struct Placement {
  /// Name in the object catalogue.
  std::string object;
  /// Where the object's origin stands on the table, in the arm's base frame (m), and its turn about
  /// the vertical (rad).
  Eigen::Vector2d position = Eigen::Vector2d::Zero();
  double yaw = 0.0;
  /// Identifies the grasp in its data set, e.g. "bottle/007": an operator reads it, a recording is
  /// found by it.
  std::string grasp;
  /// Seed of everything that varies by chance in this grasp.
  std::uint64_t seed = 0;
};

/// Motion of the object's surface against one pad by slip alone, elastic stretch left out, since
/// `Stage::zero_slip`: the rigid motion fitted to the slip of the nodes in contact.
struct PadSlip {
  /// In the pad's plane: x across the finger, y down the finger (m).
  Eigen::Vector2d translation = Eigen::Vector2d::Zero();
  /// About the pad's normal (rad).
  double rotation = 0.0;
  /// Mean over the contact of the length of the nodes' slip (m).
  double mean_distance = 0.0;
  /// Area in contact, and the part of it that sticks (m^2).
  double contact_area = 0.0;
  double stick_area = 0.0;
  /// Contact force on the pad: x, y in its plane, z pressing on it (N); torque about its normal
  /// (N·m).
  Eigen::Vector3d force = Eigen::Vector3d::Zero();
  double torque = 0.0;
};

/// The truth about a grip, which only a simulation knows, or a recording of one.
struct SlipTruth {
  /// Pad 0 is the tactile finger's, pad 1 the plain one's.
  std::array<PadSlip, 2> pads;
  /// The object touches no pad any more.
  bool object_lost = false;
};

/// What chance decided about one grasp, by name, in SI units unless the name says otherwise:
/// "friction_gel" 0.61, "camera_delay" 0.013.
using Variation = std::map<std::string, double>;

/// The place where objects are put before the arm, and the judge of what became of them.
class Stage {
 public:
  virtual ~Stage() = default;

  /// Puts the object down, or asks an operator to; returns when it stands. Nothing of an earlier
  /// grasp is left: the gripper is open and the arm at its home pose.
  /// @throws InputError for an unknown object.
  virtual void present(const Placement& placement) = 0;

  /// From here on slip is counted.
  virtual void zero_slip() = 0;

  /// The truth about the grip now; nothing on a rig that cannot know.
  virtual std::optional<SlipTruth> slip_truth() = 0;

  /// The same truth node by node: maps of both pads now, in the order of SlipTruth::pads; nothing
  /// on a rig that cannot know, nor from a recording, which does not keep them.
  virtual std::optional<std::array<PadMap, 2>> pad_maps() = 0;

  /// What varied by chance in the grasp presented last; empty where nobody knows. Never shown to a
  /// detector.
  virtual Variation variation() = 0;

  /// A person's word, after the lift, on whether the object slipped; nothing where nobody can say.
  virtual std::optional<bool> operator_says_slipped() = 0;

  /// After the last grasp: what is held is put down, the jaws open, the arm goes home. Nothing
  /// where the next object is put down anew anyway.
  virtual void clear() = 0;
};

}  // namespace gripbench::hal

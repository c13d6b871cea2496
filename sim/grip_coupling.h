#pragma once

#include <array>

#include <mujoco/mujoco.h>

#include "sim/pad_contact.h"

namespace gripbench::sim {

/// Couples the two pads of a gripper with the rigid bodies of a MuJoCo model.
///
/// Every step the pads' wrenches act on the body `object` and, reversed, on the bodies
/// `finger_tactile` and `finger_plain`, through `xfrc_applied`. A light object on stiff pads would
/// need far smaller steps than the arm does, so the wrenches are linearly implicit in the object's
/// six velocities and the two fingers' flexing:
///   (M + h D + h^2 K) du = h (f + f_ext - h K_n u),   f+ = f - h K_n u - (D + h K) du.
/// The normal part K_n is implicit Euler, whose damping keeps a light object from chattering
/// between two pads that it touches by micrometres. The tangential part, which carries the weight
/// and decides on slip, has no -h K_t u: it is stable for any stiffness and damps nothing by
/// itself, while an oscillation of frequency w runs slower by the factor 1 - w^2 h^2/2 to first
/// order. At rest u = du = 0, so every static law of the pads holds as it stands.
///
/// The model must have sites `pad_tactile` and `pad_plain` (frames as PadGrid), joints
/// `flex_tactile` and `flex_plain`, and the body `object` with a free joint.
class GripCoupling {
 public:
  /// @throws std::invalid_argument if the model lacks one of these names.
  GripCoupling(const mjModel& model, const PadProfile& tactile, const PadProfile& plain);

  /// Sets what the pads touch; `shape` must outlive its use here.
  void set_object(const ObjectShape& shape, const ContactPair& tactile, const ContactPair& plain);

  /// Forgets all contact.
  void reset();

  /// To be called between mj_step1 and mj_step2.
  void apply(const mjModel& model, mjData& data);

  /// 0: the tactile finger's, 1: the plain finger's.
  PadContact& pad(int index) { return sides_[index].contact; }
  const PadContact& pad(int index) const { return sides_[index].contact; }

  /// What the camera in pad `index` sees now.
  void imprint(int index, const mjData& data, GelImprint& out) const;

 private:
  using Vector8 = Eigen::Matrix<double, 8, 1>;
  using Matrix68 = Eigen::Matrix<double, 6, 8>;

  struct Side {
    PadContact contact;
    ContactPair pair;
    int site = 0;
    int finger = 0;
    int flex_joint = 0;
  };

  Eigen::Isometry3d world_from_site(const mjData& data, int site) const;
  Vector8 external_force(const mjModel& model, const mjData& data) const;

  std::array<Side, 2> sides_;
  const ObjectShape* shape_ = nullptr;
  int object_ = 0;
  int object_dof_ = 0;
};

}  // namespace gripbench::sim

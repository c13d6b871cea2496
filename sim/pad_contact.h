#pragma once

#include <optional>
#include <span>
#include <vector>

#include <Eigen/Geometry>

#include "hal/stage.h"
#include "sim/gel_imprint.h"
#include "sim/object_shape.h"
#include "sim/pad_profile.h"

namespace gripbench::sim {

/// Linear part, then angular part, both in the pad frame and about its origin.
using Twist = Eigen::Matrix<double, 6, 1>;
using Wrench = Eigen::Matrix<double, 6, 1>;

/// How the object's surface meets one pad.
struct ContactPair {
  /// Static friction coefficient.
  double friction = 0.0;
  /// The object's own stiffness per area (N/m^3), in series with the pad's; nothing for a rigid
  /// one.
  std::optional<double> object_stiffness;
};

/// What a pad does to the object in one step, and how that changes with the relative motion: the
/// linearisation that an implicit integrator needs.
struct PadForce {
  /// Wrench on the object (N, N·m); the pad feels its opposite.
  Wrench wrench = Wrench::Zero();
  /// -d(wrench)/d(displacement) and -d(wrench)/d(twist) of the object relative to the pad.
  Eigen::Matrix<double, 6, 6> stiffness = Eigen::Matrix<double, 6, 6>::Zero();
  Eigen::Matrix<double, 6, 6> damping = Eigen::Matrix<double, 6, 6>::Zero();
};

/// Distributed contact of one gel pad with an object: a Winkler foundation of nodes for the normal
/// pressure and a bristle per node for the traction (PHYSICS "Gel contact").
///
/// Per node, with indentation d, bristle deflection s and sliding velocity v:
///   pressure  p = k d / (1 - d/h) + c_n d', never negative; a soft object takes its share of the
///             penetration in series;
///   traction  q = k_t s + c_t s', |q| <= mu(v) p with mu(v) = mu_s (1 + beta ln(1 + |v|/v0)).
/// The indentation is taken along the pad's normal, not to the nearest surface point, or else the
/// pressure would fall off towards every edge of the object.
///
/// The object's fine relief carries load as the nodes can see it. Waves of eight node pitches or
/// more are taken where each node meets them (at two places of its square), so that ribs press as
/// ribs. Waves of four or less would beat with the grid where only crests touch: the force would
/// jump as the object slides. There every node gets the mean indentation of such a surface
/// (BearingCurve). Between the two lengths both are mixed in proportion.
///
/// What the limit does not let the
/// bristle follow is counted as the node's slip. Slip and deflection are motions of the object's
/// surface relative to the pad, in the pad's plane.
///
/// Frame: the pad frame of PadGrid. Not thread-safe. No allocation after construction.
class PadContact {
 public:
  explicit PadContact(const PadProfile& profile);

  /// Forgets everything: no contact, no deflection, no slip.
  void reset();

  /// Advances the bristles by `dt` (s) and returns the force at the end of the step.
  /// @param object_from_pad pose of the pad in the object's frame.
  /// @param object_twist velocity of the object relative to the pad.
  PadForce step(const ObjectShape& shape, const ContactPair& pair,
                const Eigen::Isometry3d& object_from_pad, const Twist& object_twist, double dt);

  /// From here on slip is counted.
  void zero_slip();

  /// Slip since `zero_slip`: the rigid motion fitted to the slip of the nodes in contact. After the
  /// contact is lost, what was last seen of it.
  hal::PadSlip slip() const;

  /// Fills in grid, indentation and surface displacement: the bristles' deflection in the contact,
  /// `drag_surroundings` outside it.
  void imprint(GelImprint& out) const;

  /// Per node: pressure, traction (Pa), accumulated slip and gel indentation (m).
  std::span<const double> pressure() const { return pressure_; }
  std::span<const double> traction_x() const { return traction_x_; }
  std::span<const double> traction_y() const { return traction_y_; }
  std::span<const double> slip_x() const { return slip_x_; }
  std::span<const double> slip_y() const { return slip_y_; }
  std::span<const double> indentation() const { return indentation_; }
  /// 1 for nodes in contact whose traction is below the limit, else 0.
  std::span<const double> sticking() const { return sticking_; }

  bool touching() const { return contact_nodes_ > 0; }
  const PadProfile& profile() const { return profile_; }

 private:
  void release();
  bool find_penetrations(const ObjectShape& shape, const Eigen::Isometry3d& object_from_pad);
  std::size_t gather_inside();
  std::size_t gather_tilted(std::size_t count, double start, double deepest);
  void take_secant_step(std::size_t tilted, double start);
  void lower_by_relief(const ObjectShape& shape, const Eigen::Isometry3d& object_from_pad,
                       std::size_t count);
  void press(const ContactPair& pair, const Twist& twist);
  void rub(const ContactPair& pair, const Twist& twist, double dt);
  PadForce collect();
  hal::PadSlip fit_slip() const;

  PadProfile profile_;
  double node_area_;
  /// From the pad's middle to its farthest node (m).
  double reach_;
  std::vector<double> x_, y_, z_;
  /// How deep the object reaches behind the node along the pad's normal (m); <= 0 where it does
  /// not.
  std::vector<double> penetration_;
  /// 0, 1, 2, ...
  std::vector<int> all_nodes_;
  /// The nodes inside the object, gathered: index, how deep they are, place on the ray, distances.
  struct Probe {
    std::vector<int> node;
    std::vector<double> depth, x, y, z, first, second, lowered;
    /// Of these, by their index here, those where the surface is tilted.
    std::vector<int> tilted;
    std::vector<double> tilted_x, tilted_y;
  } probe_;
  std::vector<double> bristle_x_, bristle_y_;
  std::vector<double> slip_x_, slip_y_;
  std::vector<double> pressure_, traction_x_, traction_y_;
  std::vector<double> indentation_;
  std::vector<double> sticking_;
  /// Slopes of pressure and traction over displacement and over speed (N/m^3, N s/m^3).
  std::vector<double> normal_slope_, normal_viscosity_, tangential_slope_, tangential_viscosity_;
  int contact_nodes_ = 0;
  /// What was last seen of the slip before the contact was lost.
  hal::PadSlip last_slip_;
};

}  // namespace gripbench::sim

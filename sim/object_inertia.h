#pragma once

#include <Eigen/Core>

#include "hal/objects.h"

namespace gripbench::sim {

/// How an object's mass is spread.
struct MassProperties {
  double mass = 0.0;                                 ///< kg
  Eigen::Vector3d centre = Eigen::Vector3d::Zero();  ///< object's frame, m
  /// About the centre, axes of the object's frame (kg m^2).
  Eigen::Matrix3d inertia = Eigen::Matrix3d::Zero();
};

/// Mass and centre as described; inertia that of the union of the parts at uniform density about
/// its own centroid, scaled to the mass. Integrated over about `cells` cubes; the error falls with
/// their size and is about 0.1% at the default for objects of ordinary slenderness. Exact for a
/// single mesh.
/// @throws std::invalid_argument if the object has no parts or `cells` is less than 1000.
MassProperties mass_properties(const hal::ObjectDescription& object, int cells = 400000);

}  // namespace gripbench::sim

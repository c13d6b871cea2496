#pragma once

#include "hal/objects.h"
#include "sim/pad_contact.h"

namespace gripbench::sim::testing {

/// The gel of the 2018 sensor without rate effects, for closed forms (PHYSICS: beta = 0).
inline PadProfile quasi_static_gel() {
  PadProfile profile;
  profile.grid = {32, 24, 0.5e-3};
  profile.normal_stiffness = 3e8;
  profile.thickness = 2e-3;
  profile.tangential_stiffness = 5e7;
  profile.normal_damping = 0.0;
  profile.tangential_damping = 0.0;
  profile.friction_slope = 0.0;
  profile.friction_speed = 1e-3;
  profile.layer_length = 2e-3;
  return profile;
}

inline hal::ObjectDescription single_part(hal::ShapePart::Kind kind, const Eigen::Vector3d& size) {
  hal::ObjectDescription object;
  object.name = "specimen";
  object.mass = 0.2;
  hal::ShapePart part;
  part.kind = kind;
  part.size = size;
  object.parts = {part};
  return object;
}

/// A sphere around the origin of its frame.
inline hal::ObjectDescription sphere(double radius) {
  return single_part(hal::ShapePart::Kind::kSphere, {radius, 0, 0});
}

inline hal::ObjectDescription box(const Eigen::Vector3d& extents) {
  return single_part(hal::ShapePart::Kind::kBox, extents);
}

/// A flat round punch: cylinder with its axis along z.
inline hal::ObjectDescription punch(double radius, double height) {
  return single_part(hal::ShapePart::Kind::kCylinder, {radius, height, 0});
}

}  // namespace gripbench::sim::testing

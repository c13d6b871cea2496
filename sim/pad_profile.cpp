#include "sim/pad_profile.h"

#include <cstddef>

#include <fmt/format.h>

namespace gripbench::sim {
namespace {

// Bounds that a slip of the unit (mm for m, N/mm^3 for N/m^3) always leaves.
constexpr hal::Range kNodes{2, 512};
constexpr hal::Range kPitch{1e-5, 5e-3};
constexpr hal::Range kStiffness{1e5, 1e12};
constexpr hal::Range kDamping{0.0, 1e9};
constexpr hal::Range kLength{1e-5, 0.05};
constexpr hal::Range kFrictionSlope{0.0, 1.0};
constexpr hal::Range kFrictionSpeed{1e-7, 1.0};

}  // namespace

PadProfile PadProfile::from(hal::ConfigNode pad) {
  PadProfile profile;
  hal::ConfigNode grid = pad.child("grid");
  profile.grid.nx = static_cast<int>(grid.integer("nx", kNodes));
  profile.grid.ny = static_cast<int>(grid.integer("ny", kNodes));
  profile.grid.pitch = grid.number("pitch", kPitch);
  grid.finish();
  profile.normal_stiffness = pad.number("normal_stiffness", kStiffness);
  profile.tangential_stiffness = pad.number("tangential_stiffness", kStiffness);
  profile.thickness = pad.number("thickness", kLength);
  profile.normal_damping = pad.number("normal_damping", kDamping);
  profile.tangential_damping = pad.number("tangential_damping", kDamping);
  profile.friction_slope = pad.number("friction_slope", kFrictionSlope);
  profile.friction_speed = pad.number("friction_speed", kFrictionSpeed);
  profile.layer_length = pad.number("layer_length", kLength);
  if (profile.tangential_stiffness > profile.normal_stiffness) {
    pad.fail("tangential_stiffness",
             fmt::format("must not exceed normal_stiffness ({:g}): no isotropic layer shears less "
                         "easily than it is pressed",
                         profile.normal_stiffness));
  }
  pad.finish();
  return profile;
}

PadProfile PadProfile::load(const std::filesystem::path& file) {
  hal::ConfigNode root = hal::ConfigNode::load(file);
  PadProfile profile = from(root.child("pad"));
  root.finish();
  return profile;
}

}  // namespace gripbench::sim

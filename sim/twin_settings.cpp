#include "sim/twin_settings.h"

namespace gripbench::sim {

TwinSettings TwinSettings::from(hal::ConfigNode workcell) {
  TwinSettings settings;
  workcell.choice("backend", {"sim"});
  settings.objects = workcell.path("objects");
  settings.rig = workcell.path("rig");
  // Above 2 ms the arm's servo and the pads' contact are no longer accurate.
  settings.timestep = workcell.number("timestep", {5e-5, 2e-3});
  settings.tactile_finger = SensorProfile::load(workcell.path("tactile_finger"));
  hal::ConfigNode plain = hal::ConfigNode::load(workcell.path("plain_finger"));
  settings.plain_finger = PadProfile::from(plain.child("pad"));
  plain.finish();
  settings.specimen = static_cast<std::uint64_t>(workcell.integer("specimen", hal::kNonNegative));
  settings.frame_rate = workcell.number("frame_rate", {1.0, 200.0});
  hal::ConfigNode camera = workcell.child("camera");
  settings.camera.width_px = static_cast<int>(camera.integer("width", {16, 4096}));
  settings.camera.height_px = static_cast<int>(camera.integer("height", {16, 4096}));
  settings.camera.shadows = camera.boolean_or("shadows", true);
  if (camera.has("variation")) {
    settings.camera_variation = VariationRanges::from(camera.child("variation"));
  }
  camera.finish();
  if (workcell.has("variation")) {
    settings.grasp_variation = GraspVariationRanges::from(workcell.child("variation"));
  }
  // What to do here is the experiment's.
  if (workcell.has("protocol")) workcell.path("protocol");
  workcell.finish();
  return settings;
}

}  // namespace gripbench::sim

#include "sim/calibration/simulated_presses.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/gelsight_image.h"

namespace gripbench::sim {
namespace {

using Kind = hal::ShapePart::Kind;
using Texture = hal::SurfaceTexture;

/// Peak pressure of the presses (Pa): the gel of 2018 is then indented by 0.35 mm, as in grasps.
constexpr double kPressure = 1.27e5;

/// Indentation (m) at which the pad's law, p = k d / (1 - d/h), gives that pressure.
double depth_at(const PadProfile& pad) {
  return kPressure / (pad.normal_stiffness + kPressure / pad.thickness);
}

struct Stamp {
  const char* name;
  Kind kind;
  Eigen::Vector3d size;
  Texture texture;
  /// From the pad's middle, and what lies between the solid's middle and its lowest point (m).
  Eigen::Vector2d at;
  double below;
  double tilt;  ///< about x (rad)
};

const Stamp kStamps[] = {
    {"ball", Kind::kSphere, {0.012, 0, 0}, {}, {1e-3, -0.5e-3}, 0.012, 0.0},
    {"cylinder", Kind::kCylinder, {0.015, 0.06, 0}, {}, {-1e-3, 0}, 0.015, 0.5 * std::numbers::pi},
    {"box", Kind::kBox, {0.02, 0.03, 0.03}, {}, {-9e-3, 0}, 0.015, 0.0},
    {"woven cylinder",
     Kind::kCylinder,
     {0.03, 0.06, 0},
     {Texture::Kind::kWoven, 0.08e-3, 0.8e-3},
     {0, 0},
     0.03,
     0.5 * std::numbers::pi},
};

ObjectShape solid_of(const Stamp& stamp) {
  hal::ObjectDescription description;
  description.name = stamp.name;
  description.mass = 0.1;
  description.texture = stamp.texture;
  hal::ShapePart part;
  part.kind = stamp.kind;
  part.size = stamp.size;
  description.parts = {part};
  description.bounds_min = Eigen::Vector3d::Constant(-0.06);
  description.bounds_max = Eigen::Vector3d::Constant(0.06);
  return ObjectShape(description);
}

void press(GelImprint& imprint, const Stamp& stamp, const ObjectShape& shape, double depth) {
  Eigen::Isometry3d pad_from_object = Eigen::Isometry3d::Identity();
  pad_from_object.translation() << stamp.at.x(), stamp.at.y(), stamp.below - depth;
  pad_from_object.linear() =
      Eigen::AngleAxisd(stamp.tilt, Eigen::Vector3d::UnitX()).toRotationMatrix();
  imprint.shape = &shape;
  imprint.object_from_pad = pad_from_object.inverse();
  const PadGrid& grid = imprint.grid;
  for (int j = 0; j < grid.ny; ++j) {
    for (int i = 0; i < grid.nx; ++i) {
      const Eigen::Vector3d node(grid.x(i), grid.y(j), 0.0);
      imprint.indentation[static_cast<std::size_t>(j) * grid.nx + i] = static_cast<float>(
          std::max(0.0, -shape.signed_distance(Eigen::Vector3d(imprint.object_from_pad * node))));
    }
  }
}

}  // namespace

std::vector<GelSequence> simulate_presses(const SensorProfile& profile, std::uint64_t seed,
                                          int still, int moving) {
  std::vector<GelSequence> sequences;
  GelSightImage camera(profile.optics, seed);
  const double depth = depth_at(profile.pad);
  std::uint64_t frame_seed = seed;
  for (const Stamp& stamp : kStamps) {
    const ObjectShape shape = solid_of(stamp);
    GelSequence sequence{stamp.name, {}, {}};
    for (int k = 0; k < 2 * still + moving; ++k) {
      GelImprint imprint;
      imprint.grid = profile.pad.grid;
      const std::size_t nodes = static_cast<std::size_t>(imprint.grid.size());
      imprint.indentation.assign(nodes, 0.0f);
      imprint.displacement_x.assign(nodes, 0.0f);
      imprint.displacement_y.assign(nodes, 0.0f);
      const double share = std::clamp((k - still + 1.0) / (moving + 1.0), 0.0, 1.0);
      if (share > 0.0) press(imprint, stamp, shape, share * depth);
      cv::Mat frame;
      camera.render(imprint, ++frame_seed, frame);
      sequence.frames.push_back(frame.clone());
    }
    sequence.untouched = sequence.frames.front();
    sequences.push_back(std::move(sequence));
  }
  return sequences;
}

}  // namespace gripbench::sim

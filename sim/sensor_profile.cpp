#include "sim/sensor_profile.h"

#include <algorithm>
#include <numbers>

#include <fmt/format.h>

namespace gripbench::sim {
namespace {

using hal::ConfigNode;
using hal::Range;

constexpr Range kShare{0.0, 1.0};
constexpr Range kLength{1e-6, 0.05};
/// Of polynomials of two variables, degrees 3 to 6.
constexpr std::size_t kCoefficients[] = {10, 15, 21, 28};
constexpr Range kSmallLength{0.0, 0.005};

void read_image(ConfigNode image, OpticsProfile& optics) {
  optics.width = static_cast<int>(image.integer("width", {32, 4096}));
  optics.height = static_cast<int>(image.integer("height", {32, 4096}));
  optics.pixel_pitch = image.number("pixel_pitch", {1e-6, 1e-3});
  image.finish();
}

void read_background(ConfigNode background, OpticsProfile& optics) {
  const char* const channels[] = {"blue", "green", "red"};
  for (int c = 0; c < 3; ++c) {
    const std::vector<double> values = background.numbers(channels[c], 0, {-1e4, 1e4});
    if (std::find(std::begin(kCoefficients), std::end(kCoefficients), values.size()) ==
        std::end(kCoefficients)) {
      background.fail(
          channels[c],
          fmt::format("{} coefficients; a polynomial of degree 3, 4, 5 or 6 has 10, 15, "
                      "21 or 28",
                      values.size()));
    }
    optics.background[c] = values;
    if (values[0] <= 0.0) {
      background.fail(channels[c], "the first number, the colour in the middle, must be above 0");
    }
  }
  background.finish();
}

GelLight read_light(ConfigNode light, double brightest) {
  GelLight result;
  result.position = light.vector3("position", {-0.2, 0.2});
  if (result.position.z() >= -1e-4) {
    light.fail("position", "the light must lie inside the sensor: its z must be below -0.0001 m");
  }
  const Eigen::Vector3d rgb = light.vector3("color", {0.0, brightest});
  result.color_bgr = rgb.reverse();
  light.finish();
  return result;
}

/// Lamps and the shadows that they cast.
void read_lamps(ConfigNode& node, OpticsProfile& optics) {
  const double brightest = optics.shading == ShadingModel::kRatio ? 10.0 : 1e4;
  for (ConfigNode& light : node.children("lights")) {
    optics.lights.push_back(read_light(light, brightest));
  }
  if (optics.lights.empty() || optics.lights.size() > 8) {
    node.fail("lights", "expected one to eight lights");
  }
  optics.falloff = node.number("falloff", {0.0, 4.0});
  ConfigNode shadow = node.child("shadow");
  optics.shadow_strength = shadow.number("strength", kShare);
  optics.shadow_depth = shadow.number("depth", kLength);
  shadow.finish();
}

void read_shading(ConfigNode& node, OpticsProfile& optics) {
  optics.shading =
      static_cast<ShadingModel>(node.choice_or("shading", 0, {"ratio", "difference", "table"}));
  if (optics.shading == ShadingModel::kTable) {
    optics.table = std::make_shared<ShadingTable>(ShadingTable::load(node.path("table")));
    if (node.has("lights")) read_lamps(node, optics);
    return;
  }
  read_lamps(node, optics);
  if (optics.shading == ShadingModel::kRatio) optics.ambient = node.number("ambient", {1e-3, 10.0});
  ConfigNode dome = node.child("dome");
  optics.dome_radius = dome.number("radius", {1e-3, 1e3});
  optics.dome_flattening = dome.number("flattening", kLength);
  dome.finish();
}

MarkerProfile read_markers(ConfigNode node) {
  MarkerProfile markers;
  markers.pitch = node.number("pitch", {1e-4, 0.02});
  markers.angle = node.number("angle_deg", {-180.0, 180.0}) * std::numbers::pi / 180.0;
  const std::vector<double> origin = node.numbers("origin", 2, {-0.02, 0.02});
  markers.origin = {origin[0], origin[1]};
  markers.bend = node.number_or("bend", 0.0, {-0.1, 0.3});
  markers.stretch = node.number_or("stretch", 0.0, {-0.2, 0.2});
  markers.diameter = node.number("diameter", {1e-5, 0.01});
  if (markers.diameter >= markers.pitch) {
    node.fail("diameter", fmt::format("must be below the pitch, {:g} m", markers.pitch));
  }
  markers.diameter_jitter = node.number("diameter_jitter", {0.0, 0.3});
  markers.position_jitter = node.number("position_jitter", {0.0, 0.25 * markers.pitch});
  markers.roughness = node.number("roughness", {0.0, 0.5});
  markers.softness = node.number("softness", {1e-6, markers.diameter});
  markers.darkness = node.number("darkness", kShare);
  markers.darkness_jitter = node.number("darkness_jitter", {0.0, 0.3});
  markers.faded_share = node.number("faded_share", kShare);
  markers.chipped_share = node.number("chipped_share", kShare);
  node.finish();
  return markers;
}

}  // namespace

OpticsProfile OpticsProfile::from(ConfigNode node) {
  OpticsProfile optics;
  read_image(node.child("image"), optics);
  read_background(node.child("background"), optics);
  read_shading(node, optics);
  ConfigNode membrane = node.child("membrane");
  optics.membrane_length = membrane.number("length", kLength);
  optics.membrane_steepest = membrane.number("steepest", {0.05, 20.0});
  membrane.finish();
  optics.spread = node.number("spread", kSmallLength);
  optics.blur = node.number("blur", {0.0, 2.4 * optics.pixel_pitch});
  optics.noise = node.number("noise", {0.0, 50.0});
  optics.markers = read_markers(node.child("markers"));
  node.finish();
  return optics;
}

SensorProfile SensorProfile::load(const std::filesystem::path& file) {
  ConfigNode root = ConfigNode::load(file);
  SensorProfile profile{PadProfile::from(root.child("pad")),
                        OpticsProfile::from(root.child("optics"))};
  root.finish();
  const PadGrid& grid = profile.pad.grid;
  const OpticsProfile& optics = profile.optics;
  if (grid.nx * grid.pitch < optics.width * optics.pixel_pitch ||
      grid.ny * grid.pitch < optics.height * optics.pixel_pitch) {
    root.fail("pad",
              fmt::format("its grid of {:.4g} x {:.4g} m does not cover the camera's view of "
                          "{:.4g} x {:.4g} m; add nodes",
                          grid.nx * grid.pitch, grid.ny * grid.pitch,
                          optics.width * optics.pixel_pitch, optics.height * optics.pixel_pitch));
  }
  return profile;
}

}  // namespace gripbench::sim

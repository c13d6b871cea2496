#include "hal/objects.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <numbers>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hal/config.h"
#include "hal/errors.h"

namespace gripbench::hal {

namespace {

using Kind = ShapePart::Kind;

constexpr Range kUnitInterval{0.0, 1.0};
/// How far the lowest point of an object may be from the table it stands on (m).
constexpr double kFootprintTolerance = 1e-6;

// In the order of the enumerations in objects.h.
const std::vector<std::string> kPartKinds = {"box",  "cylinder", "sphere", "capsule", "ellipsoid",
                                             "cone", "torus",    "tube",   "prism",   "mesh"};
const std::vector<std::string> kTextureKinds = {"smooth", "brushed",  "woven", "knurled",
                                                "ribbed", "embossed", "fuzzy"};
const std::vector<std::string> kPrints = {"plain", "stripes", "checks", "label", "speckled"};

/// Reads the mesh that `file` names, which must be the one that the object was described with.
void read_mesh(ConfigNode& node, ShapePart& part) {
  const std::filesystem::path file = node.path("file");
  const std::string checksum = node.text("checksum");
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in || bytes.empty()) node.fail("file", file.string() + " cannot be read");
  MeshSolid solid = decode_mesh_solid(bytes, file.string());
  if (mesh_checksum(bytes) != checksum) {
    node.fail("checksum", fmt::format("{} has the checksum {}: it is not the mesh that this object "
                                      "was described with; add the object again",
                                      file.string(), mesh_checksum(bytes)));
  }
  part.size = solid.bounds_max() - solid.bounds_min();
  part.mesh = std::make_shared<const MeshSolid>(std::move(solid));
}

double cross(const Eigen::Vector2d& a, const Eigen::Vector2d& b) {
  return a.x() * b.y() - a.y() * b.x();
}

/// Whether a closed line turns left at each of its corners.
bool turns_left(const std::vector<Eigen::Vector2d>& corners) {
  const std::size_t n = corners.size();
  for (std::size_t i = 0; i < n; ++i) {
    const Eigen::Vector2d before = corners[i] - corners[(i + n - 1) % n];
    const Eigen::Vector2d after = corners[(i + 1) % n] - corners[i];
    if (cross(before, after) <= 1e-3 * before.norm() * after.norm()) return false;
  }
  return true;
}

void read_prism(ConfigNode& node, ShapePart& part) {
  const std::vector<double> numbers = node.numbers("outline", 0);
  if (numbers.size() % 2 != 0 || numbers.size() < 6 || numbers.size() > 2 * kMostPrismCorners) {
    node.fail("outline", fmt::format("must be the corners x, y, x, y, ... of 3 to {} corners",
                                     kMostPrismCorners));
  }
  Eigen::Vector2d low(numbers[0], numbers[1]), high = low;
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    part.outline.emplace_back(numbers[i], numbers[i + 1]);
    low = low.cwiseMin(part.outline.back());
    high = high.cwiseMax(part.outline.back());
  }
  if (!turns_left(part.outline)) {
    node.fail("outline", "must be convex, its corners anticlockwise");
  }
  part.size << high - low, node.number("height", kPositive);
}

void read_torus(ConfigNode& node, ShapePart& part) {
  part.size = {node.number("ring_radius", kPositive), node.number("radius", kPositive), 0.0};
  part.sweep = node.number_or("sweep_deg", 360.0, {1.0, 360.0}) * (std::numbers::pi / 180.0);
  if (part.size[1] >= part.size[0]) {
    node.fail("radius", "must be smaller than ring_radius, or the ring has no hole");
  }
}

void read_tube(ConfigNode& node, ShapePart& part) {
  part.size = {node.number("inner_radius", kPositive), node.number("outer_radius", kPositive),
               node.number("height", kPositive)};
  if (part.size[0] >= part.size[1]) {
    node.fail("inner_radius", "must be smaller than outer_radius");
  }
}

void read_size(ConfigNode& node, ShapePart& part) {
  switch (part.kind) {
    case Kind::kBox:
    case Kind::kEllipsoid:
      part.size = node.vector3("extents", kPositive);
      return;
    case Kind::kCylinder:
    case Kind::kCapsule:
      part.size = {node.number("radius", kPositive), node.number("height", kPositive), 0.0};
      return;
    case Kind::kSphere:
      part.size = {node.number("radius", kPositive), 0.0, 0.0};
      return;
    case Kind::kCone:
      part.size = {node.number("bottom_radius", kNonNegative),
                   node.number("top_radius", kNonNegative), node.number("height", kPositive)};
      return;
    case Kind::kTorus:
      read_torus(node, part);
      return;
    case Kind::kTube:
      read_tube(node, part);
      return;
    case Kind::kPrism:
      read_prism(node, part);
      return;
    case Kind::kMesh:
      read_mesh(node, part);
      return;
  }
}

/// Whether each edge of a prism's base is left, however short, when the rounding is taken off.
bool base_keeps_its_edges(const ShapePart& part) {
  const std::vector<Eigen::Vector2d> core = core_outline(part);
  for (std::size_t i = 0; i < core.size(); ++i) {
    const std::size_t next = (i + 1) % core.size();
    if ((core[next] - core[i]).dot(part.outline[next] - part.outline[i]) <= 0.0) return false;
  }
  return true;
}

void read_rounding(ConfigNode& node, ShapePart& part) {
  const bool has_edges = part.kind == Kind::kBox || part.kind == Kind::kCylinder ||
                         part.kind == Kind::kCone || part.kind == Kind::kTube ||
                         part.kind == Kind::kPrism;
  if (!has_edges) {
    if (part.kind == Kind::kCapsule && part.size[1] < 2.0 * part.size[0]) {
      node.fail("height", "must be at least twice the radius, since it includes the caps");
    }
    return;
  }
  part.rounding = node.number_or("rounding", 0.0, kNonNegative);
  const Eigen::Vector3d core = core_size(part);
  const double least = part.kind == Kind::kCylinder ? core.head<2>().minCoeff() : core.minCoeff();
  const bool base_gone = part.kind == Kind::kPrism && !base_keeps_its_edges(part);
  if (least < 0.0 || base_gone) {
    node.fail(part.rounding > 0.0 ? "rounding" : "",
              "must not be larger than half of the part's smallest extent");
  }
  if (part.kind == Kind::kCone && std::max(core[0], core[1]) <= 0.0) {
    node.fail("bottom_radius", "a cone needs a radius above zero at one end at least");
  }
}

Appearance read_appearance(ConfigNode node) {
  Appearance appearance;
  appearance.print = static_cast<Appearance::Print>(node.choice("print", kPrints));
  appearance.color = node.vector3("color", kUnitInterval);
  if (appearance.print != Appearance::Print::kPlain) {
    appearance.second_color = node.vector3("second_color", kUnitInterval);
    appearance.pitch = node.number("pitch", {1e-3, 0.5});
  }
  appearance.gloss = node.number("gloss", kUnitInterval);
  node.finish();
  return appearance;
}

ShapePart read_part(ConfigNode node) {
  ShapePart part;
  part.kind = static_cast<Kind>(node.choice("kind", kPartKinds));
  read_size(node, part);
  read_rounding(node, part);
  part.position = node.vector3_or("position", Eigen::Vector3d::Zero());
  if (part.kind != Kind::kMesh) {
    part.rotation = node.vector3_or("rotation_deg", Eigen::Vector3d::Zero(), {-360.0, 360.0}) *
                    (std::numbers::pi / 180.0);
  }
  if (std::optional<ConfigNode> own = node.optional_child("appearance")) {
    part.appearance = read_appearance(std::move(*own));
  }
  node.finish();
  return part;
}

SurfaceTexture read_texture(ConfigNode node) {
  SurfaceTexture texture;
  texture.kind = static_cast<SurfaceTexture::Kind>(node.choice("kind", kTextureKinds));
  if (texture.kind != SurfaceTexture::Kind::kSmooth) {
    // The gel is 2 mm thick and its camera resolves 0.024 mm: more or less is a typing error.
    texture.depth = node.number("depth", {1e-6, 2e-3});
    texture.pitch = node.number("pitch", {1e-4, 5e-2});
  }
  node.finish();
  return texture;
}

/// How far an arc of the unit circle, its middle on the x axis, reaches along `direction`.
double arc_reach(double sweep, const Eigen::Vector2d& direction) {
  const double half = 0.5 * sweep;
  const double angle = std::abs(std::atan2(direction.y(), direction.x()));
  return direction.norm() * std::cos(std::max(0.0, angle - half));
}

double outline_reach(const std::vector<Eigen::Vector2d>& corners,
                     const Eigen::Vector2d& direction) {
  double farthest = std::numeric_limits<double>::lowest();
  for (const Eigen::Vector2d& corner : corners) {
    farthest = std::max(farthest, corner.dot(direction));
  }
  return farthest;
}

/// How far the core of a part reaches from the part's origin along each axis of the object.
Eigen::Vector3d core_reach(const ShapePart& part, const Eigen::Matrix3d& rotation, double sign) {
  const Eigen::Vector3d core = core_size(part);
  if (part.kind == Kind::kBox) return rotation.cwiseAbs() * core;
  if (part.kind == Kind::kEllipsoid) return (rotation * core.asDiagonal()).rowwise().norm();
  if (part.kind == Kind::kSphere) return Eigen::Vector3d::Constant(core[0]);
  Eigen::Vector3d reach;
  for (int i = 0; i < 3; ++i) {
    const double along = sign * rotation(i, 2);
    const double across = std::sqrt(std::max(0.0, 1.0 - along * along));
    switch (part.kind) {
      case Kind::kCylinder:
        reach[i] = core[1] * std::abs(along) + core[0] * across;
        break;
      case Kind::kTube:
        reach[i] = core[2] * std::abs(along) + (core[0] + core[1]) * across;
        break;
      case Kind::kCapsule:
        reach[i] = core[1] * std::abs(along) + core[0];
        break;
      case Kind::kTorus:
        reach[i] = core[0] * arc_reach(part.sweep, sign * rotation.row(i).head<2>()) + core[1];
        break;
      case Kind::kPrism:
        reach[i] = core[2] * std::abs(along) +
                   outline_reach(core_outline(part), sign * rotation.row(i).head<2>());
        break;
      default:  // cone: the farther rim of the two
        reach[i] =
            std::max(core[2] * along + core[1] * across, -core[2] * along + core[0] * across);
    }
  }
  return reach;
}

void set_bounds(ObjectDescription& object) {
  object.bounds_min.setConstant(std::numeric_limits<double>::max());
  object.bounds_max.setConstant(std::numeric_limits<double>::lowest());
  for (const ShapePart& part : object.parts) {
    if (part.kind == Kind::kMesh) {
      object.bounds_min = object.bounds_min.cwiseMin(part.position + part.mesh->bounds_min());
      object.bounds_max = object.bounds_max.cwiseMax(part.position + part.mesh->bounds_max());
      continue;
    }
    const Eigen::Matrix3d rotation = object_from_part(part).linear();
    const Eigen::Vector3d round = Eigen::Vector3d::Constant(part.rounding);
    object.bounds_min =
        object.bounds_min.cwiseMin(part.position - core_reach(part, rotation, -1.0) - round);
    object.bounds_max =
        object.bounds_max.cwiseMax(part.position + core_reach(part, rotation, 1.0) + round);
  }
}

void check_stands_on_table(const ConfigNode& node, const ObjectDescription& object) {
  const double low = object.bounds_min.z();
  if (std::abs(low) > kFootprintTolerance) {
    node.fail("parts", fmt::format("the lowest point is {:.3f} mm {} the table; move the parts so "
                                   "that it is at z = 0",
                                   1e3 * std::abs(low), low < 0.0 ? "below" : "above"));
  }
}

void check_mass_centre(const ConfigNode& node, const ObjectDescription& object) {
  const bool inside = (object.mass_centre.array() > object.bounds_min.array()).all() &&
                      (object.mass_centre.array() < object.bounds_max.array()).all();
  if (!inside) {
    const auto text = [](const Eigen::Vector3d& v) {
      return fmt::format("[{:.4g}, {:.4g}, {:.4g}]", v.x(), v.y(), v.z());
    };
    node.fail("mass_centre", fmt::format("must lie within the bounds of the parts, {} to {}",
                                         text(object.bounds_min), text(object.bounds_max)));
  }
}

/// Letters to insert, delete or replace to turn one word into the other (Levenshtein).
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

Eigen::Isometry3d object_from_part(const ShapePart& part) {
  using Eigen::AngleAxisd;
  using Eigen::Vector3d;
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.translate(part.position);
  pose.rotate(AngleAxisd(part.rotation.z(), Vector3d::UnitZ()) *
              AngleAxisd(part.rotation.y(), Vector3d::UnitY()) *
              AngleAxisd(part.rotation.x(), Vector3d::UnitX()));
  return pose;
}

Eigen::Vector3d core_size(const ShapePart& part) {
  const Eigen::Vector3d& s = part.size;
  const double r = part.rounding;
  switch (part.kind) {
    case Kind::kBox:
      return 0.5 * s - Eigen::Vector3d::Constant(r);
    case Kind::kCylinder:
      return {s[0] - r, 0.5 * s[1] - r, 0.0};
    case Kind::kSphere:
      return {s[0], 0.0, 0.0};
    case Kind::kCapsule:
      return {s[0], 0.5 * s[1] - s[0], 0.0};
    case Kind::kEllipsoid:
    case Kind::kMesh:
      return 0.5 * s;
    case Kind::kCone: {
      // The side moves inwards along its normal, the ends along the axis.
      const double slope = (s[1] - s[0]) / s[2];
      const double inset = r * std::sqrt(1.0 + slope * slope);
      return {s[0] + slope * r - inset, s[1] - slope * r - inset, 0.5 * s[2] - r};
    }
    case Kind::kTorus:
      return {s[0], s[1], 0.0};
    case Kind::kTube:
      return {0.5 * (s[0] + s[1]), 0.5 * (s[1] - s[0]) - r, 0.5 * s[2] - r};
    case Kind::kPrism:
      return {0.0, 0.0, 0.5 * s[2] - r};
  }
  throw std::invalid_argument("unknown kind of shape part");
}

std::vector<Eigen::Vector2d> core_outline(const ShapePart& part) {
  const std::vector<Eigen::Vector2d>& corners = part.outline;
  const std::size_t n = corners.size();
  std::vector<Eigen::Vector2d> core(n);
  for (std::size_t i = 0; i < n; ++i) {
    const Eigen::Vector2d before = (corners[i] - corners[(i + n - 1) % n]).normalized();
    const Eigen::Vector2d after = (corners[(i + 1) % n] - corners[i]).normalized();
    // The corner goes along the bisector of the two edges, both of which move by the rounding.
    const Eigen::Vector2d inwards(-before.y() - after.y(), before.x() + after.x());
    core[i] = corners[i] + inwards * (part.rounding / (1.0 + before.dot(after)));
  }
  return core;
}

ObjectDescription load_object(const std::filesystem::path& file) {
  ConfigNode node = ConfigNode::load(file);
  ObjectDescription object;
  object.name = file.stem().string();
  object.title = node.text("title");
  object.source = node.text("source");
  object.mass = node.number("mass", kPositive);
  object.mass_centre = node.vector3("mass_centre");
  for (ConfigNode& part : node.children("parts")) object.parts.push_back(read_part(part));
  if (object.parts.empty()) node.fail("parts", "an object needs at least one part");
  ConfigNode friction = node.child("friction");
  object.friction_gel = friction.number("gel", kNonNegative);
  object.friction_rubber = friction.number("rubber", kNonNegative);
  object.friction_spread = friction.number_or("spread", 0.0, {0.0, 0.5});
  friction.finish();
  if (node.has("surface_stiffness")) {
    object.surface_stiffness = node.number("surface_stiffness", kPositive);
  }
  object.texture = read_texture(node.child("texture"));
  object.appearance = read_appearance(node.child("appearance"));
  node.finish();

  set_bounds(object);
  check_stands_on_table(node, object);
  check_mass_centre(node, object);
  return object;
}

ObjectCatalogue::ObjectCatalogue(std::filesystem::path folder) : folder_(std::move(folder)) {
  if (!std::filesystem::is_directory(folder_)) {
    throw InputError(folder_.string() +
                     ": is no folder of objects; it should hold NAME.yaml files");
  }
}

std::vector<std::string> ObjectCatalogue::names() const {
  std::vector<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.is_regular_file() && entry.path().extension() == ".yaml") {
      result.push_back(entry.path().stem().string());
    }
  }
  std::ranges::sort(result);
  return result;
}

ObjectDescription ObjectCatalogue::load(const std::string& name) const {
  std::vector<std::string> known = names();
  if (std::ranges::binary_search(known, name)) return load_object(folder_ / (name + ".yaml"));
  if (known.empty()) {
    throw InputError(
        fmt::format("{}: holds no objects, so '{}' is not known", folder_.string(), name));
  }
  std::ranges::stable_sort(known, {},
                           [&](const std::string& other) { return edit_distance(name, other); });
  known.resize(std::min<std::size_t>(known.size(), 3));
  throw InputError(fmt::format("object '{}' is not in {}; nearest: {}", name, folder_.string(),
                               fmt::join(known, ", ")));
}

}  // namespace gripbench::hal

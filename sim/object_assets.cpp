#include "sim/object_assets.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>
#include <span>
#include <stdexcept>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include <Eigen/Geometry>

#include "sim/object_inertia.h"
#include "sim/object_mesh.h"
#include "sim/object_print.h"
#include "sim/object_shape.h"

namespace gripbench::sim {

namespace {

/// Radius of the spheres that touch the table (m); smaller on objects thinner than that.
constexpr double kFootRadius = 1.0e-3;
/// Points this low belong to the footprint (m).
constexpr double kFootprintHeight = 5.0e-6;
constexpr int kFootprintDirections = 8;
constexpr int kHullDirections = 48;

using Points = std::vector<Eigen::Vector3d>;

std::string numbers(const Eigen::Ref<const Eigen::VectorXd>& v) {
  std::string text;
  for (const double x : v) text += fmt::format("{}{:.9g}", text.empty() ? "" : " ", x);
  return text;
}

template <typename T>
void append_bytes(std::vector<unsigned char>& bytes, const T* values, std::size_t count) {
  const auto* begin = reinterpret_cast<const unsigned char*>(values);
  bytes.insert(bytes.end(), begin, begin + count * sizeof(T));
}

/// MuJoCo's own binary mesh format (.msh): four counts, then vertices, normals, texture coordinates
/// and faces. All versions read it, with normals kept.
std::vector<unsigned char> msh_file(const TriangleMesh& mesh, const Eigen::Vector2i& repeats) {
  const auto vertices = static_cast<std::int32_t>(mesh.vertices.size());
  const std::int32_t counts[4] = {vertices, vertices, vertices,
                                  static_cast<std::int32_t>(mesh.faces.size())};
  std::vector<unsigned char> bytes;
  append_bytes(bytes, counts, 4);
  append_bytes(bytes, mesh.vertices.data(), mesh.vertices.size());
  append_bytes(bytes, mesh.normals.data(), mesh.normals.size());
  const Eigen::Vector2f scale = repeats.cast<float>();
  for (const Eigen::Vector2f& uv : mesh.texture_coordinates) {
    const Eigen::Vector2f scaled = uv.cwiseProduct(scale);
    append_bytes(bytes, scaled.data(), 2);
  }
  append_bytes(bytes, mesh.faces.data(), mesh.faces.size());
  return bytes;
}

/// Length around a part's axis and along it (m).
Eigen::Vector2d surface_measures(const hal::ShapePart& part) {
  using Kind = hal::ShapePart::Kind;
  constexpr double kPi = std::numbers::pi;
  const Eigen::Vector3d& s = part.size;
  switch (part.kind) {
    case Kind::kBox:
    case Kind::kMesh:
      return {2.0 * (s.x() + s.y()), s.z()};
    case Kind::kCylinder:
    case Kind::kCapsule:
      return {2.0 * kPi * s[0], s[1]};
    case Kind::kSphere:
      return {2.0 * kPi * s[0], kPi * s[0]};
    case Kind::kEllipsoid:
      return {0.5 * kPi * (s.x() + s.y()), 0.5 * kPi * s.z()};
    case Kind::kCone:
      return {kPi * (s[0] + s[1]), s[2]};
    case Kind::kTorus:
      return {part.sweep * s[0], 2.0 * kPi * s[1]};
    case Kind::kTube:
      return {2.0 * kPi * s[1], s[2]};
    case Kind::kPrism: {
      double perimeter = (part.outline.front() - part.outline.back()).norm();
      for (std::size_t i = 1; i < part.outline.size(); ++i) {
        perimeter += (part.outline[i] - part.outline[i - 1]).norm();
      }
      return {perimeter, s[2]};
    }
  }
  throw std::invalid_argument("unknown kind of shape part");
}

Points surface_points(const hal::ObjectDescription& object) {
  Points points;
  for (const hal::ShapePart& part : object.parts) {
    const Eigen::Isometry3d object_from = hal::object_from_part(part);
    for (const Eigen::Vector3f& vertex : part_mesh(part).vertices) {
      points.push_back(object_from * vertex.cast<double>());
    }
  }
  return points;
}

/// Index of the point farthest along `direction`.
const Eigen::Vector3d& farthest(const Points& points, const Eigen::Vector3d& direction) {
  return *std::ranges::max_element(points, {},
                                   [&](const Eigen::Vector3d& p) { return p.dot(direction); });
}

/// Moves a point along the distance's gradient until it lies `depth` under the surface.
Eigen::Vector3d sunk(const ObjectShape& shape, Eigen::Vector3d p, double depth) {
  constexpr double kStep = 1e-6;
  for (int iteration = 0; iteration < 8; ++iteration) {
    Eigen::Vector3d gradient;
    for (int axis = 0; axis < 3; ++axis) {
      const Eigen::Vector3d step = kStep * Eigen::Vector3d::Unit(axis);
      gradient[axis] =
          (shape.signed_distance(p + step) - shape.signed_distance(p - step)) / (2.0 * kStep);
    }
    if (gradient.norm() < 1e-3) break;
    p -= (shape.signed_distance(p) + depth) * gradient.normalized();
  }
  return p;
}

void add_if_new(Points& points, const Eigen::Vector3d& p, double spacing) {
  const bool near = std::ranges::any_of(
      points, [&](const Eigen::Vector3d& q) { return (p - q).norm() < spacing; });
  if (!near) points.push_back(p);
}

/// Middles of the spheres around the rim of the footprint; their lowest points lie on the table,
/// on the rim itself.
Points footprint_spheres(const Points& surface, double radius) {
  Points low;
  std::ranges::copy_if(surface, std::back_inserter(low),
                       [](const Eigen::Vector3d& p) { return p.z() < kFootprintHeight; });
  Points middles;
  if (low.empty()) return middles;
  for (int k = 0; k < kFootprintDirections; ++k) {
    // Off the axes by half a step, so that a rectangle's corners are met and not its sides.
    const double angle = 2.0 * std::numbers::pi * (k + 0.5) / kFootprintDirections;
    const Eigen::Vector3d rim = farthest(low, {std::cos(angle), std::sin(angle), 0.0});
    add_if_new(middles, {rim.x(), rim.y(), radius}, 2.0 * radius);
  }
  return middles;
}

/// Adds spheres at the outermost points in directions spread evenly over the sphere (Fibonacci).
void add_hull_spheres(Points& middles, const ObjectShape& shape, const Points& surface,
                      double radius) {
  const double golden_angle = std::numbers::pi * (3.0 - std::sqrt(5.0));
  for (int k = 0; k < kHullDirections; ++k) {
    const double z = 1.0 - 2.0 * (k + 0.5) / kHullDirections;
    const double r = std::sqrt(1.0 - z * z);
    const Eigen::Vector3d direction(r * std::cos(k * golden_angle), r * std::sin(k * golden_angle),
                                    z);
    // What stands beside the footprint's rim must not reach the table before it.
    Eigen::Vector3d middle = sunk(shape, farthest(surface, direction), radius);
    middle.z() = std::max(middle.z(), 1.5 * radius);
    add_if_new(middles, middle, 4.0 * radius);
  }
}

std::string inertial_xml(const hal::ObjectDescription& object) {
  const MassProperties m = mass_properties(object);
  const Eigen::Matrix3d& i = m.inertia;
  Eigen::VectorXd full(6);
  full << i(0, 0), i(1, 1), i(2, 2), i(0, 1), i(0, 2), i(1, 2);
  return fmt::format("  <inertial pos=\"{}\" mass=\"{:.9g}\" fullinertia=\"{}\"/>\n",
                     numbers(m.centre), m.mass, numbers(full));
}

std::string visual_geom_xml(const hal::ShapePart& part, const std::string& name) {
  const Eigen::Quaterniond q(hal::object_from_part(part).linear());
  const Eigen::Vector4d wxyz(q.w(), q.x(), q.y(), q.z());
  return fmt::format(
      "  <geom name=\"{0}\" type=\"mesh\" mesh=\"{0}\" material=\"{0}\" pos=\"{1}\" quat=\"{2}\" "
      "contype=\"0\" conaffinity=\"0\" mass=\"0\" group=\"0\"/>\n",
      name, numbers(part.position), numbers(wxyz));
}

/// Objects stand on a mat that gives by 0.2 to 0.4 mm, by how many feet they have. On a hard table
/// a slab that the jaws turn straight as they close hops by microns, and what shear that leaves in
/// the pads is chance: it depends on the time step however small that is. These parameters decide
/// over the table's own (priority).
std::string sphere_geom_xml(const Eigen::Vector3d& middle, double radius) {
  return fmt::format(
      "  <geom type=\"sphere\" size=\"{:.9g}\" pos=\"{}\" contype=\"1\" conaffinity=\"1\" "
      "condim=\"3\" friction=\"0.5 0.005 0.0001\" priority=\"2\" solref=\"0.02 1.25\" "
      "solimp=\"0.8 0.95 0.001\" mass=\"0\" group=\"3\" rgba=\"0 0 0 0\"/>\n",
      radius, numbers(middle));
}

void add_part_assets(ObjectAssets& assets, const hal::ObjectDescription& object,
                     std::size_t index) {
  const hal::ShapePart& part = object.parts[index];
  const std::string name = fmt::format("object_part_{}", index);
  const Eigen::Vector2d measures = surface_measures(part);
  const hal::Appearance appearance = part.appearance.value_or(object.appearance);
  const PrintTile tile = print_tile(appearance, measures.x(), measures.y());
  assets.files[name + ".msh"] = msh_file(part_mesh(part), tile.repeats);
  std::vector<unsigned char> png;
  cv::imencode(".png", tile.image, png);
  assets.files[name + ".png"] = std::move(png);
  assets.asset_xml += fmt::format(
      "<mesh name=\"{0}\" file=\"{0}.msh\"/>\n"
      "<texture name=\"{0}\" type=\"2d\" file=\"{0}.png\"/>\n"
      "<material name=\"{0}\" texture=\"{0}\" specular=\"{1:.4g}\" shininess=\"{2:.4g}\"/>\n",
      name, 0.05 + 0.85 * appearance.gloss, 0.1 + 0.8 * appearance.gloss);
  assets.body_xml += visual_geom_xml(part, name);
}

}  // namespace

ObjectAssets object_assets(const hal::ObjectDescription& object) {
  const ObjectShape shape(object);
  const Points surface = surface_points(object);
  const double thinnest = (object.bounds_max - object.bounds_min).minCoeff();
  const double radius = std::min(kFootRadius, 0.2 * thinnest);

  ObjectAssets assets;
  assets.body_xml = "<body name=\"object\">\n  <freejoint name=\"object_free\"/>\n";
  assets.body_xml += inertial_xml(object);
  for (std::size_t i = 0; i < object.parts.size(); ++i) add_part_assets(assets, object, i);
  Points spheres = footprint_spheres(surface, radius);
  add_hull_spheres(spheres, shape, surface, radius);
  for (const Eigen::Vector3d& middle : spheres) {
    assets.body_xml += sphere_geom_xml(middle, radius);
  }
  assets.body_xml += "</body>\n";
  return assets;
}

}  // namespace gripbench::sim

#include "sim/mesh_object.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

#include <Eigen/Geometry>

#include "hal/errors.h"
#include "sim/mesh_file.h"

namespace gripbench::sim {

using Eigen::Vector2d;
using Eigen::Vector3d;

namespace {

constexpr double kSmallest = 5e-3, kLargest = 0.5;
/// From foam to gold (kg/m^3), with room for hollow things whose hollow is not modelled.
constexpr double kLeastDensity = 2.0, kGreatestDensity = 25000.0;
/// Vertices this low belong to the footprint; they are put onto the table, or an uneven scan would
/// stand on three needles.
constexpr double kUnevenness = 5e-5;
/// From below the mass centre to the footprint's rim.
constexpr double kLeastStance = 1e-3;
/// WSG-50: jaws open to 110 mm, of which the fingers leave 80 (m). Fingers come from above, their
/// pads are 12 mm high and reach 8 mm to either side of the middle.
constexpr double kJawWidth = 0.080, kPadHeight = 0.012, kPadHalfWidth = 0.008;
/// So many triangles take the webcam's picture over its time.
constexpr std::size_t kManyTriangles = 50000;
/// Surface errors above this are worth telling (m).
constexpr double kNotableError = 2e-5;

struct Bounds {
  Vector3d low, high;
  explicit Bounds(const TriangleSurface& surface)
      : low(surface.vertices.at(0)), high(surface.vertices.at(0)) {
    for (const Vector3d& v : surface.vertices) {
      low = low.cwiseMin(v);
      high = high.cwiseMax(v);
    }
  }
};

void move(TriangleSurface& surface, const Vector3d& by) {
  for (Vector3d& v : surface.vertices) v += by;
}

void scale_and_turn(TriangleSurface& surface, const MeshObjectOptions& options) {
  const Vector3d& r = options.rotation;
  const Eigen::Matrix3d rotation =
      (Eigen::AngleAxisd(r.z(), Vector3d::UnitZ()) * Eigen::AngleAxisd(r.y(), Vector3d::UnitY()) *
       Eigen::AngleAxisd(r.x(), Vector3d::UnitX()))
          .toRotationMatrix();
  for (Vector3d& v : surface.vertices) v = options.scale * (rotation * v);
}

void check_size(const TriangleSurface& surface, const std::string& name) {
  const Bounds bounds(surface);
  const double largest = (bounds.high - bounds.low).maxCoeff();
  if (largest >= kSmallest && largest <= kLargest) return;
  std::string advice = "give --scale, the metres per unit of the file";
  struct Unit {
    const char* name;
    double metres;
  };
  for (const Unit unit : {Unit{"millimetres", 1e-3}, {"centimetres", 1e-2}, {"inches", 0.0254}}) {
    if (largest * unit.metres >= kSmallest && largest * unit.metres <= kLargest) {
      advice = fmt::format("if the file is in {}, give --scale {:g}", unit.name, unit.metres);
      break;
    }
  }
  throw hal::InputError(
      fmt::format("{}: the largest extent is {:.4g} m, objects measure {} to {} m; {}", name,
                  largest, kSmallest, kLargest, advice));
}

/// The convex hull of points in the plane, anticlockwise (Andrew's monotone chain).
std::vector<Vector2d> convex_hull(std::vector<Vector2d> points) {
  std::ranges::sort(points, [](const Vector2d& a, const Vector2d& b) {
    return a.x() < b.x() || (a.x() == b.x() && a.y() < b.y());
  });
  std::vector<Vector2d> hull;
  const auto add = [&](const Vector2d& p, std::size_t keep) {
    const auto turns_right = [&] {
      const Vector2d a = hull.back() - hull[hull.size() - 2], b = p - hull.back();
      return a.x() * b.y() - a.y() * b.x() <= 0.0;
    };
    while (hull.size() > keep && turns_right()) hull.pop_back();
    hull.push_back(p);
  };
  for (const Vector2d& p : points) add(p, 1);
  const std::size_t lower = hull.size();
  for (auto p = points.rbegin() + 1; p != points.rend(); ++p) add(*p, lower);
  hull.pop_back();
  return hull;
}

/// Least distance from a point inside to the hull's rim; negative outside, or without an inside.
double distance_to_rim(const std::vector<Vector2d>& hull, const Vector2d& p) {
  if (hull.size() < 3) return -1.0;
  double least = std::numeric_limits<double>::max();
  for (std::size_t i = 0; i < hull.size(); ++i) {
    const Vector2d along = (hull[(i + 1) % hull.size()] - hull[i]).normalized();
    const Vector2d to = p - hull[i];
    least = std::min(least, along.x() * to.y() - along.y() * to.x());
  }
  return least;
}

std::vector<Vector2d> footprint(const TriangleSurface& surface) {
  std::vector<Vector2d> low;
  for (const Vector3d& v : surface.vertices) {
    if (v.z() <= 0.0) low.push_back(v.head<2>());
  }
  return low;
}

/// Puts the lowest points on the table and the origin into the middle of the footprint.
void stand_on_table(TriangleSurface& surface, std::vector<std::string>& notes) {
  move(surface, {0.0, 0.0, -Bounds(surface).low.z()});
  double moved = 0.0;
  for (Vector3d& v : surface.vertices) {
    if (v.z() > kUnevenness) continue;
    moved = std::max(moved, v.z());
    v.z() = 0.0;
  }
  if (moved > 1e-6) {
    notes.push_back(fmt::format("flattened the footprint by {:.3f} mm", 1e3 * moved));
  }
  Vector2d low = footprint(surface).front(), high = low;
  for (const Vector2d& p : footprint(surface)) {
    low = low.cwiseMin(p);
    high = high.cwiseMax(p);
  }
  const Vector2d middle = 0.5 * (low + high);
  move(surface, {-middle.x(), -middle.y(), 0.0});
}

void check_stands(const TriangleSurface& surface, const Vector3d& mass_centre,
                  const std::string& name) {
  const double stance = distance_to_rim(convex_hull(footprint(surface)), mass_centre.head<2>());
  const double top = Bounds(surface).high.z();
  if (!(mass_centre.z() > 0.0 && mass_centre.z() < top)) {
    throw hal::InputError(
        fmt::format("{}: the mass centre is {:.4g} m above the table, the mesh "
                    "ends at {:.4g} m; check --mass-centre",
                    name, mass_centre.z(), top));
  }
  if (stance >= kLeastStance) return;
  throw hal::InputError(
      fmt::format("{}: would not stand: its mass centre ({:.4g}, {:.4g}, {:.4g}) m is not above "
                  "its footprint by "
                  "{:g} mm on every side; turn it with --rotate, or give --mass-centre",
                  name, mass_centre.x(), mass_centre.y(), mass_centre.z(), 1e3 * kLeastStance));
}

/// The fingers come down on both sides: what is between them, from the pads upwards, must pass.
void check_fits_jaws(const TriangleSurface& surface, const std::string& name) {
  const double top = Bounds(surface).high.z(), reach = top - kPadHeight;
  double width = 0.0;
  // Cut each triangle to the slab between the pads' sides and above their lower edge.
  for (const auto& triangle : surface.triangles) {
    std::vector<Vector3d> polygon;
    for (const std::int32_t corner : triangle) polygon.push_back(surface.vertices[corner]);
    const auto cut = [&](const Vector3d& normal, double offset) {
      std::vector<Vector3d> kept;
      for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Vector3d &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
        const double da = normal.dot(a) - offset, db = normal.dot(b) - offset;
        if (da >= 0.0) kept.push_back(a);
        if ((da > 0.0) != (db > 0.0) && da != db) kept.push_back(a + da / (da - db) * (b - a));
      }
      polygon = std::move(kept);
    };
    cut(Vector3d::UnitZ(), reach);
    cut(Vector3d::UnitY(), -kPadHalfWidth);
    cut(-Vector3d::UnitY(), -kPadHalfWidth);
    // The jaws close about the object's origin.
    for (const Vector3d& p : polygon) width = std::max(width, 2.0 * std::abs(p.x()));
  }
  if (width == 0.0) {
    throw hal::InputError(
        fmt::format("{}: the jaws close on nothing: at its top no part of it is within {:g} mm of "
                    "the plane y = 0; "
                    "turn it with --rotate",
                    name, 1e3 * kPadHalfWidth));
  }
  if (width > kJawWidth) {
    throw hal::InputError(fmt::format(
        "{}: is out of the jaws' reach: across x its top measures {:.1f} mm about the middle of "
        "its "
        "footprint, the jaws take {:g} mm; turn it with --rotate 0,0,90 or check --scale",
        name, 1e3 * width, 1e3 * kJawWidth));
  }
}

void check_density(double mass, double volume, const std::string& name) {
  const double density = mass / volume;
  if (density >= kLeastDensity && density <= kGreatestDensity) return;
  throw hal::InputError(fmt::format(
      "{}: {:.4g} kg in {:.4g} cm^3 makes {:.3g} kg/m^3, no material's density; check --mass and "
      "--scale",
      name, mass, 1e6 * volume, density));
}

}  // namespace

hal::MeshSolid sampled_solid(TriangleSurface surface, const SamplingOptions& options) {
  hal::MeshSolid solid;
  solid.distance = sample_distance(surface, options);
  solid.vertices = std::move(surface.vertices);
  solid.triangles = std::move(surface.triangles);
  return solid;
}

MeshObject make_mesh_object(const std::filesystem::path& file, const MeshObjectOptions& options) {
  const std::string name = file.string();
  TriangleSurface surface = read_mesh_file(file);
  scale_and_turn(surface, options);
  check_size(surface, name);
  MeshObject object;
  object.notes = make_solid(surface, name).lines();
  stand_on_table(surface, object.notes);
  const SolidIntegrals integrals = integrate_solid(surface.vertices, surface.triangles);
  object.volume = integrals.volume;
  object.mass_centre = options.mass_centre.value_or(integrals.centroid);
  check_density(options.mass, object.volume, name);
  check_stands(surface, object.mass_centre, name);
  check_fits_jaws(surface, name);
  if (surface.triangles.size() > kManyTriangles) {
    object.notes.push_back(fmt::format("{} triangles: more than {} slow the webcam's picture down",
                                       surface.triangles.size(), kManyTriangles));
  }
  const Bounds bounds(surface);
  object.position = 0.5 * (bounds.low + bounds.high);
  move(surface, -object.position);
  const TriangleSurface kept = surface;
  object.solid = sampled_solid(std::move(surface), options.sampling);
  object.error = sampling_error(kept, object.solid.distance);
  if (object.error.largest > kNotableError) {
    object.notes.push_back(fmt::format(
        "sharp edges are rounded by up to {:.3f} mm; 95% of the surface is within {:.4f} mm",
        1e3 * object.error.largest, 1e3 * object.error.usual));
  }
  return object;
}

}  // namespace gripbench::sim

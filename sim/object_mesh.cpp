#include "sim/object_mesh.h"

#include <cmath>
#include <numbers>
#include <stdexcept>

#include "sim/mesh_skin.h"

namespace gripbench::sim {

namespace {

using Kind = hal::ShapePart::Kind;
constexpr double kPi = std::numbers::pi;

void add_vertex(TriangleMesh& mesh, const Eigen::Vector3d& position, const Eigen::Vector3d& normal,
                double u, double v) {
  mesh.vertices.push_back(position.cast<float>());
  mesh.normals.push_back(normal.cast<float>());
  mesh.texture_coordinates.emplace_back(static_cast<float>(u), static_cast<float>(v));
}

/// Adds the triangle unless two of its corners lie on one spot, as at a pole.
void add_face(TriangleMesh& mesh, std::int32_t a, std::int32_t b, std::int32_t c) {
  const auto& p = mesh.vertices;
  if (p[a] == p[b] || p[b] == p[c] || p[c] == p[a]) return;
  mesh.faces.push_back({a, b, c});
}

/// Two triangles for each cell of a grid of vertices that begins at `first`; columns run to the
/// right and rows up, seen from outside.
void add_grid_faces(TriangleMesh& mesh, std::int32_t first, int columns, int rows) {
  for (int j = 0; j + 1 < rows; ++j) {
    for (int i = 0; i + 1 < columns; ++i) {
      const std::int32_t a = first + j * columns + i;
      add_face(mesh, a, a + 1, a + 1 + columns);
      add_face(mesh, a, a + 1 + columns, a + columns);
    }
  }
}

/// A point of a profile that is turned about z, with its outward normal.
struct ProfilePoint {
  double r, z, normal_r, normal_z;
};

using Profile = std::vector<ProfilePoint>;

/// Appends an arc about (r, z) from one angle of its normal to another (rad, 0 outwards, pi/2 up).
void append_arc(Profile& profile, double r, double z, double radius, double from, double to,
                int segments) {
  for (int k = 0; k <= segments; ++k) {
    const double angle = from + (to - from) * k / segments;
    const double c = std::cos(angle), s = std::sin(angle);
    profile.push_back({r + radius * c, z + radius * s, c, s});
  }
}

/// Profile from the bottom's middle to the top's of a solid whose core has the radii `bottom` and
/// `top` at -half and +half, rounded by `rounding`.
Profile cone_profile(double bottom, double top, double half, double rounding, int per_quarter) {
  // Angle of the side's normal above the horizontal.
  const double side = std::atan2(bottom - top, 2.0 * half);
  const int segments = rounding > 0.0 ? per_quarter : 1;
  Profile profile;
  profile.push_back({0.0, -half - rounding, 0.0, -1.0});
  append_arc(profile, bottom, -half, rounding, -0.5 * kPi, side, segments);
  append_arc(profile, top, half, rounding, side, 0.5 * kPi, segments);
  profile.push_back({0.0, half + rounding, 0.0, 1.0});
  return profile;
}

Profile capsule_profile(double radius, double half_axis, int per_quarter) {
  Profile profile;
  append_arc(profile, 0.0, -half_axis, radius, -0.5 * kPi, 0.0, per_quarter);
  append_arc(profile, 0.0, half_axis, radius, 0.0, 0.5 * kPi, per_quarter);
  return profile;
}

void close_at_axis(Profile& profile) {
  profile.front().r = 0.0;
  profile.back().r = 0.0;
}

/// Length along the profile at each of its points, from 0 to 1.
std::vector<double> relative_lengths(const Profile& profile) {
  std::vector<double> length = {0.0};
  for (std::size_t k = 1; k < profile.size(); ++k) {
    length.push_back(length.back() +
                     std::hypot(profile[k].r - profile[k - 1].r, profile[k].z - profile[k - 1].z));
  }
  for (double& value : length) value /= length.back();
  return length;
}

/// Turns the profile about z. `stretch` scales x, y, z afterwards, for ellipsoids.
TriangleMesh revolve(Profile profile, int around, const Eigen::Vector3d& stretch,
                     bool texture_by_length) {
  close_at_axis(profile);
  TriangleMesh mesh;
  const double low = profile.front().z, height = profile.back().z - low;
  const std::vector<double> lengths = relative_lengths(profile);
  for (std::size_t k = 0; k < profile.size(); ++k) {
    const ProfilePoint& p = profile[k];
    for (int i = 0; i <= around; ++i) {
      const double angle = 2.0 * kPi * (i % around) / around;
      const double c = std::cos(angle), s = std::sin(angle);
      const Eigen::Vector3d position(p.r * c, p.r * s, p.z);
      const Eigen::Vector3d normal(p.normal_r * c, p.normal_r * s, p.normal_z);
      add_vertex(mesh, position.cwiseProduct(stretch), normal.cwiseQuotient(stretch).normalized(),
                 static_cast<double>(i) / around,
                 texture_by_length ? lengths[k] : (p.z - low) / height);
    }
  }
  add_grid_faces(mesh, 0, around + 1, static_cast<int>(profile.size()));
  return mesh;
}

/// Places of the rows of vertices along one direction of a box's face: the corner of the core they
/// belong to (-1 or 1) and the slope of their normal.
struct EdgeRow {
  double corner, slope;
};

std::vector<EdgeRow> edge_rows(bool rounded, int per_quarter) {
  if (!rounded) return {{-1.0, 0.0}, {1.0, 0.0}};
  // Half of an edge's quarter circle belongs to each of the faces that meet there.
  const int segments = (per_quarter + 1) / 2;
  std::vector<EdgeRow> rows;
  for (int k = segments; k >= 0; --k) {
    rows.push_back({-1.0, -std::tan(0.25 * kPi * k / segments)});
  }
  for (int k = 0; k <= segments; ++k) {
    rows.push_back({1.0, std::tan(0.25 * kPi * k / segments)});
  }
  return rows;
}

/// Distance along a rectangle's perimeter from the middle of its -x side, anticlockwise, 0 to 1,
/// for points on the four upright faces of a box.
double perimeter_coordinate(const Eigen::Vector3d& p, const Eigen::Vector3d& half, int axis,
                            double sign) {
  const double side = axis == 0 ? (sign > 0.0 ? 2.0 * half.x() + 2.0 * half.y() + p.y() : -p.y())
                                : (sign > 0.0 ? 3.0 * half.y() + 3.0 * half.x() - p.x()
                                              : half.y() + half.x() + p.x());
  return side / (4.0 * (half.x() + half.y()));
}

TriangleMesh box_mesh(const hal::ShapePart& part, int per_quarter) {
  const Eigen::Vector3d core = hal::core_size(part), half = 0.5 * part.size;
  const std::vector<EdgeRow> rows = edge_rows(part.rounding > 0.0, per_quarter);
  const int n = static_cast<int>(rows.size());
  TriangleMesh mesh;
  for (int axis = 0; axis < 3; ++axis) {
    for (const double sign : {1.0, -1.0}) {
      // Right, up and outward make a right-handed frame; upright faces keep z up.
      Eigen::Vector3d outward = Eigen::Vector3d::Unit(axis) * sign;
      const Eigen::Vector3d up = axis == 2 ? Eigen::Vector3d::UnitY() : Eigen::Vector3d::UnitZ();
      const Eigen::Vector3d right = up.cross(outward);
      const auto first = static_cast<std::int32_t>(mesh.vertices.size());
      for (const EdgeRow& vertical : rows) {
        for (const EdgeRow& across : rows) {
          const Eigen::Vector3d corner = outward + across.corner * right + vertical.corner * up;
          const Eigen::Vector3d normal =
              (outward + across.slope * right + vertical.slope * up).normalized();
          const Eigen::Vector3d p = corner.cwiseProduct(core) + part.rounding * normal;
          // The ends carry the print at the scale of the sides.
          const double u = axis == 2 ? p.x() / (4.0 * (half.x() + half.y()))
                                     : perimeter_coordinate(p, half, axis, sign);
          const double v = 0.5 + 0.5 * (axis == 2 ? p.y() : p.z()) / half.z();
          add_vertex(mesh, p, normal, u, v);
        }
      }
      add_grid_faces(mesh, first, n, n);
    }
  }
  return mesh;
}

}  // namespace

TriangleMesh part_mesh(const hal::ShapePart& part, const MeshResolution& resolution) {
  const int around = resolution.around, per_quarter = resolution.per_quarter;
  if (around < 4 || around % 4 != 0 || per_quarter < 1) {
    throw std::invalid_argument(
        "part_mesh: needs a multiple of 4 segments around, and 1 or more "
        "per quarter circle");
  }
  const Eigen::Vector3d core = hal::core_size(part);
  const Eigen::Vector3d unstretched = Eigen::Vector3d::Ones();
  switch (part.kind) {
    case Kind::kBox:
      return box_mesh(part, per_quarter);
    case Kind::kCylinder:
      return revolve(cone_profile(core[0], core[0], core[1], part.rounding, per_quarter), around,
                     unstretched, false);
    case Kind::kCone:
      return revolve(cone_profile(core[0], core[1], core[2], part.rounding, per_quarter), around,
                     unstretched, false);
    case Kind::kCapsule:
      return revolve(capsule_profile(core[0], core[1], per_quarter), around, unstretched, true);
    case Kind::kSphere:
      return revolve(capsule_profile(core[0], 0.0, 2 * per_quarter), around, unstretched, true);
    case Kind::kEllipsoid:
      return revolve(capsule_profile(1.0, 0.0, 2 * per_quarter), around, core, true);
    case Kind::kMesh:
      return mesh_skin(*part.mesh);
  }
  throw std::invalid_argument("unknown kind of shape part");
}

}  // namespace gripbench::sim

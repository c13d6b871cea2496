#include "sim/object_mesh.h"

#include <algorithm>
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

/// Height of each of the profile's points, from 0 at the lowest to 1 at the highest.
std::vector<double> relative_heights(const Profile& profile) {
  const auto by_height = [](const ProfilePoint& p) { return p.z; };
  const double low = std::ranges::min_element(profile, {}, by_height)->z;
  const double high = std::ranges::max_element(profile, {}, by_height)->z;
  std::vector<double> heights;
  for (const ProfilePoint& p : profile) heights.push_back((p.z - low) / (high - low));
  return heights;
}

/// Turns the profile about z; `up` is the texture coordinate of its points. `stretch` scales x, y,
/// z afterwards, for ellipsoids.
TriangleMesh turned(const Profile& profile, const std::vector<double>& up, int around,
                    const Eigen::Vector3d& stretch) {
  TriangleMesh mesh;
  for (std::size_t k = 0; k < profile.size(); ++k) {
    const ProfilePoint& p = profile[k];
    for (int i = 0; i <= around; ++i) {
      const double angle = 2.0 * kPi * (i % around) / around;
      const double c = std::cos(angle), s = std::sin(angle);
      const Eigen::Vector3d position(p.r * c, p.r * s, p.z);
      const Eigen::Vector3d normal(p.normal_r * c, p.normal_r * s, p.normal_z);
      add_vertex(mesh, position.cwiseProduct(stretch), normal.cwiseQuotient(stretch).normalized(),
                 static_cast<double>(i) / around, up[k]);
    }
  }
  add_grid_faces(mesh, 0, around + 1, static_cast<int>(profile.size()));
  return mesh;
}

/// Turns a profile that begins and ends on the axis.
TriangleMesh revolve(Profile profile, int around, const Eigen::Vector3d& stretch,
                     bool texture_by_length) {
  close_at_axis(profile);
  const std::vector<double> up =
      texture_by_length ? relative_lengths(profile) : relative_heights(profile);
  return turned(profile, up, around, stretch);
}

/// Turns the closed line around a tube's wall.
TriangleMesh tube_mesh(const hal::ShapePart& part, const MeshResolution& resolution) {
  const Eigen::Vector3d core = hal::core_size(part);
  const double inner = core[0] - core[1], outer = core[0] + core[1], half = core[2];
  const int segments = part.rounding > 0.0 ? resolution.per_quarter : 1;
  Profile profile;
  append_arc(profile, outer, -half, part.rounding, -0.5 * kPi, 0.0, segments);
  append_arc(profile, outer, half, part.rounding, 0.0, 0.5 * kPi, segments);
  append_arc(profile, inner, half, part.rounding, 0.5 * kPi, kPi, segments);
  append_arc(profile, inner, -half, part.rounding, kPi, 1.5 * kPi, segments);
  profile.push_back(profile.front());
  return turned(profile, relative_heights(profile), resolution.around, Eigen::Vector3d::Ones());
}

/// A ring of vertices around a torus's bar: where along the arc (rad), how far its normals lean
/// along the bar (rad), as on the round ends.
struct BarRing {
  double angle, lean;
};

std::vector<BarRing> bar_rings(const hal::ShapePart& part, const MeshResolution& resolution) {
  const bool closed = part.sweep >= 2.0 * kPi - 1e-9;
  const double half = 0.5 * part.sweep;
  const int segments =
      std::max(2, static_cast<int>(std::ceil(resolution.around * half / kPi - 1e-9)));
  const int per_end = closed ? 0 : resolution.per_quarter;
  std::vector<BarRing> rings;
  for (int k = -per_end; k < 0; ++k) rings.push_back({-half, 0.5 * kPi * k / per_end});
  for (int k = 0; k <= segments; ++k) {
    const bool seam = closed && k == segments;
    rings.push_back({seam ? -half : -half + part.sweep * k / segments, 0.0});
  }
  for (int k = 1; k <= per_end; ++k) rings.push_back({half, 0.5 * kPi * k / per_end});
  return rings;
}

TriangleMesh torus_mesh(const hal::ShapePart& part, const MeshResolution& resolution) {
  const double ring = part.size[0], radius = part.size[1];
  const int columns = resolution.around;
  const std::vector<BarRing> rings = bar_rings(part, resolution);
  TriangleMesh mesh;
  for (std::size_t k = 0; k < rings.size(); ++k) {
    const double c = std::cos(rings[k].angle), s = std::sin(rings[k].angle);
    const Eigen::Vector3d outward(c, s, 0.0), forward(-s, c, 0.0);
    const bool pole = std::abs(rings[k].lean) > 0.5 * kPi - 1e-9;
    const double across = pole ? 0.0 : std::cos(rings[k].lean);
    for (int i = 0; i <= columns; ++i) {
      const double turn = -2.0 * kPi * (i % columns) / columns;
      const Eigen::Vector3d normal =
          across * (std::cos(turn) * outward + std::sin(turn) * Eigen::Vector3d::UnitZ()) +
          std::sin(rings[k].lean) * forward;
      add_vertex(mesh, ring * outward + radius * normal, normal,
                 static_cast<double>(k) / static_cast<double>(rings.size() - 1),
                 static_cast<double>(i) / columns);
    }
  }
  add_grid_faces(mesh, 0, columns + 1, static_cast<int>(rings.size()));
  return mesh;
}

/// An upright line of vertices on a prism's side: the corner of the core it belongs to, the
/// direction its normals have around the prism, and its place along the perimeter (0 to 1).
struct SideColumn {
  Eigen::Vector2d corner, normal;
  double along;
};

std::vector<SideColumn> side_columns(const hal::ShapePart& part, int per_quarter) {
  const std::vector<Eigen::Vector2d> core = hal::core_outline(part);
  const std::size_t n = core.size();
  const auto angle_of_edge = [&](std::size_t i) {
    const Eigen::Vector2d edge = core[(i + 1) % n] - core[i % n];
    return std::atan2(-edge.x(), edge.y());
  };
  std::vector<SideColumn> columns;
  double length = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    const double from = angle_of_edge(i + n - 1);
    double turn = angle_of_edge(i) - from;
    if (turn < 0.0) turn += 2.0 * kPi;
    const int segments =
        part.rounding > 0.0
            ? std::max(1, static_cast<int>(std::ceil(per_quarter * turn / (0.5 * kPi) - 1e-9)))
            : 1;
    for (int k = 0; k <= segments; ++k) {
      const double angle = from + turn * k / segments;
      columns.push_back({core[i],
                         {std::cos(angle), std::sin(angle)},
                         length + part.rounding * turn * k / segments});
    }
    length += part.rounding * turn + (core[(i + 1) % n] - core[i]).norm();
  }
  columns.push_back(columns.front());
  columns.back().along = length;
  for (SideColumn& column : columns) column.along /= length;
  return columns;
}

TriangleMesh prism_mesh(const hal::ShapePart& part, int per_quarter) {
  const double half = hal::core_size(part)[2];
  const std::vector<SideColumn> columns = side_columns(part, per_quarter);
  // A profile about the corners: it meets the ends' middle at both of its ends.
  Profile profile = cone_profile(0.0, 0.0, half, part.rounding, per_quarter);
  Eigen::Vector2d middle = Eigen::Vector2d::Zero();
  for (const Eigen::Vector2d& corner : part.outline) middle += corner;
  middle /= static_cast<double>(part.outline.size());
  const std::vector<double> up = relative_heights(profile);
  TriangleMesh mesh;
  for (std::size_t k = 0; k < profile.size(); ++k) {
    const ProfilePoint& p = profile[k];
    const bool end = k == 0 || k + 1 == profile.size();
    const double out = std::abs(p.normal_r) < 1e-12 ? 0.0 : p.r;
    for (const SideColumn& column : columns) {
      const Eigen::Vector2d base = end ? middle : column.corner + out * column.normal;
      const Eigen::Vector2d normal = p.normal_r * column.normal;
      add_vertex(mesh, {base.x(), base.y(), p.z}, {normal.x(), normal.y(), p.normal_z},
                 column.along, up[k]);
    }
  }
  add_grid_faces(mesh, 0, static_cast<int>(columns.size()), static_cast<int>(profile.size()));
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
    case Kind::kTorus:
      return torus_mesh(part, resolution);
    case Kind::kTube:
      return tube_mesh(part, resolution);
    case Kind::kPrism:
      return prism_mesh(part, per_quarter);
    case Kind::kMesh:
      return mesh_skin(*part.mesh);
  }
  throw std::invalid_argument("unknown kind of shape part");
}

}  // namespace gripbench::sim

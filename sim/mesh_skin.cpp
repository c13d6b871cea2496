#include "sim/mesh_skin.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <Eigen/Geometry>

#include "sim/object_relief.h"

namespace gripbench::sim {

using Eigen::Vector3d;

namespace {

const double kCreaseCosine = std::cos(40.0 * std::numbers::pi / 180.0);

Vector3d scaled_normal(const hal::MeshSolid& solid, std::size_t triangle) {
  const auto& [a, b, c] = solid.triangles[triangle];
  return (solid.vertices[b] - solid.vertices[a]).cross(solid.vertices[c] - solid.vertices[a]);
}

/// Position around the z axis of each corner, 0 to 1, and beyond 1 across the seam.
std::array<double, 3> around_axis(const std::array<Vector3d, 3>& corner) {
  std::array<double, 3> u;
  std::array<bool, 3> on_axis;
  for (int i = 0; i < 3; ++i) {
    u[i] = 0.5 + turns_of(corner[i].y(), corner[i].x());
    on_axis[i] = corner[i].head<2>().norm() < 1e-9;
  }
  const auto [low, high] = std::ranges::minmax(u);
  if (high - low > 0.5) {
    for (double& value : u) value += value < 0.5 ? 1.0 : 0.0;
  }
  // A corner on the axis lies at every angle; half way between the others' it bends the print
  // least.
  for (int i = 0; i < 3; ++i) {
    if (on_axis[i]) u[i] = 0.5 * (u[(i + 1) % 3] + u[(i + 2) % 3]);
  }
  return u;
}

}  // namespace

TriangleMesh mesh_skin(const hal::MeshSolid& solid) {
  std::vector<Vector3d> normals(solid.triangles.size());
  std::vector<std::vector<std::int32_t>> around(solid.vertices.size());
  for (std::size_t t = 0; t < solid.triangles.size(); ++t) {
    normals[t] = scaled_normal(solid, t);
    for (const std::int32_t corner : solid.triangles[t]) {
      around[corner].push_back(static_cast<std::int32_t>(t));
    }
  }
  const double low = solid.bounds_min().z(), height = solid.bounds_max().z() - low;
  TriangleMesh mesh;
  // The doubles of each vertex made so far.
  std::vector<std::vector<std::int32_t>> made(solid.vertices.size());
  const auto vertex = [&](std::int32_t at, const Vector3d& normal, double u) {
    const Eigen::Vector3f n = normal.cast<float>();
    const Eigen::Vector2f uv(static_cast<float>(u),
                             static_cast<float>((solid.vertices[at].z() - low) / height));
    for (const std::int32_t known : made[at]) {
      if ((mesh.normals[known] - n).norm() < 1e-4f && mesh.texture_coordinates[known] == uv) {
        return known;
      }
    }
    made[at].push_back(static_cast<std::int32_t>(mesh.vertices.size()));
    mesh.vertices.push_back(solid.vertices[at].cast<float>());
    mesh.normals.push_back(n);
    mesh.texture_coordinates.push_back(uv);
    return made[at].back();
  };
  for (std::size_t t = 0; t < solid.triangles.size(); ++t) {
    if (!(normals[t].norm() > 0.0)) continue;
    const auto& triangle = solid.triangles[t];
    const auto u = around_axis(
        {solid.vertices[triangle[0]], solid.vertices[triangle[1]], solid.vertices[triangle[2]]});
    std::array<std::int32_t, 3> face;
    for (int i = 0; i < 3; ++i) {
      // By area, over the triangles that lie nearly level with this one.
      Vector3d normal = Vector3d::Zero();
      for (const std::int32_t other : around[triangle[i]]) {
        const double cosine = normals[t].dot(normals[other]);
        if (cosine >= kCreaseCosine * normals[t].norm() * normals[other].norm()) {
          normal += normals[other];
        }
      }
      face[i] = vertex(triangle[i], normal.normalized(), u[i]);
    }
    mesh.faces.push_back(face);
  }
  return mesh;
}

}  // namespace gripbench::sim

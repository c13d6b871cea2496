#include "sim/object_inertia.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "sim/mesh_check.h"
#include "sim/object_shape.h"

namespace gripbench::sim {

namespace {

/// Middles of `count` equal intervals of `size` from `low`.
std::vector<double> middles(double low, double size, int count) {
  std::vector<double> result(count);
  for (int i = 0; i < count; ++i) result[i] = low + (i + 0.5) * size;
  return result;
}

/// Mass and centre as described; inertia from the second moments per volume about the centroid.
MassProperties scaled_to_mass(const hal::ObjectDescription& object, const Eigen::Matrix3d& spread) {
  MassProperties result;
  result.mass = object.mass;
  result.centre = object.mass_centre;
  result.inertia = object.mass * (spread.trace() * Eigen::Matrix3d::Identity() - spread);
  return result;
}

}  // namespace

MassProperties mass_properties(const hal::ObjectDescription& object, int cells) {
  if (cells < 1000) throw std::invalid_argument("mass_properties: needs 1000 cells or more");
  if (object.parts.size() == 1 && object.parts[0].mesh != nullptr) {
    // Of a mesh alone the integrals are exact.
    const hal::MeshSolid& mesh = *object.parts[0].mesh;
    const SolidIntegrals solid = integrate_solid(mesh.vertices, mesh.triangles);
    return scaled_to_mass(
        object, solid.second / solid.volume - solid.centroid * solid.centroid.transpose());
  }
  const ObjectShape shape(object);
  const Eigen::Vector3d extent = object.bounds_max - object.bounds_min;
  const double edge = std::cbrt(extent.prod() / cells);
  const Eigen::Vector3i count = (extent / edge).array().ceil().cast<int>().max(1);
  const Eigen::Vector3d cell = extent.cwiseQuotient(count.cast<double>());
  const double mean_edge = cell.mean();

  const std::vector<double> xs = middles(object.bounds_min.x(), cell.x(), count.x());
  std::vector<double> ys(xs.size()), zs(xs.size()), distance(xs.size());
  const Eigen::Isometry3d identity = Eigen::Isometry3d::Identity();

  double volume = 0.0;
  Eigen::Vector3d first = Eigen::Vector3d::Zero();
  Eigen::Matrix3d second = Eigen::Matrix3d::Zero();
  for (const double y : middles(object.bounds_min.y(), cell.y(), count.y())) {
    std::ranges::fill(ys, y);
    for (const double z : middles(object.bounds_min.z(), cell.z(), count.z())) {
      std::ranges::fill(zs, z);
      shape.signed_distance(identity, {xs, ys, zs}, mean_edge, distance);
      for (std::size_t i = 0; i < xs.size(); ++i) {
        // Share of the cell inside, taking the surface as a plane across it.
        const double share = std::clamp(0.5 - distance[i] / mean_edge, 0.0, 1.0);
        if (share == 0.0) continue;
        const Eigen::Vector3d p(xs[i], y, z);
        volume += share;
        first += share * p;
        second += share * p * p.transpose();
      }
    }
  }
  const Eigen::Vector3d centroid = first / volume;
  // Each cell's own spread about its middle is part of the second moment.
  const Eigen::Matrix3d spread = second / volume - centroid * centroid.transpose() +
                                 Eigen::Matrix3d(cell.cwiseAbs2().asDiagonal()) / 12.0;
  return scaled_to_mass(object, spread);
}

}  // namespace gripbench::sim

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

#include "hal/objects.h"

namespace gripbench::sim {

/// A closed surface of triangles, anticlockwise seen from outside. Vertices are doubled where the
/// normal or the texture coordinate jumps, at equal positions. Frame of the part, m.
struct TriangleMesh {
  std::vector<Eigen::Vector3f> vertices;
  /// Unit, outward, one per vertex.
  std::vector<Eigen::Vector3f> normals;
  /// One per vertex: u around the part's axis, v up along it; 1 is once around and once along.
  std::vector<Eigen::Vector2f> texture_coordinates;
  std::vector<std::array<std::int32_t, 3>> faces;
};

/// How finely curves are divided.
struct MeshResolution {
  /// Segments around a full circle; a multiple of four, so that the mesh touches its bounds.
  int around = 64;
  /// Segments of a quarter circle of a profile or of a rounded edge.
  int per_quarter = 8;
};

/// Surface of a part, rounded edges included; a mesh as it is, whatever the resolution.
/// @throws std::invalid_argument for a resolution that makes no surface.
TriangleMesh part_mesh(const hal::ShapePart& part, const MeshResolution& resolution = {});

}  // namespace gripbench::sim

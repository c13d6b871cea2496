#pragma once

#include <filesystem>
#include <string>

#include "sim/triangle_tree.h"

namespace gripbench::sim::testing {

/// Closed surfaces around the origin (m), corners shared, triangles facing outwards.
TriangleSurface icosphere(double radius, int subdivisions);
TriangleSurface box_surface(const Eigen::Vector3d& extents);
TriangleSurface cylinder_surface(double radius, double height, int around);
/// Around z: `ring` from the axis to the tube's middle, `tube` the tube's radius.
TriangleSurface torus_surface(double ring, double tube, int around_ring, int around_tube);

TriangleSurface moved(TriangleSurface surface, const Eigen::Vector3d& by);
TriangleSurface scaled(TriangleSurface surface, double by);
/// Both, side by side or one in the other, joined nowhere.
TriangleSurface together(TriangleSurface a, const TriangleSurface& b);

/// The files as other programs write them.
std::string obj_text(const TriangleSurface& surface);
std::string ascii_stl(const TriangleSurface& surface);
std::string binary_stl(const TriangleSurface& surface);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

}  // namespace gripbench::sim::testing

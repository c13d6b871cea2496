#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "sim/triangle_tree.h"

namespace gripbench::sim {

/// Reads the triangles of a Wavefront OBJ (v and f lines; polygons are cut into fans, other lines
/// passed over) or STL file (binary or ASCII), by its ending. Numbers are taken as they are;
/// corners are not joined yet: see `join_corners`.
/// @throws hal::InputError naming the file, and the line or triangle, for anything that is no such
/// file, cut short, too large, or holds a coordinate that is not finite or beyond 1e9.
TriangleSurface read_mesh_file(const std::filesystem::path& file);

/// The same from bytes; `name` is what errors call them.
TriangleSurface parse_obj(std::string_view bytes, const std::string& name);
TriangleSurface parse_stl(std::string_view bytes, const std::string& name);

}  // namespace gripbench::sim

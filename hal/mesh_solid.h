#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <Eigen/Core>

namespace gripbench::hal {

/// Signed distance to a closed surface, sampled as finely as its shape asks for: a grid of cubic
/// cells, each divided into 1, 2, 4, 8 or 16 intervals per side (after Frisken et al. 2000,
/// "Adaptively sampled distance fields"). Between the samples it is trilinear. Negative inside; m.
struct SampledDistance {
  static constexpr int kMostDivisions = 16;

  Eigen::Vector3d origin = Eigen::Vector3d::Zero();  ///< lowest corner of the grid
  double cell = 0.0;                                 ///< edge of a cell
  Eigen::Vector3i cells = Eigen::Vector3i::Zero();   ///< along x, y, z
  /// Per cell, x fastest: intervals n per side.
  std::vector<std::int32_t> divisions;
  /// Per cell, in one word since looking words up is what reading a distance costs: log2 n in the
  /// lowest `kDivisionBits`, above them where its (n + 1)^3 samples begin, x fastest.
  static constexpr int kDivisionBits = 3;
  std::vector<std::uint32_t> places;
  std::vector<float> samples;

  /// Sets `places` from `divisions`; returns how many samples they ask for.
  /// @throws std::length_error if these are more than a word of `places` can count.
  std::size_t lay_out();
};

/// A solid bounded by triangles, with its distance field. Frame of the part, m.
struct MeshSolid {
  std::vector<Eigen::Vector3d> vertices;
  /// Corners, anticlockwise seen from outside; every edge belongs to two triangles.
  std::vector<std::array<std::int32_t, 3>> triangles;
  SampledDistance distance;

  Eigen::Vector3d bounds_min() const;
  Eigen::Vector3d bounds_max() const;
};

/// The bytes of a mesh file. All numbers little-endian:
///   8 bytes   "GRIPMESH"
///   uint32    version (1), vertices, triangles, cells along x, y, z
///   uint64    samples
///   float64   origin x, y, z; edge of a cell (m)
///   float64   vertices, x y z each
///   int32     triangles, three corners each
///   uint8     divisions of each cell, x fastest
///   float32   samples, cell by cell
///   uint64    FNV-1a of all bytes before
std::string encode_mesh_solid(const MeshSolid& solid);

/// Reads what `encode_mesh_solid` wrote; trusts nothing in it.
/// @param name what to call the bytes in an error.
/// @throws InputError saying what is wrong with them.
MeshSolid decode_mesh_solid(std::string_view bytes, const std::string& name);

/// The checksum of a mesh file's bytes as 16 hexadecimal digits: stands in the object's YAML, so
/// that one file vouches for the other.
std::string mesh_checksum(std::string_view bytes);

}  // namespace gripbench::hal

#include "tests/tools/meshes.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include <Eigen/Geometry>

namespace gripbench::sim::testing {

using Eigen::Vector3d;

namespace {
constexpr double kTurn = 2.0 * std::numbers::pi;
}

TriangleSurface icosphere(double radius, int subdivisions) {
  const double g = std::numbers::phi;
  TriangleSurface s;
  s.vertices = {{-1, g, 0},  {1, g, 0},  {-1, -g, 0}, {1, -g, 0}, {0, -1, g},  {0, 1, g},
                {0, -1, -g}, {0, 1, -g}, {g, 0, -1},  {g, 0, 1},  {-g, 0, -1}, {-g, 0, 1}};
  s.triangles = {{0, 11, 5}, {0, 5, 1},  {0, 1, 7},   {0, 7, 10}, {0, 10, 11},
                 {1, 5, 9},  {5, 11, 4}, {11, 10, 2}, {10, 7, 6}, {7, 1, 8},
                 {3, 9, 4},  {3, 4, 2},  {3, 2, 6},   {3, 6, 8},  {3, 8, 9},
                 {4, 9, 5},  {2, 4, 11}, {6, 2, 10},  {8, 6, 7},  {9, 8, 1}};
  for (Vector3d& v : s.vertices) v.normalize();
  for (int n = 0; n < subdivisions; ++n) {
    std::map<std::pair<int, int>, std::int32_t> middles;
    const auto middle = [&](std::int32_t a, std::int32_t b) {
      const auto [at, fresh] = middles.try_emplace(std::minmax(a, b), s.vertices.size());
      if (fresh) s.vertices.push_back((s.vertices[a] + s.vertices[b]).normalized());
      return at->second;
    };
    std::vector<std::array<std::int32_t, 3>> finer;
    for (const auto& [a, b, c] : s.triangles) {
      const std::int32_t ab = middle(a, b), bc = middle(b, c), ca = middle(c, a);
      finer.insert(finer.end(), {{a, ab, ca}, {b, bc, ab}, {c, ca, bc}, {ab, bc, ca}});
    }
    s.triangles = std::move(finer);
  }
  return scaled(std::move(s), radius);
}

TriangleSurface box_surface(const Vector3d& extents) {
  TriangleSurface s;
  for (int i = 0; i < 8; ++i) {
    s.vertices.push_back(
        0.5 * extents.cwiseProduct(Vector3d(i & 1 ? 1 : -1, i & 2 ? 1 : -1, i & 4 ? 1 : -1)));
  }
  s.triangles = {{0, 2, 3}, {0, 3, 1}, {4, 5, 7}, {4, 7, 6}, {0, 1, 5}, {0, 5, 4},
                 {2, 6, 7}, {2, 7, 3}, {0, 4, 6}, {0, 6, 2}, {1, 3, 7}, {1, 7, 5}};
  return s;
}

TriangleSurface cylinder_surface(double radius, double height, int around) {
  TriangleSurface s;
  s.vertices = {{0, 0, -0.5 * height}, {0, 0, 0.5 * height}};
  for (int i = 0; i < around; ++i) {
    const double angle = kTurn * i / around;
    for (const double z : {-0.5 * height, 0.5 * height}) {
      s.vertices.emplace_back(radius * std::cos(angle), radius * std::sin(angle), z);
    }
  }
  for (int i = 0; i < around; ++i) {
    const std::int32_t a = 2 + 2 * i, b = 2 + 2 * ((i + 1) % around);
    s.triangles.insert(s.triangles.end(),
                       {{0, b, a}, {1, a + 1, b + 1}, {a, b, b + 1}, {a, b + 1, a + 1}});
  }
  return s;
}

TriangleSurface torus_surface(double ring, double tube, int around_ring, int around_tube) {
  TriangleSurface s;
  const auto index = [&](int i, int j) {
    return static_cast<std::int32_t>((i % around_ring) * around_tube + j % around_tube);
  };
  for (int i = 0; i < around_ring; ++i) {
    for (int j = 0; j < around_tube; ++j) {
      const double a = kTurn * i / around_ring, b = kTurn * j / around_tube;
      const double r = ring + tube * std::cos(b);
      s.vertices.emplace_back(r * std::cos(a), r * std::sin(a), tube * std::sin(b));
      s.triangles.push_back({index(i, j), index(i + 1, j), index(i + 1, j + 1)});
      s.triangles.push_back({index(i, j), index(i + 1, j + 1), index(i, j + 1)});
    }
  }
  return s;
}

TriangleSurface moved(TriangleSurface surface, const Vector3d& by) {
  for (Vector3d& v : surface.vertices) v += by;
  return surface;
}

TriangleSurface scaled(TriangleSurface surface, double by) {
  for (Vector3d& v : surface.vertices) v *= by;
  return surface;
}

TriangleSurface together(TriangleSurface a, const TriangleSurface& b) {
  const auto first = static_cast<std::int32_t>(a.vertices.size());
  a.vertices.insert(a.vertices.end(), b.vertices.begin(), b.vertices.end());
  for (const auto& [i, j, k] : b.triangles) {
    a.triangles.push_back({first + i, first + j, first + k});
  }
  return a;
}

std::string obj_text(const TriangleSurface& surface) {
  std::string text = "# a test's mesh\no specimen\n";
  for (const Vector3d& v : surface.vertices) {
    text += fmt::format("v {:.12g} {:.12g} {:.12g}\n", v.x(), v.y(), v.z());
  }
  for (const auto& [a, b, c] : surface.triangles) {
    text += fmt::format("f {0}//{0} {1}//{1} {2}//{2}\n", a + 1, b + 1, c + 1);
  }
  return text;
}

std::string ascii_stl(const TriangleSurface& surface) {
  std::string text = "solid specimen\n";
  for (const auto& triangle : surface.triangles) {
    text += "  facet normal 0 0 0\n    outer loop\n";
    for (const std::int32_t corner : triangle) {
      const Vector3d& v = surface.vertices[corner];
      text += fmt::format("      vertex {:.9e} {:.9e} {:.9e}\n", v.x(), v.y(), v.z());
    }
    text += "    endloop\n  endfacet\n";
  }
  return text + "endsolid specimen\n";
}

std::string binary_stl(const TriangleSurface& surface) {
  std::string bytes(80, ' ');
  const auto append = [&](const auto& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  };
  append(static_cast<std::uint32_t>(surface.triangles.size()));
  for (const auto& triangle : surface.triangles) {
    for (int i = 0; i < 3; ++i) append(0.0F);
    for (const std::int32_t corner : triangle) {
      for (int i = 0; i < 3; ++i) append(static_cast<float>(surface.vertices[corner][i]));
    }
    append(std::uint16_t{0});
  }
  return bytes;
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace gripbench::sim::testing

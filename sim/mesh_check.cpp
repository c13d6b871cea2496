#include "sim/mesh_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>

#include <Eigen/Geometry>

#include "hal/errors.h"

namespace gripbench::sim {

using Eigen::Vector3d;

namespace {

constexpr double kJoiningDistance = 1e-6;  // of the largest extent
constexpr double kLeastExtent = 1e-9;
constexpr int kMostPieces = 200;

std::string place(const Vector3d& p) {
  return fmt::format("({:.6g}, {:.6g}, {:.6g})", p.x(), p.y(), p.z());
}

double largest_extent(const TriangleSurface& surface) {
  Vector3d low = surface.vertices.at(0), high = low;
  for (const Vector3d& v : surface.vertices) {
    low = low.cwiseMin(v);
    high = high.cwiseMax(v);
  }
  return (high - low).maxCoeff();
}

/// Groups that grow together.
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) {
    std::iota(parent_.begin(), parent_.end(), 0);
  }
  std::int32_t of(std::int32_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }
  void unite(std::int32_t a, std::int32_t b) {
    parent_[std::max(of(a), of(b))] = std::min(of(a), of(b));
  }

 private:
  std::vector<std::int32_t> parent_;
};

/// Joins vertices nearer than the tolerance, and forgets those that no triangle uses.
int join_vertices(TriangleSurface& surface) {
  const double tolerance = kJoiningDistance * largest_extent(surface);
  const double per_cell = tolerance > 0.0 ? 0.5 / tolerance : 0.0;
  const Vector3d origin = surface.vertices.front();
  using Key = std::array<std::int64_t, 3>;
  struct Hash {
    std::size_t operator()(const Key& k) const {
      return static_cast<std::size_t>(k[0]) * 0x9E3779B97F4A7C15ULL ^
             static_cast<std::size_t>(k[1]) * 0xC2B2AE3D27D4EB4FULL ^
             static_cast<std::size_t>(k[2]) * 0x165667B19E3779F9ULL;
    }
  };
  std::unordered_map<Key, std::vector<std::int32_t>, Hash> cells;
  TriangleSurface joined;
  const auto find = [&](const Vector3d& p) -> std::int32_t {
    const Vector3d t = (p - origin) * per_cell;
    // The cells that the tolerance around the point reaches into: two along each axis.
    const Vector3d low = (t - Vector3d::Constant(0.5)).array().floor();
    for (int c = 0; c < 8; ++c) {
      const Key key = {static_cast<std::int64_t>(low.x()) + (c & 1),
                       static_cast<std::int64_t>(low.y()) + (c >> 1 & 1),
                       static_cast<std::int64_t>(low.z()) + (c >> 2)};
      const auto cell = cells.find(key);
      if (cell == cells.end()) continue;
      for (const std::int32_t i : cell->second) {
        if ((joined.vertices[i] - p).norm() <= tolerance) return i;
      }
    }
    const auto fresh = static_cast<std::int32_t>(joined.vertices.size());
    joined.vertices.push_back(p);
    const Vector3d at = t.array().floor();
    cells[{static_cast<std::int64_t>(at.x()), static_cast<std::int64_t>(at.y()),
           static_cast<std::int64_t>(at.z())}]
        .push_back(fresh);
    return fresh;
  };
  std::vector<std::int32_t> now(surface.vertices.size(), -1);
  int used = 0;
  for (const auto& triangle : surface.triangles) {
    std::array<std::int32_t, 3> corners;
    for (int i = 0; i < 3; ++i) {
      std::int32_t& index = now[triangle[i]];
      if (index < 0) {
        index = find(surface.vertices[triangle[i]]);
        ++used;
      }
      corners[i] = index;
    }
    joined.triangles.push_back(corners);
  }
  surface = std::move(joined);
  return used - static_cast<int>(surface.vertices.size());
}

int drop_collapsed(TriangleSurface& surface) {
  return static_cast<int>(std::erase_if(surface.triangles, [](const auto& t) {
    return t[0] == t[1] || t[1] == t[2] || t[2] == t[0];
  }));
}

/// One side of a triangle: the edge from its corner `side` to the next.
struct Side {
  std::int32_t low, high, triangle;
  int side;
  bool forward;  ///< from the lower vertex to the higher
};

/// All sides, those of one edge next to each other.
std::vector<Side> sorted_sides(const TriangleSurface& surface) {
  std::vector<Side> sides;
  sides.reserve(3 * surface.triangles.size());
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    for (int i = 0; i < 3; ++i) {
      const std::int32_t a = surface.triangles[t][i], b = surface.triangles[t][(i + 1) % 3];
      sides.push_back({std::min(a, b), std::max(a, b), static_cast<std::int32_t>(t), i, a < b});
    }
  }
  std::ranges::sort(sides, [](const Side& a, const Side& b) {
    return std::tie(a.low, a.high, a.triangle, a.side) <
           std::tie(b.low, b.high, b.triangle, b.side);
  });
  return sides;
}

/// Refuses edges that do not belong to exactly two triangles.
void check_closed(const TriangleSurface& surface, const std::vector<Side>& sides,
                  const std::string& name) {
  int open = 0, crowded = 0;
  const Side *first_open = nullptr, *first_crowded = nullptr;
  for (std::size_t i = 0, end = 0; i < sides.size(); i = end) {
    while (end < sides.size() && sides[end].low == sides[i].low &&
           sides[end].high == sides[i].high) {
      ++end;
    }
    if (end - i == 1 && open++ == 0) first_open = &sides[i];
    if (end - i > 2 && crowded++ == 0) first_crowded = &sides[i];
  }
  const auto where = [&](const Side& side) {
    return fmt::format("first between {} and {}", place(surface.vertices[side.low]),
                       place(surface.vertices[side.high]));
  };
  if (open > 0) {
    throw hal::InputError(fmt::format(
        "{}: the mesh has holes: {} edge{} to one triangle only, {}; close it, then add it again",
        name, open, open == 1 ? " belongs" : "s belong", where(*first_open)));
  }
  if (crowded > 0) {
    throw hal::InputError(fmt::format(
        "{}: surfaces touch: {} edge{} to more than two triangles, {}; join or part them there",
        name, crowded, crowded == 1 ? " belongs" : "s belong", where(*first_crowded)));
  }
}

/// Which triangle lies beyond each side, and whether it runs the other way there, as it should.
struct Neighbours {
  struct Beyond {
    std::int32_t triangle;
    bool agrees;
  };
  std::vector<std::array<Beyond, 3>> of;

  Neighbours(const TriangleSurface& surface, const std::vector<Side>& sides)
      : of(surface.triangles.size()) {
    for (std::size_t i = 0; i + 1 < sides.size(); i += 2) {
      const Side &a = sides[i], &b = sides[i + 1];
      const bool agrees = a.forward != b.forward;
      of[a.triangle][a.side] = {b.triangle, agrees};
      of[b.triangle][b.side] = {a.triangle, agrees};
    }
  }
};

void turn(std::array<std::int32_t, 3>& triangle) { std::swap(triangle[1], triangle[2]); }

/// The pieces of the surface, and which triangles must be turned so that each piece has one side.
struct Pieces {
  std::vector<int> piece_of;  ///< per triangle
  std::vector<bool> turned;
  int count = 0;
};

Pieces find_pieces(const TriangleSurface& surface, const Neighbours& neighbours,
                   const std::string& name) {
  Pieces pieces;
  pieces.piece_of.assign(surface.triangles.size(), -1);
  pieces.turned.assign(surface.triangles.size(), false);
  std::vector<std::int32_t> open;
  for (std::size_t start = 0; start < surface.triangles.size(); ++start) {
    if (pieces.piece_of[start] >= 0) continue;
    open.assign(1, static_cast<std::int32_t>(start));
    pieces.piece_of[start] = pieces.count;
    while (!open.empty()) {
      const std::int32_t t = open.back();
      open.pop_back();
      for (const auto& [beyond, agrees] : neighbours.of[t]) {
        const bool turned = agrees == pieces.turned[t];
        if (pieces.piece_of[beyond] < 0) {
          pieces.piece_of[beyond] = pieces.count;
          pieces.turned[beyond] = turned;
          open.push_back(beyond);
        } else if (pieces.turned[beyond] != turned) {
          throw hal::InputError(
              fmt::format("{}: the surface has one side only, like a Moebius strip, near {}; it "
                          "bounds no solid",
                          name, place(surface.vertices[surface.triangles[t][0]])));
        }
      }
    }
    ++pieces.count;
  }
  return pieces;
}

/// Refuses vertices at which parts of the surface meet that share no edge there.
void check_vertices(const TriangleSurface& surface, const std::vector<Side>& sides,
                    const std::string& name) {
  // Corners of triangles around one vertex that are joined by edges at that vertex.
  Groups fans(3 * surface.triangles.size());
  const auto corner_at = [&](const Side& side, std::int32_t vertex) {
    const auto& t = surface.triangles[side.triangle];
    const auto i = static_cast<int>(std::ranges::find(t, vertex) - t.begin());
    return 3 * side.triangle + i;
  };
  for (std::size_t i = 0; i + 1 < sides.size(); i += 2) {
    for (const std::int32_t vertex : {sides[i].low, sides[i].high}) {
      fans.unite(corner_at(sides[i], vertex), corner_at(sides[i + 1], vertex));
    }
  }
  std::vector<std::int32_t> fan(surface.vertices.size(), -1);
  std::vector<bool> split(surface.vertices.size(), false);
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    for (int i = 0; i < 3; ++i) {
      const std::int32_t vertex = surface.triangles[t][i];
      const std::int32_t here = fans.of(static_cast<std::int32_t>(3 * t) + i);
      if (fan[vertex] < 0) fan[vertex] = here;
      if (fan[vertex] != here) split[vertex] = true;
    }
  }
  const auto count = std::ranges::count(split, true);
  if (count == 0) return;
  const auto first = std::ranges::find(split, true) - split.begin();
  throw hal::InputError(fmt::format(
      "{}: surfaces touch at {} point{} without sharing an edge there, first at {}; join or part "
      "them there",
      name, count, count == 1 ? "" : "s", place(surface.vertices[first])));
}

void check_uncut(const TriangleSurface& surface, const std::vector<Side>& sides,
                 const std::string& name) {
  const TriangleTree tree(surface);
  int cuts = 0;
  Vector3d first = Vector3d::Zero();
  for (std::size_t i = 0; i < sides.size(); i += 2) {
    if (tree.pierced_by(sides[i].low, sides[i].high) < 0) continue;
    if (cuts++ == 0) {
      first = 0.5 * (surface.vertices[sides[i].low] + surface.vertices[sides[i].high]);
    }
  }
  if (cuts == 0) return;
  throw hal::InputError(fmt::format(
      "{}: the surface cuts through itself: {} edge{} through a triangle, first near {}; unite the "
      "overlapping pieces into one (a boolean union), then add it again",
      name, cuts, cuts == 1 ? " goes" : "s go", place(first)));
}

/// Times that a piece goes around a point, with its sign: the sum of its solid angles over 4 pi
/// (Van Oosterom and Strackee 1983).
double winding_number(const TriangleSurface& surface, const std::vector<std::int32_t>& triangles,
                      const Vector3d& point) {
  double sum = 0.0;
  for (const std::int32_t t : triangles) {
    const auto& corner = surface.triangles[t];
    const Vector3d a = surface.vertices[corner[0]] - point, b = surface.vertices[corner[1]] - point;
    const Vector3d c = surface.vertices[corner[2]] - point;
    const double la = a.norm(), lb = b.norm(), lc = c.norm();
    sum += 2.0 * std::atan2(a.dot(b.cross(c)),
                            la * lb * lc + a.dot(b) * lc + b.dot(c) * la + c.dot(a) * lb);
  }
  return sum / (4.0 * std::numbers::pi);
}

/// Turns every piece so that the solid lies behind it; returns how many are cavities.
int turn_outwards(TriangleSurface& surface, const Pieces& pieces, std::vector<bool>& turned) {
  std::vector<std::vector<std::int32_t>> members(pieces.count);
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    members[pieces.piece_of[t]].push_back(static_cast<std::int32_t>(t));
  }
  int cavities = 0;
  for (int piece = 0; piece < pieces.count; ++piece) {
    const Vector3d& there = surface.vertices[surface.triangles[members[piece][0]][0]];
    int around = 0;
    for (int other = 0; other < pieces.count; ++other) {
      if (other != piece && std::abs(winding_number(surface, members[other], there)) > 0.5) {
        ++around;
      }
    }
    const bool cavity = around % 2 == 1;
    cavities += cavity;
    TriangleSurface alone;
    for (const std::int32_t t : members[piece]) alone.triangles.push_back(surface.triangles[t]);
    const double volume = integrate_solid(surface.vertices, alone.triangles).volume;
    if ((volume < 0.0) == cavity) continue;
    for (const std::int32_t t : members[piece]) {
      turn(surface.triangles[t]);
      turned[t] = !turned[t];
    }
  }
  return cavities;
}

}  // namespace

std::vector<std::string> SurfaceRepairs::lines() const {
  std::vector<std::string> result;
  if (dropped_triangles > 0) {
    result.push_back(fmt::format("dropped {} triangles without area", dropped_triangles));
  }
  if (turned_triangles > 0) {
    result.push_back(fmt::format("turned {} triangles to face outwards", turned_triangles));
  }
  if (pieces > 1) {
    result.push_back(fmt::format("{} separate pieces, {} of them cavities, as one rigid body",
                                 pieces, cavities));
  }
  return result;
}

SurfaceRepairs make_solid(TriangleSurface& surface, const std::string& name) {
  SurfaceRepairs repairs;
  if (surface.triangles.empty()) throw hal::InputError(name + ": holds no triangles");
  if (!(largest_extent(surface) > kLeastExtent)) {
    throw hal::InputError(name + ": all corners lie at one point");
  }
  repairs.joined_vertices = join_vertices(surface);
  repairs.dropped_triangles = drop_collapsed(surface);
  if (surface.triangles.empty()) throw hal::InputError(name + ": no triangle has an area");
  std::vector<Side> sides = sorted_sides(surface);
  check_closed(surface, sides, name);
  check_vertices(surface, sides, name);
  Pieces pieces = find_pieces(surface, Neighbours(surface, sides), name);
  repairs.pieces = pieces.count;
  if (pieces.count > kMostPieces) {
    throw hal::InputError(
        fmt::format("{}: falls into {} separate pieces; at most {} make an object", name,
                    pieces.count, kMostPieces));
  }
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    if (pieces.turned[t]) turn(surface.triangles[t]);
  }
  check_uncut(surface, sides, name);
  repairs.cavities = turn_outwards(surface, pieces, pieces.turned);
  repairs.turned_triangles = static_cast<int>(std::ranges::count(pieces.turned, true));
  if (!(integrate_solid(surface.vertices, surface.triangles).volume > 0.0)) {
    throw hal::InputError(name + ": encloses no volume");
  }
  return repairs;
}

// Sums over the tetrahedra that the triangles make with one point (the first vertex, which keeps
// the numbers small): volume det/6, and for linear and quadratic functions the exact quadratures on
// them.
SolidIntegrals integrate_solid(const std::vector<Vector3d>& vertices,
                               const std::vector<std::array<std::int32_t, 3>>& triangles) {
  SolidIntegrals sum;
  if (triangles.empty()) return sum;
  const Vector3d apex = vertices[triangles[0][0]];
  Vector3d first = Vector3d::Zero();
  for (const auto& [ia, ib, ic] : triangles) {
    const Vector3d a = vertices[ia] - apex, b = vertices[ib] - apex, c = vertices[ic] - apex;
    const double volume = a.cross(b).dot(c) / 6.0;
    const Vector3d total = a + b + c;
    sum.volume += volume;
    first += volume / 4.0 * total;
    sum.second +=
        volume / 20.0 *
        (a * a.transpose() + b * b.transpose() + c * c.transpose() + total * total.transpose());
  }
  if (sum.volume == 0.0) return sum;
  const Vector3d offset = first / sum.volume;
  sum.centroid = apex + offset;
  sum.second += sum.volume *
                (apex * offset.transpose() + offset * apex.transpose() + apex * apex.transpose());
  return sum;
}

}  // namespace gripbench::sim

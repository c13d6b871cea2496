#include "sim/triangle_tree.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <unordered_map>

#include <Eigen/Geometry>

namespace gripbench::sim {

using Eigen::Vector3d;

namespace {

constexpr std::int32_t kLeafSize = 4;
/// Deeper than any tree that halves 2^31 triangles.
constexpr int kStackSize = 72;

double squared_distance_to_box(const Vector3d& p, const Vector3d& low, const Vector3d& high) {
  double sum = 0.0;
  for (int i = 0; i < 3; ++i) {
    const double away = std::max(std::max(low[i] - p[i], p[i] - high[i]), 0.0);
    sum += away * away;
  }
  return sum;
}

struct OnTriangle {
  Vector3d point;
  int feature;
};

OnTriangle nearest_on_segment(const Vector3d& p, const Vector3d& a, const Vector3d& b, int at_a,
                              int at_b, int on_edge) {
  const Vector3d along = b - a;
  const double length = along.squaredNorm();
  const double t = length > 0.0 ? (p - a).dot(along) / length : 0.0;
  if (t <= 0.0) return {a, at_a};
  if (t >= 1.0) return {b, at_b};
  return {a + t * along, on_edge};
}

/// Of a triangle without area the nearest point of its three edges.
OnTriangle nearest_on_edges(const Vector3d& p, const std::array<Vector3d, 3>& corner) {
  OnTriangle best{corner[0], 0};
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 3; ++i) {
    const int next = (i + 1) % 3;
    const OnTriangle on = nearest_on_segment(p, corner[i], corner[next], i, next, 3 + i);
    const double d = (on.point - p).squaredNorm();
    if (d < least) {
      least = d;
      best = on;
    }
  }
  return best;
}

/// By the regions of Ericson, "Real-time collision detection", 2005, section 5.1.5.
OnTriangle nearest_on_triangle(const Vector3d& p, const Vector3d& a, const Vector3d& b,
                               const Vector3d& c) {
  const Vector3d ab = b - a, ac = c - a, ap = p - a;
  const double d1 = ab.dot(ap), d2 = ac.dot(ap);
  if (d1 <= 0.0 && d2 <= 0.0) return {a, 0};
  const Vector3d bp = p - b;
  const double d3 = ab.dot(bp), d4 = ac.dot(bp);
  if (d3 >= 0.0 && d4 <= d3) return {b, 1};
  const Vector3d cp = p - c;
  const double d5 = ab.dot(cp), d6 = ac.dot(cp);
  if (d6 >= 0.0 && d5 <= d6) return {c, 2};
  const double vc = d1 * d4 - d3 * d2;
  if (vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0 && d1 > d3) return {a + d1 / (d1 - d3) * ab, 3};
  const double va = d3 * d6 - d5 * d4;
  if (va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0 && (d4 - d3) + (d5 - d6) > 0.0) {
    return {b + (d4 - d3) / ((d4 - d3) + (d5 - d6)) * (c - b), 4};
  }
  const double vb = d5 * d2 - d1 * d6;
  if (vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0 && d2 > d6) return {a + d2 / (d2 - d6) * ac, 5};
  const double sum = va + vb + vc;
  if (!(sum > 0.0)) return nearest_on_edges(p, {a, b, c});
  return {a + ab * (vb / sum) + ac * (vc / sum), 6};
}

std::uint64_t edge_key(std::int32_t a, std::int32_t b) {
  const auto [low, high] = std::minmax(a, b);
  return static_cast<std::uint64_t>(low) << 32 | static_cast<std::uint32_t>(high);
}

double angle_between(const Vector3d& a, const Vector3d& b) {
  return std::atan2(a.cross(b).norm(), a.dot(b));
}

/// Whether the inside of the segment from p to q goes through the inside of the triangle.
bool pierces(const Vector3d& p, const Vector3d& q, const Vector3d& a, const Vector3d& b,
             const Vector3d& c) {
  const auto volume = [](const Vector3d& o, const Vector3d& x, const Vector3d& y,
                         const Vector3d& z) { return (x - o).cross(y - o).dot(z - o); };
  // Below this the four points are level by the numbers' own rounding: touching is not piercing.
  const double size = std::max({(a - p).norm(), (b - p).norm(), (c - p).norm(), (q - p).norm()});
  const double none = 1e-12 * size * size * size;
  const double from = volume(a, b, c, p), to = volume(a, b, c, q);
  if (!((from > none && to < -none) || (from < -none && to > none))) return false;
  const double u = volume(p, q, a, b), v = volume(p, q, b, c), w = volume(p, q, c, a);
  return (u > none && v > none && w > none) || (u < -none && v < -none && w < -none);
}

}  // namespace

TriangleTree::TriangleTree(const TriangleSurface& surface)
    : surface_(&surface), order_(surface.triangles.size()) {
  std::iota(order_.begin(), order_.end(), 0);
  std::vector<Vector3d> middles;
  middles.reserve(order_.size());
  for (const auto& [a, b, c] : surface.triangles) {
    middles.push_back((surface.vertices[a] + surface.vertices[b] + surface.vertices[c]) / 3.0);
  }
  nodes_.reserve(order_.size() + 1);
  nodes_.emplace_back();
  build(0, 0, static_cast<std::int32_t>(order_.size()), middles);
}

void TriangleTree::build(std::int32_t node, std::int32_t begin, std::int32_t end,
                         const std::vector<Vector3d>& middles) {
  Vector3d low = Vector3d::Constant(std::numeric_limits<double>::max()), high = -low;
  for (std::int32_t i = begin; i < end; ++i) {
    for (const std::int32_t corner : surface_->triangles[order_[i]]) {
      low = low.cwiseMin(surface_->vertices[corner]);
      high = high.cwiseMax(surface_->vertices[corner]);
    }
  }
  nodes_[node].low = low;
  nodes_[node].high = high;
  nodes_[node].begin = begin;
  nodes_[node].end = end;
  if (end - begin <= kLeafSize) return;
  int axis;
  (high - low).maxCoeff(&axis);
  const std::int32_t half = begin + (end - begin) / 2;
  std::nth_element(order_.begin() + begin, order_.begin() + half, order_.begin() + end,
                   [&](std::int32_t a, std::int32_t b) {
                     const double x = middles[a][axis], y = middles[b][axis];
                     return x < y || (x == y && a < b);
                   });
  const auto child = static_cast<std::int32_t>(nodes_.size());
  nodes_[node].child = child;
  nodes_.emplace_back();
  nodes_.emplace_back();
  build(child, begin, half, middles);
  build(child + 1, half, end, middles);
}

TriangleTree::Nearest TriangleTree::nearest(const Vector3d& point, std::int32_t guess) const {
  Nearest best;
  best.squared_distance = std::numeric_limits<double>::max();
  const auto consider = [&](std::int32_t triangle) {
    const auto& [a, b, c] = surface_->triangles[triangle];
    const auto& v = surface_->vertices;
    const OnTriangle on = nearest_on_triangle(point, v[a], v[b], v[c]);
    const double d = (on.point - point).squaredNorm();
    // Of equals the first, so that the guess does not change the answer.
    if (d < best.squared_distance || (d == best.squared_distance && triangle < best.triangle)) {
      best = {d, triangle, on.point, on.feature};
    }
  };
  consider(guess);
  struct Waiting {
    std::int32_t node;
    double squared_distance;
  };
  std::array<Waiting, kStackSize> stack;
  int waiting = 0;
  stack[waiting++] = {0, 0.0};
  while (waiting > 0) {
    const Waiting next = stack[--waiting];
    if (next.squared_distance > best.squared_distance) continue;
    const Node& node = nodes_[next.node];
    if (node.child < 0) {
      for (std::int32_t i = node.begin; i < node.end; ++i) consider(order_[i]);
      continue;
    }
    const auto to_box = [&](std::int32_t child) {
      return squared_distance_to_box(point, nodes_[child].low, nodes_[child].high);
    };
    Waiting near{node.child, to_box(node.child)}, far{node.child + 1, to_box(node.child + 1)};
    if (far.squared_distance < near.squared_distance) std::swap(near, far);
    if (far.squared_distance <= best.squared_distance) stack[waiting++] = far;
    if (near.squared_distance <= best.squared_distance) stack[waiting++] = near;
  }
  return best;
}

std::int32_t TriangleTree::pierced_by(std::int32_t a, std::int32_t b) const {
  const auto& v = surface_->vertices;
  const Vector3d low = v[a].cwiseMin(v[b]), high = v[a].cwiseMax(v[b]);
  std::array<std::int32_t, kStackSize> stack;
  int waiting = 0;
  stack[waiting++] = 0;
  while (waiting > 0) {
    const Node& node = nodes_[stack[--waiting]];
    if ((node.low.array() > high.array()).any() || (node.high.array() < low.array()).any()) {
      continue;
    }
    if (node.child >= 0) {
      stack[waiting++] = node.child;
      stack[waiting++] = node.child + 1;
      continue;
    }
    for (std::int32_t i = node.begin; i < node.end; ++i) {
      const auto& triangle = surface_->triangles[order_[i]];
      const bool shared = std::ranges::any_of(
          triangle, [&](std::int32_t corner) { return corner == a || corner == b; });
      if (!shared && pierces(v[a], v[b], v[triangle[0]], v[triangle[1]], v[triangle[2]])) {
        return order_[i];
      }
    }
  }
  return -1;
}

SurfaceDistance::SurfaceDistance(const TriangleSurface& surface)
    : tree_(surface), pseudonormals_(surface.triangles.size()) {
  const auto& v = surface.vertices;
  std::vector<Vector3d> face(surface.triangles.size()), corner(v.size(), Vector3d::Zero());
  std::unordered_map<std::uint64_t, Vector3d> edge;
  edge.reserve(2 * surface.triangles.size());
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    const auto& triangle = surface.triangles[t];
    const Vector3d normal =
        (v[triangle[1]] - v[triangle[0]]).cross(v[triangle[2]] - v[triangle[0]]);
    // A triangle without area has no direction and no say in its neighbours'.
    face[t] = normal.norm() > 0.0 ? Vector3d(normal.normalized()) : Vector3d::Zero();
    for (int i = 0; i < 3; ++i) {
      const std::int32_t here = triangle[i], next = triangle[(i + 1) % 3];
      const std::int32_t last = triangle[(i + 2) % 3];
      corner[here] += face[t] * angle_between(v[next] - v[here], v[last] - v[here]);
      edge.try_emplace(edge_key(here, next), Vector3d::Zero()).first->second += face[t];
    }
  }
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    const auto& triangle = surface.triangles[t];
    for (int i = 0; i < 3; ++i) {
      pseudonormals_[t][i] = corner[triangle[i]].cast<float>();
      pseudonormals_[t][3 + i] =
          edge.at(edge_key(triangle[i], triangle[(i + 1) % 3])).cast<float>();
    }
    pseudonormals_[t][6] = face[t].cast<float>();
  }
}

double SurfaceDistance::operator()(const Vector3d& point, std::int32_t& guess) const {
  const TriangleTree::Nearest nearest = tree_.nearest(point, guess);
  guess = nearest.triangle;
  const Vector3d normal = pseudonormals_[nearest.triangle][nearest.feature].cast<double>();
  const double distance = std::sqrt(nearest.squared_distance);
  return normal.dot(point - nearest.point) < 0.0 ? -distance : distance;
}

}  // namespace gripbench::sim

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace gripbench::sim {

/// Triangles over shared vertices, anticlockwise seen from outside (m).
struct TriangleSurface {
  std::vector<Eigen::Vector3d> vertices;
  std::vector<std::array<std::int32_t, 3>> triangles;
};

/// A tree of boxes around the triangles of a surface, for questions about what is nearest or in the
/// way. Holds a reference to the surface, which must outlive it unchanged. Immutable; safe to share
/// between threads.
class TriangleTree {
 public:
  explicit TriangleTree(const TriangleSurface& surface);

  /// The surface's point nearest to another, and where on its triangle it lies.
  struct Nearest {
    double squared_distance = 0.0;
    std::int32_t triangle = 0;
    Eigen::Vector3d point = Eigen::Vector3d::Zero();
    /// 0 to 2: that corner; 3 to 5: the edge from corner 0, 1, 2 to the next; 6: the inside.
    int feature = 6;
  };
  /// `guess` is a triangle that may be near: it saves time if it is, and changes nothing else.
  Nearest nearest(const Eigen::Vector3d& point, std::int32_t guess = 0) const;

  /// A triangle that the open segment from vertex `a` to vertex `b` pierces, of those that share no
  /// vertex with it; -1 if there is none.
  std::int32_t pierced_by(std::int32_t a, std::int32_t b) const;

 private:
  struct Node {
    Eigen::Vector3d low, high;
    /// Of an inner node the first of its two children, which lie side by side; else -1.
    std::int32_t child = -1;
    /// Of a leaf its triangles in `order_`.
    std::int32_t begin = 0, end = 0;
  };
  void build(std::int32_t node, std::int32_t begin, std::int32_t end,
             const std::vector<Eigen::Vector3d>& middles);

  const TriangleSurface* surface_;
  std::vector<Node> nodes_;
  std::vector<std::int32_t> order_;
};

/// Signed distance to a closed surface: exact, with the sign of the angle-weighted pseudonormal of
/// the nearest feature (Baerentzen and Aanaes 2005). Immutable; safe to share between threads.
class SurfaceDistance {
 public:
  /// @param surface closed and oriented; must outlive this.
  explicit SurfaceDistance(const TriangleSurface& surface);

  /// Negative inside. `guess` is the last answer's triangle, and becomes this one's.
  double operator()(const Eigen::Vector3d& point, std::int32_t& guess) const;

 private:
  TriangleTree tree_;
  /// Per triangle the directions that belong to its features, in the order of Nearest::feature.
  std::vector<std::array<Eigen::Vector3f, 7>> pseudonormals_;
};

}  // namespace gripbench::sim

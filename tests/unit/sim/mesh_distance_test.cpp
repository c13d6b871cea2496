// The sampled distance of meshes against the closed forms of the shapes that they stand for.
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "hal/seed.h"
#include "sim/distance_sampling.h"
#include "sim/mesh_check.h"
#include "sim/mesh_object.h"
#include "sim/object_shape.h"
#include "tests/tools/meshes.h"

namespace gripbench::sim {
namespace {

using Eigen::Vector3d;

SamplingOptions fast() {
  SamplingOptions options;
  options.jobs = 2;
  return options;
}

ObjectShape shape_of(const TriangleSurface& surface) {
  hal::ObjectDescription object;
  hal::ShapePart part;
  part.kind = hal::ShapePart::Kind::kMesh;
  auto solid = std::make_shared<hal::MeshSolid>(sampled_solid(surface, fast()));
  part.size = solid->bounds_max() - solid->bounds_min();
  part.mesh = solid;
  object.parts = {part};
  return ObjectShape(object);
}

/// Largest difference between the mesh's distance and `truth` over points within `band` of its
/// surface, in a box of the given half size.
template <typename Truth>
double worst_near_surface(const ObjectShape& shape, double half_size, double band, Truth truth) {
  hal::SeededDraw draw(7);
  double worst = 0.0;
  int near = 0;
  while (near < 20000) {
    const Vector3d p(draw.uniform(-half_size, half_size), draw.uniform(-half_size, half_size),
                     draw.uniform(-half_size, half_size));
    const double d = truth(p);
    if (std::abs(d) > band) continue;
    ++near;
    worst = std::max(worst, std::abs(shape.signed_distance(p) - d));
  }
  return worst;
}

TEST(SampledDistance, OfAFineSphereIsTheSpheres) {
  const double radius = 20e-3;
  const ObjectShape shape = shape_of(testing::icosphere(radius, 5));
  const auto truth = [&](const Vector3d& p) { return p.norm() - radius; };
  // The mesh itself lies up to L^2/(6 R) = 4 um inside the sphere, L = 0.7 mm its longest edge.
  EXPECT_LT(worst_near_surface(shape, 22e-3, 0.2e-3, truth), 0.02e-3);
  // Where a pad has its rays the error may grow with the distance, by 5%.
  EXPECT_LT(worst_near_surface(shape, 24e-3, 3e-3, truth), 0.02e-3 + 0.05 * 3e-3);
}

TEST(SampledDistance, OfATorusIsTheToruss) {
  const double ring = 20e-3, tube = 8e-3;
  const ObjectShape shape = shape_of(testing::torus_surface(ring, tube, 192, 96));
  const auto truth = [&](const Vector3d& p) {
    return std::hypot(p.head<2>().norm() - ring, p.z()) - tube;
  };
  EXPECT_LT(worst_near_surface(shape, 30e-3, 0.2e-3, truth), 0.02e-3);
}

TEST(SampledDistance, OfACylinderIsTheCylindersAwayFromItsEdges) {
  const double radius = 15e-3, half = 20e-3;
  const ObjectShape shape = shape_of(testing::cylinder_surface(radius, 2 * half, 360));
  const auto truth = [&](const Vector3d& p) {
    const double r = p.head<2>().norm() - radius, z = std::abs(p.z()) - half;
    if (std::max(std::abs(r), std::abs(z)) < 0.5e-3) return 1.0;  // its edges
    return std::hypot(std::max(r, 0.0), std::max(z, 0.0)) + std::min(std::max(r, z), 0.0);
  };
  EXPECT_LT(worst_near_surface(shape, 24e-3, 0.2e-3, truth), 0.02e-3);
}

TEST(SampledDistance, OfABoxIsExactOnItsFacesAndRoundsEdgesByLittle) {
  const Vector3d half(10e-3, 15e-3, 20e-3);
  const TriangleSurface surface = testing::box_surface(2.0 * half);
  const ObjectShape shape = shape_of(surface);
  const auto truth = [&](const Vector3d& p) {
    const Vector3d q = p.cwiseAbs() - half;
    return q.cwiseMax(0.0).norm() + std::min(q.maxCoeff(), 0.0);
  };
  const auto on_faces = [&](const Vector3d& p) {
    const Eigen::Array3d q = (p.cwiseAbs() - half).array().abs();
    return (q < 0.5e-3).count() > 1 ? 1.0 : truth(p);
  };
  EXPECT_LT(worst_near_surface(shape, 22e-3, 0.2e-3, on_faces), 1e-6);
  // At an edge the finest samples, 0.125 mm apart, are what is seen of it.
  EXPECT_LT(worst_near_surface(shape, 22e-3, 0.2e-3, truth), 0.07e-3);
  const SamplingError error = sampling_error(surface, sampled_solid(surface, fast()).distance);
  EXPECT_LT(error.largest, 0.07e-3);
  EXPECT_LT(error.usual, 1e-6);
}

TEST(SampledDistance, DoesNotDependOnTheNumberOfThreads) {
  const TriangleSurface surface = testing::torus_surface(6e-3, 2.5e-3, 16, 10);
  SamplingOptions one, three;
  three.jobs = 3;
  const hal::SampledDistance a = sample_distance(surface, one), b = sample_distance(surface, three);
  EXPECT_EQ(a.divisions, b.divisions);
  EXPECT_EQ(a.samples, b.samples);
}

// Between neighbouring cells of different division, and out of the grid, nothing may jump.
TEST(SampledDistance, HasNoStepsAlongALine) {
  const ObjectShape shape = shape_of(testing::icosphere(15e-3, 4));
  hal::SeededDraw draw(3);
  const double step = 1e-6;
  for (int n = 0; n < 60; ++n) {
    const Vector3d from(draw.uniform(-1, 1), draw.uniform(-1, 1), draw.uniform(-1, 1));
    Vector3d p = 17e-3 * from.normalized();
    const Vector3d along = -step * from.normalized();
    double last = shape.signed_distance(p);
    for (int i = 0; i < 4000; ++i) {
      p += along;
      const double d = shape.signed_distance(p);
      EXPECT_LT(std::abs(d - last), 8e-6 + 0.1 * std::abs(d)) << p.transpose();
      last = d;
    }
  }
}

TEST(SampledDistance, FarAwayIsNeverLessThanTheCutoff) {
  const ObjectShape shape = shape_of(testing::icosphere(10e-3, 3));
  hal::SeededDraw draw(3);
  for (int n = 0; n < 2000; ++n) {
    const Vector3d p(draw.uniform(-0.2, 0.2), draw.uniform(-0.2, 0.2), draw.uniform(-0.2, 0.2));
    const double truth = p.norm() - 10e-3;
    if (truth < 3.2e-3) continue;
    EXPECT_GT(shape.signed_distance(p), 3e-3);
    EXPECT_GT(shape.signed_distance(p), 0.95 * truth);
  }
}

TEST(SampledDistance, BatchAndSinglePointAgree) {
  const ObjectShape shape = shape_of(testing::box_surface({20e-3, 30e-3, 40e-3}));
  hal::SeededDraw draw(5);
  std::vector<double> x(777), y(777), z(777), d(777);
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = draw.uniform(5e-3, 12e-3);
    y[i] = draw.uniform(-16e-3, 16e-3);
    z[i] = draw.uniform(-21e-3, 21e-3);
  }
  shape.signed_distance(Eigen::Isometry3d::Identity(), {x, y, z}, 3e-3, d);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(d[i], shape.signed_distance({x[i], y[i], z[i]}), 1e-15);
  }
}

TEST(SolidIntegrals, AreThoseOfClosedForms) {
  const Vector3d extents(0.02, 0.03, 0.05), shift(0.1, -0.2, 0.3);
  const TriangleSurface box = testing::moved(testing::box_surface(extents), shift);
  const SolidIntegrals b = integrate_solid(box.vertices, box.triangles);
  EXPECT_NEAR(b.volume, extents.prod(), 1e-12 * extents.prod());
  EXPECT_LT((b.centroid - shift).norm(), 1e-12);
  const Eigen::Matrix3d spread = b.second / b.volume - shift * shift.transpose();
  EXPECT_LT((spread - Eigen::Matrix3d(extents.cwiseAbs2().asDiagonal()) / 12.0).norm(), 1e-12);

  const double ring = 20e-3, tube = 8e-3;
  const TriangleSurface torus = testing::torus_surface(ring, tube, 600, 300);
  const SolidIntegrals t = integrate_solid(torus.vertices, torus.triangles);
  const double pi = std::numbers::pi;
  EXPECT_NEAR(t.volume, 2 * pi * pi * ring * tube * tube, 2e-4 * t.volume);
  // <z^2> = r^2/4 and <x^2 + y^2> = R^2 + 3 r^2/4 over a torus.
  EXPECT_NEAR(t.second(2, 2) / t.volume, tube * tube / 4, 4e-4 * tube * tube / 4);
  EXPECT_NEAR((t.second(0, 0) + t.second(1, 1)) / t.volume, ring * ring + 0.75 * tube * tube,
              4e-4 * ring * ring);
}

}  // namespace
}  // namespace gripbench::sim

// A mesh pressed into a pad against the analytic shape that it stands for.
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "sim/mesh_object.h"
#include "sim/pad_contact.h"
#include "tests/physics/pads.h"
#include "tests/tools/meshes.h"

namespace gripbench::sim {
namespace {

using Eigen::Vector3d;

hal::ObjectDescription mesh_object(const TriangleSurface& surface) {
  SamplingOptions options;
  options.jobs = 2;
  auto solid = std::make_shared<const hal::MeshSolid>(sampled_solid(surface, options));
  hal::ObjectDescription object =
      testing::single_part(hal::ShapePart::Kind::kMesh, solid->bounds_max() - solid->bounds_min());
  object.parts[0].mesh = solid;
  return object;
}

/// Force on an object that is pressed into the pad by `depth` and then shifted sideways by `shear`.
Vector3d press_and_shear(const hal::ObjectDescription& object, double radius, double depth,
                         double shear) {
  constexpr double kStep = 1e-3;
  const ObjectShape shape(object);
  PadContact contact(testing::quasi_static_gel());
  Eigen::Isometry3d object_from_pad = Eigen::Isometry3d::Identity();
  // Turned by no special angle, so that the pad meets no vertex or axis of the mesh.
  object_from_pad.rotate(Eigen::AngleAxisd(0.7, Vector3d(1, 2, 3).normalized()));
  const auto at = [&](double x) {
    Eigen::Isometry3d pose = object_from_pad;
    pose.translation() = object_from_pad.linear() * Vector3d(-x, 0, -(radius - depth));
    return pose;
  };
  contact.step(shape, {0.6, {}}, at(0.0), Twist::Zero(), kStep);
  constexpr int kSteps = 20;
  Twist twist = Twist::Zero();
  twist[0] = shear / kSteps / kStep;
  PadForce force;
  for (int i = 1; i <= kSteps; ++i) {
    force = contact.step(shape, {0.6, {}}, at(shear * i / kSteps), twist, kStep);
  }
  return force.wrench.head<3>();
}

TEST(MeshContact, SpherePressesAndShearsAsTheAnalyticOne) {
  const double radius = 20e-3;
  const hal::ObjectDescription mesh = mesh_object(testing::icosphere(radius, 6));
  const hal::ObjectDescription exact = testing::sphere(radius);
  for (const double depth : {0.2e-3, 0.4e-3, 0.8e-3}) {
    for (const double shear : {0.05e-3, 1e-3}) {
      const Vector3d force = press_and_shear(mesh, radius, depth, shear);
      const Vector3d expected = press_and_shear(exact, radius, depth, shear);
      EXPECT_NEAR(force.z(), expected.z(), 0.03 * expected.z()) << depth;
      EXPECT_NEAR(force.x(), expected.x(), 0.03 * std::abs(expected.x())) << depth << " " << shear;
      EXPECT_LT(std::abs(force.y()), 0.01 * expected.z());
    }
  }
}

// Rolled over the pad, the facets' edges and the samples' cells may not be felt as steps.
TEST(MeshContact, ForceOfARollingSphereIsSteady) {
  const double radius = 20e-3, depth = 0.4e-3;
  const ObjectShape shape(mesh_object(testing::icosphere(radius, 5)));
  PadContact contact(testing::quasi_static_gel());
  double low = 1e9, high = 0.0;
  for (int i = 0; i < 200; ++i) {
    Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
    pose.rotate(Eigen::AngleAxisd(0.01 * i, Vector3d(1, 0.3, 0.2).normalized()));
    pose.translation() = pose.linear() * Vector3d(0, 0, -(radius - depth));
    const double force = contact.step(shape, {0.6, {}}, pose, Twist::Zero(), 1e-3).wrench[2];
    low = std::min(low, force);
    high = std::max(high, force);
  }
  EXPECT_LT(high - low, 0.05 * low);
}

TEST(MeshContact, BoxPressesAsTheAnalyticOne) {
  const Vector3d extents(20e-3, 9e-3, 7e-3);
  const ObjectShape mesh(mesh_object(testing::box_surface(extents)));
  const ObjectShape exact(testing::box(extents));
  // Its -x side looks at the pad, its middle beside the pad's.
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.translation() = Vector3d(-10e-3 + 0.3e-3, 0.13e-3, 0.06e-3);
  pose.linear() = Eigen::AngleAxisd(0.5 * std::numbers::pi, Vector3d::UnitY()).toRotationMatrix();
  PadContact a(testing::quasi_static_gel()), b(testing::quasi_static_gel());
  const double force = a.step(mesh, {0.6, {}}, pose, Twist::Zero(), 1e-3).wrench[2];
  const double expected = b.step(exact, {0.6, {}}, pose, Twist::Zero(), 1e-3).wrench[2];
  EXPECT_GT(expected, 1.0);
  EXPECT_NEAR(force, expected, 0.03 * expected);
}

}  // namespace
}  // namespace gripbench::sim

#include "sim/object_shape.h"

#include <cmath>
#include <numbers>
#include <random>

#include <gtest/gtest.h>

namespace gripbench::sim {
namespace {

using Kind = hal::ShapePart::Kind;
using Texture = hal::SurfaceTexture::Kind;
using Eigen::Vector3d;

hal::ShapePart part_of(Kind kind, const Vector3d& size, double rounding = 0.0) {
  hal::ShapePart part;
  part.kind = kind;
  part.size = size;
  part.rounding = rounding;
  return part;
}

ObjectShape shape_of(std::vector<hal::ShapePart> parts, hal::SurfaceTexture texture = {}) {
  hal::ObjectDescription object;
  object.parts = std::move(parts);
  object.texture = texture;
  return ObjectShape(object);
}

double distance_to(const hal::ShapePart& part, const Vector3d& point) {
  return shape_of({part}).signed_distance(point);
}

TEST(ObjectShape, AgreesWithClosedFormsOfSharpSolids) {
  const hal::ShapePart box = part_of(Kind::kBox, {0.02, 0.04, 0.06});
  EXPECT_NEAR(distance_to(box, {0.013, 0.0, 0.0}), 0.003, 1e-15);
  EXPECT_NEAR(distance_to(box, {0.013, 0.024, 0.042}), 0.013, 1e-15);  // corner, 3-4-12
  EXPECT_NEAR(distance_to(box, {0.001, 0.0, 0.0}), -0.009, 1e-15);
  const hal::ShapePart cylinder = part_of(Kind::kCylinder, {0.01, 0.04, 0.0});
  EXPECT_NEAR(distance_to(cylinder, {0.0, 0.013, 0.024}), 0.005, 1e-15);  // rim, 3-4-5
  EXPECT_NEAR(distance_to(cylinder, {0.006, 0.0, 0.0}), -0.004, 1e-15);
  EXPECT_NEAR(distance_to(cylinder, {0.0, 0.0, 0.019}), -0.001, 1e-15);
  const hal::ShapePart sphere = part_of(Kind::kSphere, {0.02, 0.0, 0.0});
  EXPECT_NEAR(distance_to(sphere, {0.012, 0.0, 0.016}), 0.0, 1e-15);
  const hal::ShapePart capsule = part_of(Kind::kCapsule, {0.01, 0.05, 0.0});
  EXPECT_NEAR(distance_to(capsule, {0.0, 0.009, 0.027}), 0.005, 1e-15);  // cap, 9-12-15
  // Cone whose side falls 3 to 4: the distance from (r, z) is (4 (r - r0) + 3 z) / 5.
  const hal::ShapePart cone = part_of(Kind::kCone, {0.035, 0.005, 0.04});
  EXPECT_NEAR(distance_to(cone, {0.03, 0.0, 0.0}), 0.008, 1e-15);
  EXPECT_NEAR(distance_to(cone, {0.015, 0.0, 0.0}), -0.004, 1e-15);
  EXPECT_NEAR(distance_to(cone, {0.0, 0.004, 0.023}), 0.003, 1e-15);
}

TEST(ObjectShape, KeepsTheSizeOfRoundedSolids) {
  // Faces stay; a corner moves in by r (sqrt(n) - 1) along the diagonal of n faces.
  const hal::ShapePart box = part_of(Kind::kBox, {0.02, 0.04, 0.06}, 0.005);
  EXPECT_NEAR(distance_to(box, {0.01, 0.0, 0.0}), 0.0, 1e-15);
  EXPECT_NEAR(distance_to(box, {0.01, 0.02, 0.03}), 0.005 * (std::sqrt(3.0) - 1.0), 1e-15);
  EXPECT_NEAR(distance_to(box, {0.01, 0.02, 0.0}), 0.005 * (std::sqrt(2.0) - 1.0), 1e-15);
  const hal::ShapePart cylinder = part_of(Kind::kCylinder, {0.01, 0.04, 0.0}, 0.002);
  EXPECT_NEAR(distance_to(cylinder, {0.0, 0.01, 0.02}), 0.002 * (std::sqrt(2.0) - 1.0), 1e-15);
  const hal::ShapePart cone = part_of(Kind::kCone, {0.035, 0.005, 0.04}, 0.002);
  EXPECT_NEAR(distance_to(cone, {0.03, 0.0, 0.0}), 0.008, 1e-15);
  EXPECT_NEAR(distance_to(cone, {0.0, 0.001, 0.021}), 0.001, 1e-15);
}

TEST(ObjectShape, EllipsoidIsExactOnItsSurfaceAndFirstOrderNearIt) {
  const Vector3d half(0.010, 0.015, 0.025);
  const hal::ShapePart ellipsoid = part_of(Kind::kEllipsoid, 2.0 * half);
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(-1.0, 1.0);
  for (int k = 0; k < 200; ++k) {
    const Vector3d unit = Vector3d(uniform(random), uniform(random), uniform(random)).normalized();
    const Vector3d on_surface = unit.cwiseProduct(half);
    const Vector3d normal = unit.cwiseQuotient(half).normalized();
    EXPECT_NEAR(distance_to(ellipsoid, on_surface), 0.0, 1e-12);
    // Halving the distance quarters the error: second order remains.
    const auto error = [&](double d) {
      return std::abs(distance_to(ellipsoid, on_surface + d * normal) - d);
    };
    EXPECT_LT(error(0.5e-3), 0.06e-3);
    EXPECT_LT(error(0.25e-3), 0.3 * error(0.5e-3) + 1e-9);
  }
  EXPECT_NEAR(distance_to(ellipsoid, Vector3d::Zero()), -0.010, 1e-6);
}

/// Distance of (r, z) from the rounded profile of a cone, written anew: nearest point of each edge
/// of the core's polygon, less the rounding.
double profile_distance(const hal::ShapePart& cone, double r, double z) {
  const double slope = (cone.size[1] - cone.size[0]) / cone.size[2];
  const double inset = cone.rounding * std::sqrt(1.0 + slope * slope);
  const double half = 0.5 * cone.size[2] - cone.rounding;
  const auto radius_at = [&](double height) {
    return 0.5 * (cone.size[0] + cone.size[1]) + slope * height - inset;
  };
  const Eigen::Vector2d p(r, z);
  const Eigen::Vector2d corners[4] = {
      {0.0, -half}, {radius_at(-half), -half}, {radius_at(half), half}, {0.0, half}};
  double nearest = 1.0;
  bool inside = true;
  for (int k = 0; k < 3; ++k) {
    const Eigen::Vector2d edge = corners[k + 1] - corners[k], to = p - corners[k];
    if (edge.isZero()) continue;  // the end of a cone that runs to a point
    const double t = std::clamp(to.dot(edge) / edge.squaredNorm(), 0.0, 1.0);
    nearest = std::min(nearest, (to - t * edge).norm());
    inside = inside && edge.x() * to.y() - edge.y() * to.x() >= 0.0;
  }
  return (inside ? -nearest : nearest) - cone.rounding;
}

TEST(ObjectShape, ConeAgreesWithItsProfilesEdges) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(-0.05, 0.05);
  const hal::ShapePart cones[] = {part_of(Kind::kCone, {0.030, 0.010, 0.05}, 0.002),
                                  part_of(Kind::kCone, {0.012, 0.033, 0.03}, 0.003),
                                  part_of(Kind::kCone, {0.0, 0.02, 0.04})};
  for (const hal::ShapePart& cone : cones) {
    for (int k = 0; k < 5000; ++k) {
      const Vector3d p(uniform(random), uniform(random), uniform(random));
      ASSERT_NEAR(distance_to(cone, p), profile_distance(cone, std::hypot(p.x(), p.y()), p.z()),
                  1e-14);
    }
  }
}

/// Whether a point lies in a rounded box: within `rounding` of its core.
bool in_rounded_box(const hal::ShapePart& box, const Vector3d& p) {
  const Vector3d core = 0.5 * box.size - Vector3d::Constant(box.rounding);
  return (p - p.cwiseMax(-core).cwiseMin(core)).norm() <= box.rounding;
}
bool in_rounded_cylinder(const hal::ShapePart& cylinder, const Vector3d& p) {
  const double radius = cylinder.size[0] - cylinder.rounding;
  const double half = 0.5 * cylinder.size[1] - cylinder.rounding;
  const double r = std::hypot(p.x(), p.y());
  const double dr = r - std::min(r, radius), dz = p.z() - std::clamp(p.z(), -half, half);
  return std::hypot(dr, dz) <= cylinder.rounding;
}

/// Points of the boundary of a solid around the origin, found by bisection along rays.
template <typename Inside>
std::vector<Vector3d> boundary(Inside inside, int count) {
  const double golden_angle = std::numbers::pi * (3.0 - std::sqrt(5.0));
  std::vector<Vector3d> points;
  for (int k = 0; k < count; ++k) {
    const double z = 1.0 - 2.0 * (k + 0.5) / count, r = std::sqrt(1.0 - z * z);
    const Vector3d ray(r * std::cos(k * golden_angle), r * std::sin(k * golden_angle), z);
    double low = 0.0, high = 0.2;
    for (int step = 0; step < 40; ++step) {
      const double middle = 0.5 * (low + high);
      (inside(middle * ray) ? low : high) = middle;
    }
    points.push_back(low * ray);
  }
  return points;
}

TEST(ObjectShape, AgreesWithTheNearestOfManyBoundaryPoints) {
  const hal::ShapePart box = part_of(Kind::kBox, {0.03, 0.04, 0.05}, 0.006);
  const hal::ShapePart cylinder = part_of(Kind::kCylinder, {0.016, 0.04, 0.0}, 0.005);
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> uniform(-0.04, 0.04);
  const auto check = [&](const hal::ShapePart& part, auto inside) {
    const std::vector<Vector3d> surface = boundary(inside, 60000);
    int checked = 0;
    while (checked < 60) {
      const Vector3d p(uniform(random), uniform(random), uniform(random));
      double nearest = 1.0;
      for (const Vector3d& q : surface) nearest = std::min(nearest, (p - q).norm());
      if (nearest < 3e-3) continue;
      ++checked;
      const double distance = distance_to(part, p);
      EXPECT_EQ(distance < 0.0, inside(p));
      // Points lie up to about 0.5 mm apart, so the nearest is off by up to 0.25^2 / (2 * 3) mm.
      EXPECT_GE(nearest, std::abs(distance) - 1e-9);
      EXPECT_NEAR(nearest, std::abs(distance), 1.2e-5);
    }
  };
  check(box, [&](const Vector3d& p) { return in_rounded_box(box, p); });
  check(cylinder, [&](const Vector3d& p) { return in_rounded_cylinder(cylinder, p); });
}

hal::ShapePart prism_of(std::vector<Eigen::Vector2d> outline, double height, double rounding) {
  hal::ShapePart part = part_of(Kind::kPrism, {0.0, 0.0, height}, rounding);
  part.outline = std::move(outline);
  return part;
}

hal::ShapePart torus_of(double ring, double bar, double sweep) {
  hal::ShapePart part = part_of(Kind::kTorus, {ring, bar, 0.0});
  part.sweep = sweep;
  return part;
}

const std::vector<Eigen::Vector2d> kTriangle = {{-0.02, -0.01}, {0.02, -0.01}, {0.005, 0.02}};
const std::vector<Eigen::Vector2d> kPentagon = {
    {-0.02, -0.01}, {0.0, -0.018}, {0.02, -0.01}, {0.012, 0.015}, {-0.015, 0.012}};

// Mirrored in both axes, with and without a corner on an axis.
const std::vector<Eigen::Vector2d> kHexagon = {{0.018, -0.008}, {0.018, 0.008},   {0.0, 0.02},
                                               {-0.018, 0.008}, {-0.018, -0.008}, {0.0, -0.02}};
const std::vector<Eigen::Vector2d> kOctagon = {{0.02, -0.008},  {0.02, 0.008},  {0.01, 0.016},
                                               {-0.01, 0.016},  {-0.02, 0.008}, {-0.02, -0.008},
                                               {-0.01, -0.016}, {0.01, -0.016}};

/// Distance of p from the polygon filled by `corners` (anticlockwise), written anew: whether it is
/// inside by the angle the polygon is seen under, how far by walking along its edges.
double walked_polygon_distance(const std::vector<Eigen::Vector2d>& corners,
                               const Eigen::Vector2d& p) {
  constexpr int kSteps = 4000;
  double nearest = 1.0, turns = 0.0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const Eigen::Vector2d from = corners[i] - p, to = corners[(i + 1) % corners.size()] - p;
    turns += std::atan2(from.x() * to.y() - from.y() * to.x(), from.dot(to));
    for (int k = 0; k <= kSteps; ++k) {
      nearest = std::min(nearest, (from + (to - from) * (1.0 / kSteps) * k).norm());
    }
  }
  return std::abs(turns) > std::numbers::pi ? -nearest : nearest;
}

TEST(ObjectShape, PrismsAgreeWithWalksAroundTheirBase) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> uniform(-0.025, 0.025);
  for (const auto& outline : {kTriangle, kPentagon, kHexagon, kOctagon}) {
    for (const double rounding : {0.0, 0.003}) {
      const hal::ShapePart part = prism_of(outline, 0.03, rounding);
      const std::vector<Eigen::Vector2d> core = hal::core_outline(part);
      int inside = 0;
      for (int k = 0; k < 300; ++k) {
        const Vector3d p(uniform(random), uniform(random), uniform(random));
        const double beside = walked_polygon_distance(core, p.head<2>());
        const double above = std::abs(p.z()) - (0.015 - rounding);
        const double core_distance = std::hypot(std::max(beside, 0.0), std::max(above, 0.0)) +
                                     std::min(std::max(beside, above), 0.0);
        // Steps of 10 um along an edge miss its nearest point by less than a nanometre at 0.1 mm
        // and more, and by at most half a step on the edge itself.
        const double error = std::abs(beside) > 1e-4 ? 2e-7 : 5e-6;
        ASSERT_NEAR(distance_to(part, p), core_distance - rounding, error);
        inside += core_distance < 0.0;
      }
      EXPECT_GT(inside, 10);
    }
  }
}

TEST(ObjectShape, RoundingAPrismKeepsItsFaces) {
  const hal::ShapePart part = prism_of(kPentagon, 0.03, 0.003);
  for (std::size_t i = 0; i < kPentagon.size(); ++i) {
    const Eigen::Vector2d middle = 0.5 * (kPentagon[i] + kPentagon[(i + 1) % kPentagon.size()]);
    EXPECT_NEAR(distance_to(part, {middle.x(), middle.y(), 0.0}), 0.0, 1e-15);
    EXPECT_GT(distance_to(part, {kPentagon[i].x(), kPentagon[i].y(), 0.0}), 1e-4);
  }
  EXPECT_NEAR(distance_to(part, {0.0, 0.0, 0.015}), 0.0, 1e-15);
}

TEST(ObjectShape, TubeIsACylinderLessItsBore) {
  std::mt19937_64 random(13);
  std::uniform_real_distribution<double> uniform(-0.03, 0.03);
  for (const double rounding : {0.0, 0.001}) {
    const hal::ShapePart tube = part_of(Kind::kTube, {0.012, 0.018, 0.03}, rounding);
    for (int k = 0; k < 3000; ++k) {
      const Vector3d p(uniform(random), uniform(random), uniform(random));
      // The wall's section, a box of 6 x 30 mm, 15 mm from the axis.
      const hal::ShapePart section = part_of(Kind::kBox, {0.006, 1.0, 0.03}, rounding);
      const Vector3d in_section(std::hypot(p.x(), p.y()) - 0.015, 0.0, p.z());
      ASSERT_NEAR(distance_to(tube, p), distance_to(section, in_section), 1e-15);
    }
  }
  // In the bore it is the bore's wall that is near.
  const hal::ShapePart tube = part_of(Kind::kTube, {0.012, 0.018, 0.03});
  EXPECT_NEAR(distance_to(tube, {0.010, 0.0, 0.0}), 0.002, 1e-15);
  EXPECT_NEAR(distance_to(tube, {0.0, 0.0, 0.0}), 0.012, 1e-15);
}

TEST(ObjectShape, TorusAgreesWithTheNearestPointOfItsMiddleLine) {
  constexpr int kSteps = 20000;
  std::mt19937_64 random(17);
  std::uniform_real_distribution<double> uniform(-0.04, 0.04);
  for (const double sweep : {2.0 * std::numbers::pi, 4.0, std::numbers::pi, 1.2}) {
    const hal::ShapePart torus = torus_of(0.02, 0.005, sweep);
    for (int k = 0; k < 200; ++k) {
      const Vector3d p(uniform(random), uniform(random), uniform(random));
      double nearest = 1.0;
      for (int i = 0; i <= kSteps; ++i) {
        const double angle = sweep * (static_cast<double>(i) / kSteps - 0.5);
        const Vector3d on_line(0.02 * std::cos(angle), 0.02 * std::sin(angle), 0.0);
        nearest = std::min(nearest, (p - on_line).norm());
      }
      // Steps of 6 um: off by at most 3 um at the line itself, by (3 um)^2 / 2 d beside it.
      ASSERT_NEAR(distance_to(torus, p), nearest - 0.005, nearest > 1e-3 ? 1e-8 : 4e-6);
    }
  }
}

struct Points {
  std::vector<double> x, y, z;
  PointsView view() const { return {x, y, z}; }
  Vector3d operator[](std::size_t i) const { return {x[i], y[i], z[i]}; }
  void add(const Vector3d& p) {
    x.push_back(p.x());
    y.push_back(p.y());
    z.push_back(p.z());
  }
};

Points pad_points() {
  Points points;
  for (int j = 0; j < 31; ++j) {
    for (int i = 0; i < 25; ++i) points.add({(i - 12) * 5e-4, (j - 15) * 5e-4, 0.0});
  }
  return points;
}

std::vector<hal::ShapePart> one_of_each() {
  std::vector<hal::ShapePart> parts = {part_of(Kind::kBox, {0.03, 0.02, 0.04}, 0.002),
                                       part_of(Kind::kCylinder, {0.012, 0.05, 0}, 0.003),
                                       part_of(Kind::kSphere, {0.014, 0, 0}),
                                       part_of(Kind::kCapsule, {0.009, 0.06, 0}),
                                       part_of(Kind::kEllipsoid, {0.02, 0.03, 0.05}),
                                       part_of(Kind::kCone, {0.02, 0.01, 0.03}, 0.002),
                                       torus_of(0.015, 0.004, 4.0),
                                       part_of(Kind::kTube, {0.008, 0.012, 0.03}, 0.001),
                                       prism_of(kTriangle, 0.03, 0.002),
                                       prism_of(kPentagon, 0.02, 0.0)};
  for (std::size_t k = 0; k < parts.size(); ++k) {
    parts[k].position = {0.01 * k, -0.005 * k, 0.02 * k};
    parts[k].rotation = {0.3 * k, 0.2, -0.1 * k};
  }
  return parts;
}

TEST(ObjectShape, ManyPointsGiveWhatOnePointGives) {
  const ObjectShape shape = shape_of(one_of_each());
  const Points points = pad_points();
  std::vector<double> distance(points.x.size());
  for (int k = 0; k < 20; ++k) {
    Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
    pose.translate(Vector3d(0.005 * k, -0.003 * k, 0.01 * k));
    pose.rotate(Eigen::AngleAxisd(0.4 * k, Vector3d(1, 2, 3).normalized()));
    shape.signed_distance(pose, points.view(), 1.0, distance);
    for (std::size_t i = 0; i < distance.size(); ++i) {
      ASSERT_NEAR(distance[i], shape.signed_distance(pose * points[i]), 1e-14);
    }
  }
}

TEST(ObjectShape, CutoffSkipsOnlyWhatIsFartherThanIt) {
  const ObjectShape shape = shape_of(one_of_each());
  const Points points = pad_points();
  constexpr double kCutoff = 0.002;
  std::vector<double> distance(points.x.size());
  int beyond = 0, within = 0;
  for (int k = 0; k < 60; ++k) {
    Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
    pose.translate(Vector3d(-0.05 + 0.003 * k, 0.02 - 0.001 * k, 0.002 * k));
    pose.rotate(Eigen::AngleAxisd(0.7 * k, Vector3d(3, 1, 2).normalized()));
    shape.signed_distance(pose, points.view(), kCutoff, distance);
    for (std::size_t i = 0; i < distance.size(); ++i) {
      const double exact = shape.signed_distance(pose * points[i]);
      if (exact > kCutoff) {
        ASSERT_GT(distance[i], kCutoff);
        ++beyond;
      } else {
        ASSERT_NEAR(distance[i], exact, 1e-14);
        ++within;
      }
    }
  }
  EXPECT_GT(beyond, 1000);
  EXPECT_GT(within, 1000);
}

TEST(ObjectShape, RefusesSpansOfDifferentLengths) {
  const ObjectShape shape = shape_of({part_of(Kind::kSphere, {0.01, 0, 0})});
  const Points points = pad_points();
  std::vector<double> distance(points.x.size() - 1);
  EXPECT_THROW(shape.signed_distance(Eigen::Isometry3d::Identity(), points.view(), 1.0, distance),
               std::invalid_argument);
}

constexpr double kDepth = 1e-4, kPitch = 2e-3;

/// The relief over a patch of a cylinder's or a box's side facing x, every 0.05 mm.
std::vector<double> relief_patch(Texture kind, bool round, int n) {
  const hal::ShapePart body =
      round ? part_of(Kind::kCylinder, {0.02, 0.06, 0}) : part_of(Kind::kBox, {0.04, 0.05, 0.06});
  Points points;
  for (int j = 0; j < n; ++j) {
    for (int i = 0; i < n; ++i) {
      const double y = (i - 0.5 * n) * 5e-5, z = (j - 0.5 * n) * 5e-5;
      points.add({round ? std::sqrt(4e-4 - y * y) : 0.02, y, z});
    }
  }
  std::vector<double> height(points.x.size(), 1.0);
  shape_of({body}, {kind, kDepth, kPitch})
      .relief(Eigen::Isometry3d::Identity(), points.view(), height);
  return height;
}

class Relief : public ::testing::TestWithParam<std::tuple<Texture, bool>> {};

TEST_P(Relief, FillsItsDepthAndIsSmoothAtTheCamerasScale) {
  const auto [kind, round] = GetParam();
  constexpr int kSide = 240;
  const std::vector<double> height = relief_patch(kind, round, kSide);
  const auto [low, high] = std::ranges::minmax(height);
  EXPECT_GE(low, -kDepth * (1.0 + 1e-9));
  EXPECT_LE(high, 1e-12);
  EXPECT_LT(low, -0.95 * kDepth);
  EXPECT_GT(high, -0.05 * kDepth);
  // Between neighbours 1/40 pitch apart. Letters and streaks are the steepest: a quarter and a half
  // of a pitch wide, with a smooth flank.
  double steepest = 0.0;
  for (int j = 0; j + 1 < kSide; ++j) {
    for (int i = 0; i + 1 < kSide; ++i) {
      const double here = height[j * kSide + i];
      steepest = std::max({steepest, std::abs(height[j * kSide + i + 1] - here),
                           std::abs(height[(j + 1) * kSide + i] - here)});
    }
  }
  EXPECT_LT(steepest, 0.3 * kDepth);
  EXPECT_EQ(height, relief_patch(kind, round, kSide));
}

INSTANTIATE_TEST_SUITE_P(AllKinds, Relief,
                         ::testing::Combine(::testing::Values(Texture::kBrushed, Texture::kWoven,
                                                              Texture::kKnurled, Texture::kRibbed,
                                                              Texture::kEmbossed, Texture::kFuzzy),
                                            ::testing::Bool()));

TEST(ObjectShape, ReliefClosesAroundTheBody) {
  // Points on both sides of the seam at -x, 2 um apart.
  for (const Texture kind : {Texture::kWoven, Texture::kKnurled, Texture::kEmbossed}) {
    for (const Kind body : {Kind::kBox, Kind::kCylinder}) {
      const Vector3d size =
          body == Kind::kBox ? Vector3d(0.031, 0.047, 0.06) : Vector3d(0.0155, 0.06, 0);
      const ObjectShape shape = shape_of({part_of(body, size)}, {kind, kDepth, kPitch});
      for (int k = 0; k < 400; ++k) {
        Points points;
        for (const double y : {-1e-6, 1e-6}) points.add({-0.0155, y, (k - 200) * 5e-5});
        std::vector<double> height(2);
        shape.relief(Eigen::Isometry3d::Identity(), points.view(), height);
        ASSERT_NEAR(height[0], height[1], 0.02 * kDepth) << static_cast<int>(kind);
      }
    }
  }
}

TEST(ObjectShape, RibsRepeatByThePitchAlongTheBodysAxis) {
  // The body lies along y: ribs follow its axis, wherever the object's z points.
  hal::ShapePart body = part_of(Kind::kCylinder, {0.02, 0.06, 0});
  body.rotation = {0.5 * std::numbers::pi, 0.0, 0.0};
  const ObjectShape shape = shape_of({body}, {Texture::kRibbed, kDepth, kPitch});
  Points points;
  for (const double y : {0.0, 0.5 * kPitch, kPitch, 0.25 * kPitch}) points.add({0.02, y, 0.0});
  std::vector<double> height(4);
  shape.relief(Eigen::Isometry3d::Identity(), points.view(), height);
  EXPECT_NEAR(height[0], 0.0, 1e-12);
  EXPECT_NEAR(height[1], -kDepth, 1e-12);
  EXPECT_NEAR(height[2], 0.0, 1e-12);
  EXPECT_NEAR(height[3], -0.5 * kDepth, 1e-12);
}

TEST(ObjectShape, SmoothObjectsHaveNoRelief) {
  const ObjectShape shape = shape_of({part_of(Kind::kSphere, {0.01, 0, 0})});
  EXPECT_FALSE(shape.has_relief());
  const Points points = pad_points();
  std::vector<double> height(points.x.size(), 1.0);
  shape.relief(Eigen::Isometry3d::Identity(), points.view(), height);
  EXPECT_EQ(std::ranges::count(height, 0.0), static_cast<long>(height.size()));
}

}  // namespace
}  // namespace gripbench::sim

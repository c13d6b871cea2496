// Closed forms of the Winkler foundation with bristles (PHYSICS "Tests of the mechanics"),
// quasi-static: the object is moved against one pad along a prescribed path in small steps.
#include "sim/pad_contact.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "sim/gel_surface.h"
#include "tests/physics/pads.h"

namespace gripbench::sim {
namespace {

using std::numbers::pi;

constexpr double kStep = 1e-3;

/// One pad and an object that is moved by hand; `centre` is the object's origin in the pad frame.
class Press {
 public:
  Press(const hal::ObjectDescription& object, double friction,
        const PadProfile& profile = testing::quasi_static_gel())
      : contact(profile), shape_(object), pair_{friction, object.surface_stiffness} {}

  /// Moves the object's origin to `centre`, turned by `angle` about the pad's normal, in `steps`.
  PadForce move_to(const Eigen::Vector3d& centre, double angle, int steps) {
    PadForce force;
    const Eigen::Vector3d shift = (centre - centre_) / steps;
    const double turn = (angle - angle_) / steps;
    for (int i = 0; i < steps; ++i) {
      centre_ += shift;
      angle_ += turn;
      Twist twist;
      twist.tail<3>() = Eigen::Vector3d(0, 0, turn / kStep);
      twist.head<3>() = shift / kStep - twist.tail<3>().cross(centre_);
      Eigen::Isometry3d pad_from_object = Eigen::Isometry3d::Identity();
      pad_from_object.translation() = centre_;
      pad_from_object.linear() =
          Eigen::AngleAxisd(angle_, Eigen::Vector3d::UnitZ()).toRotationMatrix();
      force = contact.step(shape_, pair_, pad_from_object.inverse(), twist, kStep);
    }
    return force;
  }

  /// Puts the object somewhere clear of the pad, without contact on the way.
  void hover_at(double x, double y) { centre_ = {x, y, 1.0}; }

  PadContact contact;

 private:
  ObjectShape shape_;
  ContactPair pair_;
  Eigen::Vector3d centre_{0, 0, 1};
  double angle_ = 0.0;
};

/// Area that the grid counts as the disc of radius a around c: node areas are the grid's own
/// quadrature, so closed forms are compared on it where the law, not the quadrature, is tested.
int nodes_within(const PadGrid& grid, double radius) {
  int count = 0;
  for (int j = 0; j < grid.ny; ++j) {
    for (int i = 0; i < grid.nx; ++i) count += std::hypot(grid.x(i), grid.y(j)) < radius;
  }
  return count;
}

TEST(FoundationLaw, FlatPunchFollowsTheProfilesLaw) {
  const double radius = 5e-3;
  Press press(testing::punch(radius, 20e-3), 0.5);
  const PadProfile profile = testing::quasi_static_gel();
  for (const double d : {0.05e-3, 0.2e-3, 0.4e-3, 1.0e-3}) {
    const PadForce force = press.move_to({0, 0, 10e-3 - d}, 0, 1);
    const double pressure = profile.normal_stiffness * d / (1.0 - d / profile.thickness);
    EXPECT_NEAR(force.wrench[2], pressure * pi * radius * radius, 0.02 * force.wrench[2]) << d;
  }
}

// Parabolic gap: P = pi k R d^2 to first order in d/h; with the stiffening, the integral of the law
// over the parabola: P = 2 pi R k integral_0^d x/(1 - x/h) dx = 2 pi R k h (-d - h ln(1 - d/h)).
TEST(FoundationLaw, SphereFollowsTheIntegralOfTheLaw) {
  const double radius = 40e-3;
  Press press(testing::sphere(radius), 0.5);
  const PadProfile profile = testing::quasi_static_gel();
  const double h = profile.thickness;
  for (const double d : {0.2e-3, 0.3e-3, 0.39e-3}) {
    const PadForce force = press.move_to({0, 0, radius - d}, 0, 1);
    const double expected =
        2 * pi * radius * profile.normal_stiffness * h * (-d - h * std::log1p(-d / h));
    EXPECT_NEAR(force.wrench[2], expected, 0.02 * expected) << d;
  }
}

TEST(FoundationLaw, SoftObjectTakesItsShareInSeries) {
  hal::ObjectDescription object = testing::punch(5e-3, 20e-3);
  object.surface_stiffness = 1e8;
  Press press(object, 0.5);
  const double d = 0.1e-3;
  const PadForce force = press.move_to({0, 0, 10e-3 - d}, 0, 1);
  const PadProfile profile = testing::quasi_static_gel();
  // Independent solution: bisection on the gel's share.
  double low = 0, high = d;
  for (int i = 0; i < 60; ++i) {
    const double g = 0.5 * (low + high);
    const double excess =
        profile.normal_stiffness * g / (1 - g / profile.thickness) - 1e8 * (d - g);
    (excess > 0 ? high : low) = g;
  }
  const double area = nodes_within(profile.grid, 5e-3) * 0.25e-6;
  EXPECT_NEAR(force.wrench[2], 1e8 * (d - low) * area, 1e-6 * force.wrench[2]);
}

TEST(Friction, FlatBlockSlipsGrosslyAtMuTimesLoad) {
  const double mu = 0.6;
  // Larger than the pad, so that the same nodes stay in contact.
  Press press(testing::box({40e-3, 40e-3, 20e-3}), mu);
  const double load = press.move_to({0, 0, 10e-3 - 0.2e-3}, 0, 1).wrench[2];
  press.contact.zero_slip();
  // Just below the limit the whole contact sticks and follows k_t; beyond it all of it slips.
  const double limit_shift = mu * 3e8 * 0.2e-3 / (1 - 0.1) / 5e7;
  PadForce force = press.move_to({0, 0.97 * limit_shift, 9.8e-3}, 0, 50);
  EXPECT_NEAR(-force.wrench[1], 0.97 * mu * load, 0.03 * mu * load);
  EXPECT_NEAR(press.contact.slip().mean_distance, 0.0, 1e-9);
  EXPECT_DOUBLE_EQ(press.contact.slip().stick_area, press.contact.slip().contact_area);
  force = press.move_to({0, limit_shift + 1e-3, 9.8e-3}, 0, 100);
  EXPECT_NEAR(-force.wrench[1], mu * load, 0.03 * mu * load);
  EXPECT_NEAR(press.contact.slip().translation.y(), 1e-3, 0.03e-3);
  EXPECT_DOUBLE_EQ(press.contact.slip().stick_area, 0.0);
}

// Parabolic pressure: stick radius c/a = (1 - Q/muP)^(1/4), displacement
// (mu p0/k_t)(1 - sqrt(1 - Q/muP)) (Johnson, Contact Mechanics, section 7.2, with a foundation
// instead of a half-space: nodes slip where mu p(r) < k_t u). Mean over grid offsets.
TEST(Friction, SphereSlipsFromTheRimInward) {
  // Little friction, so that the sphere's own shift is small against the contact radius
  // a = sqrt(2 R d) = 4.9 mm, as the closed form supposes.
  const double mu = 0.05;
  const double radius = 60e-3;
  const double d = 0.2e-3;
  PadProfile profile = testing::quasi_static_gel();
  profile.thickness = 1.0;  // linear law, so that the pressure is parabolic
  for (const double ratio : {0.3, 0.6, 0.9}) {
    double stick_ratio = 0, displacement_ratio = 0;
    const int offsets = 16;
    for (int n = 0; n < offsets; ++n) {
      const double ox = (n % 4) * 0.125e-3;
      const double oy = (n / 4) * 0.125e-3;
      Press press(testing::sphere(radius), mu, profile);
      press.hover_at(ox, oy);
      const double load = press.move_to({ox, oy, radius - d}, 0, 1).wrench[2];
      const double gross = mu * profile.normal_stiffness * d / profile.tangential_stiffness;
      const double shift = gross * (1 - std::sqrt(1 - ratio));
      const PadForce force = press.move_to({ox, oy + shift, radius - d}, 0, 200);
      const double share = -force.wrench[1] / (mu * load);  // Q / muP, as the pad gives it
      displacement_ratio += shift / (gross * (1 - std::sqrt(1 - share)));
      const hal::PadSlip slip = press.contact.slip();
      stick_ratio += std::sqrt(slip.stick_area / slip.contact_area);
      // The rim slips first: no node in the stick region is farther out than any slipping node by
      // more than a node's diagonal.
      double stick_out = 0, slip_in = 1;
      for (int i = 0; i < profile.grid.size(); ++i) {
        if (press.contact.indentation()[i] <= 0) continue;
        const double r =
            std::hypot(profile.grid.x(i % 32) - ox, profile.grid.y(i / 32) - oy - shift);
        if (press.contact.sticking()[i])
          stick_out = std::max(stick_out, r);
        else
          slip_in = std::min(slip_in, r);
      }
      EXPECT_LT(stick_out, slip_in + 0.8e-3);
    }
    EXPECT_NEAR(displacement_ratio / offsets, 1.0, 0.05) << ratio;
    EXPECT_NEAR(stick_ratio / offsets, std::pow(1 - ratio, 0.25), 0.05 * std::pow(1 - ratio, 0.25))
        << ratio;
  }
}

// Flat disc turned by theta: nodes at r > c = mu p/(k_t theta) slip;
// T = (2/3) mu P a (1 - (c/a)^3/4), tending to (2/3) mu P a: the traction k_t theta r up to c, mu p
// beyond, times r, over the disc.
TEST(Friction, FlatDiscTurnsAgainstTheTorqueOfItsStickRadius) {
  const double mu = 0.5;
  const double a = 5e-3;
  const double d = 0.1e-3;
  Press press(testing::punch(a, 20e-3), mu);
  const PadGrid grid = testing::quasi_static_gel().grid;
  const double load = press.move_to({0, 0, 10e-3 - d}, 0, 1).wrench[2];
  const double pressure = 3e8 * d / (1 - d / 2e-3);
  for (const double stick : {0.8, 0.5, 0.1}) {
    const double theta = mu * pressure / (5e7 * stick * a);
    const PadForce force = press.move_to({0, 0, 10e-3 - d}, theta, 100);
    const double expected = 2.0 / 3.0 * mu * load * a * (1 - std::pow(stick, 3) / 4);
    EXPECT_NEAR(-force.wrench[5], expected, 0.05 * expected) << stick;
    for (int i = 0; i < grid.size(); ++i) {
      const double r = std::hypot(grid.x(i % grid.nx), grid.y(i / grid.nx));
      if (press.contact.indentation()[i] <= 0 || std::abs(r - stick * a) < 0.05 * stick * a)
        continue;
      EXPECT_EQ(press.contact.sticking()[i], r < stick * a ? 1.0 : 0.0) << stick << " at " << r;
    }
    EXPECT_NEAR(std::hypot(force.wrench[0], force.wrench[1]), 0.0, 0.02 * mu * load);
  }
}

// Fully slipping under parabolic pressure: T = (8/15) mu P a.
TEST(Friction, TurningSphereTendsToEightFifteenths) {
  const double mu = 0.5;
  const double radius = 60e-3;
  const double d = 0.2e-3;
  const double a = std::sqrt(2 * radius * d);
  PadProfile profile = testing::quasi_static_gel();
  profile.thickness = 1.0;
  Press press(testing::sphere(radius), mu, profile);
  const double load = press.move_to({0, 0, radius - d}, 0, 1).wrench[2];
  const PadForce force = press.move_to({0, 0, radius - d}, 3.0, 400);
  const double expected = 8.0 / 15.0 * mu * load * a;
  EXPECT_NEAR(-force.wrench[5], expected, 0.05 * expected);
}

TEST(Contact, LossOfContactForgetsBristlesAndKeepsTheLastSlip) {
  Press press(testing::box({8e-3, 8e-3, 20e-3}), 0.3);
  press.move_to({0, 0, 9.8e-3}, 0, 1);
  press.contact.zero_slip();
  press.move_to({0, 2e-3, 9.8e-3}, 0, 100);
  const double before = press.contact.slip().mean_distance;
  EXPECT_GT(before, 1e-3);
  const PadForce force = press.move_to({0, 2e-3, 20e-3}, 0, 1);
  EXPECT_EQ(force.wrench.norm(), 0.0);
  EXPECT_FALSE(press.contact.touching());
  EXPECT_NEAR(press.contact.slip().mean_distance, before, 1e-12);
  EXPECT_EQ(press.contact.slip().contact_area, 0.0);
}

// u'' = u / l^2 on a strip with a free end at L from the contact: u = cosh((L - y)/l)/cosh(L/l).
TEST(GelSurface, MotionDecaysOverTheLayerLengthOutsideTheContact) {
  GelImprint imprint;
  imprint.grid = {32, 24, 0.5e-3};
  const auto n = static_cast<std::size_t>(imprint.grid.size());
  imprint.indentation.assign(n, 0.0F);
  imprint.displacement_x.assign(n, 0.0F);
  imprint.displacement_y.assign(n, 0.0F);
  for (int i = 0; i < 32; ++i) {
    imprint.indentation[i] = 1e-4F;
    imprint.displacement_y[i] = 2e-4F;
  }
  const double length = 2e-3;
  drag_surroundings(imprint, length);
  for (int j = 0; j < 24; ++j) {
    const double span = 23.5 * 0.5e-3;
    const double expected =
        2e-4 * std::cosh((span - j * 0.5e-3) / length) / std::cosh(span / length);
    EXPECT_NEAR(imprint.displacement_y[j * 32 + 15], expected, 0.01 * 2e-4) << j;
    EXPECT_EQ(imprint.displacement_x[j * 32 + 15], 0.0F);
  }
}

/// A block that covers the pad, with a relief around the axis that lies in the pad's plane.
hal::ObjectDescription textured_block(hal::SurfaceTexture::Kind kind, double depth, double pitch) {
  hal::ObjectDescription object = testing::box({20e-3, 60e-3, 60e-3});
  object.parts[0].rotation.y() = 0.5 * pi;  // its +x side looks at the pad
  object.texture = {kind, depth, pitch};
  return object;
}

/// Mean of the profile's law over the relief of a ribbed surface pressed in by d: the integral over
/// a period of the cosine-like wave crest_wave, by the midpoint rule.
double ribbed_pressure(const PadProfile& profile, double depth, double d) {
  constexpr int kSteps = 10000;
  double sum = 0.0;
  for (int i = 0; i < kSteps; ++i) {
    const double u = (i + 0.5) / kSteps;  // from crest to valley
    const double indentation = std::max(d - depth * u * u * (3.0 - 2.0 * u), 0.0);
    sum += profile.normal_stiffness * indentation / (1.0 - indentation / profile.thickness);
  }
  return sum / kSteps;
}

class RibbedBlock : public ::testing::TestWithParam<double> {};

// Whatever the pitch, seen by the nodes or not: pressed by less than the ribs' depth the crests
// carry all, pressed by more the valleys help.
TEST_P(RibbedBlock, PressesWithItsBearingAreasForce) {
  const double pitch = GetParam(), depth = 0.2e-3;
  const PadProfile profile = testing::quasi_static_gel();
  const double area = profile.grid.size() * profile.grid.pitch * profile.grid.pitch;
  for (const double d : {0.1e-3, 0.2e-3, 0.35e-3}) {
    Press press(textured_block(hal::SurfaceTexture::Kind::kRibbed, depth, pitch), 0.5);
    const double force = press.move_to({0.11e-3, 0.07e-3, 10e-3 - d}, 0, 1).wrench[2];
    const double expected = area * ribbed_pressure(profile, depth, d);
    // The bearing curve is of the linear law: the gel's stiffening between crest and valley, a few
    // percent of h, is the rest.
    EXPECT_NEAR(force, expected, 0.05 * expected) << d;
  }
}

INSTANTIATE_TEST_SUITE_P(Pitches, RibbedBlock, ::testing::Values(0.4e-3, 0.5e-3, 1e-3, 4e-3));

// Ribs as wide as several nodes press as ribs: the crests carry, the valleys are free.
TEST(Relief, CoarseRibsPressWhereTheirCrestsAre) {
  const double depth = 0.3e-3, pitch = 4e-3, d = 0.15e-3;
  Press press(textured_block(hal::SurfaceTexture::Kind::kRibbed, depth, pitch), 0.5);
  press.move_to({0, 0, 10e-3 - d}, 0, 1);
  const PadGrid grid = testing::quasi_static_gel().grid;
  for (int i = 0; i < grid.nx; ++i) {
    double expected = 0.0;
    for (const double place : {-0.25, 0.25}) {  // of the node's square
      const double t = (grid.x(i) + place * grid.pitch) / pitch;
      const double u = 2.0 * std::abs(t - std::round(t));
      expected += 0.5 * std::max(d - depth * u * u * (3.0 - 2.0 * u), 0.0);
    }
    EXPECT_NEAR(press.contact.indentation()[10 * grid.nx + i], expected, 1e-7) << i;
  }
}

using Texture = hal::SurfaceTexture::Kind;

class SlidingTexture : public ::testing::TestWithParam<std::tuple<Texture, double>> {
 protected:
  /// Normal forces while a block with the texture slides, pressed in by d.
  static std::vector<double> forces(const PadProfile& profile, double d) {
    const auto [kind, pitch] = GetParam();
    Press press(textured_block(kind, 0.2e-3, pitch), 0.5, profile);
    std::vector<double> result;
    for (int i = 0; i < 60; ++i) {
      const double along = 0.037e-3 * i;
      result.push_back(press.move_to({along, 0.6 * along, 10e-3 - d}, 0, 1).wrench[2]);
    }
    return result;
  }
};

// A texture that slides over the nodes may not make the load jump: no beat with the grid.
TEST_P(SlidingTexture, KeepsTheNormalForceSteady) {
  for (const double d : {0.1e-3, 0.25e-3}) {
    const std::vector<double> force = forces(testing::quasi_static_gel(), d);
    const auto [low, high] = std::ranges::minmax(force);
    EXPECT_GT(low, 0.0);
    EXPECT_LT(high - low, 0.06 * 0.5 * (high + low)) << d;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Fine, SlidingTexture,
    ::testing::Combine(::testing::Values(Texture::kRibbed, Texture::kWoven, Texture::kKnurled,
                                         Texture::kFuzzy, Texture::kBrushed),
                       ::testing::Values(0.3e-3, 0.5e-3, 0.8e-3, 1e-3, 1.5e-3, 1.8e-3, 2e-3)));

// Coarse ones come and go at the pad's sides: there a pad with 25 times the nodes tells the truth.
// Of textures by chance, and of letters, this holds only where the nodes see them: the few streaks
// under one pad need not bear as the whole surface does on the average.
class SlidingCoarseTexture : public SlidingTexture {};

TEST_P(SlidingCoarseTexture, PressesAsOnAFinerGrid) {
  PadProfile fine = testing::quasi_static_gel();
  fine.grid = {fine.grid.nx * 5, fine.grid.ny * 5, fine.grid.pitch / 5};
  for (const double d : {0.1e-3, 0.25e-3}) {
    const std::vector<double> coarse = forces(testing::quasi_static_gel(), d);
    const std::vector<double> truth = forces(fine, d);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      EXPECT_NEAR(coarse[i], truth[i], 0.10 * truth[i]) << i << " " << d;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BetweenAndCoarse, SlidingCoarseTexture,
                         ::testing::Combine(::testing::Values(Texture::kRibbed, Texture::kWoven,
                                                              Texture::kKnurled),
                                            ::testing::Values(2.2e-3, 2.5e-3, 3e-3, 4e-3, 6e-3)));
INSTANTIATE_TEST_SUITE_P(CoarseByChance, SlidingCoarseTexture,
                         ::testing::Combine(::testing::Values(Texture::kFuzzy, Texture::kBrushed),
                                            ::testing::Values(4e-3, 6e-3)));
INSTANTIATE_TEST_SUITE_P(CoarseLetters, SlidingCoarseTexture,
                         ::testing::Combine(::testing::Values(Texture::kEmbossed),
                                            ::testing::Values(8e-3, 10e-3)));
}  // namespace
}  // namespace gripbench::sim

// Force and torque of a sliding contact together: the limit surface (Goyal, Ruina, Papadopoulos
// 1991), for the pad's own rectangle under uniform pressure.
#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "sim/pad_contact.h"
#include "tests/physics/pads.h"

namespace gripbench::sim {
namespace {

struct Load {
  double force = 0.0;
  double torque = 0.0;
};

/// Friction of the a x b rectangle turning about (c, 0), by quadrature on a fine grid; force along
/// y and torque about the middle, per unit of mu p.
Load quadrature(double a, double b, double c) {
  constexpr int kCells = 1200;
  Load load;
  const double da = a / kCells * b / kCells;
  for (int i = 0; i < kCells; ++i) {
    for (int j = 0; j < kCells; ++j) {
      const double x = (i + 0.5) / kCells * a - 0.5 * a;
      const double y = (j + 0.5) / kCells * b - 0.5 * b;
      const double r = std::hypot(x - c, y);
      load.force += (x - c) / r * da;
      load.torque += (x * (x - c) + y * y) / r * da;
    }
  }
  return load;
}

/// The same from the pad: a block larger than the pad turns about (c, 0) until all of it slips.
Load simulated(double c, double mu, double& load) {
  const PadProfile profile = testing::quasi_static_gel();
  PadContact contact(profile);
  const ObjectShape shape(testing::box({80e-3, 80e-3, 20e-3}));
  const double depth = 0.1e-3;
  const double dt = 1e-3;
  PadForce force;
  double angle = 0.0;
  const double step = 2e-3;
  // Far enough that all slips, not so far that the block leaves the pad.
  const int steps = std::min(600, static_cast<int>(15e-3 / (std::max(c, 1e-6) * step)));
  for (int i = 0; i < steps; ++i) {
    angle += step;
    const Eigen::Vector3d centre(c, 0, 0);
    const Eigen::Isometry3d pad_from_object =
        Eigen::Translation3d(centre) * Eigen::AngleAxisd(angle, Eigen::Vector3d::UnitZ()) *
        Eigen::Translation3d(-centre + Eigen::Vector3d(0, 0, 10e-3 - depth));
    Twist twist = Twist::Zero();
    twist[5] = step / dt;
    twist[1] = -twist[5] * c;
    force = contact.step(shape, {mu, std::nullopt}, pad_from_object.inverse(), twist, dt);
  }
  load = force.wrench[2];
  return {-force.wrench[1], -force.wrench[5]};
}

TEST(LimitSurface, AgreesWithQuadratureOverTheCentreOfRotationAndIsConvex) {
  const double mu = 0.5;
  const double a = 16e-3;
  const double b = 12e-3;
  const double radius = 0.5 * std::hypot(a, b);
  const double largest_torque = quadrature(a, b, 0.0).torque;
  std::vector<Load> curve;
  for (const double c : {0.0, 1.5e-3, 3e-3, 5e-3, 8e-3, 12e-3, 20e-3, 50e-3}) {
    double load = 0.0;
    Load sim = simulated(c, mu, load);
    const Load exact = quadrature(a, b, c);
    const double scale = mu * load / (a * b);
    // Both axes in units of the surface's own extent: the distance between the two points against
    // that of the surface from the origin.
    const double force = exact.force * scale / (mu * load);
    const double torque = exact.torque / largest_torque;
    const double apart =
        std::hypot(sim.force / (mu * load) - force, sim.torque / (largest_torque * scale) - torque);
    EXPECT_LT(apart, 0.03 * std::hypot(force, torque)) << c;
    curve.push_back({-sim.force / (mu * load), sim.torque / (mu * load * radius)});
  }
  // Both axes fall on the extremes, and the curve always turns the same way in between.
  EXPECT_NEAR(curve.front().force, 0.0, 0.03);
  EXPECT_NEAR(curve.back().force, 1.0, 0.03);
  for (std::size_t i = 2; i < curve.size(); ++i) {
    const double ux = curve[i - 1].force - curve[i - 2].force;
    const double uy = curve[i - 1].torque - curve[i - 2].torque;
    const double vx = curve[i].force - curve[i - 1].force;
    const double vy = curve[i].torque - curve[i - 1].torque;
    EXPECT_LT(ux * vy - uy * vx, 1e-4) << i;
  }
}

}  // namespace
}  // namespace gripbench::sim

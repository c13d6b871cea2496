// What happens when a grip takes up a load: overshoot at lift-off, turning of a grip off the mass
// centre, and a grip that holds where stock contacts creep.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tests/physics/pinch_rig.h"

namespace gripbench::sim {
namespace {

using testing::PinchRig;

constexpr double kG = PinchRig::kGravity;

/// Largest shear over both pads when a block is lifted off a table by pads that accelerate with
/// `a`. In the frame of the pads gravity is g + a and the table sinks away with a; the block stays
/// on it until the shear carries its weight.
double peak_shear_at_lift_off(double mass, double a, double damping, double timestep,
                              double& stiffness) {
  PinchRig::Setup setup;
  setup.object = testing::box({20e-3, 10e-3, 10e-3});
  setup.object.mass = mass;
  setup.friction_tactile = setup.friction_plain = 2.0;
  setup.timestep = timestep;
  setup.pad.normal_damping = 6e5;
  setup.pad.tangential_damping = damping;
  PinchRig rig(setup);
  rig.set_acceleration(-kG);
  for (double t = 0; t < 0.3; t += timestep) {
    rig.set_grip(8.0);
    rig.step();
  }
  rig.set_acceleration(a);
  mjData& data = rig.data();
  const int dof = rig.model().nv - 6;
  const int pos = rig.model().nq - 7;
  const double start = data.qpos[pos + 2];
  const auto shear = [&] {
    return rig.coupling().pad(0).slip().force.y() + rig.coupling().pad(1).slip().force.y();
  };
  bool on_table = true;
  double peak = 0.0;
  for (double t = 0; t < 0.15; t += timestep) {
    if (on_table) {
      data.qpos[pos + 2] = start - 0.5 * a * t * t;
      data.qvel[dof + 2] = -a * t;
      on_table = shear() < mass * kG;
    }
    rig.step();
    peak = std::max(peak, shear());
  }
  stiffness = 2 * rig.coupling().pad(0).slip().contact_area * setup.pad.tangential_stiffness;
  return peak;
}

// Undamped: m (g + a) + m sqrt(2 a g + a^2), from the pads' speed sqrt(2 a m g/K) when the weight
// is taken.
TEST(LiftOff, ShearOvershootsAsAnUndampedSpring) {
  for (const double a : {0.5, 1.2, 4.0}) {
    double stiffness = 0.0;
    const double peak = peak_shear_at_lift_off(0.3, a, 0.0, 2.5e-4, stiffness);
    const double rest = 0.3 * (kG + a);
    const double overshoot = 0.3 * std::sqrt(2 * a * kG + a * a);
    EXPECT_NEAR(peak - rest, overshoot, 0.05 * overshoot) << a;
    const double at_the_twins_step = peak_shear_at_lift_off(0.3, a, 0.0, 5e-4, stiffness);
    EXPECT_NEAR(at_the_twins_step - rest, overshoot, 0.05 * overshoot) << a;
  }
}

/// The one-degree-of-freedom system m u'' + c u' + k u = m (g + a) after lift-off, in small steps.
double one_mass_peak(double m, double k, double c, double a) {
  const double h = 1e-6;
  double t = 0.0;
  while (k * 0.5 * a * t * t + c * a * t < m * kG) t += h;
  double u = 0.5 * a * t * t;
  double v = a * t;
  double peak = 0.0;
  for (int i = 0; i < 150000; ++i) {
    v += h * (kG + a - (k * u + c * v) / m);
    u += h * v;
    peak = std::max(peak, k * u + c * v);
  }
  return peak;
}

TEST(LiftOff, DampedOvershootMatchesOneDegreeOfFreedom) {
  const double mass = 0.3;
  const double a = 1.2;
  const double per_area = 1.3e5;
  double stiffness = 0.0;
  const double peak = peak_shear_at_lift_off(mass, a, per_area, 2.5e-4, stiffness);
  const double expected = one_mass_peak(mass, stiffness, per_area / 5e7 * stiffness, a);
  const double rest = mass * (kG + a);
  EXPECT_NEAR(peak - rest, expected - rest, 0.05 * (expected - rest));
  EXPECT_LT(peak, rest + 0.9 * mass * std::sqrt(2 * a * kG + a * a)) << "damping shows";
}

// Capsule of radius 4 mm, 45 g, mu 0.7, pinched far inside the friction cone: MuJoCo issue 3328.
TEST(PinchedCapsule, DoesNotCreepInOurPads) {
  PinchRig::Setup setup;
  setup.object = testing::single_part(hal::ShapePart::Kind::kCapsule, {4e-3, 60e-3, 0});
  setup.object.mass = 0.045;
  setup.friction_tactile = setup.friction_plain = 0.7;
  setup.half_width = 4e-3;
  setup.pad.normal_damping = 6e5;
  setup.pad.tangential_damping = 1.3e5;
  PinchRig rig(setup);
  rig.grip_and_load(5.0);
  rig.run(0.5);
  const double before = rig.height();
  rig.run(2.0);
  const double creep = (before - rig.height()) / 2.0;
  RecordProperty("creep_um_per_s", std::to_string(creep * 1e6));
  EXPECT_LT(std::abs(creep), 1e-6);
}

// The same capsule between boxes with the engine's own contacts, elliptic cones and impratio 10: it
// creeps, which is why the pads are ours.
TEST(PinchedCapsule, CreepsInStockContacts) {
  const char* xml = R"(<mujoco>
  <option timestep="0.001" cone="elliptic" impratio="10"/>
  <worldbody>
    <body pos="0.009 0 0"><joint type="slide" axis="-1 0 0" name="a"/>
      <geom type="box" size="0.005 0.008 0.006" friction="0.7 0.005 0.0001" condim="4" mass="0.1"/></body>
    <body pos="-0.009 0 0"><joint type="slide" axis="1 0 0" name="b"/>
      <geom type="box" size="0.005 0.008 0.006" friction="0.7 0.005 0.0001" condim="4" mass="0.1"/></body>
    <body name="capsule"><freejoint/>
      <geom type="capsule" size="0.004 0.026" mass="0.045" friction="0.7 0.005 0.0001" condim="4"/></body>
  </worldbody>
  <actuator><motor joint="a"/><motor joint="b"/></actuator>
</mujoco>)";
  const auto model = testing::compile(xml);
  const auto data = testing::make_data(*model);
  data->ctrl[0] = data->ctrl[1] = 5.0;
  const auto run = [&](double seconds) {
    for (double t = 0; t < seconds; t += 1e-3) mj_step(model.get(), data.get());
  };
  run(0.5);
  const int z = model->nq - 5;
  const double before = data->qpos[z];
  run(2.0);
  const double creep = (before - data->qpos[z]) / 2.0;
  RecordProperty("creep_um_per_s", std::to_string(creep * 1e6));
  EXPECT_GT(creep, 20e-6);
}

/// Torque capacity about the pads' normal of both pads together, when they already carry the
/// weight: quadrature over the centre of rotation on the nodes' own pressure, mu p per node.
double torque_capacity(const PinchRig& rig_in, double weight, double mu) {
  PinchRig& rig = const_cast<PinchRig&>(rig_in);
  double best = 0.0;
  // Of all centres of rotation (c, 0) the one whose force equals the weight gives the torque.
  const auto at = [&](double c, double& force) {
    double torque = 0.0;
    force = 0.0;
    for (int side = 0; side < 2; ++side) {
      const PadContact& pad = rig.coupling().pad(side);
      const PadGrid& grid = pad.profile().grid;
      const double area = grid.pitch * grid.pitch;
      for (int j = 0; j < grid.ny; ++j) {
        for (int i = 0; i < grid.nx; ++i) {
          const double p = pad.pressure()[j * grid.nx + i];
          const double x = grid.x(i);
          const double y = grid.y(j);
          const double r = std::hypot(x - c, y);
          if (p <= 0 || r == 0) continue;
          force += mu * p * area * (x - c) / r;
          torque += mu * p * area * (x * (x - c) + y * y) / r;
        }
      }
    }
    return torque;
  };
  double low = -1.0;
  double high = 0.0;
  for (int i = 0; i < 60; ++i) {
    const double c = 0.5 * (low + high);
    double force = 0.0;
    best = at(c, force);
    (force > weight ? low : high) = c;
  }
  return best;
}

// A bar gripped off its mass centre turns when weight times offset passes the limit surface at the
// shear it already carries.
TEST(OffCentreGrip, TurnsWhenItsTorquePassesTheLimitSurface) {
  const double mass = 0.15;
  const double mu = 0.6;
  const auto turns = [&](double offset, double& capacity) {
    PinchRig::Setup setup;
    setup.object = testing::box({20e-3, 120e-3, 10e-3});
    setup.object.mass = mass;
    setup.friction_tactile = setup.friction_plain = mu;
    setup.pad.normal_damping = 6e5;
    setup.pad.tangential_damping = 1.3e5;
    setup.grip_offset = offset;
    PinchRig rig(setup);
    rig.grip_and_load(4.0, 0.6);
    capacity = torque_capacity(rig, mass * kG, mu);
    rig.run(0.4);
    return std::abs(rig.turn()) > 0.1;
  };
  double capacity = 0.0;
  turns(0.0, capacity);
  const double edge = capacity / (mass * kG);
  ASSERT_GT(edge, 2e-3);
  EXPECT_FALSE(turns(0.9 * edge, capacity)) << "edge " << edge;
  EXPECT_TRUE(turns(1.1 * edge, capacity)) << "edge " << edge;
}

}  // namespace
}  // namespace gripbench::sim

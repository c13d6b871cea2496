// Objects held between two pads and MuJoCo's rigid bodies (PHYSICS "Tests of the mechanics").
#include <cmath>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/physics/pinch_rig.h"

namespace gripbench::sim {
namespace {

using testing::PinchRig;

constexpr double kG = PinchRig::kGravity;

/// The gel with more damping than that of 2018, so that what swings is at rest soon, and no rise of
/// friction with speed.
PadProfile damped_gel() {
  PadProfile pad = testing::quasi_static_gel();
  pad.normal_damping = 6e5;
  pad.tangential_damping = 1.3e5;
  return pad;
}

PinchRig::Setup block(double mass, double friction = 0.6) {
  PinchRig::Setup setup;
  setup.object = testing::box({20e-3, 10e-3, 10e-3});
  setup.object.mass = mass;
  setup.friction_tactile = friction;
  setup.friction_plain = friction;
  setup.half_width = 10e-3;
  setup.pad = damped_gel();
  return setup;
}

/// Slip of the pad that slips less: the whole grip has given way only when both have. (With unequal
/// friction the weaker pad slips first while the block tilts and hangs on the other.)
double gross_slip(PinchRig& rig) {
  return std::min(rig.coupling().pad(0).slip().mean_distance,
                  rig.coupling().pad(1).slip().mean_distance);
}

// A heavy block held safely moves down by mg/(K_t1 + K_t2), then stays.
TEST(HeldBlock, SinksByTheGelsStretchAndStays) {
  PinchRig rig(block(0.5));
  const double needed = 0.5 * kG / 1.2;
  rig.grip_and_load(2 * needed);
  rig.run(0.5);
  const double area = rig.coupling().pad(0).slip().contact_area;
  const double stiffness = 2 * area * rig.setup().pad.tangential_stiffness;
  EXPECT_NEAR(-rig.height(), 0.5 * kG / stiffness, 0.05 * 0.5 * kG / stiffness);
  EXPECT_NEAR(gross_slip(rig), 0.0, 1e-6);
  const double before = rig.height();
  rig.run(1.0);
  EXPECT_LT(std::abs(rig.height() - before), 1e-6) << "creeps more than 1 um in 1 s";
  EXPECT_LT(rig.tilt(), 1e-3);
}

/// Damping (N s/m^3) at which a block held by both pads swings with this damping ratio: both hold
/// it over the 10 x 10 mm of its faces, m u'' + c A u' + k_t A u = 0.
double damping_of_ratio(double ratio, double mass, const PadProfile& pad) {
  const double area = 2 * 1e-4;
  return 2 * ratio * std::sqrt(pad.tangential_stiffness * area * mass) / area;
}

/// Loosens the grip at 2% of the needed force per 0.1 s until the block has slipped 0.3 mm, and
/// returns the mean normal force then, as a share of the needed one.
double share_of_needed_grip_at_slip(double mass, double mu_1, double mu_2, double acceleration) {
  PinchRig::Setup setup = block(mass);
  setup.friction_tactile = mu_1;
  setup.friction_plain = mu_2;
  setup.pad.tangential_damping = damping_of_ratio(0.3, mass, setup.pad);
  PinchRig rig(setup);
  const double needed = mass * (kG + acceleration) / (mu_1 + mu_2);
  rig.grip_and_load(1.5 * needed);
  // The acceleration comes on smoothly while the grip is safe.
  for (double t = 0; t < 0.4; t += setup.timestep) {
    const double s = t / 0.4;
    rig.set_acceleration(acceleration * s * s * (3 - 2 * s));
    rig.set_grip(1.5 * needed);
    rig.step();
  }
  rig.coupling().pad(0).zero_slip();
  rig.coupling().pad(1).zero_slip();
  double share = 1.5;
  double held = 0.0;
  while (share > 0.5 && gross_slip(rig) < 0.3e-3) {
    rig.set_grip(share * needed);
    rig.step();
    held = 0.5 * (rig.normal_force(0) + rig.normal_force(1));
    share -= 0.2 * setup.timestep;
  }
  return held / needed;
}

// (mu_1 + mu_2) N = m g.
TEST(HangingBlock, SlipsWhenTheGripIsLoosenedToItsWeight) {
  EXPECT_NEAR(share_of_needed_grip_at_slip(0.2, 0.6, 0.6, 0.0), 1.0, 0.05);
  EXPECT_NEAR(share_of_needed_grip_at_slip(0.5, 0.5, 0.5, 0.0), 1.0, 0.05);
}

// (mu_1 + mu_2) N = m (g + a), smoothly accelerated, with a damping ratio of 0.3; and with unequal
// friction, where the pads share the load by stiffness until one slips and the other takes the
// rest.
TEST(HangingBlock, SlipsWhenAcceleratedBeyondItsGrip) {
  EXPECT_NEAR(share_of_needed_grip_at_slip(0.2, 0.6, 0.6, 4.0), 1.0, 0.05);
  EXPECT_NEAR(share_of_needed_grip_at_slip(0.2, 0.8, 0.4, 0.0), 1.0, 0.05);
}

TEST(HangingBlock, HoldsJustAboveAndFallsJustBelow) {
  for (const double share : {1.06, 0.94}) {
    PinchRig rig(block(0.2));
    rig.grip_and_load(share * 0.2 * kG / 1.2);
    rig.run(0.3);
    if (share > 1) {
      EXPECT_GT(rig.height(), -1e-3);
    } else {
      EXPECT_LT(rig.height(), -5e-3);
    }
  }
}

// Friction that rises with speed: a grip just short of holding creeps at the speed where
// mu(v) = m g / 2N.
TEST(HangingBlock, CreepsWhereRisingFrictionCarriesIt) {
  PinchRig::Setup setup = block(0.2);
  setup.object = testing::box({20e-3, 10e-3, 400e-3});
  setup.object.mass = 0.2;
  setup.pad.friction_slope = 0.1;
  setup.pad.friction_speed = 1e-3;
  PinchRig rig(setup);
  const double share = 0.85;
  const double force = share * 0.2 * kG / 1.2;
  rig.grip_and_load(force);
  for (double t = 0; t < 1.0; t += setup.timestep) {
    rig.set_grip(force);
    rig.step();
  }
  const double normal = 0.5 * (rig.normal_force(0) + rig.normal_force(1));
  const double speed = 1e-3 * std::expm1((0.2 * kG / (2 * normal) / 0.6 - 1) / 0.1);
  EXPECT_NEAR(rig.sinking_speed(), speed, 0.1 * speed);
}

/// From 10 g to 1.5 kg, also where the gel is pressed far into its stiffening.
void expect_stable_from_light_to_heavy(PinchRig::Setup setup) {
  for (const double mass : {0.01, 0.02, 0.1, 0.5, 1.5}) {
    for (const double grip : {1.5, 12.0}) {
      setup.object.mass = mass;
      PinchRig rig(setup);
      const double force = std::min(grip * mass * kG / 1.2, 35.0);
      rig.grip_and_load(std::max(force, 0.1));
      // The heaviest is damped least: its swinging has a time constant of 0.1 s.
      rig.run(1.5);
      double fastest = 0.0;
      const double before = rig.height();
      for (double t = 0.0; t < 0.2; t += setup.timestep) {
        rig.step();
        fastest = std::max(fastest, std::abs(rig.sinking_speed()));
      }
      EXPECT_LT(fastest, 1e-4) << mass << " kg, grip " << grip;
      EXPECT_LT(std::abs(rig.height() - before), 1e-6) << mass << " kg, grip " << grip;
    }
  }
}

TEST(HeldBlock, IsStableFromLightToHeavy) { expect_stable_from_light_to_heavy(block(0.1)); }

// The workcell's own pads at its own step.
TEST(HeldBlock, IsStableBetweenTheWorkcellsPads) {
  const std::filesystem::path sensors =
      std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets" / "sensors";
  PinchRig::Setup setup = block(0.1);
  const auto pad_of = [&](const char* file) {
    return PadProfile::from(hal::ConfigNode::load(sensors / file).child("pad"));
  };
  setup.pad = pad_of("gelsight2018.yaml");
  setup.plain_pad = pad_of("rubber_finger.yaml");
  // What creeps by friction's rise with speed is another matter.
  setup.pad.friction_slope = setup.plain_pad->friction_slope = 0.0;
  setup.timestep = 5e-4;
  expect_stable_from_light_to_heavy(setup);
}

// A block knocked along the pads' plane in weightlessness, without damping: it swings on the
// bristles and its energy never grows by over 1%. Kinetic energy is taken between steps, where the
// semi-implicit step's velocities belong.
TEST(FreeContact, EnergyDoesNotGrow) {
  PinchRig::Setup setup = block(0.2);
  setup.pad.normal_damping = setup.pad.tangential_damping = 0.0;
  PinchRig rig(setup);
  rig.set_acceleration(-kG);
  for (int i = 0; i < 300; ++i) {
    rig.set_grip(2.0);
    rig.step();
  }
  mjData& data = rig.data();
  const int dof = rig.model().nv - 6;
  data.qvel[dof + 1] = 5e-3;
  data.qvel[dof + 2] = -5e-3;
  const double energy = 0.5 * 0.2 * 2 * 25e-6;
  double largest = 0.0;
  double late = 0.0;
  for (int i = 0; i < 1000; ++i) {
    const Eigen::Vector3d before(data.qvel + dof);
    rig.step();
    const Eigen::Vector3d between = 0.5 * (before + Eigen::Vector3d(data.qvel + dof));
    const double kinetic = 0.5 * 0.2 * between.squaredNorm();
    largest = std::max(largest, kinetic);
    if (i > 900) late = std::max(late, kinetic);
  }
  EXPECT_LE(largest, 1.01 * energy);
  // Nor is it eaten by the integrator: sticking bristles lose nothing.
  EXPECT_GE(late, 0.9 * energy);
}

// The same block thrown to and fro between the pads, turning and sliding along them: each time it
// flies free it has no more energy than before, and most of that: friction takes some, and the
// implicit step about a fifth.
TEST(FreeContact, BouncingGivesNoEnergy) {
  PinchRig::Setup setup = block(0.2);
  setup.pad.normal_damping = setup.pad.tangential_damping = 0.0;
  setup.half_width = 10.5e-3;
  // The fingers have dampers of their own; stiff ones take little.
  setup.finger_stiffness = 1e6;
  setup.timestep = 2.5e-4;
  PinchRig rig(setup);
  rig.set_acceleration(-kG);
  mjData& data = rig.data();
  const int dof = rig.model().nv - 6;
  const double inertia = 0.4 * 0.2 * 1e-4;  // the rig's, the same about every axis
  const auto energy = [&] {
    return 0.5 * 0.2 * Eigen::Vector3d(data.qvel + dof).squaredNorm() +
           0.5 * inertia * Eigen::Vector3d(data.qvel + dof + 3).squaredNorm();
  };
  data.qvel[dof] = 0.1;
  data.qvel[dof + 1] = 0.02;
  data.qvel[dof + 3] = 1.0;
  double last = energy();
  int bounces = 0;
  bool touched = false;
  for (int i = 0; i < 2400; ++i) {
    rig.step();
    const bool touches = rig.coupling().pad(0).touching() || rig.coupling().pad(1).touching();
    if (touched && !touches) {
      EXPECT_LE(energy(), 1.01 * last) << "bounce " << bounces;
      EXPECT_GE(energy(), 0.6 * last) << "bounce " << bounces;
      last = energy();
      ++bounces;
    }
    touched = touches;
  }
  EXPECT_GE(bounces, 5);
}

}  // namespace
}  // namespace gripbench::sim

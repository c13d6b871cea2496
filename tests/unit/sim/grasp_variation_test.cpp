#include "sim/grasp_variation.h"

#include <cmath>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

hal::ObjectDescription sponge() {
  hal::ObjectDescription object;
  object.friction_gel = 0.8;
  object.friction_rubber = 0.6;
  object.friction_spread = 0.1;
  return object;
}

const GraspVariationRanges kRanges{.placement_shift = 4e-4,
                                   .placement_turn = 0.01,
                                   .gel_light = 0.05,
                                   .dot_fade = 0.2,
                                   .dot_shake_px = 0.1};

TEST(GraspVariation, StaysWithinItsRangesAndFillsThem) {
  double least = 1.0, most = 0.0, shift = 0.0, turn = 0.0, light = 0.0, fade = 0.0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const GraspVariation v = draw_grasp_variation(seed, kRanges, sponge());
    ASSERT_LE(v.placement_shift.cwiseAbs().maxCoeff(), 4e-4);
    ASSERT_LE(std::abs(v.placement_turn), 0.01);
    ASSERT_LE(std::abs(v.friction_gel / 0.8 - 1.0), 0.1 + 1e-12);
    ASSERT_LE(std::abs(v.friction_rubber / 0.6 - 1.0), 0.1 + 1e-12);
    for (const double gain : v.gel.light_gain) ASSERT_LE(std::abs(gain - 1.0), 0.05 + 1e-12);
    ASSERT_GE(v.gel.dot_fade, 0.0);
    least = std::min(least, v.friction_gel);
    most = std::max(most, v.friction_gel);
    shift = std::max(shift, v.placement_shift.cwiseAbs().maxCoeff());
    turn = std::max(turn, std::abs(v.placement_turn));
    light = std::max(light, std::abs(v.gel.light_gain[1] - 1.0));
    fade = std::max(fade, v.gel.dot_fade);
  }
  EXPECT_LT(least, 0.8 * 0.91);
  EXPECT_GT(most, 0.8 * 1.09);
  EXPECT_GT(shift, 3.9e-4);
  EXPECT_GT(turn, 0.0095);
  EXPECT_GT(light, 0.045);
  EXPECT_GT(fade, 0.19);
}

TEST(GraspVariation, TheTwoPadsFrictionIsIndependent) {
  double product = 0.0;
  constexpr int kSeeds = 2000;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const GraspVariation v = draw_grasp_variation(seed, kRanges, sponge());
    product += (v.friction_gel / 0.8 - 1.0) * (v.friction_rubber / 0.6 - 1.0);
  }
  // Variance of each is 0.01 / 3; the mean product's standard error is that over sqrt(2000).
  EXPECT_LT(std::abs(product / kSeeds), 4.0 * (0.01 / 3.0) / std::sqrt(2000.0));
}

TEST(GraspVariation, IsTheSeedsAlone) {
  const GraspVariation a = draw_grasp_variation(7, kRanges, sponge());
  GraspVariationRanges wider = kRanges;
  wider.placement_shift = 1e-3;
  const GraspVariation b = draw_grasp_variation(7, wider, sponge());
  EXPECT_EQ(a.friction_gel, b.friction_gel) << "a wider range leaves other draws as they were";
  EXPECT_EQ(a.gel.dot_fade, b.gel.dot_fade);
  EXPECT_NE(a.placement_shift, b.placement_shift);
  EXPECT_NE(a.friction_gel, draw_grasp_variation(8, kRanges, sponge()).friction_gel);
}

TEST(GraspVariation, NothingVariesUnlessToldTo) {
  hal::ObjectDescription rigid = sponge();
  rigid.friction_spread = 0.0;
  const GraspVariation v = draw_grasp_variation(3, {}, rigid);
  EXPECT_EQ(v.placement_shift, Eigen::Vector2d::Zero());
  EXPECT_EQ(v.placement_turn, 0.0);
  EXPECT_EQ(v.friction_gel, 0.8);
  EXPECT_EQ(v.friction_rubber, 0.6);
  EXPECT_EQ(v.gel.light_gain, (std::array<double, 3>{1.0, 1.0, 1.0}));
  EXPECT_EQ(v.gel.dot_fade, 0.0);
  EXPECT_EQ(v.gel.dot_shake_px, 0.0);
}

TEST(GraspVariation, IsDescribedByName) {
  const GraspVariation v = draw_grasp_variation(7, kRanges, sponge());
  hal::Variation description{{"camera_delay", 0.01}};
  describe(v, description);
  EXPECT_EQ(description.at("friction_gel"), v.friction_gel);
  EXPECT_EQ(description.at("friction_rubber"), v.friction_rubber);
  EXPECT_EQ(description.at("placement_shift_y"), v.placement_shift.y());
  EXPECT_EQ(description.at("gel_light_red"), v.gel.light_gain[2]);
  EXPECT_EQ(description.at("camera_delay"), 0.01) << "keeps what was there";
}

TEST(GraspVariation, FileIsChecked) {
  const std::string file = ::testing::TempDir() + "grasp_variation_test.yaml";
  const auto load = [&](const std::string& text) {
    std::ofstream(file) << text;
    return GraspVariationRanges::from(hal::ConfigNode::load(file));
  };
  EXPECT_EQ(load("dot_fade: 0.1\n").dot_fade, 0.1);
  EXPECT_THROW(load("dot_fade: 1.1\n"), hal::ConfigError);
  EXPECT_THROW(load("placement_shift: -0.001\n"), hal::ConfigError);
  EXPECT_THROW(load("dot_paint: 0.1\n"), hal::ConfigError);
}

}  // namespace
}  // namespace gripbench::sim

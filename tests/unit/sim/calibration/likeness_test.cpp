// What `gripbench likeness` measures, on pictures whose truth is known.
#include "sim/calibration/likeness.h"

#include <cmath>
#include <filesystem>
#include <utility>

#include <gtest/gtest.h>

#include "sim/calibration/gel_statistics.h"
#include "sim/gelsight_image.h"

namespace gripbench::sim {
namespace {

SensorProfile sensor(const std::string& name) {
  return SensorProfile::load(std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets/sensors" /
                             (name + ".yaml"));
}

/// Bend and stretch.
using Lens = std::pair<double, double>;

class SeenLattice : public ::testing::TestWithParam<Lens> {};

// Places by the profile's definition of bend and stretch, without any picture.
TEST_P(SeenLattice, ComesBackFromItsDots) {
  const auto [bend, stretch] = GetParam();
  const double pitch = 31.0, angle = 0.3, half = 160.0;
  std::vector<GelDot> dots;
  for (int j = -8; j <= 8; ++j) {
    for (int i = -8; i <= 8; ++i) {
      const double x = 4.0 + pitch * (i * std::cos(angle) - j * std::sin(angle));
      const double y = -7.0 + pitch * (i * std::sin(angle) + j * std::cos(angle));
      const double out = bend * (x * x + y * y) / (half * half);
      const double seen_x = x * (1.0 + out - 0.5 * stretch);
      const double seen_y = y * (1.0 + out + 0.5 * stretch);
      if (std::abs(seen_x) > 150.0 || std::abs(seen_y) > 110.0) continue;
      dots.push_back({159.5 + seen_x, 119.5 + seen_y, 10.0, 0.6, 3.0});
    }
  }
  const auto lattice = fit_dot_lattice(dots, {320, 240});
  ASSERT_TRUE(lattice);
  EXPECT_NEAR(lattice->pitch, pitch, 1e-4);
  EXPECT_NEAR(lattice->angle, angle, 1e-5);
  EXPECT_NEAR(lattice->bend, bend, 1e-5);
  EXPECT_NEAR(lattice->stretch, stretch, 1e-5);
  EXPECT_NEAR(lattice->position_deviation, 0.0, 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Lenses, SeenLattice,
                         ::testing::Values(Lens{0.0, 0.0}, Lens{0.05, 0.0}, Lens{-0.04, 0.0},
                                           Lens{0.02, 0.02}, Lens{0.0, -0.05}));

class DotsOfASensor : public ::testing::TestWithParam<const char*> {};

TEST_P(DotsOfASensor, ComeBackFromItsPicture) {
  const SensorProfile profile = sensor(GetParam());
  const MarkerProfile& markers = profile.optics.markers;
  const double pitch = profile.optics.pixel_pitch;
  const cv::Mat picture = GelSightImage(profile.optics, 3).background();
  const auto lattice = fit_dot_lattice(find_gel_dots(picture), picture.size());
  ASSERT_TRUE(lattice);
  EXPECT_NEAR(lattice->pitch * pitch, markers.pitch, 0.01 * markers.pitch);
  EXPECT_NEAR(lattice->angle, markers.angle, 0.01);
  EXPECT_NEAR(lattice->bend, markers.bend, 0.012);
  EXPECT_NEAR(lattice->stretch, markers.stretch, 0.012);
  EXPECT_NEAR(lattice->diameter * pitch, markers.diameter, 0.08 * markers.diameter);
  EXPECT_NEAR(lattice->position_deviation * pitch, markers.position_jitter,
              0.4 * markers.position_jitter);
}

INSTANTIATE_TEST_SUITE_P(Sensors, DotsOfASensor,
                         ::testing::Values("gelsight2018", "gelsight_mini_wide",
                                           "gelsight_mini_narrow"));

// A recording that begins and ends in contact, as some of the published ones.
TEST(Likeness, AContactThroughoutShowsAgainstTheUntouchedGel) {
  const std::vector<GelSequence> whole = simulate_presses(sensor("gelsight2018"), 5, 2, 1);
  std::vector<GelSequence> held;
  for (const GelSequence& sequence : whole) {
    held.push_back({sequence.name, {sequence.frames.end() - 2, sequence.frames.end()}, {}});
  }
  // Its calmest frame is a contact: nothing seems to be there.
  EXPECT_EQ(measure_look(held).contact_share, 0.0);
  for (std::size_t k = 0; k < held.size(); ++k) held[k].untouched = whole[k].untouched;
  const GelLook look = measure_look(held);
  EXPECT_GT(look.contact_share, 0.05);
  EXPECT_GT(look.change[0], 10.0);
}

TEST(Likeness, MoreAmbientLightMakesContactsPaler) {
  SensorProfile profile = sensor("gelsight2018");
  const GelLook before = measure_look(simulate_presses(profile, 5, 1, 1));
  profile.optics.ambient *= 2.0;
  const GelLook after = measure_look(simulate_presses(profile, 5, 1, 1));
  EXPECT_LT(after.change[2], 0.85 * before.change[2]);
  for (int c = 0; c < 3; ++c) EXPECT_NEAR(after.mean[c], before.mean[c], 0.5);
}

// Whatever the gel, presses are as hard: a gel of half the stiffness and twice the thickness is
// pressed twice as deep, so a ball's contact is wider.
TEST(Likeness, SofterGelsArePressedDeeper) {
  SensorProfile profile = sensor("gelsight2018");
  const GelLook stiff = measure_look(simulate_presses(profile, 5, 1, 1));
  profile.pad.normal_stiffness *= 0.5;
  profile.pad.thickness *= 2.0;
  const GelLook soft = measure_look(simulate_presses(profile, 5, 1, 1));
  EXPECT_GT(soft.contact_share, 1.1 * stiff.contact_share);
}

}  // namespace
}  // namespace gripbench::sim

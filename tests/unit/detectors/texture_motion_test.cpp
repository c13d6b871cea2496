#include "detectors/texture_motion.h"

#include <gtest/gtest.h>

#include "detectors/slip_signals.h"
#include "tests/tools/synthetic_gel.h"

namespace gripbench::detectors {
namespace {

using tests::RigidMotion;
using tests::SyntheticGel;

struct Case {
  double wavelength;
  cv::Point2d slip;
  double turn;
};

RelativeMotion measure(const SyntheticGel& gel, const RigidMotion& markers,
                       const RigidMotion& object) {
  const FirstLook first = look_at_first(tests::draw(gel, tests::dragged(gel, {}), {}, 1));
  const cv::Mat later = tests::draw(gel, tests::dragged(gel, markers), object, 2);
  const MarkerField found = find_markers(later, first.markers.scale);
  const auto tracks = track_markers(first.markers, found);
  const AffineMotion motion = fit_markers_in_contact(tracks, first.contact, first.relief.factor);
  return relative_texture_motion(first.relief, extract_relief(later, found), first.contact, motion);
}

TEST(TextureMotion, MeasuresTheObjectsSlipAgainstTheMarkers) {
  for (const Case& c :
       {Case{25.0, {0.0, 0.0}, 0.0}, Case{25.0, {2.0, 5.0}, 0.0}, Case{40.0, {-4.0, 12.0}, 0.02},
        Case{60.0, {0.0, 40.0}, 0.0}, Case{30.0, {0.0, 0.0}, 0.08}}) {
    SyntheticGel gel;
    gel.texture_wavelength_px = c.wavelength;
    const RigidMotion held{{3.0, 10.0}, 0.01};
    const RelativeMotion motion = measure(gel, held, {held.shift + c.slip, held.turn + c.turn});
    // 0.03 mm of the 2018 sensor, and 3% of far moves: markers around the contact, which follow
    // less, share in the fit of what is taken out.
    const double tolerance = 1.25 + 0.03 * cv::norm(c.slip);
    EXPECT_LT(cv::norm(motion.translation - c.slip), tolerance) << c.slip << motion.translation;
    EXPECT_NEAR(motion.rotation, c.turn, 0.006) << c.slip;
    EXPECT_GT(motion.confidence, 0.8);
  }
}

TEST(TextureMotion, SaysThatThereIsNothingToFollowOnASmoothObject) {
  SyntheticGel gel;
  gel.texture_strength = 0.0;
  const FirstLook first = look_at_first(tests::draw(gel, tests::dragged(gel, {}), {}, 1));
  EXPECT_LT(first.contact.confidence, 0.2);
  EXPECT_LT(measure(gel, {{0.0, 5.0}, 0.0}, {{0.0, 25.0}, 0.0}).confidence, 0.4);
}

TEST(TextureMotion, FindsTheContact) {
  SyntheticGel gel;
  gel.contact_centre = {400.0, 200.0};
  gel.contact_axes = {120.0, 100.0};
  const FirstLook first = look_at_first(tests::draw(gel, tests::dragged(gel, {}), {}, 1));
  EXPECT_GT(first.contact.confidence, 0.8);
  EXPECT_LT(cv::norm(first.contact.centre - gel.contact_centre), 15.0);
  // A filled ellipse's root mean square distance is half of sqrt(a^2 + b^2).
  EXPECT_NEAR(first.contact.radius_px, 0.5 * std::hypot(120.0, 100.0), 20.0);
}

TEST(SlipSignals, AHoldIsQuietAndASlipIsNot) {
  const SyntheticGel gel;
  const FirstLook first = look_at_first(tests::draw(gel, tests::dragged(gel, {}), {}, 1));
  const RigidMotion held{{0.0, 12.0}, 0.0};
  const auto numbers = [&](const RigidMotion& markers, const RigidMotion& object) {
    return measure_frame(first, tests::draw(gel, tests::dragged(gel, markers), object, 3));
  };
  const auto shift = static_cast<std::size_t>(SlipSignal::kTextureTranslation);
  const auto loss = static_cast<std::size_t>(SlipSignal::kContactLoss);
  const Encoding hold = numbers(held, held);
  const Encoding slip = numbers(held, {{0.0, 30.0}, 0.0});
  EXPECT_LT(hold[shift], 0.03);
  EXPECT_NEAR(slip[shift], 18.0 / 58.0, 0.04);
  EXPECT_LT(hold[loss], 0.15);

  SyntheticGel gone = gel;
  gone.texture_strength = 0.0;
  const Encoding lost = measure_frame(first, tests::draw(gone, tests::dragged(gone, {}), {}, 4));
  EXPECT_GT(lost[loss], 0.8);
}

TEST(SlipSignals, RimFallsBehind) {
  const SyntheticGel gel;
  const FirstLook first = look_at_first(tests::draw(gel, tests::dragged(gel, {}), {}, 1));
  const auto lag = static_cast<std::size_t>(SlipSignal::kRimLag);
  const auto at_scale = [&](double reach) {
    const auto field = [&gel, reach](cv::Point2d at) {
      const cv::Point2d arm = at - gel.contact_centre;
      return cv::Point2d(0.0, 14.0) * std::exp(-arm.dot(arm) / (2.0 * reach * reach));
    };
    return measure_frame(first, tests::draw(gel, field, {{0.0, 14.0}, 0.0}, 5))[lag];
  };
  EXPECT_GT(at_scale(90.0), 2.0 * at_scale(250.0));
}

TEST(SlipSignals, StallAndReturnNeedTime) {
  const auto frame = [](float motion) { return Encoding{0, 0, 0, 0, 0, 0, 0, motion}; };
  const std::vector<Encoding> steady = {frame(0.0f), frame(0.1f), frame(0.2f), frame(0.3f)};
  const std::vector<Encoding> stuck = {frame(0.0f), frame(0.1f), frame(0.1f), frame(0.04f)};
  const auto stall = static_cast<std::size_t>(SlipSignal::kStall);
  const auto back = static_cast<std::size_t>(SlipSignal::kReturn);
  EXPECT_NEAR(window_signals(steady)[stall], 0.0, 1e-6);
  EXPECT_NEAR(window_signals(stuck)[stall], 0.1, 1e-6);
  EXPECT_NEAR(window_signals(stuck)[back], 0.06, 1e-6);
  EXPECT_NEAR(window_signals(steady)[back], 0.0, 1e-6);
}

}  // namespace
}  // namespace gripbench::detectors

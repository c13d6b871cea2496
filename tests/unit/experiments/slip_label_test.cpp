#include "experiments/slip_label.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

using ::testing::HasSubstr;

TracePoint point(double mean, double shift = 0.0, double turn = 0.0, bool lost = false,
                 int pad = 0) {
  TracePoint point;
  hal::SlipTruth truth;
  truth.pads[pad].mean_distance = mean;
  truth.pads[pad].translation.y() = shift;
  truth.pads[pad].rotation = turn;
  truth.object_lost = lost;
  point.truth = truth;
  return point;
}

SlipLabel label_of(const std::vector<TracePoint>& trace) {
  const auto label = label_from_truth(trace, LabelThresholds{});
  EXPECT_TRUE(label.has_value());
  return label.value();
}

// PHYSICS "Label": over 0.3 mm of mean slip is a slip; incipient under 2 mm and 5 degrees.
TEST(SlipLabel, TurnsAtThreeTenthsOfAMillimetre) {
  EXPECT_FALSE(label_of({point(0.0003)}).slip);
  EXPECT_EQ(label_of({point(0.0003)}).kind, SlipKind::kStable);
  EXPECT_TRUE(label_of({point(0.000301)}).slip);
  EXPECT_EQ(label_of({point(0.000301)}).kind, SlipKind::kIncipient);
}

TEST(SlipLabel, CountsEitherPad) {
  const SlipLabel label = label_of({point(0.0004, 0.0, 0.0, false, 1)});
  EXPECT_TRUE(label.slip);
  EXPECT_THAT(label.reason, HasSubstr("pad 1: mean slip 0.400 mm over 0.3 mm"));
}

TEST(SlipLabel, NamesTheLargerOfTranslationAndRotation) {
  EXPECT_EQ(label_of({point(0.001, 0.00199, 0.087)}).kind, SlipKind::kIncipient);
  EXPECT_EQ(label_of({point(0.002, 0.0021, 0.05)}).kind, SlipKind::kTranslation);
  EXPECT_EQ(label_of({point(0.002, 0.0021, -0.2)}).kind, SlipKind::kRotation);
  EXPECT_EQ(label_of({point(0.001, 0.0004, 0.088)}).kind, SlipKind::kRotation);
}

TEST(SlipLabel, ElasticMotionWithoutSlipIsStable) {
  // The fit covers slip alone; a large one with hardly any mean slip cannot be.
  EXPECT_FALSE(label_of({point(0.0, 0.0, 0.0)}).slip);
}

TEST(SlipLabel, ALostObjectSlippedWhateverThePadsSay) {
  const SlipLabel label = label_of({point(0.0), point(0.0, 0.0, 0.0, true)});
  EXPECT_TRUE(label.slip);
  EXPECT_EQ(label.kind, SlipKind::kLost);
}

TEST(SlipLabel, RemembersTheLargestSlip) {
  EXPECT_TRUE(label_of({point(0.0), point(0.0009, 0.0009), point(0.0)}).slip);
}

TEST(SlipLabel, NeedsTheTruthThroughout) {
  EXPECT_FALSE(label_from_truth({}, LabelThresholds{}).has_value());
  const std::vector<TracePoint> gap = {point(0.0), TracePoint{}};
  EXPECT_FALSE(label_from_truth(gap, LabelThresholds{}).has_value());
}

TEST(SlipLabel, WordsReadBack) {
  for (const SlipKind kind : {SlipKind::kStable, SlipKind::kIncipient, SlipKind::kTranslation,
                              SlipKind::kRotation, SlipKind::kLost, SlipKind::kUnknown}) {
    EXPECT_EQ(slip_kind_from(to_string(kind)), kind);
  }
  EXPECT_THROW(slip_kind_from("sideways"), hal::InputError);
}

}  // namespace
}  // namespace gripbench::experiments

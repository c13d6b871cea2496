#include "experiments/grasp_script.h"

#include <atomic>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "experiments/position_search.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// One fake workcell, one position, and the grasp at hand.
class GraspScriptTest : public ::testing::Test {
 protected:
  GripPosition position() const { return plan_positions(protocol_, {fake_object("egg")}).front(); }
  Episode grasp(double width) {
    workcell_ = make_fake_workcell(fake_, &log_);
    GraspScript script(*workcell_, protocol_, stop_);
    return script.grasp(position(), plan_, fake_object("egg"), fake_.touch_width, width);
  }
  Touch touch() {
    workcell_ = make_fake_workcell(fake_, &log_);
    return GraspScript(*workcell_, protocol_, stop_).touch(position());
  }
  std::string grasp_complaint() {
    return message_of([&] { grasp(0.0385); });
  }

  FakeScript fake_;
  FakeLog log_;
  GraspProtocol protocol_ = fake_protocol();
  std::atomic<bool> interrupted_ = false;
  StopRequest stop_;
  GraspPlan plan_{.object = "egg", .grasp = "003", .seed = 5, .lift_phase = 0.4};
  std::unique_ptr<hal::Workcell> workcell_;
};

TEST_F(GraspScriptTest, FindsTheBarelyTouchingWidthWithinAFineStep) {
  const Touch found = touch();
  EXPECT_LE(found.width, fake_.touch_width + 1e-9);
  EXPECT_GT(found.width, fake_.touch_width - protocol_.touch.fine_step);
  EXPECT_FALSE(found.reference.empty());
  const TouchSense sense(found.reference, protocol_.touch);
  EXPECT_GE(sense.changed_share(found.touch), protocol_.touch.share_on);
  EXPECT_EQ(log_.presented.front(), "egg/position_0/touch");
}

TEST_F(GraspScriptTest, RecordsFifteenPairsAroundTheOnset) {
  const Episode episode = grasp(0.0385);
  const EpisodeRecord& record = episode.record;
  EXPECT_FALSE(record.slip);
  EXPECT_EQ(record.kind, SlipKind::kStable);
  EXPECT_EQ(record.tactile_times[0], 0.0);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    EXPECT_FALSE(episode.tactile[i].empty());
    EXPECT_FALSE(episode.external[i].empty());
    EXPECT_NEAR(record.tactile_times[i], i / fake_.frame_rate, 1e-9);
    EXPECT_NEAR(record.external_times[i] - record.tactile_times[i], fake_.camera_skew, 1e-9);
  }
  // T(0) is the first frame at or after the tool's speed passed the threshold.
  double onset = -1.0;
  for (const TracePoint& point : record.trace) {
    if (onset < 0.0 && point.tcp_speed_z >= protocol_.lift.onset_speed) onset = point.time;
  }
  EXPECT_GT(onset, record.tactile_times[kLiftFrame - 1]);
  EXPECT_LE(onset, record.tactile_times[kLiftFrame] + 1e-9);
}

TEST_F(GraspScriptTest, TraceIsAtLeastAHundredHertzFromFirstToLastFrame) {
  const EpisodeRecord record = grasp(0.0385).record;
  EXPECT_LE(record.trace.front().time, 0.01);
  EXPECT_GE(record.trace.back().time, record.tactile_times.back() - 0.01);
  for (std::size_t i = 1; i < record.trace.size(); ++i) {
    EXPECT_LE(record.trace[i].time - record.trace[i - 1].time, 0.0101);
  }
}

TEST_F(GraspScriptTest, LabelsALooseGripAsSlip) {
  const EpisodeRecord record = grasp(0.0395).record;
  EXPECT_TRUE(record.slip);
  // 0.5 s of lift at 4 mm/s.
  EXPECT_EQ(record.kind, SlipKind::kTranslation) << record.reason;
  EXPECT_NEAR(record.parameters.squeeze, 0.001, 1e-9);
}

TEST_F(GraspScriptTest, GripMarginIsTheFrictionLawOfTheForceAtRest) {
  // 2 mm of squeeze at 2 N per mm; (0.8 + 0.7) * 4 N over 0.2 kg * (9.80665 + 1.2) m/s^2.
  EXPECT_NEAR(grasp(0.0385).record.grip_margin.value(), 1.5 * 4.0 / (0.2 * 11.00665) - 1.0, 1e-9);
}

TEST_F(GraspScriptTest, GripMarginTakesTheFrictionOfThisGraspWhereTheStageTellsIt) {
  fake_.variation = {{"friction_gel", 0.9}, {"friction_rubber", 0.65}, {"camera_delay", 0.01}};
  const EpisodeRecord record = grasp(0.0385).record;
  EXPECT_NEAR(record.grip_margin.value(), 1.55 * 4.0 / (0.2 * 11.00665) - 1.0, 1e-9);
  EXPECT_EQ(record.variation, fake_.variation);
}

TEST_F(GraspScriptTest, ALateArmOnlyMovesTheWindow) {
  for (const double latency : {0.02, 0.05, 0.13, 0.4}) {
    fake_.arm_latency = latency;
    const EpisodeRecord record = grasp(0.0395).record;
    const auto moves = std::find_if(
        record.trace.begin(), record.trace.end(),
        [&](const TracePoint& p) { return p.tcp_speed_z >= protocol_.lift.onset_speed; });
    ASSERT_NE(moves, record.trace.end());
    EXPECT_GT(moves->time, record.tactile_times[kLiftFrame - 1]) << latency;
    EXPECT_LE(moves->time, record.tactile_times[kLiftFrame] + 1e-9) << latency;
    EXPECT_TRUE(record.slip);
  }
}

TEST_F(GraspScriptTest, PairsEachFrameWithTheNearestInTime) {
  for (const double skew : {-0.02, 0.0, 0.01, 0.024}) {
    fake_.camera_skew = skew;
    const EpisodeRecord record = grasp(0.0385).record;
    for (int i = 0; i < kFramesPerEpisode; ++i) {
      EXPECT_NEAR(record.external_times[i] - record.tactile_times[i], skew, 1e-9);
    }
  }
}

TEST_F(GraspScriptTest, FetchesNoMorePicturesThanItNeeds) {
  grasp(0.0385);
  // 15 pairs, and at most two tactile and three outside ones before and after.
  EXPECT_LE(log_.pictures_fetched, 2 * kFramesPerEpisode + 5);
}

TEST_F(GraspScriptTest, AsksTheOperatorWhereTheRigDoesNotKnow) {
  fake_.knows_truth = false;
  EXPECT_THAT(grasp_complaint(), HasSubstr("nobody can tell"));
  fake_.has_operator = true;
  EXPECT_FALSE(grasp(0.0385).record.slip);
  const EpisodeRecord record = grasp(0.0395).record;
  EXPECT_TRUE(record.slip);
  EXPECT_EQ(record.kind, SlipKind::kUnknown);
  EXPECT_THAT(record.reason, HasSubstr("operator"));
  EXPECT_FALSE(record.trace.front().truth.has_value());
}

TEST_F(GraspScriptTest, EdgeSearchFindsWhereTheGripJustHolds) {
  workcell_ = make_fake_workcell(fake_, &log_);
  const PositionRecord found = search_position(*workcell_, protocol_, stop_, position());
  EXPECT_TRUE(found.edge_found());
  EXPECT_LE(static_cast<int>(found.trials.size()), protocol_.squeeze.trial_lifts);
  const double width = grip_width(found.barely_touch_width, found.edge_depth, protocol_.squeeze,
                                  found.gripper.resolution);
  // Seven halvings of log(100) leave 4%: of a depth of 1.7 mm, 0.06 mm.
  EXPECT_NEAR(width, fake_.holding_width, 0.00008);
}

TEST_F(GraspScriptTest, EdgeSearchSaysSoWhereNothingHolds) {
  fake_.holding_width = 0.0;
  workcell_ = make_fake_workcell(fake_, &log_);
  const PositionRecord found = search_position(*workcell_, protocol_, stop_, position());
  EXPECT_FALSE(found.edge_found());
  EXPECT_GT(found.edge_depth, 0.95 * protocol_.squeeze.depth[1]);
}

TEST_F(GraspScriptTest, AStalledCameraTimesOut) {
  fake_.tactile_stalls_at = 2.0;
  EXPECT_THROW(grasp(0.0385), hal::TimeoutError);
  EXPECT_THAT(grasp_complaint(), AllOf(HasSubstr("tactile:"), HasSubstr("no picture")));
  fake_.tactile_stalls_at.reset();
  fake_.camera_stalls_at = 2.0;
  EXPECT_THAT(grasp_complaint(), AllOf(HasSubstr("camera:"), HasSubstr("no picture")));
  EXPECT_GT(log_.arm_stops, 0);
  EXPECT_GT(log_.gripper_stops, 0);
}

TEST_F(GraspScriptTest, ADroppedPictureIsNotPaperedOver) {
  // Found by trial: when the lift is on.
  std::set<std::string> complaints;
  for (double at = 1.5; at < 4.0; at += 0.25) {
    fake_.tactile_drops_at = at;
    complaints.insert(grasp_complaint());
  }
  EXPECT_THAT(complaints, ::testing::Contains(HasSubstr("1 picture(s) were dropped")));
}

TEST_F(GraspScriptTest, ARefusedLiftStopsTheRig) {
  fake_.arm_refuses_lift = true;
  EXPECT_THROW(grasp(0.0385), hal::MotionRefused);
  EXPECT_EQ(log_.arm_stops, 1);
  EXPECT_EQ(log_.gripper_stops, 1);
}

TEST_F(GraspScriptTest, AnArmThatDoesNotRiseTimesOut) {
  fake_.arm_ignores_lift = true;
  EXPECT_THAT(grasp_complaint(), AllOf(HasSubstr("arm:"), HasSubstr("did not rise")));
}

TEST_F(GraspScriptTest, AHangingGripperTimesOut) {
  fake_.gripper_hangs = true;
  EXPECT_THROW(grasp(0.0385), hal::TimeoutError);
  EXPECT_THAT(grasp_complaint(), HasSubstr("gripper:"));
}

TEST_F(GraspScriptTest, NoTouchAtAllIsSaid) {
  fake_.touch_width = -1.0;
  EXPECT_THAT(message_of([&] { touch(); }), HasSubstr("no touch was seen"));
}

TEST_F(GraspScriptTest, AGelThatStaysChangedIsSaid) {
  fake_.gel_sticks = true;
  EXPECT_THAT(message_of([&] { touch(); }), HasSubstr("clean the gel"));
}

TEST_F(GraspScriptTest, AnInterruptEndsAnyPhaseAtOnce) {
  stop_.flag = &interrupted_;
  for (const double at : {0.1, 0.8, 1.2, 1.5, 1.8, 2.1}) {
    interrupted_ = false;
    double stopped_at = -1.0;
    double last = 0.0;
    fake_.on_time = [&](double time, const std::string&) {
      last = time;
      if (time >= at && !interrupted_) {
        interrupted_ = true;
        stopped_at = time;
      }
    };
    EXPECT_THROW(grasp(0.0385), hal::Interrupted) << "at " << at;
    // A rest of 0.3 s is the longest time between two looks at the flag.
    EXPECT_LE(last - stopped_at, 0.31);
  }
}

TEST_F(GraspScriptTest, IsTheSameTwice) {
  const Episode one = grasp(0.0395);
  const Episode two = grasp(0.0395);
  EXPECT_EQ(one.record.reason, two.record.reason);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    EXPECT_EQ(cv::norm(one.tactile[i], two.tactile[i], cv::NORM_INF), 0.0);
  }
}

}  // namespace
}  // namespace gripbench::experiments

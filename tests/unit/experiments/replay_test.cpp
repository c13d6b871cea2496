#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "experiments/grasp_script.h"
#include "hal/replay/replay_workcell.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

using ::testing::HasSubstr;

/// A data set of the fake workcell, and the protocol it was collected with.
class ReplayTest : public ::testing::Test {
 protected:
  void record(const FakeScript& fake) {
    EpisodeStore store = EpisodeStore::create_or_resume(recorded(), fake_dataset(protocol_));
    collect(protocol_, fake_objects(protocol_), [&] { return make_fake_workcell(fake); }, store,
            {});
  }
  void replay_into(const std::filesystem::path& folder) {
    EpisodeStore store = EpisodeStore::create_or_resume(folder, fake_dataset(protocol_));
    collect(protocol_, fake_objects(protocol_),
            [&] { return hal::make_replay_workcell(recorded()); }, store, {});
  }
  std::filesystem::path recorded() const { return folder_.path() / "recorded"; }

  static void expect_same(const Episode& replayed, const Episode& original) {
    const EpisodeRecord& a = replayed.record;
    const EpisodeRecord& b = original.record;
    EXPECT_EQ(a.slip, b.slip);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.reason, b.reason);
    EXPECT_EQ(a.grip_margin, b.grip_margin);
    EXPECT_EQ(a.variation, b.variation);
    EXPECT_EQ(a.parameters.squeeze, b.parameters.squeeze);
    EXPECT_EQ(a.tactile_times, b.tactile_times);
    EXPECT_EQ(a.external_times, b.external_times);
    ASSERT_EQ(a.trace.size(), b.trace.size());
    for (std::size_t i = 0; i < a.trace.size(); ++i) {
      EXPECT_EQ(a.trace[i].time, b.trace[i].time);
      EXPECT_EQ(a.trace[i].tcp_speed_z, b.trace[i].tcp_speed_z);
    }
    for (int i = 0; i < kFramesPerEpisode; ++i) {
      EXPECT_EQ(cv::norm(replayed.tactile[i], original.tactile[i], cv::NORM_INF), 0.0) << i;
      EXPECT_EQ(cv::norm(replayed.external[i], original.external[i], cv::NORM_INF), 0.0) << i;
    }
  }

  /// Makes each recorded grasp once more, on the recording.
  void expect_round_trip() {
    const EpisodeStore store = EpisodeStore::open(recorded());
    const auto workcell = hal::make_replay_workcell(recorded());
    const StopRequest stop;
    GraspScript script(*workcell, protocol_, stop);
    const std::vector<GripPosition> positions = plan_positions(protocol_, fake_objects(protocol_));
    for (const GraspPlan& plan : plan_grasps(protocol_)) {
      SCOPED_TRACE(plan.object + "/" + plan.grasp);
      const auto position =
          std::find_if(positions.begin(), positions.end(), [&](const GripPosition& p) {
            return p.object == plan.object && p.index == plan.position;
          });
      const Episode original = store.load(plan.object, plan.grasp);
      const GraspParameters& p = original.record.parameters;
      expect_same(script.grasp(*position, plan, fake_object(plan.object), p.barely_touch_width,
                               p.barely_touch_width - p.squeeze),
                  original);
    }
  }

  TemporaryFolder folder_;
  GraspProtocol protocol_ = fake_protocol();
};

TEST_F(ReplayTest, TheSameScriptOnTheRecordingGivesTheSameEpisode) {
  record({});
  expect_round_trip();
}

TEST_F(ReplayTest, AlsoWithALateArmAndCamerasOutOfStep) {
  FakeScript fake;
  fake.variation = {{"friction_gel", 0.61}, {"friction_rubber", 0.52}};
  fake.arm_latency = 0.083;
  fake.camera_skew = -0.021;
  fake.frame_rate = 30.0;
  record(fake);
  expect_round_trip();
}

TEST_F(ReplayTest, AlsoOfARigThatDoesNotKnowTheTruth) {
  FakeScript fake;
  fake.knows_truth = false;
  fake.has_operator = true;
  record(fake);
  expect_round_trip();
}

TEST_F(ReplayTest, AWholeCollectionRepeatsItself) {
  record({});
  replay_into(folder_.path() / "again");
  const EpisodeStore store = EpisodeStore::open(recorded());
  const EpisodeStore again = EpisodeStore::open(folder_.path() / "again");
  ASSERT_EQ(again.records().size(), store.records().size());
  for (const GripPosition& p : plan_positions(protocol_, fake_objects(protocol_))) {
    const PositionRecord a = again.load_position(p.object, p.index);
    const PositionRecord b = store.load_position(p.object, p.index);
    EXPECT_DOUBLE_EQ(a.barely_touch_width, b.barely_touch_width);
    EXPECT_DOUBLE_EQ(a.edge_depth, b.edge_depth);
    ASSERT_EQ(a.trials.size(), b.trials.size());
    for (std::size_t k = 0; k < a.trials.size(); ++k) EXPECT_EQ(a.trials[k].slip, b.trials[k].slip);
  }
  for (const EpisodeRecord& r : store.records()) {
    const Episode a = again.load(r);
    EXPECT_EQ(a.record.slip, r.slip);
    EXPECT_EQ(a.record.tactile_times, r.tactile_times);
    // Encoded a second time.
    const Episode b = store.load(r);
    EXPECT_LT(cv::norm(a.tactile[9], b.tactile[9], cv::NORM_L1) / a.tactile[9].total(), 6.0);
  }
}

TEST_F(ReplayTest, ShowsTheGelAsItWasAtEachWidth) {
  record({});
  const EpisodeStore store = EpisodeStore::open(recorded());
  const PositionRecord position = store.load_position("egg", 0);
  const Episode episode = store.load("egg", "001");
  const auto workcell = hal::make_replay_workcell(recorded());
  hal::Placement placement;
  placement.grasp = "egg/001";
  workcell->stage().present(placement);
  const auto distance = [&](const cv::Mat& to) {
    return cv::norm(workcell->tactile().newest().image, to, cv::NORM_INF);
  };
  EXPECT_EQ(distance(position.reference), 0.0);
  workcell->gripper().start_move(position.barely_touch_width, 0.01);
  EXPECT_EQ(distance(position.touch), 0.0);
  workcell->gripper().start_move(position.barely_touch_width - episode.record.parameters.squeeze,
                                 0.01);
  EXPECT_EQ(distance(episode.tactile[0]), 0.0);
}

TEST_F(ReplayTest, RefusesWhatWasNotRecorded) {
  record({});
  const auto workcell = hal::make_replay_workcell(recorded());
  const auto complaint = [&](const std::string& grasp) {
    hal::Placement placement;
    placement.grasp = grasp;
    return message_of([&] { workcell->stage().present(placement); });
  };
  EXPECT_THAT(complaint("egg/999"), HasSubstr("holds no grasp egg/999"));
  EXPECT_THAT(complaint("egg/position_7/touch"), HasSubstr("no position 7 of egg"));
  EXPECT_THAT(complaint("egg/position_0/trial_99"), HasSubstr("was not recorded"));
  EXPECT_THAT(complaint("egg"), HasSubstr("OBJECT/GRASP"));
  EXPECT_THROW(workcell->gripper().start_move(0.5, 0.01), hal::MotionRefused);
  EXPECT_THROW(workcell->force_torque().read(), hal::DeviceError);
  EXPECT_THAT(message_of([&] { hal::make_replay_workcell(folder_.path()); }),
              HasSubstr("is no recorded data set"));
}

TEST_F(ReplayTest, NamesATruncatedPicture) {
  record({});
  const auto file = recorded() / "episodes/egg/000/tactile_04.jpg";
  std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
  EXPECT_THAT(message_of([&] { replay_into(folder_.path() / "again"); }),
              HasSubstr("tactile_04.jpg"));
}

}  // namespace
}  // namespace gripbench::experiments

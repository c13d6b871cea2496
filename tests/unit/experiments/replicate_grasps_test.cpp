#include "experiments/replicate_grasps.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// The scripted workcell presses with 2 N per mm from the touch at 40.5 mm on, and holds from
/// 39 mm: its edge is at 3 N.
constexpr double kEdge = 3.0;

bool has_edge(const ReplicatedGrasp& grasp) { return grasp.edge.has_value(); }

/// Twelve grasps of the scripted workcell, and the same again on one that may be another.
class ReplicateTest : public ::testing::Test {
 protected:
  ReplicateTest() {
    EpisodeStore store = EpisodeStore::create_or_resume(folder_.path(), fake_dataset(protocol_));
    collect(protocol_, fake_objects(protocol_), [] { return make_fake_workcell({}); }, store, {});
  }
  std::vector<ReplicatedGrasp> again_on(const FakeScript& script,
                                        const ReplicateOptions& options = {}) {
    return replicate_grasps(
        EpisodeStore::open(folder_.path()), protocol_, fake_objects(protocol_),
        [script] { return make_fake_workcell(script); }, options);
  }
  static std::size_t count(const std::vector<ReplicatedGrasp>& grasps, auto condition) {
    return static_cast<std::size_t>(std::count_if(grasps.begin(), grasps.end(), condition));
  }

  TemporaryFolder folder_;
  GraspProtocol protocol_ = fake_protocol();
};

TEST_F(ReplicateTest, MeasuresTheForceAtWhichEachGraspBeginsToHold) {
  const std::vector<ReplicatedGrasp> grasps = again_on({});
  ASSERT_EQ(grasps.size(), 12u);
  for (const ReplicatedGrasp& grasp : grasps) {
    ASSERT_TRUE(grasp.edge.has_value());
    EXPECT_LT(grasp.edge->slips, kEdge + 1e-9);
    EXPECT_GE(grasp.edge->holds, kEdge - 1e-9);
    // 2% apart, or one step of the jaws: 20 um at 2 N per mm.
    EXPECT_LE(grasp.edge->holds - grasp.edge->slips, std::max(0.02 * kEdge, 0.04) + 1e-9);
    EXPECT_EQ(*grasp.distance() < 0.0, grasp.recorded.slip);
    EXPECT_NEAR(*grasp.distance(), grasp.recorded_force / kEdge - 1.0, 0.02);
    EXPECT_EQ(grasp.recorded.slip, grasp.again.slip);
  }
  const ReplicationSummary summary = summarize(grasps, 0.05);
  EXPECT_EQ(summary.same_label, 12u);
  EXPECT_EQ(summary.edges, 12u);
  EXPECT_EQ(summary.near_edge, count(grasps, [](const ReplicatedGrasp& grasp) {
              return std::abs(*grasp.distance()) <= 0.15;
            }));
  EXPECT_GT(summary.near_edge, 0u);
  EXPECT_LT(summary.near_edge, 12u);
}

TEST_F(ReplicateTest, TellsHowFarFromTheEdgeLabelsDiffer) {
  FakeScript firmer;
  firmer.holding_width = 0.0388;  // 3.4 N
  const std::vector<ReplicatedGrasp> grasps = again_on(firmer);
  const auto between = [](const ReplicatedGrasp& grasp) {
    return grasp.recorded_force > kEdge && grasp.recorded_force < 3.4;
  };
  const ReplicationSummary summary = summarize(grasps, 0.05);
  EXPECT_EQ(summary.different, count(grasps, between));
  ASSERT_GT(summary.different, 0u);
  double farthest = 0.0;
  for (const ReplicatedGrasp& grasp : grasps) {
    if (between(grasp)) farthest = std::max(farthest, 1.0 - grasp.recorded_force / 3.4);
  }
  EXPECT_NEAR(summary.worst_difference, farthest, 0.01);
  EXPECT_THAT(summary_text(summary, 0.05), HasSubstr("differ, at most"));
}

TEST_F(ReplicateTest, AGraspThatNoForceHoldsHasNoEdge) {
  FakeScript slippery;
  slippery.holding_width = -1.0;
  const std::vector<ReplicatedGrasp> grasps = again_on(slippery);
  EXPECT_EQ(count(grasps, has_edge), 0u);
  const ReplicationSummary summary = summarize(grasps, 0.05);
  EXPECT_EQ(summary.edges + summary.near_edge, 0u);
  EXPECT_EQ(summary.different_without_edge, summary.different);
  EXPECT_THAT(summary_text(summary, 0.05), HasSubstr("differ whose edge was not found"));
  EXPECT_THAT(replication_table(grasps), AllOf(HasSubstr("egg/000"), HasSubstr("NO")));
}

TEST_F(ReplicateTest, NobodyIsAskedForAnEdge) {
  FakeScript rig;
  rig.knows_truth = false;
  rig.has_operator = true;
  EXPECT_EQ(count(again_on(rig), has_edge), 0u);
  ReplicateOptions none;
  none.find_edges = false;
  EXPECT_EQ(count(again_on({}, none), has_edge), 0u);
}

TEST_F(ReplicateTest, ADataSetOfAnotherProtocolIsRefused) {
  protocol_.seed += 1;
  EXPECT_THAT(message_of([&] { again_on({}); }), HasSubstr("another protocol or seed"));
}

}  // namespace
}  // namespace gripbench::experiments

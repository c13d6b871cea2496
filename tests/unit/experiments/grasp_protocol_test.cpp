#include "experiments/grasp_protocol.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/grasp_plan.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// What is said of the quick protocol after one replacement in its text.
std::string complaint_after(const std::string& from, const std::string& to) {
  const TemporaryFolder folder;
  std::string text = read_file(protocol_file("quick.yaml"));
  const std::size_t at = text.find(from);
  if (at == std::string::npos) return "'" + from + "' is not in quick.yaml";
  text.replace(at, from.size(), to);
  std::ofstream(folder.path() / "p.yaml") << text;
  return message_of([&] { load_protocol(folder.path() / "p.yaml"); });
}

TEST(GraspProtocol, PresetsNameTwelveObjectsOfTheCatalogue) {
  const GraspProtocol quick = load_protocol(protocol_file("quick.yaml"));
  EXPECT_EQ(quick.train_objects.size(), 8u);
  EXPECT_EQ(quick.test_objects.size(), 4u);
  EXPECT_GE(plan_grasps(quick).size(), 120u);
  EXPECT_EQ(load_objects(quick).size(), 12u);
  EXPECT_EQ(catalogue_hash(quick).size(), 64u);
  const GraspProtocol ci = load_protocol(protocol_file("ci.yaml"));
  EXPECT_EQ(plan_grasps(ci).size(), 300u);
  EXPECT_EQ(load_objects(ci).size(), 12u);
}

TEST(GraspProtocol, TheWholeExperimentIs1102And152GraspsOf84And10Objects) {
  const GraspProtocol protocol = load_protocol(protocol_file("li2018.yaml"));
  EXPECT_EQ(protocol.train_objects.size(), 84u);
  EXPECT_EQ(protocol.test_objects.size(), 10u);
  EXPECT_EQ(plan_grasps(protocol).size(), 1102u + 152u);
  // Each of the catalogue on one side: load_protocol refuses an object that stands on both.
  const std::vector<std::string> all = protocol.objects();
  for (const std::string& name : hal::ObjectCatalogue(protocol.catalogue).names()) {
    EXPECT_EQ(std::count(all.begin(), all.end(), name), 1) << name;
  }
  for (const hal::ObjectDescription& object : load_objects(protocol)) {
    const bool test =
        std::count(protocol.test_objects.begin(), protocol.test_objects.end(), object.name) > 0;
    const double needed = object.mass * (9.80665 + protocol.lift.motion.acceleration) /
                          (object.friction_gel + object.friction_rubber);
    EXPECT_GE(needed, test ? 1.0 : 0.05) << object.name;
  }
}

TEST(GraspProtocol, PaperNumbers) {
  // Li et al. 2018, section IV-A: up 20 mm at 40 mm/s, jaws at 10 mm/s.
  const GraspProtocol protocol = load_protocol(protocol_file("quick.yaml"));
  EXPECT_DOUBLE_EQ(protocol.lift.distance, 0.020);
  EXPECT_DOUBLE_EQ(protocol.lift.motion.speed, 0.040);
  EXPECT_DOUBLE_EQ(protocol.lift.jaw_speed, 0.010);
}

TEST(GraspProtocol, ErrorsNameFileLineAndKey) {
  EXPECT_THAT(complaint_after("seed: 1", "sede: 1"),
              AllOf(HasSubstr("p.yaml:"), HasSubstr("'seed'"), HasSubstr("missing")));
  EXPECT_THAT(complaint_after("seed: 1", "seed: 1\nspeed: 2"), HasSubstr("'speed'"));
  EXPECT_THAT(complaint_after("fine_step: 0.0001", "fine_step: 0.01"),
              AllOf(HasSubstr("'touch.fine_step'"), HasSubstr("coarse_step")));
  EXPECT_THAT(complaint_after("share_off: 0.0007", "share_off: 0.5"),
              HasSubstr("'touch.share_off'"));
  EXPECT_THAT(complaint_after("factor: [0.5, 1.6]", "factor: [1.1, 1.6]"),
              AllOf(HasSubstr("'squeeze.factor'"), HasSubstr("below 1")));
  EXPECT_THAT(complaint_after("yaw: [-0.08, 0.08]", "yaw: [0.08, -0.08]"),
              AllOf(HasSubstr("'positions.yaw'"), HasSubstr("lower end")));
  EXPECT_THAT(complaint_after("trace_rate: 125", "trace_rate: 50"),
              AllOf(HasSubstr("'lift.trace_rate'"), HasSubstr("100")));
  const std::string trained = load_protocol(protocol_file("quick.yaml")).train_objects.front();
  EXPECT_THAT(complaint_after("test: [", "test: [" + trained + ", "),
              AllOf(HasSubstr("'objects.test'"), HasSubstr(trained), HasSubstr("twice")));
  EXPECT_THAT(complaint_after("grasps: {train: 80", "grasps: {train: 7"),
              AllOf(HasSubstr("'grasps.train'"), HasSubstr("7 grasps"), HasSubstr("8 objects")));
  EXPECT_THAT(complaint_after("test: [", "test: [../sponge, "),
              AllOf(HasSubstr("'objects.test'"), HasSubstr("'../sponge'")));
  EXPECT_THAT(message_of([] { load_protocol("/nonexistent/protocol.yaml"); }),
              HasSubstr("/nonexistent/protocol.yaml"));
}

TEST(GraspProtocol, SharesGrasps1102And152OutAsEvenlyAsCanBe) {
  GraspProtocol protocol = fake_protocol();
  protocol.train_objects.assign(84, "");
  protocol.test_objects.assign(10, "");
  protocol.train_grasps = 1102;
  protocol.test_grasps = 152;
  const std::vector<int> counts = protocol.grasp_counts();
  ASSERT_EQ(counts.size(), 94u);
  EXPECT_EQ(std::accumulate(counts.begin(), counts.begin() + 84, 0), 1102);
  EXPECT_EQ(std::accumulate(counts.begin() + 84, counts.end(), 0), 152);
  EXPECT_EQ(std::count(counts.begin(), counts.begin() + 84, 14), 1102 - 84 * 13);
  EXPECT_EQ(std::count(counts.begin(), counts.begin() + 84, 13), 84 - (1102 - 84 * 13));
  EXPECT_EQ(std::count(counts.begin() + 84, counts.end(), 16), 2);
  EXPECT_EQ(std::count(counts.begin() + 84, counts.end(), 15), 8);
}

TEST(GraspPlan, HalfOfTheDepthsOfAPositionFallOnEitherSide) {
  GraspProtocol protocol = fake_protocol();
  protocol.train_grasps = 22;
  protocol.test_grasps = 11;
  protocol.positions.per_object = 2;
  const std::vector<GraspPlan> plans = plan_grasps(protocol);
  for (const std::string& object : protocol.objects()) {
    for (const int position : {0, 1}) {
      std::vector<double> below, above;
      for (const GraspPlan& plan : plans) {
        if (plan.object != object || plan.position != position) continue;
        EXPECT_GE(plan.depth_factor, protocol.squeeze.factor[0]);
        EXPECT_LE(plan.depth_factor, protocol.squeeze.factor[1]);
        (plan.depth_factor < 1.0 ? below : above).push_back(std::log(plan.depth_factor));
      }
      // 11 grasps: 6 at position 0, 5 at position 1, whose odd one goes below.
      EXPECT_EQ(below.size(), 3u);
      EXPECT_EQ(above.size(), position == 0 ? 3u : 2u);
      // One in each stratum of the logarithm.
      std::sort(below.begin(), below.end());
      const double low = std::log(protocol.squeeze.factor[0]);
      for (std::size_t i = 0; i < below.size(); ++i) {
        EXPECT_GE(below[i], low * (1.0 - i / 3.0) - 1e-12);
        EXPECT_LE(below[i], low * (1.0 - (i + 1) / 3.0) + 1e-12);
      }
    }
  }
}

TEST(GraspPlan, SeedsAreDistinctAndOfTheGraspAlone) {
  const GraspProtocol protocol = fake_protocol();
  std::set<std::uint64_t> seeds;
  for (const GraspPlan& plan : plan_grasps(protocol)) seeds.insert(plan.seed);
  for (const GripPosition& position : plan_positions(protocol, fake_objects(protocol))) {
    seeds.insert(position.seed);
  }
  EXPECT_EQ(seeds.size(), 3u * 4u + 3u);

  // Without the first object, the others' grasps stay what they were.
  GraspProtocol fewer = protocol;
  fewer.train_objects.erase(fewer.train_objects.begin());
  fewer.train_grasps -= 4;
  const std::vector<GraspPlan> all = plan_grasps(protocol);
  const std::vector<GraspPlan> rest = plan_grasps(fewer);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    EXPECT_EQ(rest[i].seed, all[i + 4].seed);
    EXPECT_EQ(rest[i].depth_factor, all[i + 4].depth_factor);
  }
  GraspProtocol other = protocol;
  other.seed = 2;
  EXPECT_NE(plan_grasps(other)[0].seed, all[0].seed);
  EXPECT_NE(plan_grasps(other)[0].depth_factor, all[0].depth_factor);
}

TEST(GraspPlan, PutsTheGripOnTheTurnedObject) {
  GraspProtocol protocol = fake_protocol();
  protocol.positions.yaw = {0.5, 0.5};
  protocol.positions.side_offset_fraction = {1.0, 1.0};
  hal::ObjectDescription object = fake_object("egg");
  object.mass_centre = {0.007, 0.004, 0.05};
  const GripPosition position = plan_positions(protocol, {object}).at(0);
  // 15 mm (half the depth) and the mass centre's 4 mm along the object's own y axis, which is the
  // base's turned by 0.5 rad; along its x axis the middle, 0.
  EXPECT_NEAR(position.grip.x(), 0.45 - 0.019 * std::sin(0.5), 1e-12);
  EXPECT_NEAR(position.grip.y(), 0.019 * std::cos(0.5), 1e-12);
  EXPECT_NEAR(position.extent, 0.04 * std::cos(0.5) + 0.03 * std::sin(0.5), 1e-12);
  // The object is 100 mm tall; at most 45 mm of it may stand between the fingers.
  EXPECT_GE(position.height, 0.055);
  EXPECT_LE(position.height, 0.075);
  EXPECT_NEAR(position.above.z(), 0.1 + protocol.approach.clearance, 1e-12);
}

TEST(GraspPlan, WidthsLieOnTheJawsResolution) {
  const SqueezeRules rules{.first_contact = 0.0002, .depth = {0.00004, 0.004}};
  const double width = grip_width(0.0405, 0.00123, rules, 0.00002);
  EXPECT_NEAR(width, 0.0405 + 0.0002 - 0.00123, 0.00001 + 1e-12);
  EXPECT_NEAR(std::remainder(width, 0.00002), 0.0, 1e-12);
}

}  // namespace
}  // namespace gripbench::experiments

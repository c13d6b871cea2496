// Halving the time step, in small: one position of every object of the protocol, two grasps each.
// The program step_halving does the whole of it.
#include "tests/physics/step_halving.h"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

namespace gripbench::testing {
namespace {

namespace fs = std::filesystem;

constexpr double kClearMargin = 0.03;
/// Of the twin's objects on its table (sim/object_assets.cpp).
constexpr double kTableFriction = 0.5;

experiments::GraspProtocol small_protocol() {
  auto protocol =
      experiments::load_protocol(fs::path(GRIPBENCH_SOURCE_DIR) / "assets/protocols/ci.yaml");
  protocol.positions.per_object = 1;
  protocol.train_grasps = 2 * static_cast<int>(protocol.train_objects.size());
  protocol.test_grasps = 2 * static_cast<int>(protocol.test_objects.size());
  protocol.squeeze.trial_lifts = 5;
  return protocol;
}

class StepHalving : public ::testing::TestWithParam<std::string> {};

TEST_P(StepHalving, LeavesOutcomeAndForceAsTheyAre) {
  const fs::path folder = fs::path(::testing::TempDir()) /
                          ("step_halving_" + GetParam() + "_" + std::to_string(getpid()));
  fs::create_directories(folder);
  const experiments::GraspProtocol protocol = small_protocol();
  const hal::ObjectDescription object = hal::ObjectCatalogue(protocol.catalogue).load(GetParam());
  HalvedRigs rigs(folder);
  fs::remove_all(folder);
  std::vector<HalvedGrasp> grasps;
  for (const auto& position : experiments::plan_positions(protocol, {object})) {
    grasps = rigs.run(protocol, object, position, experiments::plan_grasps(protocol));
  }
  ASSERT_EQ(grasps.size(), 2u);
  for (const HalvedGrasp& grasp : grasps) {
    SCOPED_TRACE(grasp.name + ": " + grasp.whole.label.reason + " / " + grasp.half.label.reason);
    // The jaws press as hard: 1 + margin is the share of the weight that friction can carry, of
    // which the table, too, may hold back its own as long as the object stands on it: which way it
    // last let go is chance.
    const double friction = object.friction_gel + object.friction_rubber;
    const double held_by_table = 0.5 * kTableFriction * friction;
    EXPECT_NEAR(grasp.half.margin, grasp.whole.margin, held_by_table);
    if (std::abs(grasp.whole.margin) > kClearMargin) {
      EXPECT_TRUE(grasp.same_outcome());
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Protocol, StepHalving, ::testing::ValuesIn(small_protocol().objects()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gripbench::testing

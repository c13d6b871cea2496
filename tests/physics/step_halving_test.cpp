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
constexpr double kSameForce = 0.01, kSameMotion = 0.05;

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
    // 1 + margin is in proportion to the force of the jaws.
    EXPECT_NEAR((1.0 + grasp.half.margin) / (1.0 + grasp.whole.margin), 1.0, kSameForce);
    if (std::abs(grasp.whole.margin) > kClearMargin) {
      EXPECT_TRUE(grasp.same_outcome());
      EXPECT_TRUE(!grasp.stable() || grasp.change() < kSameMotion) << grasp.change();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Protocol, StepHalving, ::testing::ValuesIn(small_protocol().objects()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gripbench::testing

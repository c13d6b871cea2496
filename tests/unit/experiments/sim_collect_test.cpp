// Collection on the twin by two workers in one process: what each writes is what one alone writes.
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "experiments/collect.h"
#include "sim/sim_workcell.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

GraspProtocol tiny_protocol() {
  GraspProtocol protocol =
      load_protocol(fs::path(GRIPBENCH_SOURCE_DIR) / "assets/protocols/quick.yaml");
  protocol.train_objects = {"soap_box"};
  protocol.test_objects = {"tuna_can"};
  protocol.positions.per_object = 1;
  protocol.train_grasps = protocol.test_grasps = 1;
  protocol.squeeze.trial_lifts = 2;
  return protocol;
}

std::string collected_by(int jobs, const fs::path& folder) {
  const GraspProtocol protocol = tiny_protocol();
  EpisodeStore store = EpisodeStore::create_or_resume(folder, dataset_info(protocol, "test"));
  const auto workcell = [] {
    return sim::make_workcell(
        hal::ConfigNode::load(GRIPBENCH_SOURCE_DIR "/assets/workcells/sim.yaml"));
  };
  CollectOptions options;
  options.jobs = jobs;
  const CollectSummary summary =
      collect(protocol, load_objects(protocol), workcell, store, options);
  EXPECT_EQ(summary.positions, 2u);
  EXPECT_EQ(summary.grasps, 2u);
  return store.dataset_hash();
}

TEST(SimCollect, TwoWorkersWriteWhatOneWrites) {
  const fs::path root = fs::path(testing::TempDir()) / ("sim_collect_" + std::to_string(getpid()));
  const std::string by_two = collected_by(2, root / "two");
  const std::string by_one = collected_by(1, root / "one");
  fs::remove_all(root);
  EXPECT_EQ(by_two, by_one);
}

}  // namespace
}  // namespace gripbench::experiments

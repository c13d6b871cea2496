// A run of the fault table in a process of its own, to be killed: makes grasps of the table's
// protocol and prints every phase that it enters, and at the end what there is to say.
//   table_run WORKCELL DATASET

#include <cstdio>
#include <string>

#include "tests/unit/rig/grasp_run.h"

int main(int argc, char** argv) {
  using namespace gripbench;
  if (argc != 3) return 2;
  hal::RigSettings rig = hal::RigSettings::from(hal::ConfigNode::load(argv[1]));
  rig.tactile.stale_after = rig.camera.stale_after = hal::Duration(experiments::kLongSilent);
  experiments::CollectOptions options;
  options.phase = [](const std::string& name, experiments::GraspPhase phase) {
    std::printf("phase %d %s\n", static_cast<int>(phase), name.c_str());
    std::fflush(stdout);
  };
  const std::string said =
      experiments::collect_grasps(experiments::slow_protocol(), rig, argv[2], options);
  std::printf("said %s\n", said.c_str());
  return 0;
}

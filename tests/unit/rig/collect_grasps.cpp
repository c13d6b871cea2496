#include "hal/rig/rig_workcell.h"
#include "tests/unit/rig/grasp_run.h"

namespace gripbench::experiments {

std::string collect_grasps(const GraspProtocol& protocol, const hal::RigSettings& rig,
                           const std::filesystem::path& dataset, const CollectOptions& options) {
  try {
    EpisodeStore store = EpisodeStore::create_or_resume(dataset, fake_dataset(protocol));
    collect(
        protocol, fake_objects(protocol), [&] { return hal::make_rig_workcell(rig); }, store,
        options);
    return "nothing was left to do";
  } catch (const hal::Interrupted&) {
    return kMade;
  } catch (const hal::Error& error) {
    return error.what();
  }
}

}  // namespace gripbench::experiments

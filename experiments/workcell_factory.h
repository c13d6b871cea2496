#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "experiments/collect.h"
#include "experiments/rehearsal.h"

namespace gripbench::experiments {

/// A workcell file that was read far enough to know what stands behind it.
struct WorkcellChoice {
  std::string backend;
  /// Most workcells that may be at work at the same time; there is one real rig.
  int most_jobs = 1;
  WorkcellFactory make;
  /// What is done there unless something else is asked for.
  std::optional<std::filesystem::path> protocol;
  /// SHA-256 over the file and all files that it names, and those name, its protocol aside: what
  /// the rig is made of.
  std::string hash;
};

/// The only place that knows which backends there are. Reads `backend: sim|replay|rig` and, where
/// it is there, `safety`, by which the workcell is then guarded; a rig must have it.
/// A rig that is made listens to `stop` whenever time passes.
/// @throws hal::InputError if the file cannot be read, hal::ConfigError if its backend is unknown.
WorkcellChoice choose_workcell(const std::filesystem::path& file, const StopRequest& stop = {});

/// The same for what is no experiment, and drives no real rig.
/// @throws also hal::InputError if one stands behind the file.
WorkcellChoice choose_workcell_without_rig(const std::filesystem::path& file);

/// The simulated twin of a workcell: the file itself where it is of backend `sim`, else the one
/// that it names as `twin`.
/// @throws as choose_workcell; hal::InputError if it names none.
std::unique_ptr<hal::Workcell> make_twin(const std::filesystem::path& file);

/// The simulated twin of a workcell, announcing its motions, and guarded by the workcell's limits
/// where it has any. Before a real rig's twin its own stage and operator go through their part
/// (rig_rehearsal.h); nothing is connected to.
/// @throws as make_twin.
std::unique_ptr<hal::Workcell> make_rehearsal_twin(const std::filesystem::path& file,
                                                   const GraspProtocol& protocol,
                                                   Announce announce);

}  // namespace gripbench::experiments

#include "experiments/workcell_factory.h"

#include <limits>
#include <optional>
#include <set>

#include <yaml-cpp/yaml.h>

#include "experiments/file_io.h"
#include "experiments/rig_rehearsal.h"
#include "experiments/sha256.h"
#include "hal/config.h"
#include "hal/replay/replay_workcell.h"
#include "hal/rig/rig_workcell.h"
#include "hal/safety/guarded_workcell.h"
#include "sim/sim_workcell.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

/// Adds the bytes of `file` and, if it is YAML, of every file that a value in it names.
void gather(const fs::path& file, std::set<fs::path>& seen, std::string& bytes);

void gather_named(const YAML::Node& node, const fs::path& folder, std::set<fs::path>& seen,
                  std::string& bytes) {
  if (node.IsScalar()) {
    std::error_code no_such_name;
    const fs::path named = folder / node.Scalar();
    if (fs::is_regular_file(named, no_such_name)) gather(named, seen, bytes);
  } else if (node.IsMap()) {
    for (const auto& entry : node) {
      // What to do on a rig is no part of it.
      if (entry.first.Scalar() == "protocol") continue;
      gather_named(entry.second, folder, seen, bytes);
    }
  } else if (node.IsSequence()) {
    for (const auto& item : node) gather_named(item, folder, seen, bytes);
  }
}

void gather(const fs::path& file, std::set<fs::path>& seen, std::string& bytes) {
  if (!seen.insert(fs::weakly_canonical(file)).second) return;
  const std::string content = read_file(file);
  bytes += std::to_string(content.size()) + ":" + content;
  if (file.extension() == ".yaml") {
    gather_named(YAML::Load(content), file.parent_path(), seen, bytes);
  }
}

const std::vector<std::string> kBackends{"sim", "replay", "rig"};

std::string backend_of(hal::ConfigNode& file) {
  return kBackends[file.choice("backend", kBackends)];
}

std::unique_ptr<hal::Workcell> make_backend(hal::ConfigNode file) {
  if (backend_of(file) == "sim") return sim::make_workcell(std::move(file));
  const std::filesystem::path dataset = file.path("dataset");
  if (file.has("protocol")) file.path("protocol");
  file.finish();
  return hal::make_replay_workcell(dataset);
}

std::optional<hal::SafetyLimits> read_limits(hal::ConfigNode& file) {
  auto safety = file.optional_child("safety");
  return safety ? std::optional(hal::SafetyLimits::from(*safety)) : std::nullopt;
}

std::unique_ptr<hal::Workcell> guard_by(const std::optional<hal::SafetyLimits>& limits,
                                        std::unique_ptr<hal::Workcell> workcell) {
  return limits ? hal::guard(std::move(workcell), *limits) : std::move(workcell);
}

/// Any backend can be guarded: limits are best tried in simulation first. A rig guards itself,
/// since its stage moves the arm too.
std::unique_ptr<hal::Workcell> make_workcell(hal::ConfigNode file, const StopRequest& stop = {}) {
  if (backend_of(file) == "rig") {
    return hal::make_rig_workcell(hal::RigSettings::from(std::move(file)),
                                  [stop] { stop.check(); });
  }
  const auto limits = read_limits(file);
  return guard_by(limits, make_backend(std::move(file)));
}

fs::path twin_of(const fs::path& file) {
  hal::ConfigNode node = hal::ConfigNode::load(file);
  if (backend_of(node) == "sim") return file;
  if (!node.has("twin")) {
    throw hal::InputError(file.string() +
                          ": names no 'twin', a workcell file of backend sim, to rehearse on");
  }
  return node.path("twin");
}

std::string hash_of(const fs::path& workcell_file) {
  std::set<fs::path> seen;
  std::string bytes;
  gather(workcell_file, seen, bytes);
  return sha256(bytes);
}

}  // namespace

std::unique_ptr<hal::Workcell> make_twin(const std::filesystem::path& file) {
  return make_workcell(hal::ConfigNode::load(twin_of(file)));
}

std::unique_ptr<hal::Workcell> make_rehearsal_twin(const std::filesystem::path& file,
                                                   const GraspProtocol& protocol,
                                                   Announce announce) {
  hal::ConfigNode node = hal::ConfigNode::load(file);
  if (backend_of(node) == "rig") {
    return make_rig_rehearsal(hal::RigSettings::from(hal::ConfigNode::load(file)), protocol,
                              make_twin(file), std::move(announce));
  }
  return guard_by(read_limits(node), announced(make_twin(file), announce));
}

WorkcellChoice choose_workcell(const std::filesystem::path& file, const StopRequest& stop) {
  WorkcellChoice choice;
  hal::ConfigNode node = hal::ConfigNode::load(file);
  choice.backend = backend_of(node);
  choice.hash = hash_of(file);
  if (node.has("protocol")) choice.protocol = node.path("protocol");
  // Simulations and recordings can be played side by side.
  choice.most_jobs = choice.backend == "rig" ? 1 : std::numeric_limits<int>::max();
  choice.make = [file, stop] { return make_workcell(hal::ConfigNode::load(file), stop); };
  return choice;
}

WorkcellChoice choose_workcell_without_rig(const std::filesystem::path& file) {
  WorkcellChoice choice = choose_workcell(file);
  if (choice.backend == "rig") {
    throw hal::InputError(file.string() +
                          ": is a real rig, which only 'gripbench collect' drives; name a "
                          "simulated or recorded workcell");
  }
  return choice;
}

}  // namespace gripbench::experiments

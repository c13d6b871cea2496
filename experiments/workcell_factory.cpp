#include "experiments/workcell_factory.h"

#include <limits>

#include "hal/config.h"
#include "hal/replay/replay_workcell.h"
#include "sim/sim_workcell.h"

namespace gripbench::experiments {

WorkcellChoice choose_workcell(const std::filesystem::path& file) {
  const std::vector<std::string> backends{"sim", "replay"};
  const std::size_t backend = hal::ConfigNode::load(file).choice("backend", backends);
  WorkcellChoice choice;
  choice.backend = backends[backend];
  // Simulations and recordings can be played side by side.
  choice.most_jobs = std::numeric_limits<int>::max();
  choice.make = [file, backend, backends]() -> std::unique_ptr<hal::Workcell> {
    hal::ConfigNode node = hal::ConfigNode::load(file);
    node.choice("backend", backends);
    if (backend == 0) return sim::make_workcell(std::move(node));
    const std::filesystem::path dataset = node.path("dataset");
    node.finish();
    return hal::make_replay_workcell(dataset);
  };
  return choice;
}

}  // namespace gripbench::experiments

#include <memory>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/episode_store.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

void add_verify_command(CLI::App& program) {
  auto dataset = std::make_shared<fs::path>();
  CLI::App* command = program.add_subcommand("verify", "Check every checksum of a data set");
  command->add_option("DATASET", *dataset, "Folder of the data set")->required();
  command->footer("Example:\n  gripbench verify out/quick/dataset");
  command->callback([dataset] {
    const EpisodeStore store = EpisodeStore::open(*dataset);
    const std::vector<std::string> wrong = store.verify();
    for (const std::string& line : wrong) fmt::print(stderr, "{}\n", line);
    if (!wrong.empty()) {
      throw hal::InputError(fmt::format("{}: {} damaged; delete those episodes and collect again",
                                        dataset->string(), wrong.size()));
    }
    fmt::print("{}: {} episodes, sound, {}\n", dataset->string(), store.records().size(),
               store.dataset_hash());
  });
}

}  // namespace gripbench::experiments

#include <memory>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/episode_store.h"
#include "experiments/sintef_stage.h"
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

void add_import_command(CLI::App& program) {
  struct Options {
    std::string format = "sintef";
    fs::path source;
    fs::path out;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command =
      program.add_subcommand("import", "Read a published data set into a folder of windows");
  command->add_option("--format", options->format, "Layout of the data set")
      ->check(CLI::IsMember({"sintef"}))
      ->required();
  command->add_option("SOURCE", options->source, "Folder of the data set")->required();
  command->add_option("--out", options->out, "Folder to make")->required();
  add_jobs_option(*command, options->jobs);
  command->footer("Example:\n  gripbench import --format sintef data/sintef_slip --out out/sintef");
  command->callback([options] {
    run_sintef_import(options->source, options->out, stage_context(options->jobs));
  });
}

}  // namespace gripbench::experiments

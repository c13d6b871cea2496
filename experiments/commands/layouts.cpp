#include <algorithm>
#include <cctype>
#include <memory>
#include <string>

#include <fmt/format.h>

#include "experiments/commands/command.h"
#include "experiments/dataset_export.h"
#include "experiments/li2018_import.h"
#include "experiments/progress_bar.h"
#include "experiments/sintef_stage.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLinesTold = 20;

/// Names in an archive may hold what a terminal would obey.
std::string printable(std::string text) {
  for (char& c : text) {
    if (std::iscntrl(static_cast<unsigned char>(c)) != 0) c = '?';
  }
  return text;
}

void tell(const char* what, const std::vector<Omission>& omissions, const fs::path& file) {
  for (std::size_t i = 0; i < std::min(kLinesTold, omissions.size()); ++i) {
    fmt::print(stderr, "import: {} {}: {}\n", what, printable(omissions[i].where),
               printable(omissions[i].reason));
  }
  if (omissions.size() > kLinesTold) {
    fmt::print(stderr, "import: {} {} more; see {}\n", what, omissions.size() - kLinesTold,
               file.string());
  }
}

void run_li2018_import(const fs::path& source, const fs::path& out, int named_frame,
                       const StageContext& context) {
  Li2018ImportSummary summary;
  {
    ProgressBar bar("import");
    Li2018ImportOptions options;
    options.jobs = context.jobs;
    options.named_frame = named_frame;
    options.stop = context.stop;
    options.progress = [&](double share, const std::string& now) { bar.update(share, now); };
    summary = import_li2018(source, out, options);
  }
  tell("left out", summary.left_out, out / kImportFile);
  tell("last pictures repeated in", summary.repeated, out / kImportFile);
  fmt::print(stderr,
             "import: {} grasps ({} with slip, {} were there), {} entries left out, {} with "
             "repeated last pictures; listed in {}\n",
             summary.grasps, summary.slips, summary.grasps_before, summary.left_out.size(),
             summary.repeated.size(), (out / kImportFile).string());
}

}  // namespace

void add_import_command(CLI::App& program) {
  struct Options {
    std::string format;
    fs::path source;
    fs::path out;
    int named_frame = kLi2018NamedFrame;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "import",
      "Read a published data set: li2018 into a data set to train and evaluate on, sintef into "
      "windows for 'evaluate --recordings'");
  command->add_option("--format", options->format, "Layout of the data set")
      ->check(CLI::IsMember({"li2018", "sintef"}))
      ->required();
  command->add_option("SOURCE", options->source, "Folder of the data set")->required();
  command->add_option("--out", options->out, "Folder to make")->required();
  CLI::Option* named_frame =
      command
          ->add_option("--named-frame", options->named_frame,
                       "li2018: k of T(k), the picture that the label files name; the layout does "
                       "not say")
          ->check(CLI::Range(-2, 0))
          ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  command->footer(
      "Examples:\n  gripbench import --format li2018 data/slip_detection --out out/li2018\n"
      "  gripbench import --format sintef data/sintef_slip --out out/sintef");
  command->callback([options, named_frame] {
    const StageContext context = stage_context(options->jobs);
    if (options->format == "li2018") {
      run_li2018_import(options->source, options->out, options->named_frame, context);
      return;
    }
    if (named_frame->count() > 0) {
      throw hal::InputError("--named-frame: belongs to --format li2018; leave it out");
    }
    run_sintef_import(options->source, options->out, context);
  });
}

void add_export_command(CLI::App& program) {
  struct Options {
    std::string format;
    fs::path dataset;
    fs::path out;
    double validation = ExportOptions{}.validation_share;
    int jobs = default_jobs();
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand("export", "Write a data set in a published layout");
  command->add_option("--format", options->format, "Layout to write")
      ->check(CLI::IsMember({"li2018", "sintef"}))
      ->required();
  command->add_option("DATASET", options->dataset, "Folder of the data set")->required();
  command->add_option("--out", options->out, "Folder to make")->required();
  CLI::Option* validation =
      command
          ->add_option("--validation", options->validation,
                       "li2018: share of the training objects that go to validation/")
          ->check(CLI::Range(0.0, 0.9))
          ->capture_default_str();
  add_jobs_option(*command, options->jobs);
  command->footer(
      "sintef holds the tactile pictures only, at 320x240.\n\n"
      "Example:\n  gripbench export --format li2018 out/quick/dataset --out out/li2018");
  command->callback([options, validation] {
    if (options->format != "li2018" && validation->count() > 0) {
      throw hal::InputError("--validation: belongs to --format li2018; leave it out");
    }
    const EpisodeStore store = EpisodeStore::open(options->dataset);
    ExportSummary summary;
    {
      ProgressBar bar("export");
      const StageContext context = stage_context(options->jobs);
      ExportOptions wanted;
      wanted.jobs = context.jobs;
      wanted.validation_share = options->validation;
      wanted.stop = context.stop;
      wanted.progress = [&](double share, const std::string& now) { bar.update(share, now); };
      summary = options->format == "li2018" ? export_li2018(store, options->out, wanted)
                                            : export_sintef(store, options->out, wanted);
    }
    fmt::print(stderr, "export: {} grasps ({} with slip, {} were there) in {}\n", summary.grasps,
               summary.slips, summary.grasps_before, options->out.string());
  });
}

}  // namespace gripbench::experiments

#include "experiments/sintef_stage.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/progress_bar.h"
#include "experiments/sintef_evaluation.h"
#include "experiments/sintef_import.h"
#include "experiments/sintef_index.h"
#include "experiments/sintef_report.h"
#include "experiments/stamp.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

void import_with_progress(const fs::path& source, const fs::path& out,
                          const StageContext& context) {
  SintefIndex index;
  std::vector<std::string> unreadable;
  // After the bar, which would be torn by other lines; also when the import fails for them.
  auto tell = [&] {
    for (const std::string& line : unreadable) fmt::print(stderr, "import: left out {}\n", line);
  };
  try {
    ProgressBar bar("import");
    SintefImportOptions options;
    options.jobs = context.jobs;
    options.stop = context.stop;
    options.progress = [&](double share, const std::string& now) { bar.update(share, now); };
    options.notice = [&](const std::string& line) { unreadable.push_back(line); };
    index = import_sintef(source, out, options);
  } catch (const hal::Error&) {
    tell();
    throw;
  }
  tell();
  fmt::print(stderr, "import: {} grasps, {} entries left out, {} slip recordings show no slip\n",
             index.grasps.size(), index.left_out.size(), index.no_slip_visible.size());
}

}  // namespace

void run_sintef_import(const fs::path& source, const fs::path& out, const StageContext& context) {
  import_with_progress(source, out, context);
}

void run_sintef_evaluation(const fs::path& windows, const fs::path& out, std::uint64_t seed,
                           const StageContext& context) {
  const SintefIndex index = read_sintef_index(windows);
  const Stamp stamp(
      out / "results.json",
      {"sintef", GRIPBENCH_VERSION, read_file(windows / kSintefIndexName), std::to_string(seed)});
  if (stamp.valid() && fs::exists(out / "section.md")) {
    fmt::print(stderr, "sintef: was finished before\n");
    return;
  }
  SintefResults results;
  {
    ProgressBar bar("sintef");
    SintefEvaluationOptions options;
    options.seed = seed;
    options.jobs = context.jobs;
    options.stop = context.stop;
    options.progress = [&](double share, const std::string& now) { bar.update(share, now); };
    results = evaluate_sintef(windows, index, options);
  }
  BootstrapOptions statistics;
  statistics.seed = seed;
  write_file(out / "section.md", sintef_section(index, results, statistics));
  write_file(out / "results.json", sintef_json(index, results, statistics));
  stamp.set();
}

void run_sintef_if_there(const SintefRequest& request, const StageContext& context) {
  if (!fs::is_directory(request.source)) {
    fmt::print(stderr, "sintef: left out, {} is not there\n", request.source.string());
    return;
  }
  const fs::path windows = request.out / "windows";
  import_with_progress(request.source, windows, context);
  run_sintef_evaluation(windows, request.out, request.seed, context);
}

}  // namespace gripbench::experiments

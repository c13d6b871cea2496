#include "experiments/sintef_stage.h"

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/progress_bar.h"
#include "experiments/sintef_evaluation.h"
#include "experiments/sintef_import.h"
#include "experiments/sintef_index.h"
#include "experiments/sintef_report.h"
#include "experiments/stamp.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

SintefIndex import_with_progress(const fs::path& source, const fs::path& out,
                                 const StageContext& context) {
  SintefIndex index;
  {
    ProgressBar bar("import");
    SintefImportOptions options;
    options.jobs = context.jobs;
    options.stop = context.stop;
    options.progress = [&](double share, const std::string& now) { bar.update(share, now); };
    index = import_sintef(source, out, options);
  }
  fmt::print(stderr, "import: {} grasps, {} entries left out, {} slip recordings show no slip\n",
             index.grasps.size(), index.left_out.size(), index.no_slip_visible.size());
  return index;
}

}  // namespace

void run_sintef_import(const fs::path& source, const fs::path& out, const StageContext& context) {
  import_with_progress(source, out, context);
}

void run_sintef_if_there(const SintefRequest& request, const StageContext& context) {
  if (!fs::is_directory(request.source)) {
    fmt::print(stderr, "sintef: left out, {} is not there\n", request.source.string());
    return;
  }
  const fs::path windows = request.out / "windows";
  const SintefIndex index = import_with_progress(request.source, windows, context);
  const Stamp stamp(request.out / "results.json",
                    {"sintef", GRIPBENCH_VERSION, read_file(windows / kSintefIndexName),
                     std::to_string(request.seed)});
  if (stamp.valid() && fs::exists(request.out / "section.md")) {
    fmt::print(stderr, "sintef: was finished before\n");
    return;
  }
  SintefResults results;
  {
    ProgressBar bar("sintef");
    SintefEvaluationOptions options;
    options.seed = request.seed;
    options.threads = context.jobs;
    options.stop = context.stop;
    options.progress = [&](double share, const std::string& now) { bar.update(share, now); };
    results = evaluate_sintef(windows, index, options);
  }
  BootstrapOptions statistics;
  statistics.seed = request.seed;
  write_file(request.out / "section.md", sintef_section(index, results, statistics));
  write_file(request.out / "results.json", sintef_json(index, results, statistics));
  stamp.set();
}

}  // namespace gripbench::experiments

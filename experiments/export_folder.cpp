#include "experiments/export_folder.h"

#include <mutex>

#include "experiments/parallel.h"
#include "experiments/wait.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;

void begin_export(const fs::path& out, const nlohmann::ordered_json& description) {
  const std::string text = description.dump(1) + "\n";
  const fs::path file = out / kExportFile;
  if (fs::exists(file)) {
    if (read_file(file) != text) {
      throw hal::InputError(out.string() +
                            ": holds an export of another data set or layout; give another folder");
    }
    sweep_unfinished(out);
    return;
  }
  if (fs::exists(out) && !fs::is_empty(out)) {
    throw hal::InputError(out.string() + ": holds other files; give an empty folder");
  }
  write_file(file, text);
}

ExportSummary export_grasps(const std::vector<EpisodeRecord>& records, const ExportOptions& options,
                            const std::function<fs::path(const EpisodeRecord&)>& folder_of,
                            const std::function<FolderContent(const EpisodeRecord&)>& content_of) {
  const StopRequest stop{options.stop};
  std::mutex mutex;
  ExportSummary summary;
  std::size_t done = 0;
  for_each_parallel(records.size(), options.jobs, [&](std::size_t i) {
    stop.check();
    const EpisodeRecord& record = records[i];
    const fs::path folder = folder_of(record);
    const bool before = fs::exists(folder);
    if (!before) write_folder(folder, content_of(record));
    const std::lock_guard lock(mutex);
    ++summary.grasps;
    summary.slips += record.slip ? 1 : 0;
    summary.grasps_before += before ? 1 : 0;
    ++done;
    if (options.progress) {
      options.progress(static_cast<double>(done) / static_cast<double>(records.size()),
                       record.parameters.object + "/" + record.parameters.grasp);
    }
  });
  return summary;
}

}  // namespace gripbench::experiments

#include "experiments/store_check.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "experiments/aborted_grasp.h"
#include "experiments/episode_files.h"
#include "experiments/parallel.h"
#include "experiments/store_layout.h"
#include "experiments/wait.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Problems = std::vector<std::string>;

template <typename Action>
void attempt(Problems& problems, Action action) {
  try {
    action();
  } catch (const hal::InputError& error) {
    if (std::find(problems.begin(), problems.end(), error.what()) == problems.end()) {
      problems.emplace_back(error.what());
    }
  }
}

/// Names everything in `folder` that is neither in `files` nor, if those may be there, a folder.
void find_strays(const fs::path& folder, const std::set<std::string>& files, bool folders_belong,
                 Problems& problems) {
  std::error_code none;
  std::vector<std::string> strays;
  for (const auto& entry : fs::directory_iterator(folder, none)) {
    const bool known = files.contains(entry.path().filename().string()) ||
                       (folders_belong && (entry.is_directory() || is_unfinished(entry.path())));
    if (!known) strays.push_back(entry.path().string() + ": does not belong here; remove it");
  }
  std::sort(strays.begin(), strays.end());
  problems.insert(problems.end(), strays.begin(), strays.end());
}

/// An episode has its 15 frames of each camera, no more and no fewer, also by its own account.
void check_names(const fs::path& file, const json& description, const FolderKind& kind) {
  std::set<std::string> named;
  for (const auto& [name, checksum] : description.at("files").items()) named.insert(name);
  const std::set<std::string> expected(kind.files.begin(), kind.files.end());
  if (named == expected) return;
  const auto count = [&](std::string_view camera) {
    return std::count_if(named.begin(), named.end(), [&](const std::string& name) {
      return name.starts_with(camera) && name.ends_with(".jpg");
    });
  };
  if (kind.files == episode_folders().files) {
    throw hal::InputError(fmt::format(
        "names {} tactile and {} external frames and {} files, not "
        "{} of each in {}",
        count("tactile_"), count("external_"), named.size(), kFramesPerEpisode, expected.size()));
  }
  throw hal::InputError(fmt::format("names other files than {}", file.filename().string()));
}

/// Everything wrong inside one described folder.
Problems check_folder(const fs::path& folder, const FolderKind& kind) {
  Problems problems;
  const fs::path file = folder / kind.description;
  json description;
  attempt(problems, [&] { description = read_description(file); });
  if (!description.is_null()) {
    attempt(problems, [&] {
      if (&kind == &episode_folders()) {
        record_of(folder, description);
      } else {
        position_of(folder, description);
      }
    });
    attempt(problems, [&] {
      interpret(file, description, [&](const json& j) { check_names(file, j, kind); });
    });
    for (const std::string& name : kind.files) {
      attempt(problems, [&] {
        const std::string bytes = read_described(folder, description, name);
        if (name.ends_with(".jpg")) decode_jpeg(bytes, folder / name);
        if (name == kTraceFile) trace_from_csv(bytes, folder / name);
      });
    }
  }
  std::set<std::string> known(kind.files.begin(), kind.files.end());
  known.insert(kind.description);
  find_strays(folder, known, /*folders_belong=*/false, problems);
  return problems;
}

/// Everything that lies beside episodes and positions.
Problems check_surroundings(const fs::path& folder) {
  Problems problems;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool tree =
        name == episode_folders().tree || name == position_folders().tree || name == kAbortedTree;
    if (entry.is_directory() && !tree && !is_unfinished(entry.path())) {
      problems.push_back(entry.path().string() + ": does not belong here; remove it");
    }
  }
  find_strays(folder, {kDatasetFile, kPlanFile, kImportFile}, true, problems);
  for (const FolderKind* kind : {&episode_folders(), &position_folders()}) {
    find_strays(folder / kind->tree, {}, true, problems);
    for (const std::string& object : folders_in(folder / kind->tree)) {
      find_strays(folder / kind->tree / object, {}, true, problems);
    }
  }
  for (const fs::path& file : aborted_files(folder)) {
    attempt(problems, [&] { read_aborted(file); });
  }
  return problems;
}

std::pair<std::string, std::string> key_of(const fs::path& folder) {
  return {folder.parent_path().filename().string(), folder.filename().string()};
}

/// What is there and was not planned, and episodes whose position is gone.
Problems check_plan(const fs::path& folder, const std::vector<PlannedGrasp>& plan,
                    const std::vector<fs::path>& episodes, const std::vector<fs::path>& positions) {
  using Keys = std::set<std::pair<std::string, std::string>>;
  Keys present;
  for (const fs::path& position : positions) present.insert(key_of(position));
  Keys needed;
  Keys planned_grasps;
  Keys planned_positions;
  Keys made;
  for (const fs::path& episode : episodes) made.insert(key_of(episode));
  for (const PlannedGrasp& grasp : plan) {
    const std::pair position(grasp.object, std::to_string(grasp.position));
    planned_grasps.emplace(grasp.object, grasp.grasp);
    planned_positions.insert(position);
    if (made.contains({grasp.object, grasp.grasp})) needed.insert(position);
  }
  Problems problems;
  const auto unplanned = [&](const std::vector<fs::path>& there, const Keys& planned) {
    for (const fs::path& path : there) {
      if (planned.contains(key_of(path))) continue;
      problems.push_back(path.string() + ": is not in " + kPlanFile + "; remove it");
    }
  };
  unplanned(episodes, planned_grasps);
  unplanned(positions, planned_positions);
  for (const auto& [object, index] : needed) {
    if (present.contains({object, index})) continue;
    problems.push_back((folder / position_folders().tree / object / index).string() +
                       ": is missing, and episodes rest on it; collect or copy it again");
  }
  return problems;
}

}  // namespace

std::vector<std::string> check_store(const fs::path& folder, const DatasetInfo& info,
                                     const CheckOptions& options) {
  const std::vector<fs::path> episodes = folders_of(folder, episode_folders());
  const std::vector<fs::path> positions = folders_of(folder, position_folders());
  const std::size_t total = episodes.size() + positions.size();
  std::vector<Problems> found(total);
  std::mutex mutex;
  std::size_t done = 0;
  for_each_parallel(total, options.jobs, [&](std::size_t i) {
    StopRequest{options.stop}.check();
    found[i] = i < episodes.size()
                   ? check_folder(episodes[i], episode_folders())
                   : check_folder(positions[i - episodes.size()], position_folders());
    const std::lock_guard lock(mutex);
    ++done;
    if (options.progress) options.progress(done, total);
  });
  Problems problems;
  attempt(problems, [&] { read_dataset(folder); });
  const auto add = [&](const Problems& more) {
    problems.insert(problems.end(), more.begin(), more.end());
  };
  for (const Problems& of_folder : found) add(of_folder);
  add(check_surroundings(folder));
  if (info.plan) add(check_plan(folder, *info.plan, episodes, positions));
  return problems;
}

}  // namespace gripbench::experiments

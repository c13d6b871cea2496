#include "experiments/aborted_grasp.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/episode_files.h"
#include "experiments/file_io.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string attempt_name(int attempt) { return fmt::format("{:02}.json", attempt); }

bool is_attempt_name(const std::string& name) {
  const std::string number = name.substr(0, name.find('.'));
  return number.size() >= 2 && name == number + ".json" &&
         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

json to_json(const AbortedGrasp& aborted) {
  return {{"version", kStoreVersion}, {"object", aborted.object},   {"grasp", aborted.grasp},
          {"time", aborted.time},     {"seconds", aborted.seconds}, {"phase", aborted.phase},
          {"device", aborted.device}, {"error", aborted.error}};
}

AbortedGrasp aborted_from_json(const json& j) {
  return {.object = j.at("object"),
          .grasp = j.at("grasp"),
          .time = j.at("time"),
          .seconds = j.at("seconds"),
          .phase = j.at("phase"),
          .device = j.at("device"),
          .error = j.at("error")};
}

}  // namespace

fs::path write_aborted(const fs::path& folder, const AbortedGrasp& aborted) {
  const fs::path place = folder / kAbortedTree / aborted.object / aborted.grasp;
  int attempt = 0;
  while (fs::exists(place / attempt_name(attempt))) ++attempt;
  const std::string name = attempt_name(attempt);
  std::error_code error;
  fs::create_directories(place, error);
  if (error) {
    throw hal::StorageError(fmt::format("{}: cannot create: {}; check the path and its permissions",
                                        place.string(), error.message()));
  }
  FolderContent content;
  add_description(content, name, to_json(aborted));
  write_file(place / name, content.at(name));
  return place / name;
}

std::vector<fs::path> aborted_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder / kAbortedTree, error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (!it->is_directory() && !is_unfinished(it->path())) files.push_back(it->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

AbortedGrasp read_aborted(const fs::path& file) {
  AbortedGrasp aborted = interpret(file, read_description(file), aborted_from_json);
  const fs::path place = file.parent_path();
  if (!is_attempt_name(file.filename().string()) || place.filename() != aborted.grasp ||
      place.parent_path().filename() != aborted.object ||
      place.parent_path().parent_path().filename() != kAbortedTree) {
    throw hal::InputError(fmt::format("{}: is of {}/{}, and does not belong here", file.string(),
                                      aborted.object, aborted.grasp));
  }
  return aborted;
}

}  // namespace gripbench::experiments

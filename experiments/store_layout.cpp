#include "experiments/store_layout.h"

#include <algorithm>
#include <system_error>

#include <fmt/format.h>

#include "experiments/episode_files.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<std::string> episode_files() {
  std::vector<std::string> names = {kTraceFile};
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    names.push_back(picture_name("tactile", i));
    names.push_back(picture_name("external", i));
  }
  return names;
}

void check_place(const fs::path& folder, const FolderKind& kind, const std::string& object,
                 const std::string& name) {
  if (name == folder.filename() && object == folder.parent_path().filename()) return;
  throw hal::InputError(fmt::format("{}: is of {}/{}, and does not belong here",
                                    (folder / kind.description).string(), object, name));
}

}  // namespace

const FolderKind& episode_folders() {
  static const FolderKind kind{"episodes", "episode.json", episode_files()};
  return kind;
}

const FolderKind& position_folders() {
  static const FolderKind kind{"positions", "position.json", {kReferenceFile, kTouchFile}};
  return kind;
}

std::string picture_name(const char* camera, int index) {
  return fmt::format("{}_{:02}.jpg", camera, index);
}

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (auto it = fs::directory_iterator(folder, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    if (it->is_directory() && !is_unfinished(it->path())) {
      names.push_back(it->path().filename().string());
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<fs::path> folders_of(const fs::path& folder, const FolderKind& kind) {
  std::vector<fs::path> paths;
  const fs::path tree = folder / kind.tree;
  for (const std::string& object : folders_in(tree)) {
    for (const std::string& name : folders_in(tree / object)) paths.push_back(tree / object / name);
  }
  return paths;
}

EpisodeRecord record_of(const fs::path& folder, const json& description) {
  const FolderKind& kind = episode_folders();
  EpisodeRecord record = interpret(folder / kind.description, description, record_from_json);
  check_place(folder, kind, record.parameters.object, record.parameters.grasp);
  return record;
}

PositionRecord position_of(const fs::path& folder, const json& description) {
  const FolderKind& kind = position_folders();
  PositionRecord position = interpret(folder / kind.description, description, position_from_json);
  check_place(folder, kind, position.object, std::to_string(position.index));
  return position;
}

FolderContent read_folder(const fs::path& folder, const FolderKind& kind) {
  const json description = read_description(folder / kind.description);
  FolderContent content;
  for (const std::string& name : kind.files) {
    content[name] = read_described(folder, description, name);
  }
  // Its checksum covers every byte, so writing it anew gives the file.
  content[kind.description] = text_of(description);
  return content;
}

}  // namespace gripbench::experiments

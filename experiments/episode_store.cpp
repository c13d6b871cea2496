#include "experiments/episode_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <unistd.h>

#include "experiments/episode_files.h"
#include "experiments/file_io.h"
#include "experiments/sha256.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFormat = "gripbench-episodes";
constexpr const char* kDatasetFile = "dataset.json";
constexpr const char* kEpisodeFile = "episode.json";
constexpr const char* kPositionFile = "position.json";
constexpr const char* kTraceFile = "trace.csv";
constexpr const char* kReferenceFile = "reference.jpg";
constexpr const char* kTouchFile = "touch.jpg";

/// Folders in `folder` by name, unfinished ones left out.
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

/// All folders two levels below `folder`: OBJECT/GRASP, OBJECT/P.
std::vector<fs::path> folders_below(const fs::path& folder) {
  std::vector<fs::path> paths;
  for (const std::string& object : folders_in(folder)) {
    for (const std::string& name : folders_in(folder / object)) {
      paths.push_back(folder / object / name);
    }
  }
  return paths;
}

json dataset_to_json(const DatasetInfo& info) {
  return {{"format", kFormat},
          {"version", kStoreVersion},
          {"software", info.software},
          {"seed", info.seed},
          {"protocol", info.protocol_text},
          {"protocol_sha256", sha256(info.protocol_text)},
          {"catalogue_sha256", info.catalogue_hash},
          {"rig_sha256", info.rig_hash},
          {"train_objects", info.train_objects},
          {"test_objects", info.test_objects}};
}

/// Runs `read` on JSON that came from `file`; what is wrong with its content is said of the file.
template <typename Read>
auto interpret(const fs::path& file, const json& description, Read read) {
  try {
    return read(description);
  } catch (const json::exception& error) {
    throw hal::InputError(file.string() + ": lacks a key or has a wrong one (" + error.what() +
                          "); collect or copy it again");
  } catch (const hal::InputError& error) {
    throw hal::InputError(file.string() + ": " + error.what());
  }
}

DatasetInfo read_dataset(const fs::path& folder) {
  const fs::path file = folder / kDatasetFile;
  if (!fs::exists(file)) {
    throw hal::InputError(folder.string() +
                          ": is no data set (it holds no dataset.json); check the path");
  }
  const json description = read_description(file);
  return interpret(file, description, [](const json& j) {
    if (j.at("format") != kFormat) {
      throw hal::InputError(fmt::format("is not of the format {}", kFormat));
    }
    return DatasetInfo{.protocol_text = j.at("protocol"),
                       .train_objects = j.at("train_objects"),
                       .test_objects = j.at("test_objects"),
                       .catalogue_hash = j.at("catalogue_sha256"),
                       .seed = j.at("seed"),
                       .software = j.at("software"),
                       .rig_hash = j.value("rig_sha256", "")};
  });
}

void refuse_mixture(const fs::path& folder, const DatasetInfo& there, const DatasetInfo& asked) {
  const auto refuse = [&](const std::string& what) {
    throw hal::InputError(
        fmt::format("{}: was begun with {}; give another folder, or the same as before",
                    folder.string(), what));
  };
  if (there.seed != asked.seed) {
    refuse(fmt::format("seed {}, not {}", there.seed, asked.seed));
  }
  if (there.protocol_text != asked.protocol_text) refuse("another protocol");
  if (there.catalogue_hash != asked.catalogue_hash) {
    refuse("other descriptions of the protocol's objects");
  }
  if (there.rig_hash != asked.rig_hash) refuse("another workcell, or another file that it names");
}

json read_episode_description(const fs::path& folder) {
  return read_description(folder / kEpisodeFile);
}

EpisodeRecord record_of(const fs::path& folder, const json& description) {
  const fs::path file = folder / kEpisodeFile;
  EpisodeRecord record = interpret(file, description, record_from_json);
  if (record.parameters.grasp != folder.filename() ||
      record.parameters.object != folder.parent_path().filename()) {
    throw hal::InputError(fmt::format("{}: is of grasp {}/{}, and does not belong here",
                                      file.string(), record.parameters.object,
                                      record.parameters.grasp));
  }
  return record;
}

cv::Mat read_picture(const fs::path& folder, const json& description, const std::string& name) {
  return decode_jpeg(read_described(folder, description, name), folder / name);
}

/// Collects what is wrong with one described folder.
void verify_folder(const fs::path& folder, const char* description_file,
                   const std::vector<std::string>& expected, std::vector<std::string>& problems) {
  const auto attempt = [&](auto action) {
    try {
      action();
    } catch (const hal::InputError& error) {
      problems.emplace_back(error.what());
    }
  };
  json description;
  attempt([&] { description = read_description(folder / description_file); });
  if (description.is_null()) return;
  for (const std::string& name : expected) {
    attempt([&] {
      const std::string bytes = read_described(folder, description, name);
      if (name.ends_with(".jpg")) decode_jpeg(bytes, folder / name);
      if (name == kTraceFile) trace_from_csv(bytes, folder / name);
    });
  }
  std::set<std::string> known(expected.begin(), expected.end());
  known.insert(description_file);
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!known.contains(entry.path().filename().string())) {
      problems.push_back(entry.path().string() + ": does not belong here; remove it");
    }
  }
}

std::vector<std::string> episode_files() {
  std::vector<std::string> names = {kTraceFile};
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    names.push_back(picture_name("tactile", i));
    names.push_back(picture_name("external", i));
  }
  return names;
}

}  // namespace

std::string picture_name(const char* camera, int index) {
  return fmt::format("{}_{:02}.jpg", camera, index);
}

/// Keeps other processes from writing the same data set; goes away with the process.
class EpisodeStore::WriteLock {
 public:
  explicit WriteLock(const fs::path& folder)
      : descriptor_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ < 0) {
      throw hal::StorageError(fmt::format("{}: cannot open: {}; check its permissions",
                                          folder.string(), std::strerror(errno)));
    }
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      ::close(descriptor_);
      throw hal::InputError(folder.string() +
                            ": another run is writing this data set; wait for it, or give another "
                            "folder");
    }
  }
  ~WriteLock() { ::close(descriptor_); }
  WriteLock(const WriteLock&) = delete;
  WriteLock& operator=(const WriteLock&) = delete;

 private:
  int descriptor_;
};

EpisodeStore::EpisodeStore(fs::path folder, DatasetInfo info, std::shared_ptr<WriteLock> lock)
    : folder_(std::move(folder)), info_(std::move(info)), lock_(std::move(lock)) {}

EpisodeStore EpisodeStore::create_or_resume(const fs::path& folder, const DatasetInfo& info) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    throw hal::StorageError(fmt::format("{}: cannot create: {}; check the path and its permissions",
                                        folder.string(), error.message()));
  }
  auto lock = std::make_shared<WriteLock>(folder);
  if (fs::exists(folder / kDatasetFile)) {
    DatasetInfo there = read_dataset(folder);
    refuse_mixture(folder, there, info);
    sweep_unfinished(folder);
    return {folder, std::move(there), std::move(lock)};
  }
  const bool only_leftovers =
      std::all_of(fs::directory_iterator(folder), fs::directory_iterator(),
                  [](const fs::directory_entry& entry) { return is_unfinished(entry.path()); });
  if (!only_leftovers) {
    throw hal::InputError(folder.string() +
                          ": holds other files and no dataset.json; give an empty folder");
  }
  sweep_unfinished(folder);
  FolderContent content;
  add_description(content, kDatasetFile, dataset_to_json(info));
  write_file(folder / kDatasetFile, content.at(kDatasetFile));
  return {folder, info, std::move(lock)};
}

EpisodeStore EpisodeStore::open(const fs::path& folder) {
  return {folder, read_dataset(folder), nullptr};
}

fs::path EpisodeStore::episode_folder(const std::string& object, const std::string& grasp) const {
  return folder_ / "episodes" / object / grasp;
}

fs::path EpisodeStore::position_folder(const std::string& object, int index) const {
  return folder_ / "positions" / object / std::to_string(index);
}

std::vector<EpisodeRecord> EpisodeStore::records() const {
  std::vector<EpisodeRecord> records;
  for (const fs::path& folder : folders_below(folder_ / "episodes")) {
    records.push_back(record_of(folder, read_episode_description(folder)));
  }
  return records;
}

bool EpisodeStore::has_episode(const std::string& object, const std::string& grasp) const {
  return fs::exists(episode_folder(object, grasp) / kEpisodeFile);
}

Episode EpisodeStore::load(const EpisodeRecord& record) const {
  return load(record.parameters.object, record.parameters.grasp);
}

Episode EpisodeStore::load(const std::string& object, const std::string& grasp) const {
  const fs::path folder = episode_folder(object, grasp);
  const json description = read_episode_description(folder);
  Episode episode;
  episode.record = record_of(folder, description);
  episode.record.trace =
      trace_from_csv(read_described(folder, description, kTraceFile), folder / kTraceFile);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    episode.tactile[i] = read_picture(folder, description, picture_name("tactile", i));
    episode.external[i] = read_picture(folder, description, picture_name("external", i));
  }
  return episode;
}

void EpisodeStore::write(const Episode& episode) {
  FolderContent pictures;
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    if (episode.tactile[i].empty() || episode.external[i].empty()) {
      const GraspParameters& parameters = episode.record.parameters;
      throw hal::InputError(
          fmt::format("{}: frame {} of the episode is empty",
                      episode_folder(parameters.object, parameters.grasp).string(), i));
    }
    pictures[picture_name("tactile", i)] = encode_jpeg(episode.tactile[i]);
    pictures[picture_name("external", i)] = encode_jpeg(episode.external[i]);
  }
  write(episode.record, std::move(pictures));
}

void EpisodeStore::write(const EpisodeRecord& record, FolderContent pictures) {
  const fs::path folder = episode_folder(record.parameters.object, record.parameters.grasp);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    for (const char* camera : {"tactile", "external"}) {
      if (!pictures.contains(picture_name(camera, i))) {
        throw hal::InputError(
            fmt::format("{}: {} lacks", folder.string(), picture_name(camera, i)));
      }
    }
  }
  FolderContent content = std::move(pictures);
  content[kTraceFile] = trace_to_csv(record.trace);
  add_description(content, kEpisodeFile, to_json(record));
  write_folder(folder, content);
}

FolderContent EpisodeStore::load_pictures(const EpisodeRecord& record) const {
  const fs::path folder = episode_folder(record.parameters.object, record.parameters.grasp);
  const json description = read_episode_description(folder);
  FolderContent pictures;
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    for (const char* camera : {"tactile", "external"}) {
      const std::string name = picture_name(camera, i);
      pictures[name] = read_described(folder, description, name);
    }
  }
  return pictures;
}

std::vector<TracePoint> EpisodeStore::load_trace(const EpisodeRecord& record) const {
  const fs::path folder = episode_folder(record.parameters.object, record.parameters.grasp);
  return trace_from_csv(read_described(folder, read_episode_description(folder), kTraceFile),
                        folder / kTraceFile);
}

fs::path EpisodeStore::picture_file(const EpisodeRecord& record, const std::string& name) const {
  return episode_folder(record.parameters.object, record.parameters.grasp) / name;
}

bool EpisodeStore::has_position(const std::string& object, int index) const {
  return fs::exists(position_folder(object, index) / kPositionFile);
}

PositionRecord EpisodeStore::load_position(const std::string& object, int index) const {
  const fs::path folder = position_folder(object, index);
  const fs::path file = folder / kPositionFile;
  const json description = read_description(file);
  PositionRecord position = interpret(file, description, position_from_json);
  position.reference = read_picture(folder, description, kReferenceFile);
  position.touch = read_picture(folder, description, kTouchFile);
  return position;
}

void EpisodeStore::write_position(const PositionRecord& position) {
  FolderContent content;
  content[kReferenceFile] = encode_jpeg(position.reference);
  content[kTouchFile] = encode_jpeg(position.touch);
  add_description(content, kPositionFile, to_json(position));
  write_folder(position_folder(position.object, position.index), content);
}

std::vector<std::string> EpisodeStore::verify() const {
  std::vector<std::string> problems;
  for (const fs::path& folder : folders_below(folder_ / "episodes")) {
    verify_folder(folder, kEpisodeFile, episode_files(), problems);
    try {
      record_of(folder, read_episode_description(folder));
    } catch (const hal::InputError& error) {
      const std::string line = error.what();
      if (std::find(problems.begin(), problems.end(), line) == problems.end()) {
        problems.push_back(line);
      }
    }
  }
  for (const fs::path& folder : folders_below(folder_ / "positions")) {
    verify_folder(folder, kPositionFile, {kReferenceFile, kTouchFile}, problems);
  }
  return problems;
}

std::string EpisodeStore::dataset_hash() const {
  Sha256 hash;
  for (const fs::path& folder : folders_below(folder_ / "episodes")) {
    const json description = read_episode_description(folder);
    hash.update(fmt::format("{}/{} {}\n", folder.parent_path().filename().string(),
                            folder.filename().string(),
                            description.at("sha256").get<std::string>()));
  }
  return hash.hex_digest();
}

}  // namespace gripbench::experiments

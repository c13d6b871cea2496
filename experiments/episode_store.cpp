#include "experiments/episode_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
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

void refuse_mixture(const fs::path& folder, const DatasetInfo& there, const DatasetInfo& asked) {
  const auto refuse = [&](const std::string& what) {
    throw hal::InputError(
        fmt::format("{}: was begun with {}; give another folder, or the same as before",
                    folder.string(), what));
  };
  const std::string other = difference(there, asked);
  if (!other.empty()) refuse(other);
  if (there.shard != asked.shard || there.shards != asked.shards) {
    refuse(fmt::format("shard {}, not {}", shard_name(there), shard_name(asked)));
  }
  // Grasps are planned from protocol and seed, so only an older program planned others, or none.
  if (there.plan != asked.plan) refuse("another version of GripBench, which planned other grasps");
}

json read_episode_description(const fs::path& folder) {
  return read_description(folder / episode_folders().description);
}

cv::Mat read_picture(const fs::path& folder, const json& description, const std::string& name) {
  return decode_jpeg(read_described(folder, description, name), folder / name);
}

/// Runs for an episode's or a position's folder what both stores' `adopt_...` do.
bool adopt(const fs::path& from, const fs::path& to, const FolderKind& kind,
           EpisodeStore::Transfer transfer) {
  if (fs::exists(to / kind.description)) return true;
  const FolderContent content = read_folder(from, kind);
  if (transfer == EpisodeStore::Transfer::kLink) return link_folder(from, to, content);
  write_folder(to, content);
  return true;
}

}  // namespace

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
                  [](const fs::directory_entry& entry) {
                    // The plan is written before dataset.json, which begins the data set.
                    return is_unfinished(entry.path()) || entry.path().filename() == kPlanFile;
                  });
  if (!only_leftovers) {
    throw hal::InputError(folder.string() +
                          ": holds other files and no dataset.json; give an empty folder");
  }
  sweep_unfinished(folder);
  write_dataset(folder, info);
  return {folder, info, std::move(lock)};
}

EpisodeStore EpisodeStore::open(const fs::path& folder) {
  return {folder, read_dataset(folder), nullptr};
}

fs::path EpisodeStore::episode_folder(const std::string& object, const std::string& grasp) const {
  return folder_ / episode_folders().tree / object / grasp;
}

fs::path EpisodeStore::position_folder(const std::string& object, int index) const {
  return folder_ / position_folders().tree / object / std::to_string(index);
}

std::vector<EpisodeRecord> EpisodeStore::records() const {
  std::vector<EpisodeRecord> records;
  for (const fs::path& folder : folders_of(folder_, episode_folders())) {
    records.push_back(record_of(folder, read_episode_description(folder)));
  }
  return records;
}

bool EpisodeStore::holds_anything() const {
  return !folders_of(folder_, episode_folders()).empty() ||
         !folders_of(folder_, position_folders()).empty();
}

bool EpisodeStore::has_episode(const std::string& object, const std::string& grasp) const {
  return fs::exists(episode_folder(object, grasp) / episode_folders().description);
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
  add_description(content, episode_folders().description, to_json(record));
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
  return fs::exists(position_folder(object, index) / position_folders().description);
}

PositionRecord EpisodeStore::load_position(const std::string& object, int index) const {
  const fs::path folder = position_folder(object, index);
  const json description = read_description(folder / position_folders().description);
  PositionRecord position = position_of(folder, description);
  position.reference = read_picture(folder, description, kReferenceFile);
  position.touch = read_picture(folder, description, kTouchFile);
  return position;
}

void EpisodeStore::write_position(const PositionRecord& position) {
  FolderContent content;
  content[kReferenceFile] = encode_jpeg(position.reference);
  content[kTouchFile] = encode_jpeg(position.touch);
  add_description(content, position_folders().description, to_json(position));
  write_folder(position_folder(position.object, position.index), content);
}

void EpisodeStore::write_aborted(const AbortedGrasp& aborted) {
  experiments::write_aborted(folder_, aborted);
}

std::vector<AbortedGrasp> EpisodeStore::aborted() const {
  std::vector<AbortedGrasp> all;
  for (const fs::path& file : aborted_files(folder_)) all.push_back(read_aborted(file));
  return all;
}

bool EpisodeStore::adopt_episode(const EpisodeStore& from, const std::string& object,
                                 const std::string& grasp, Transfer transfer) {
  return adopt(from.episode_folder(object, grasp), episode_folder(object, grasp), episode_folders(),
               transfer);
}

bool EpisodeStore::adopt_position(const EpisodeStore& from, const std::string& object, int index,
                                  Transfer transfer) {
  return adopt(from.position_folder(object, index), position_folder(object, index),
               position_folders(), transfer);
}

std::vector<PlannedGrasp> EpisodeStore::missing() const {
  std::vector<PlannedGrasp> missing;
  if (!info_.plan) return missing;
  std::copy_if(
      info_.plan->begin(), info_.plan->end(), std::back_inserter(missing),
      [&](const PlannedGrasp& planned) { return !has_episode(planned.object, planned.grasp); });
  return missing;
}

std::vector<std::string> EpisodeStore::verify(const CheckOptions& options) const {
  return check_store(folder_, info_, options);
}

std::string EpisodeStore::dataset_hash() const {
  Sha256 hash;
  for (const fs::path& folder : folders_of(folder_, episode_folders())) {
    const json description = read_episode_description(folder);
    hash.update(fmt::format("{}/{} {}\n", folder.parent_path().filename().string(),
                            folder.filename().string(),
                            description.at("sha256").get<std::string>()));
  }
  return hash.hex_digest();
}

}  // namespace gripbench::experiments

#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "experiments/aborted_grasp.h"
#include "experiments/dataset_file.h"
#include "experiments/episode.h"
#include "experiments/file_io.h"
#include "experiments/position_search.h"
#include "experiments/store_check.h"
#include "experiments/store_layout.h"

namespace gripbench::experiments {

/// A data set of grasps on disk; DESIGN "the episode store".
///
///   dataset.json, plan.csv                what DatasetInfo says
///   positions/OBJECT/P/position.json      touch width, edge, trial lifts
///                      reference.jpg, touch.jpg
///   episodes/OBJECT/GRASP/episode.json    parameters, label, checksums of the other files
///                         tactile_NN.jpg, external_NN.jpg   T(-2) is 00, T(12) is 14
///                         trace.csv
///   aborted/OBJECT/GRASP/NN.json          attempts that a device's fault ended; no episodes
///
/// An episode or a position appears whole or not at all. Many threads may write different episodes
/// through one store; one process at a time may write a data set.
class EpisodeStore {
 public:
  /// Opens a data set to write into: makes it, or goes on with it if it was begun with the same
  /// protocol, catalogue, rig and seed as the same shard. What an interrupted run left half-written
  /// is swept away.
  /// @throws InputError if the folder holds something else, a data set of another layout, or one of
  /// another protocol, catalogue, rig, seed or shard, or if another process writes it;
  /// StorageError.
  static EpisodeStore create_or_resume(const std::filesystem::path& folder,
                                       const DatasetInfo& info);

  /// Opens a data set to read.
  /// @throws InputError if it is none, is damaged, or is of a newer version.
  static EpisodeStore open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const DatasetInfo& info() const { return info_; }

  /// What is known of every episode but its trace and pictures, by object, then grasp.
  /// @throws InputError naming a file that is missing or damaged.
  std::vector<EpisodeRecord> records() const;
  bool has_episode(const std::string& object, const std::string& grasp) const;
  /// An episode or a position is there.
  bool holds_anything() const;
  /// The episode with trace and pictures, all checksums checked.
  /// @throws InputError naming a file that is missing, truncated or damaged.
  Episode load(const EpisodeRecord& record) const;
  Episode load(const std::string& object, const std::string& grasp) const;
  /// @throws StorageError; then nothing of this episode is on disk. InputError if pictures lack.
  void write(const Episode& episode);
  /// The same with pictures that are JPEG files already, kept byte for byte: `picture_name` of each
  /// frame of "tactile" and "external".
  void write(const EpisodeRecord& record, FolderContent pictures);
  /// Those bytes, checksums checked.
  /// @throws as `load`.
  FolderContent load_pictures(const EpisodeRecord& record) const;
  /// The trace alone.
  /// @throws as `load`.
  std::vector<TracePoint> load_trace(const EpisodeRecord& record) const;
  /// Where one of `picture_name` lies.
  std::filesystem::path picture_file(const EpisodeRecord& record, const std::string& name) const;

  bool has_position(const std::string& object, int index) const;
  /// @throws InputError as `load`.
  PositionRecord load_position(const std::string& object, int index) const;
  /// @throws StorageError as `write`.
  void write_position(const PositionRecord& position);

  /// Remembers an attempt that a device's fault ended. @throws StorageError.
  void write_aborted(const AbortedGrasp& aborted);
  /// All of them, by object, grasp, attempt. @throws InputError naming a damaged file.
  std::vector<AbortedGrasp> aborted() const;

  /// How a folder's files come from one store into another.
  enum class Transfer { kLink, kCopy };
  /// Takes over an episode or position of another store unless it is here: all its checksums are
  /// checked, then its files are linked, or written from the bytes that were checked.
  /// @returns false if the file system cannot link; then nothing was done.
  /// @throws InputError naming a damaged file, StorageError as `write`.
  bool adopt_episode(const EpisodeStore& from, const std::string& object, const std::string& grasp,
                     Transfer transfer);
  bool adopt_position(const EpisodeStore& from, const std::string& object, int index,
                      Transfer transfer);

  /// Planned grasps that are not there yet; none if nothing was planned.
  std::vector<PlannedGrasp> missing() const;

  /// Everything wrong with what is there, one line each, naming the file; empty when it is sound.
  /// Not said is what is missing as a whole. See check_store.
  std::vector<std::string> verify(const CheckOptions& options = {}) const;

  /// SHA-256 over names and checksums of all episodes: freezes what detectors are compared on.
  std::string dataset_hash() const;

 private:
  class WriteLock;

  EpisodeStore(std::filesystem::path folder, DatasetInfo info, std::shared_ptr<WriteLock> lock);

  std::filesystem::path episode_folder(const std::string& object, const std::string& grasp) const;
  std::filesystem::path position_folder(const std::string& object, int index) const;

  std::filesystem::path folder_;
  DatasetInfo info_;
  std::shared_ptr<WriteLock> lock_;
};

}  // namespace gripbench::experiments

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "experiments/episode_store.h"

namespace gripbench::experiments {

/// Name of the file that says what an export was made from.
inline constexpr const char* kExportFile = "export.json";

struct ExportOptions {
  int jobs = 1;
  /// Share of the training objects that go to validation/ (li2018); at least one object if it is
  /// over 0 and there are two.
  double validation_share = 0.15;
  const std::atomic<bool>* stop = nullptr;
  /// Share done in [0, 1], the grasp at work; called from one thread at a time.
  std::function<void(double share, const std::string& now)> progress = {};
};

struct ExportSummary {
  int grasps = 0;
  int slips = 0;
  /// Grasps that an interrupted run had written.
  int grasps_before = 0;
};

/// Writes a data set in the li2018 layout (li2018_layout.h): the 15 pictures of each camera byte
/// for byte, T(-2) the first to use; labels; objects numbered in order of their names, which
/// export.json lists with their numbers. <grasp> is the grasp's name, not its jaw width. Validation
/// objects are drawn by the data set's seed. Lost: times, trace, kind and reason of the label,
/// margin, how the grasp was made.
/// Goes on where an earlier run stopped; the label files come last.
/// @throws hal::InputError if `out` holds something else or the data set is damaged;
/// hal::StorageError, hal::Interrupted.
ExportSummary export_li2018(const EpisodeStore& store, const std::filesystem::path& out,
                            const ExportOptions& options);

/// Frames of the untouched gel with which a video in the sintef layout begins; its readers find the
/// contact by what the empty gel looks like.
inline constexpr int kSintefEmptyFrames = 10;

/// Writes a data set in the sintef layout (sintef_recordings.h): OBJECT/exp_num_N/camera_0.avi
/// (320x240, Motion JPEG, 25 frames a second) with the empty gel of the grasp's position, then the
/// 15 tactile pictures, one frame each; and slip.txt where it slipped. Lost, beyond what li2018
/// loses: the outside camera, three quarters of the pixels, and a quarter of the time between
/// frames (taken at 20 a second, they play at 25).
/// @throws as `export_li2018`; hal::InputError if the data set lacks pictures of the empty gel.
ExportSummary export_sintef(const EpisodeStore& store, const std::filesystem::path& out,
                            const ExportOptions& options);

}  // namespace gripbench::experiments

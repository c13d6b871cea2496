#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/grasp_phase.h"

namespace gripbench::experiments {

/// Folder of a data set that tells of grasps which a device's fault ended:
/// aborted/OBJECT/GRASP/NN.json, one file per attempt, counted from 00. No episode and no part of
/// what a data set is frozen by: the grasp is made again, under its own name.
inline constexpr const char* kAbortedTree = "aborted";

/// An attempt that a device's fault ended.
struct AbortedGrasp {
  std::string object;
  /// Name of the grasp, or "position_P" for the search at position P.
  std::string grasp;
  /// UTC, "2026-01-31T12:34:56Z".
  std::string time;
  /// Since the grasp was presented, on the workcell's clock (s).
  double seconds = 0.0;
  std::string phase;
  /// Name of the device, and the whole line that was said.
  std::string device;
  std::string error;
};

/// Writes it as the next attempt below the data set `folder`; returns where.
/// @throws StorageError
std::filesystem::path write_aborted(const std::filesystem::path& folder,
                                    const AbortedGrasp& aborted);

/// Every file of the tree, sorted; what does not look like an attempt too.
std::vector<std::filesystem::path> aborted_files(const std::filesystem::path& folder);

/// @throws InputError naming the file if it is damaged, or not where it belongs.
AbortedGrasp read_aborted(const std::filesystem::path& file);

}  // namespace gripbench::experiments

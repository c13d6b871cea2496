#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "experiments/li2018_layout.h"
#include "experiments/store_layout.h"

namespace gripbench::experiments {

struct Li2018ImportOptions {
  int jobs = 1;
  /// k of T(k), the frame that the label files name.
  int named_frame = kLi2018NamedFrame;
  const std::atomic<bool>* stop = nullptr;
  /// Share done in [0, 1], the grasp at work; called from one thread at a time.
  std::function<void(double share, const std::string& now)> progress;
};

struct Li2018ImportSummary {
  int grasps = 0;
  int slips = 0;
  /// Grasps that an interrupted run had brought in.
  int grasps_before = 0;
  std::vector<Omission> left_out;
  /// Grasps whose last pictures lack: they repeat the one before.
  std::vector<Omission> repeated;
};

/// Makes a data set of an archive in the li2018 layout, to be trained on, evaluated on, shown and
/// verified as one that GripBench collected. training/ and validation/ become its training side,
/// testing/ its test side. JPEG pictures are kept byte for byte, PNG ones encoded at quality 95.
/// What the layout does not hold stays unknown: a slip's kind; times are nominal, the trace is
/// empty, squeeze, jaw width and pose are zero, there is no grip margin. Grasps are numbered, for
/// <grasp> tells the jaw width. Goes on where an earlier run stopped.
/// @throws hal::InputError if no grasp is left, or `out` holds something else; hal::StorageError,
/// hal::Interrupted.
Li2018ImportSummary import_li2018(const std::filesystem::path& source,
                                  const std::filesystem::path& out,
                                  const Li2018ImportOptions& options);

}  // namespace gripbench::experiments

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "detectors/slip_detector.h"
#include "experiments/gel_contact.h"
#include "experiments/sintef_recordings.h"

namespace gripbench::experiments {

/// How windows are taken from a recording.
///
/// The contact of a grasp is the longest stretch in which either camera shows contact. Its frame
/// `settle` after onset is the reference: the first frame of every window, as T(-2) is in the
/// paper. The rest of the contact is cut into `windows` equal parts; in each part one window of
/// successive frames begins at a place drawn by seed. So every video gives the same number of
/// windows, all inside the contact, spread over it, and none is placed by where the video ends.
struct SintefWindows {
  int windows = 4;
  /// Frames per window, reference included.
  int length = 8;
  /// Frames from onset to the reference (25 frames a second).
  int settle = 3;
  std::uint64_t seed = 1;

  int shortest_contact() const { return settle + length; }
};

/// Number of statistics of the trivial image baseline.
inline constexpr std::size_t kImageStatistics = 14;

/// One video of a grasp as it was taken.
struct ImportedVideo {
  std::string camera;
  /// Indices of the frames that were kept, in order; the first is the reference.
  std::vector<int> frames;
  /// Per window, places in `frames`.
  std::vector<std::vector<int>> windows;
};

struct ImportedGrasp {
  std::string object;
  std::string grasp;
  bool slip = false;
  /// By pitch of the dots: "31 px" or "43 px".
  std::string session;
  ContactSpan contact;
  std::vector<ImportedVideo> videos;

  /// What trivial baselines look at; never shown to a detector.
  int frames_in_video = 0;
  /// Measure of the last frame against the empty gel, the larger of the cameras'.
  double last_frame_imprint = 0.0;
  /// Means and standard deviations of the channels of the first and of the last frame, mean
  /// difference of the two, gradient of the last; means over the cameras.
  std::array<double, kImageStatistics> statistics{};
  /// Most that the imprint changes within the contact (%).
  double motion = 0.0;
};

struct SintefIndex {
  SintefWindows windows;
  std::vector<ImportedGrasp> grasps;
  std::vector<LeftOut> left_out;
  /// Slip recordings that hardly change during contact: "object/grasp".
  std::vector<std::string> no_slip_visible;
};

struct SintefImportOptions {
  SintefWindows windows;
  int jobs = 1;
  const std::atomic<bool>* stop = nullptr;
  std::function<void(double share, const std::string& now)> progress;
  /// Told once of each video that cannot be read: file, and what is wrong with it. Never called by
  /// two threads at once, nor beside `progress`.
  std::function<void(const std::string& line)> notice;
};

/// Reads the recordings and writes their windows into `out`: OBJECT/GRASP/CAMERA/frame_NNNN.jpg
/// (quality 95) and, last, sintef.json. A folder that holds it already is not made again if it was
/// made from the same files with the same windows, and an interrupted import goes on with the
/// grasps it lacks. A video that cannot be read, or ends early, is left out; the grasp goes on with
/// its other camera and the import with the other grasps.
/// @throws hal::InputError if no grasp is left; hal::StorageError, hal::Interrupted.
SintefIndex import_sintef(const std::filesystem::path& source, const std::filesystem::path& out,
                          const SintefImportOptions& options);

/// @throws hal::InputError if the folder was not made by `import_sintef`, or is damaged.
SintefIndex read_sintef_index(const std::filesystem::path& folder);

/// One video's frames and windows. Times are seconds from the reference.
/// @throws hal::InputError if a picture is missing or damaged.
detectors::LabelledSequence load_sintef_video(const std::filesystem::path& folder,
                                              const ImportedGrasp& grasp,
                                              const ImportedVideo& video);

/// Windows over a contact, as frame indices of the video, reference first.
/// @throws std::invalid_argument if the contact is too short.
std::vector<std::vector<int>> place_windows(const ContactSpan& contact, const SintefWindows& rules,
                                            std::uint64_t seed);

}  // namespace gripbench::experiments

#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/episode.h"

namespace gripbench::experiments {

/// The layout in which the grasps of Li, Dong, Adelson 2018 are read by the loaders that others
/// published for them:
///
///   [training|validation|testing]/objectNNN/<grasp>_mm/external_*.jpg, gelsight_*.jpg
///                                 objectNNN_result.dat    a line per grasp; also inside objectNNN/
///
/// Pictures of one moment share what stands after external_ and gelsight_; sorted by it they are in
/// order of time. A line's fields are split by single blanks: the first character of the third is
/// the label (0 slip, 1 success), the sixth is a token in the name of the first picture to use, the
/// last but one is <grasp>.
///
/// T(0) is named nowhere. GripBench writes T(-2) as the first picture to use, and reads it so
/// unless told that an archive means T(-1) or T(0).
inline constexpr int kLi2018NamedFrame = -2;
/// Pictures a second of both cameras (section IV-A); the layout holds no times.
inline constexpr double kLi2018Rate = 20.0;

/// Something that was not taken: where in the archive, and why.
struct Omission {
  std::string where;
  std::string reason;
};

enum class Li2018Split { kTraining, kValidation, kTesting };
/// "training", "validation", "testing".
const char* to_string(Li2018Split split);

/// The pictures of one moment.
struct Li2018Frame {
  std::filesystem::path external;
  std::filesystem::path tactile;
};

struct Li2018Grasp {
  Li2018Split split = Li2018Split::kTesting;
  /// "object001"
  std::string object;
  /// Running number of the grasp's line within its object: a name that tells nothing.
  std::string grasp;
  /// Where in the archive, for people: "training/object001/12.5_mm". It tells the jaw width, so it
  /// stays out of everything that a detector could see.
  std::string where;
  bool slip = false;
  std::array<Li2018Frame, kFramesPerEpisode> frames;
  /// How many frames at the end are missing and repeat the one before; no window shows those.
  int repeated = 0;
};

struct Li2018Scan {
  /// By split, object, line.
  std::vector<Li2018Grasp> grasps;
  std::vector<Omission> left_out;
};

/// Lists the grasps of an archive without opening a picture. Passes over files and folders of other
/// names; leaves out, with the reason, what it cannot use: lines that are no label, grasps whose
/// pictures lack, links (they could lead anywhere), training grasps of an object that is also a
/// test object. Objects outside the three folders are taken for testing.
/// @param named_frame k of T(k), the frame that the label files name: -2, -1 or 0.
/// @throws hal::InputError if the folder cannot be read or holds no grasp.
Li2018Scan scan_li2018(const std::filesystem::path& folder, int named_frame);

/// What a line of a label file says.
struct Li2018Label {
  bool slip = false;
  std::string first_picture;
  std::string grasp;
};

/// @throws hal::InputError saying what is wrong with the line.
Li2018Label parse_li2018_label(const std::string& line);

}  // namespace gripbench::experiments

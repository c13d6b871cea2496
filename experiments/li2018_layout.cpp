#include "experiments/li2018_layout.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/windows.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

constexpr std::array<Li2018Split, 3> kSplits{Li2018Split::kTraining, Li2018Split::kValidation,
                                             Li2018Split::kTesting};
/// A label takes some 40 characters, an object's file some 20 lines.
constexpr std::size_t kLongestLine = 4096;
constexpr std::uintmax_t kLargestLabelFile = 4 << 20;

/// Frames after the last that any window shows; they may lack.
constexpr int frames_without_window() {
  int last = 0;
  for (const int start : kWindowStarts) {
    for (const int length : kWindowLengths) {
      last = std::max(last, start + kLiftFrame + length - 2);
    }
  }
  return kFramesPerEpisode - 1 - last;
}
static_assert(frames_without_window() == 2, "T(11) and T(12) are in no window of the paper");

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

/// "object" and digits.
bool is_object_name(const std::string& name) {
  const std::string digits = name.size() > 6 ? name.substr(6) : "";
  return lower(name.substr(0, 6)) == "object" && !digits.empty() &&
         std::all_of(digits.begin(), digits.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// What a folder holds, by name; links apart, for they could lead out of the archive.
struct Listing {
  std::vector<fs::path> folders;
  std::vector<fs::path> files;
  std::vector<fs::path> links;
};

Listing list(const fs::path& folder) {
  Listing listing;
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end;
       it.increment(failure)) {
    std::error_code ignored;
    const fs::file_status status = it->symlink_status(ignored);
    if (fs::is_symlink(status)) listing.links.push_back(it->path());
    if (fs::is_directory(status)) listing.folders.push_back(it->path());
    if (fs::is_regular_file(status)) listing.files.push_back(it->path());
  }
  if (failure) {
    throw hal::InputError(folder.string() + ": cannot be read: " + failure.message());
  }
  for (auto* paths : {&listing.folders, &listing.files, &listing.links}) {
    std::sort(paths->begin(), paths->end());
  }
  return listing;
}

/// Pictures of one grasp by what stands after external_ and gelsight_: in order of time.
using FramesBySuffix = std::map<std::string, Li2018Frame>;

FramesBySuffix list_frames(const fs::path& folder) {
  FramesBySuffix frames;
  const Listing listing = list(folder);
  for (const fs::path& file : listing.files) {
    const std::string ending = lower(file.extension().string());
    if (ending != ".jpg" && ending != ".jpeg" && ending != ".png") continue;
    const std::string stem = file.stem().string();
    for (const auto& [prefix, picture] : {std::pair{"external_", &Li2018Frame::external},
                                          std::pair{"gelsight_", &Li2018Frame::tactile}}) {
      const std::string start(prefix);
      if (lower(stem.substr(0, start.size())) != start) continue;
      frames[stem.substr(start.size())].*picture = file;
    }
  }
  return frames;
}

/// Chooses T(-2) to T(12).
/// @throws hal::InputError if they are not all there.
void choose_frames(const FramesBySuffix& frames, const std::string& token, int named_frame,
                   Li2018Grasp& grasp) {
  if (frames.empty()) throw hal::InputError("holds no picture external_* or gelsight_*");
  const std::vector<std::pair<std::string, Li2018Frame>> in_order(frames.begin(), frames.end());
  const auto named = std::find_if(in_order.begin(), in_order.end(), [&](const auto& frame) {
    return frame.first.find(token) != std::string::npos;
  });
  if (named == in_order.end()) {
    throw hal::InputError(fmt::format("no picture has '{}', the first to use, in its name", token));
  }
  const auto before = static_cast<std::ptrdiff_t>(named_frame + kLiftFrame);
  if (named - in_order.begin() < before) {
    throw hal::InputError(
        fmt::format("only {} pictures come before the first to use, {} are needed for T(-2)",
                    named - in_order.begin(), before));
  }
  const auto first = named - before;
  const auto there = std::min<std::ptrdiff_t>(in_order.end() - first, kFramesPerEpisode);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    std::string lacks = fmt::format("picture {} of {}", i + 1, kFramesPerEpisode);
    if (i < there) {
      const auto& [suffix, frame] = first[i];
      lacks = frame.external.empty()  ? "external_" + suffix
              : frame.tactile.empty() ? "gelsight_" + suffix
                                      : "";
      if (lacks.empty() && grasp.repeated == 0) {
        grasp.frames.at(static_cast<std::size_t>(i)) = frame;
        continue;
      }
    }
    if (i < kFramesPerEpisode - frames_without_window()) {
      throw hal::InputError(fmt::format("{} lacks, T({})", lacks, i - kLiftFrame));
    }
    grasp.frames.at(static_cast<std::size_t>(i)) = grasp.frames.at(static_cast<std::size_t>(i) - 1);
    ++grasp.repeated;
  }
}

class Scanner {
 public:
  Scanner(fs::path root, int named_frame) : root_(std::move(root)), named_frame_(named_frame) {}

  Li2018Scan scan() {
    const Listing top = list(root_);
    leave_out_links(top);
    bool any_split = false;
    for (const Li2018Split split : kSplits) {
      for (const fs::path& folder : top.folders) {
        if (lower(folder.filename().string()) != to_string(split)) continue;
        scan_split(folder, split);
        any_split = true;
      }
    }
    if (!any_split) scan_split(root_, Li2018Split::kTesting);
    keep_test_objects_out_of_training();
    if (scan_.grasps.empty()) {
      throw hal::InputError(
          root_.string() +
          ": holds no grasp objectNNN/<grasp>_mm with a label in objectNNN_result.dat" +
          (scan_.left_out.empty()
               ? ""
               : fmt::format("; left out {}, the first: {}: {}", scan_.left_out.size(),
                             scan_.left_out[0].where, scan_.left_out[0].reason)));
    }
    return std::move(scan_);
  }

 private:
  void leave_out(const fs::path& where, const std::string& reason) {
    scan_.left_out.push_back({where.lexically_relative(root_).string(), reason});
  }
  void leave_out_links(const Listing& listing) {
    for (const fs::path& link : listing.links) leave_out(link, "is a link; copy what it points to");
  }

  void scan_split(const fs::path& folder, Li2018Split split) {
    const Listing listing = list(folder);
    if (folder != root_) leave_out_links(listing);
    for (const fs::path& object : listing.folders) {
      const std::string name = object.filename().string();
      if (!is_object_name(name)) continue;
      const Listing inside = list(object);
      leave_out_links(inside);
      std::vector<fs::path> labels;
      for (const Listing* where : {&listing, &inside}) {
        for (const fs::path& file : where->files) {
          if (lower(file.filename().string()) == lower(name) + "_result.dat") {
            labels.push_back(file);
          }
        }
      }
      if (labels.empty()) leave_out(object, "has no " + lower(name) + "_result.dat");
      for (const fs::path& file : labels) scan_object(object, inside, file, split);
    }
  }

  void scan_object(const fs::path& object, const Listing& inside, const fs::path& labels,
                   Li2018Split split) {
    if (fs::file_size(labels) > kLargestLabelFile) {
      leave_out(labels, fmt::format("is larger than {} bytes: no label file", kLargestLabelFile));
      return;
    }
    std::istringstream text(read_file(labels));
    std::string line;
    for (int number = 1; std::getline(text, line); ++number) {
      while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
        line.pop_back();
      }
      if (line.empty()) continue;
      const std::string name = lower(object.filename().string());
      Li2018Grasp grasp;
      grasp.split = split;
      grasp.object = name;
      grasp.grasp = fmt::format("{:03}", lines_[name]++);
      try {
        take(line, inside, grasp);
      } catch (const hal::InputError& wrong) {
        leave_out(fs::path(labels).concat(fmt::format(":{}", number)), wrong.what());
      }
    }
  }

  void take(const std::string& line, const Listing& inside, Li2018Grasp& grasp) {
    const Li2018Label label = parse_li2018_label(line);
    const std::string wanted = lower(label.grasp + "_mm");
    const auto folder =
        std::find_if(inside.folders.begin(), inside.folders.end(),
                     [&](const fs::path& one) { return lower(one.filename().string()) == wanted; });
    if (folder == inside.folders.end()) {
      throw hal::InputError(fmt::format("{}/{}_mm is not there", grasp.object, label.grasp));
    }
    if (!taken_.insert(*folder).second) {
      throw hal::InputError(fmt::format("{}/{}_mm was labelled before", grasp.object, label.grasp));
    }
    grasp.where = folder->lexically_relative(root_).string();
    grasp.slip = label.slip;
    try {
      choose_frames(list_frames(*folder), label.first_picture, named_frame_, grasp);
    } catch (const hal::InputError& wrong) {
      throw hal::InputError(fmt::format("{}/{}_mm: {}", grasp.object, label.grasp, wrong.what()));
    }
    scan_.grasps.push_back(std::move(grasp));
  }

  /// The same name in testing/ and elsewhere may be one object, and a detector must not have seen
  /// a test object.
  void keep_test_objects_out_of_training() {
    std::set<std::string> tested;
    for (const Li2018Grasp& grasp : scan_.grasps) {
      if (grasp.split == Li2018Split::kTesting) tested.insert(grasp.object);
    }
    std::erase_if(scan_.grasps, [&](const Li2018Grasp& grasp) {
      const bool leaks = grasp.split != Li2018Split::kTesting && tested.contains(grasp.object);
      if (leaks) {
        scan_.left_out.push_back({grasp.where, grasp.object +
                                                   " is a test object too; rename its "
                                                   "folder and labels if it is another"});
      }
      return leaks;
    });
  }

  fs::path root_;
  int named_frame_;
  Li2018Scan scan_;
  /// Labels seen per object.
  std::map<std::string, int> lines_;
  std::set<fs::path> taken_;
};

}  // namespace

const char* to_string(Li2018Split split) {
  constexpr std::array<const char*, 3> kNames{"training", "validation", "testing"};
  return kNames.at(static_cast<std::size_t>(split));
}

Li2018Label parse_li2018_label(const std::string& line) {
  if (line.size() > kLongestLine) {
    throw hal::InputError(fmt::format("a line of {} characters is no label", line.size()));
  }
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ' ') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  constexpr std::size_t kLabel = 2;
  constexpr std::size_t kFirstPicture = 5;
  if (fields.size() < kFirstPicture + 2) {
    throw hal::InputError(
        fmt::format("{} fields, a label has at least {}", fields.size(), kFirstPicture + 2));
  }
  const std::string& word = fields[kLabel];
  if (word.empty() || (word[0] != '0' && word[0] != '1')) {
    throw hal::InputError("the third field begins with neither 0 (slip) nor 1 (success)");
  }
  Li2018Label label{word[0] == '0', fields[kFirstPicture], fields[fields.size() - 2]};
  if (label.first_picture.empty()) throw hal::InputError("the sixth field, a picture, is empty");
  if (label.grasp.empty() || label.grasp.find_first_of("/\\") != std::string::npos ||
      label.grasp.find("..") != std::string::npos) {
    throw hal::InputError("the last field but one is no name of a grasp");
  }
  return label;
}

Li2018Scan scan_li2018(const fs::path& folder, int named_frame) {
  return Scanner(folder, named_frame).scan();
}

}  // namespace gripbench::experiments

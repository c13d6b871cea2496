#include "experiments/li2018_import.h"

#include <algorithm>
#include <cctype>
#include <mutex>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "experiments/episode_store.h"
#include "experiments/file_fingerprint.h"
#include "experiments/file_io.h"
#include "experiments/parallel.h"
#include "experiments/slip_label.h"
#include "experiments/wait.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

/// A picture of this layout takes some 100 kB.
constexpr std::uintmax_t kLargestPicture = 64 << 20;
/// Of the time, for reading all pictures once to know what the data set is made from.
constexpr double kFingerprintShare = 0.2;

struct Picture {
  /// A JPEG file.
  std::string bytes;
  cv::Size size;
};

/// @throws hal::InputError naming the file if it is no whole picture.
Picture read_picture(const fs::path& file) {
  if (fs::file_size(file) > kLargestPicture) {
    throw hal::InputError(
        fmt::format("{}: is larger than {} bytes", file.filename().string(), kLargestPicture));
  }
  Picture picture{read_file(file), {}};
  const bool png = picture.bytes.starts_with("\x89PNG");
  try {
    if (png) {
      const cv::Mat image = cv::imdecode(
          cv::Mat(1, static_cast<int>(picture.bytes.size()), CV_8U, picture.bytes.data()),
          cv::IMREAD_COLOR);
      if (image.empty()) {
        throw hal::InputError(file.filename().string() + ": is no whole PNG picture");
      }
      picture.size = image.size();
      picture.bytes = encode_jpeg(image);
    } else {
      picture.size = decode_jpeg(picture.bytes, file.filename()).size();
    }
  } catch (const cv::Exception&) {
    // OpenCV refuses sizes beyond its limits this way.
    throw hal::InputError(file.filename().string() + ": is no picture of a sensible size");
  }
  return picture;
}

/// All pictures of a grasp under the store's names.
/// @throws hal::InputError saying which is wrong.
FolderContent read_pictures(const Li2018Grasp& grasp) {
  FolderContent pictures;
  for (const auto& [camera, member] : {std::pair{"tactile", &Li2018Frame::tactile},
                                       std::pair{"external", &Li2018Frame::external}}) {
    cv::Size size;
    for (int i = 0; i < kFramesPerEpisode; ++i) {
      const fs::path& file = grasp.frames.at(static_cast<std::size_t>(i)).*member;
      Picture picture = read_picture(file);
      if (i > 0 && picture.size != size) {
        throw hal::InputError(fmt::format("{}: is {} x {}, the one before {} x {}",
                                          file.filename().string(), picture.size.width,
                                          picture.size.height, size.width, size.height));
      }
      size = picture.size;
      pictures[picture_name(camera, i)] = std::move(picture.bytes);
    }
  }
  return pictures;
}

EpisodeRecord record_of(const Li2018Grasp& grasp) {
  EpisodeRecord record;
  record.parameters.object = grasp.object;
  record.parameters.grasp = grasp.grasp;
  const SlipLabel label = label_from_operator(grasp.slip);
  record.slip = label.slip;
  record.kind = label.kind;
  record.reason = label.reason;
  for (std::size_t i = 0; i < kFramesPerEpisode; ++i) {
    record.tactile_times[i] = record.external_times[i] = static_cast<double>(i) / kLi2018Rate;
  }
  return record;
}

std::vector<fs::path> files_of(const Li2018Scan& scan) {
  std::set<fs::path> files;
  for (const Li2018Grasp& grasp : scan.grasps) {
    for (const Li2018Frame& frame : grasp.frames) files.insert({frame.external, frame.tactile});
  }
  return {files.begin(), files.end()};
}

/// Labels are part of what the data set is made from; pictures are in `pictures`.
std::string described(const Li2018Scan& scan, int named_frame, const std::string& pictures) {
  std::string labels;
  for (const Li2018Grasp& grasp : scan.grasps) {
    labels +=
        fmt::format("#   {} {} {}\n", grasp.object, grasp.grasp, grasp.slip ? "slip" : "held");
  }
  return fmt::format(
      "# Brought in by 'gripbench import --format li2018'; a person said what slipped.\n"
      "imported: {{layout: li2018, named_frame: {}, pictures_sha256: {}}}\n# Labels:\n{}",
      named_frame, pictures, labels);
}

std::vector<std::string> objects_of(const Li2018Scan& scan, bool test) {
  std::set<std::string> objects;
  for (const Li2018Grasp& grasp : scan.grasps) {
    if ((grasp.split == Li2018Split::kTesting) == test) objects.insert(grasp.object);
  }
  return {objects.begin(), objects.end()};
}

EpisodeStore open_store(const fs::path& out, const DatasetInfo& info) {
  if (fs::exists(out / "dataset.json") &&
      EpisodeStore::open(out).info().protocol_text != info.protocol_text) {
    throw hal::InputError(out.string() +
                          ": holds a data set made from something else, or read otherwise; give "
                          "another folder");
  }
  return EpisodeStore::create_or_resume(out, info);
}

Json to_json(const std::vector<Omission>& omissions) {
  Json list = Json::array();
  for (const Omission& one : omissions) {
    list.push_back({{"where", one.where}, {"reason", one.reason}});
  }
  return list;
}

void write_import_file(const fs::path& out, const Li2018Scan& scan, const EpisodeStore& store,
                       const Li2018ImportOptions& options, const Li2018ImportSummary& summary) {
  Json grasps = Json::array();
  for (const Li2018Grasp& grasp : scan.grasps) {
    if (!store.has_episode(grasp.object, grasp.grasp)) continue;
    grasps.push_back({{"object", grasp.object},
                      {"grasp", grasp.grasp},
                      {"split", to_string(grasp.split)},
                      {"from", grasp.where}});
  }
  const Json json = {{"layout", "li2018"},
                     {"named_frame", options.named_frame},
                     {"rate_hz", kLi2018Rate},
                     {"grasps", grasps},
                     {"repeated_last_frames", to_json(summary.repeated)},
                     {"left_out", to_json(summary.left_out)}};
  // Names in an archive may be no UTF-8.
  write_file(out / kImportFile, json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace

Li2018ImportSummary import_li2018(const fs::path& source, const fs::path& out,
                                  const Li2018ImportOptions& options) {
  const Li2018Scan scan = scan_li2018(source, options.named_frame);
  const StopRequest stop{options.stop};
  std::mutex mutex;
  auto tell = [&](double share, const std::string& now) {
    stop.check();
    const std::lock_guard lock(mutex);
    if (options.progress) options.progress(share, now);
  };
  const std::vector<fs::path> files = files_of(scan);
  const std::string pictures = file_fingerprint(source, files, options.jobs, [&](std::size_t i) {
    tell(kFingerprintShare * static_cast<double>(i) / static_cast<double>(files.size()),
         "checksums");
  });

  DatasetInfo info;
  info.protocol_text = described(scan, options.named_frame, pictures);
  info.train_objects = objects_of(scan, false);
  info.test_objects = objects_of(scan, true);
  info.software = GRIPBENCH_VERSION;
  EpisodeStore store = open_store(out, info);

  std::vector<std::string> wrong(scan.grasps.size());
  std::vector<char> before(scan.grasps.size(), 0);
  for_each_parallel(scan.grasps.size(), options.jobs, [&](std::size_t i) {
    const Li2018Grasp& grasp = scan.grasps[i];
    tell(kFingerprintShare + (1.0 - kFingerprintShare) * static_cast<double>(i) /
                                 static_cast<double>(scan.grasps.size()),
         grasp.object + "/" + grasp.grasp);
    before[i] = store.has_episode(grasp.object, grasp.grasp) ? 1 : 0;
    if (before[i] != 0) return;
    FolderContent content;
    try {
      content = read_pictures(grasp);
    } catch (const hal::InputError& error) {
      wrong[i] = error.what();
      return;
    }
    store.write(record_of(grasp), std::move(content));
  });

  Li2018ImportSummary summary;
  summary.left_out = scan.left_out;
  for (std::size_t i = 0; i < scan.grasps.size(); ++i) {
    const Li2018Grasp& grasp = scan.grasps[i];
    if (!wrong[i].empty()) {
      summary.left_out.push_back({grasp.where, wrong[i]});
      continue;
    }
    ++summary.grasps;
    summary.slips += grasp.slip ? 1 : 0;
    summary.grasps_before += before[i];
    if (grasp.repeated > 0) {
      summary.repeated.push_back(
          {grasp.where, fmt::format("{} of the last pictures lack; no window of the paper shows "
                                    "them",
                                    grasp.repeated)});
    }
  }
  write_import_file(out, scan, store, options, summary);
  if (summary.grasps == 0) {
    throw hal::InputError(fmt::format(
        "{}: no grasp is left of {}; the first: {}: {}", source.string(), scan.grasps.size(),
        summary.left_out.back().where, summary.left_out.back().reason));
  }
  return summary;
}

}  // namespace gripbench::experiments

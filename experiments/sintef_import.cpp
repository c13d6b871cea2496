#include "experiments/sintef_import.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "experiments/file_io.h"
#include "experiments/parallel.h"
#include "experiments/sintef_index.h"
#include "experiments/wait.h"
#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

constexpr double kFrameTime = 1.0 / 25.0;
/// Pictures per video among which empty gels are looked for, after the exposure has settled.
constexpr int kGelCandidates = 6;
constexpr double kExposureSettled = 0.1;
/// A contact whose imprint changes less than this (%) shows nothing that moves; an untouched gel's
/// changes by 3 to 8 with noise and compression.
constexpr double kLeastMotion = 10.0;
/// Videos of the session with dots 31 px apart have just this many frames.
constexpr int kLongVideo = 450;

struct ReadVideo {
  std::string camera;
  std::vector<cv::Mat> frames;
};

/// Reads a grasp's videos; one that cannot be read is left out, the grasp goes on with the other.
std::vector<ReadVideo> read_videos(const SintefGrasp& grasp, std::vector<LeftOut>& left_out) {
  std::vector<ReadVideo> videos;
  for (const SintefVideo& video : grasp.videos) {
    try {
      videos.push_back({video.camera, read_video(video.file)});
    } catch (const hal::InputError& wrong) {
      left_out.push_back({grasp.object, grasp.grasp, video.camera, wrong.what(), grasp.slip});
    }
  }
  return videos;
}

std::vector<cv::Mat> gel_candidates(const std::vector<cv::Mat>& frames) {
  std::vector<cv::Mat> thumbnails;
  const auto last = static_cast<double>(frames.size() - 1);
  for (int i = 0; i < kGelCandidates; ++i) {
    const double share = kExposureSettled + (1.0 - kExposureSettled) * i / (kGelCandidates - 1);
    thumbnails.push_back(gel_thumbnail(frames[static_cast<std::size_t>(share * last)]));
  }
  return thumbnails;
}

/// Tells of videos that cannot be read, not of grasps that were left out for what they show.
void tell_unreadable(const std::vector<LeftOut>& left_out, const SintefImportOptions& options) {
  if (!options.notice) return;
  for (const LeftOut& one : left_out) {
    if (!one.camera.empty()) options.notice(one.reason);
  }
}

/// What the first reading of all the recordings finds.
struct FirstReading {
  std::vector<cv::Mat> empty_gels;
  std::vector<LeftOut> unreadable;
  bool any_video = false;
};

FirstReading read_first(const std::vector<SintefGrasp>& grasps,
                        const std::function<void(std::size_t)>& started, int jobs) {
  std::vector<std::vector<NamedThumbnail>> by_grasp(grasps.size());
  std::vector<std::vector<LeftOut>> unreadable(grasps.size());
  for_each_parallel(grasps.size(), jobs, [&](std::size_t i) {
    started(i);
    for (const ReadVideo& video : read_videos(grasps[i], unreadable[i])) {
      for (const cv::Mat& thumbnail : gel_candidates(video.frames)) {
        by_grasp[i].push_back({grasps[i].object, thumbnail});
      }
    }
  });
  std::vector<NamedThumbnail> all;
  for (const auto& of_grasp : by_grasp) all.insert(all.end(), of_grasp.begin(), of_grasp.end());
  FirstReading result;
  for (const auto& one : unreadable) {
    result.unreadable.insert(result.unreadable.end(), one.begin(), one.end());
  }
  result.any_video = !all.empty();
  if (result.any_video) result.empty_gels = find_empty_gels(all);
  return result;
}

std::array<double, kImageStatistics> image_statistics(const std::vector<ReadVideo>& videos) {
  std::array<double, kImageStatistics> sums{};
  for (const ReadVideo& video : videos) {
    const cv::Mat& first = video.frames.front();
    const cv::Mat& last = video.frames.back();
    std::size_t next = 0;
    for (const cv::Mat& frame : {first, last}) {
      cv::Scalar mean;
      cv::Scalar deviation;
      cv::meanStdDev(frame, mean, deviation);
      for (int channel = 0; channel < 3; ++channel) {
        sums[next++] += mean[channel];
        sums[next++] += deviation[channel];
      }
    }
    cv::Mat difference;
    cv::absdiff(first, last, difference);
    const cv::Scalar change = cv::mean(difference);
    sums[next++] += (change[0] + change[1] + change[2]) / 3.0;
    cv::Mat grey;
    cv::cvtColor(last, grey, cv::COLOR_BGR2GRAY);
    cv::Mat gradient;
    cv::Laplacian(grey, gradient, CV_32F);
    sums[next++] += cv::norm(gradient, cv::NORM_L1) / static_cast<double>(gradient.total());
  }
  for (double& sum : sums) sum /= static_cast<double>(videos.size());
  return sums;
}

/// What the cameras of a grasp say about contact.
struct GraspContact {
  ContactSpan span;
  double last_imprint = 0.0;
  /// Largest change against the reference frame within the contact (%).
  double motion = 0.0;
};

GraspContact find_contact(const std::vector<ReadVideo>& videos, const std::vector<cv::Mat>& gels,
                          int settle) {
  std::size_t frames = videos.front().frames.size();
  for (const ReadVideo& video : videos) frames = std::min(frames, video.frames.size());
  std::vector<bool> contact(frames, false);
  GraspContact result;
  std::vector<std::vector<cv::Mat>> thumbnails;
  for (const ReadVideo& video : videos) {
    const cv::Mat& gel = gels[nearest_gel(gels, gel_candidates(video.frames))];
    thumbnails.emplace_back();
    std::vector<double> measures;
    for (std::size_t i = 0; i < frames; ++i) {
      thumbnails.back().push_back(gel_thumbnail(video.frames[i]));
      measures.push_back(gel_imprint_measure(thumbnails.back().back(), gel));
    }
    const double threshold = contact_threshold(measures);
    for (std::size_t i = 0; i < frames; ++i) {
      contact[i] = contact[i] || measures[i] > threshold;
    }
    result.last_imprint = std::max(result.last_imprint, measures.back());
  }
  result.span = longest_contact(contact);
  const int reference = result.span.first + settle;
  for (const auto& of_video : thumbnails) {
    for (int i = reference; i <= result.span.last; ++i) {
      result.motion = std::max(result.motion,
                               gel_imprint_measure(of_video[static_cast<std::size_t>(i)],
                                                   of_video[static_cast<std::size_t>(reference)]));
    }
  }
  return result;
}

ImportedVideo keep_frames(const std::string& camera, const std::vector<std::vector<int>>& windows) {
  std::set<int> kept;
  for (const auto& window : windows) kept.insert(window.begin(), window.end());
  ImportedVideo video{camera, {kept.begin(), kept.end()}, {}};
  for (const auto& window : windows) {
    video.windows.emplace_back();
    for (const int frame : window) {
      const auto place = std::lower_bound(video.frames.begin(), video.frames.end(), frame);
      video.windows.back().push_back(static_cast<int>(place - video.frames.begin()));
    }
  }
  return video;
}

fs::path video_folder(const fs::path& root, const ImportedGrasp& grasp, const std::string& camera) {
  return root / grasp.object / grasp.grasp / camera;
}

std::string frame_name(int frame) { return fmt::format("frame_{:04d}.jpg", frame); }

void write_video(const fs::path& root, const ImportedGrasp& grasp, const ImportedVideo& video,
                 const std::vector<cv::Mat>& frames) {
  FolderContent content;
  for (const int frame : video.frames) {
    content[frame_name(frame)] = encode_jpeg(frames[static_cast<std::size_t>(frame)]);
  }
  const fs::path folder = video_folder(root, grasp, video.camera);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  write_folder(folder, content);
}

StoredGrasp import_grasp(const SintefGrasp& grasp, const std::vector<cv::Mat>& gels,
                         const fs::path& out, const SintefWindows& rules) {
  StoredGrasp outcome;
  const std::vector<ReadVideo> videos = read_videos(grasp, outcome.left_out);
  if (videos.empty()) return outcome;
  const GraspContact contact = find_contact(videos, gels, rules.settle);
  if (contact.span.length() < rules.shortest_contact()) {
    outcome.left_out.push_back({grasp.object, grasp.grasp, "",
                                contact.span.length() <= 0
                                    ? "no contact found"
                                    : fmt::format("contact of {} frames only, {} are needed",
                                                  contact.span.length(), rules.shortest_contact()),
                                grasp.slip});
    return outcome;
  }
  ImportedGrasp imported;
  imported.object = grasp.object;
  imported.grasp = grasp.grasp;
  imported.slip = grasp.slip;
  imported.frames_in_video = static_cast<int>(videos.front().frames.size());
  imported.session = imported.frames_in_video == kLongVideo ? "31 px" : "43 px";
  imported.contact = contact.span;
  imported.last_frame_imprint = contact.last_imprint;
  imported.motion = contact.motion;
  imported.statistics = image_statistics(videos);
  const auto windows = place_windows(
      contact.span, rules, hal::split_seed(rules.seed, grasp.object + "/" + grasp.grasp, 0));
  for (const ReadVideo& video : videos) {
    imported.videos.push_back(keep_frames(video.camera, windows));
    write_video(out, imported, imported.videos.back(), video.frames);
  }
  outcome.grasp = std::move(imported);
  return outcome;
}

}  // namespace

std::vector<std::vector<int>> place_windows(const ContactSpan& contact, const SintefWindows& rules,
                                            std::uint64_t seed) {
  if (contact.length() < rules.shortest_contact()) {
    throw std::invalid_argument("a contact too short for a window");
  }
  const int reference = contact.first + rules.settle;
  const int successive = rules.length - 1;
  const int places = contact.last - reference - successive + 1;
  hal::SeededDraw draw(seed);
  std::vector<std::vector<int>> windows;
  for (int k = 0; k < rules.windows; ++k) {
    const double within = (k + draw.uniform()) / rules.windows;
    const int begin = reference + 1 + static_cast<int>(within * places);
    std::vector<int> window{reference};
    for (int i = 0; i < successive; ++i) window.push_back(begin + i);
    windows.push_back(std::move(window));
  }
  return windows;
}

SintefIndex import_sintef(const fs::path& source, const fs::path& out,
                          const SintefImportOptions& options) {
  const SintefScan scan = scan_sintef(source);
  const std::string made_from = sintef_fingerprint(scan, options.windows, options.jobs);
  if (fs::exists(out / kSintefIndexName)) {
    const StoredIndex stored = load_index(out);
    if (stored.made_from == made_from) {
      tell_unreadable(stored.index.left_out, options);
      return stored.index;
    }
  }
  const StopRequest stop{options.stop};
  std::mutex mutex;
  std::size_t steps = 0;
  auto started = [&](std::size_t i) {
    stop.check();
    const std::lock_guard lock(mutex);
    if (options.progress) {
      // Reading for the gels is a third of the work.
      const auto all = static_cast<double>(scan.grasps.size());
      const auto done = static_cast<double>(steps++);
      const double share = done < all ? done / all / 3.0 : (1.0 + 2.0 * (done - all) / all) / 3.0;
      options.progress(share, scan.grasps[i].object + "/" + scan.grasps[i].grasp);
    }
  };

  const FirstReading first = read_first(scan.grasps, started, options.jobs);
  tell_unreadable(first.unreadable, options);
  if (!first.any_video) {
    throw hal::InputError(source.string() +
                          ": none of its videos can be read; copy the data set again");
  }
  if (first.empty_gels.empty()) {
    throw hal::InputError(source.string() +
                          ": no empty gel found that recordings of two objects share; give the "
                          "whole data set, not one object");
  }
  std::vector<StoredGrasp> outcomes(scan.grasps.size());
  for_each_parallel(scan.grasps.size(), options.jobs, [&](std::size_t i) {
    started(i);
    const SintefGrasp& grasp = scan.grasps[i];
    std::optional<StoredGrasp> before = load_grasp(out, grasp);
    if (before && before->made_from == made_from) {
      outcomes[i] = std::move(*before);
      return;
    }
    outcomes[i] = import_grasp(grasp, first.empty_gels, out, options.windows);
    outcomes[i].made_from = made_from;
    save_grasp(out, grasp, outcomes[i]);
  });

  SintefIndex index;
  index.windows = options.windows;
  index.left_out = scan.left_out;
  for (StoredGrasp& outcome : outcomes) {
    index.left_out.insert(index.left_out.end(), outcome.left_out.begin(), outcome.left_out.end());
    if (!outcome.grasp) continue;
    if (outcome.grasp->slip && outcome.grasp->motion < kLeastMotion) {
      index.no_slip_visible.push_back(outcome.grasp->object + "/" + outcome.grasp->grasp);
    }
    index.grasps.push_back(std::move(*outcome.grasp));
  }
  if (index.grasps.empty()) {
    throw hal::InputError(fmt::format("{}: no grasp is left of {}; the first: {}", source.string(),
                                      scan.grasps.size(), index.left_out.front().reason));
  }
  save_index(out, {index, made_from});
  return index;
}

SintefIndex read_sintef_index(const fs::path& folder) { return load_index(folder).index; }

detectors::LabelledSequence load_sintef_video(const fs::path& folder, const ImportedGrasp& grasp,
                                              const ImportedVideo& video) {
  detectors::LabelledSequence sequence;
  for (const int frame : video.frames) {
    const fs::path file = video_folder(folder, grasp, video.camera) / frame_name(frame);
    sequence.frames.push_back({decode_jpeg(read_file(file), file), cv::Mat(),
                               kFrameTime * (frame - video.frames.front())});
  }
  sequence.windows = video.windows;
  sequence.slip = grasp.slip;
  sequence.group = grasp.object;
  return sequence;
}

}  // namespace gripbench::experiments

#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "experiments/dataset_export.h"
#include "experiments/export_folder.h"
#include "experiments/scratch_folder.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

const cv::Size kSize(320, 240);
constexpr double kRate = 25.0;
constexpr double kQuality = 95.0;

/// Bytes of an AVI in Motion JPEG.
std::string encode_avi(const std::vector<cv::Mat>& frames) {
  const ScratchFolder scratch;
  const fs::path file = scratch.path() / "camera.avi";
  {
    cv::VideoWriter writer;
    if (!writer.open(file.string(), cv::CAP_OPENCV_MJPEG,
                     cv::VideoWriter::fourcc('M', 'J', 'P', 'G'), kRate, kSize)) {
      throw hal::InputError("this OpenCV has no encoder for Motion JPEG; install another one");
    }
    writer.set(cv::VIDEOWRITER_PROP_QUALITY, kQuality);
    for (const cv::Mat& frame : frames) {
      cv::Mat small;
      cv::resize(frame, small, kSize, 0, 0, cv::INTER_AREA);
      writer.write(small);
    }
  }
  return read_file(file);
}

/// Readers of this layout know contact by the empty gel.
void require_empty_gels(const EpisodeStore& store, const std::vector<EpisodeRecord>& records) {
  for (const EpisodeRecord& record : records) {
    const GraspParameters& p = record.parameters;
    if (store.has_position(p.object, p.position)) continue;
    throw hal::InputError(fmt::format(
        "{}: holds no picture of the empty gel for {}, position {}; the sintef layout's readers "
        "need one, so a data set without positions cannot be written in it",
        store.folder().string(), p.object, p.position));
  }
}

FolderContent recording(const EpisodeStore& store, const EpisodeRecord& record) {
  const PositionRecord position =
      store.load_position(record.parameters.object, record.parameters.position);
  std::vector<cv::Mat> frames(kSintefEmptyFrames, position.reference);
  const FolderContent pictures = store.load_pictures(record);
  for (int i = 0; i < kFramesPerEpisode; ++i) {
    const std::string name = picture_name("tactile", i);
    frames.push_back(decode_jpeg(pictures.at(name), store.folder() / name));
  }
  FolderContent content{{"camera_0.avi", encode_avi(frames)}};
  if (record.slip) content["slip.txt"] = "slip\n";
  return content;
}

}  // namespace

ExportSummary export_sintef(const EpisodeStore& store, const fs::path& out,
                            const ExportOptions& options) {
  const std::vector<EpisodeRecord> records = store.records();
  require_empty_gels(store, records);
  begin_export(out, {{"layout", "sintef"}, {"dataset_sha256", store.dataset_hash()}});
  std::map<std::pair<std::string, std::string>, int> numbers;
  std::map<std::string, int> next;
  for (const EpisodeRecord& record : records) {
    const GraspParameters& p = record.parameters;
    numbers[{p.object, p.grasp}] = ++next[p.object];
  }
  return export_grasps(
      records, options,
      [&](const EpisodeRecord& record) {
        const GraspParameters& p = record.parameters;
        return out / p.object / fmt::format("exp_num_{}", numbers.at({p.object, p.grasp}));
      },
      [&](const EpisodeRecord& record) { return recording(store, record); });
}

}  // namespace gripbench::experiments

#include "experiments/contact_sheet.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "experiments/files.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

constexpr int kColumns[] = {-2, -1, 0, 2, 4, 6, 8, 10, 12};
constexpr int kCellWidth = 200;
constexpr int kCellHeight = 150;
constexpr int kGap = 4;
constexpr int kLeft = 130;
constexpr int kTitle = 34;
constexpr int kHeads = 22;
constexpr int kRows = 4;
constexpr const char* kRowNames[kRows] = {"outside", "GelSight", "outside, diff.",
                                          "GelSight, diff."};

void write(cv::Mat& sheet, const std::string& words, cv::Point at, double size) {
  cv::putText(sheet, words, at, cv::FONT_HERSHEY_SIMPLEX, size, cv::Scalar(20, 20, 20), 1,
              cv::LINE_AA);
}

cv::Mat cell(const Episode& episode, int row, std::size_t frame) {
  const auto& camera = row % 2 == 0 ? episode.external : episode.tactile;
  const cv::Mat picture = row < 2 ? camera[frame] : difference_image(camera[frame], camera.front());
  cv::Mat small;
  cv::resize(picture, small, cv::Size(kCellWidth, kCellHeight), 0, 0, cv::INTER_AREA);
  return small;
}

std::string title(const EpisodeRecord& record) {
  return fmt::format("{} {}: {} ({})", record.parameters.object, record.parameters.grasp,
                     record.slip ? "slip" : "stable", record.reason);
}

void lay_out(cv::Mat& sheet, const Episode& episode, int top) {
  write(sheet, title(episode.record), {kGap, top + 22}, 0.55);
  int x = kLeft;
  for (const int t : kColumns) {
    write(sheet, fmt::format("T({})", t), {x, top + kTitle + 14}, 0.45);
    int y = top + kTitle + kHeads;
    for (int row = 0; row < kRows; ++row) {
      const cv::Rect place(x, y, kCellWidth, kCellHeight);
      cell(episode, row, static_cast<std::size_t>(t + kLiftFrame)).copyTo(sheet(place));
      y += kCellHeight + kGap;
    }
    x += kCellWidth + kGap;
  }
  for (int row = 0; row < kRows; ++row) {
    const int y = top + kTitle + kHeads + row * (kCellHeight + kGap) + kCellHeight / 2;
    write(sheet, kRowNames[row], {kGap, y}, 0.45);
  }
}

}  // namespace

cv::Mat difference_image(const cv::Mat& image, const cv::Mat& first) {
  cv::Mat difference;
  cv::subtract(image, first, difference, cv::noArray(), CV_16S);
  difference += cv::Scalar::all(128);
  cv::Mat clipped;
  difference.convertTo(clipped, CV_8U);
  return clipped;
}

cv::Mat contact_sheet(std::span<const Episode> grasps) {
  const int block = kTitle + kHeads + kRows * (kCellHeight + kGap) + kGap;
  const int columns = static_cast<int>(std::size(kColumns));
  cv::Mat sheet(block * static_cast<int>(grasps.size()), kLeft + columns * (kCellWidth + kGap),
                CV_8UC3, cv::Scalar::all(255));
  int top = 0;
  for (const Episode& episode : grasps) {
    lay_out(sheet, episode, top);
    top += block;
  }
  return sheet;
}

void write_contact_sheet(const std::filesystem::path& file, std::span<const Episode> grasps) {
  const cv::Mat sheet = contact_sheet(grasps);
  write_beside(file, [&](const std::filesystem::path& beside) {
    if (!cv::imwrite(beside.string(), sheet)) {
      throw hal::StorageError(file.string() + ": cannot be written; is the disk full?");
    }
  });
}

}  // namespace gripbench::experiments

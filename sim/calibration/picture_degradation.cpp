#include "sim/calibration/picture_degradation.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <system_error>

#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

using Color = std::array<int, 3>;

/// Colours of a histogram that will share one entry of the palette.
struct Box {
  std::vector<std::pair<Color, int>> colors;
  int axis = 0;
  long weight = 0;  ///< widest extent times number of pixels

  explicit Box(std::vector<std::pair<Color, int>> of) : colors(std::move(of)) {
    long pixels = 0;
    int widest = -1;
    for (int c = 0; c < 3; ++c) {
      int low = 255, high = 0;
      for (const auto& [color, count] : colors) {
        low = std::min(low, color[c]);
        high = std::max(high, color[c]);
      }
      if (high - low > widest) {
        widest = high - low;
        axis = c;
      }
    }
    for (const auto& entry : colors) pixels += entry.second;
    weight = widest * pixels;
  }
};

std::vector<Color> median_cut(const cv::Mat& bgr, int count) {
  std::map<Color, int> histogram;
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      const cv::Vec3b& p = bgr.at<cv::Vec3b>(y, x);
      ++histogram[{p[0], p[1], p[2]}];
    }
  }
  std::vector<Box> boxes;
  boxes.emplace_back(std::vector<std::pair<Color, int>>(histogram.begin(), histogram.end()));
  while (static_cast<int>(boxes.size()) < count) {
    const auto widest = std::max_element(
        boxes.begin(), boxes.end(), [](const Box& a, const Box& b) { return a.weight < b.weight; });
    if (widest->weight == 0) break;
    auto colors = std::move(widest->colors);
    const int axis = widest->axis;
    std::sort(colors.begin(), colors.end(),
              [axis](const auto& a, const auto& b) { return a.first[axis] < b.first[axis]; });
    long pixels = 0, half = 0;
    for (const auto& entry : colors) pixels += entry.second;
    std::size_t cut = 1;
    for (; cut + 1 < colors.size(); ++cut) {
      half += colors[cut - 1].second;
      if (2 * half >= pixels) break;
    }
    std::vector<std::pair<Color, int>> upper(colors.begin() + static_cast<long>(cut), colors.end());
    colors.resize(cut);
    *widest = Box(std::move(colors));
    boxes.emplace_back(std::move(upper));
  }
  std::vector<Color> palette;
  for (const Box& box : boxes) {
    double sum[3] = {}, pixels = 0.0;
    for (const auto& [color, n] : box.colors) {
      for (int c = 0; c < 3; ++c) sum[c] += static_cast<double>(n) * color[c];
      pixels += n;
    }
    palette.push_back(
        {cvRound(sum[0] / pixels), cvRound(sum[1] / pixels), cvRound(sum[2] / pixels)});
  }
  return palette;
}

std::vector<cv::Mat> through_video(const std::vector<cv::Mat>& frames,
                                   const std::filesystem::path& scratch) {
  const std::filesystem::path file = scratch / "likeness.part.avi";
  struct Remover {
    const std::filesystem::path& file;
    ~Remover() {
      std::error_code ignored;
      std::filesystem::remove(file, ignored);
    }
  } remover{file};
  cv::VideoWriter writer(file.string(), cv::CAP_FFMPEG, cv::VideoWriter::fourcc('X', 'V', 'I', 'D'),
                         25.0, frames[0].size());
  if (!writer.isOpened()) {
    throw hal::StorageError(file.string() + ": this video cannot be written");
  }
  for (const cv::Mat& frame : frames) writer.write(frame);
  writer.release();
  cv::VideoCapture reader(file.string(), cv::CAP_FFMPEG);
  std::vector<cv::Mat> out;
  cv::Mat frame;
  while (reader.read(frame)) out.push_back(frame.clone());
  if (out.size() != frames.size()) {
    throw hal::StorageError(file.string() + ": this video lost frames; is the disk full?");
  }
  return out;
}

}  // namespace

int count_colors(const cv::Mat& bgr, int most) {
  std::set<int> seen;
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      const cv::Vec3b& p = bgr.at<cv::Vec3b>(y, x);
      seen.insert(p[0] | p[1] << 8 | p[2] << 16);
      if (static_cast<int>(seen.size()) > most) return most + 1;
    }
  }
  return static_cast<int>(seen.size());
}

cv::Mat dither(const cv::Mat& bgr, int colors) {
  const std::vector<Color> palette = median_cut(bgr, colors);
  cv::Mat values, out(bgr.size(), CV_8UC3);
  bgr.convertTo(values, CV_32FC3);
  for (int y = 0; y < bgr.rows; ++y) {
    for (int x = 0; x < bgr.cols; ++x) {
      const cv::Vec3f want = values.at<cv::Vec3f>(y, x);
      double nearest = 1e12;
      cv::Vec3f got;
      for (const Color& p : palette) {
        const cv::Vec3f candidate(static_cast<float>(p[0]), static_cast<float>(p[1]),
                                  static_cast<float>(p[2]));
        const cv::Vec3f d = want - candidate;
        if (d.dot(d) < nearest) {
          nearest = d.dot(d);
          got = candidate;
        }
      }
      out.at<cv::Vec3b>(y, x) = cv::Vec3b(static_cast<uchar>(got[0]), static_cast<uchar>(got[1]),
                                          static_cast<uchar>(got[2]));
      const cv::Vec3f error = want - got;
      const auto pass = [&](int u, int v, float share) {
        if (u >= 0 && u < bgr.cols && v < bgr.rows) values.at<cv::Vec3f>(v, u) += share * error;
      };
      pass(x + 1, y, 7.0f / 16);
      pass(x - 1, y + 1, 3.0f / 16);
      pass(x, y + 1, 5.0f / 16);
      pass(x + 1, y + 1, 1.0f / 16);
    }
  }
  return out;
}

std::vector<cv::Mat> degrade(const std::vector<cv::Mat>& frames, const Degradation& how,
                             const std::filesystem::path& scratch) {
  std::vector<cv::Mat> out;
  for (const cv::Mat& frame : frames) {
    cv::Mat small = frame;
    if (frame.size() != how.size) cv::resize(frame, small, how.size, 0, 0, cv::INTER_AREA);
    out.push_back(how.palette > 0 ? dither(small, how.palette) : small.clone());
  }
  return how.video ? through_video(out, scratch) : out;
}

}  // namespace gripbench::sim

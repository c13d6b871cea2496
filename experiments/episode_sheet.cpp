#include "experiments/episode_sheet.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "experiments/evaluation.h"
#include "experiments/file_io.h"
#include "experiments/film_video.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// Okabe and Ito 2008, which colour-blind readers tell apart; BGR.
const cv::Scalar kSlipColour(0, 94, 213);
const cv::Scalar kStableColour(178, 114, 0);
const cv::Scalar kInk(30, 30, 30);
const cv::Scalar kQuiet(170, 170, 170);
const cv::Scalar kPaper = cv::Scalar::all(255);

constexpr int kColumns[] = {-2, 0, 2, 4, 6, 8, 10, 12};
constexpr int kCellWidth = 208;
constexpr int kCellHeight = 156;
constexpr int kGap = 8;
constexpr int kFrame = 3;
constexpr int kBarHeight = 30;
constexpr int kReasonHeight = 24;
constexpr int kHeadHeight = 20;

constexpr int kFilmWidth = 320;
constexpr int kFilmHeight = 240;
/// A quarter of the cameras' 20 pictures a second; the last picture stays for a second.
constexpr double kFilmRate = 5.0;
constexpr int kFilmRest = 5;
constexpr int kMostInFilm = 12;
/// A JPEG has at most 65500 rows.
constexpr int kMostInSheet = 150;

void write(cv::Mat& canvas, const std::string& words, cv::Point at, double size,
           const cv::Scalar& colour, int weight = 1) {
  cv::putText(canvas, words, at, cv::FONT_HERSHEY_SIMPLEX, size, colour, weight, cv::LINE_AA);
}

const cv::Scalar& colour_of(const EpisodeRecord& record) {
  return record.slip ? kSlipColour : kStableColour;
}

std::string caption(const EpisodeRecord& record) {
  const GraspParameters& p = record.parameters;
  std::string words = fmt::format("{}/{}   {}", p.object, p.grasp, record.slip ? "SLIP" : "stable");
  if (record.slip && record.kind != SlipKind::kUnknown) {
    words += fmt::format(", {}", to_string(record.kind));
  }
  if (record.grip_margin) words += fmt::format("   margin {:+.0f}%", 100 * *record.grip_margin);
  if (p.squeeze > 0.0) words += fmt::format("   squeeze {:.2f} mm", 1e3 * p.squeeze);
  return words;
}

std::optional<double> slip_at(const EpisodeRecord& record, int frame) {
  return slip_so_far(record, record.tactile_times[static_cast<std::size_t>(frame)]);
}

std::string frame_words(const EpisodeRecord& record, int frame) {
  std::string words = fmt::format("T({})", frame - kLiftFrame);
  if (const auto slip = slip_at(record, frame)) {
    words += std::isinf(*slip) ? "  lost" : fmt::format("  slip {:.2f} mm", 1e3 * *slip);
  }
  return words;
}

/// A picture of the cell's size, framed by whether it slips already.
void place(cv::Mat& canvas, const cv::Mat& picture, const cv::Rect& cell, bool slips) {
  cv::Mat small;
  cv::resize(picture, small, cell.size(), 0, 0, cv::INTER_AREA);
  small.copyTo(canvas(cell));
  cv::rectangle(canvas, cell, slips ? kSlipColour : kQuiet, kFrame);
}

bool slips_at(const EpisodeRecord& record, int frame, double slip_distance) {
  return slip_at(record, frame).value_or(0.0) > slip_distance;
}

int strip_height() {
  return kBarHeight + kReasonHeight + kHeadHeight + 2 * (kCellHeight + kGap) + kGap;
}

enum class Ending { kPicture, kFilm };

Ending ending_of(const fs::path& file) {
  std::string ending = file.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (ending == ".png" || ending == ".jpg" || ending == ".jpeg") return Ending::kPicture;
  if (ending == ".mp4") return Ending::kFilm;
  throw hal::InputError(file.string() + ": ends in neither .png, .jpg nor .mp4; name one of these");
}

/// What stays the same in all frames of a film.
cv::Mat film_tile(const EpisodeRecord& record) {
  cv::Mat tile(kBarHeight + kFilmHeight + kHeadHeight + kGap, 2 * kFilmWidth, CV_8UC3, kPaper);
  cv::rectangle(tile, cv::Rect(0, 0, tile.cols, kBarHeight), colour_of(record), cv::FILLED);
  write(tile, caption(record), {kGap, kBarHeight - 10}, 0.5, kPaper);
  return tile;
}

cv::Mat film_tile(const cv::Mat& blank, const Episode& episode, int frame, double slip_distance) {
  cv::Mat tile = blank.clone();
  const auto index = static_cast<std::size_t>(frame);
  const bool slips = slips_at(episode.record, frame, slip_distance);
  place(tile, episode.external[index], {0, kBarHeight, kFilmWidth, kFilmHeight}, slips);
  place(tile, episode.tactile[index], {kFilmWidth, kBarHeight, kFilmWidth, kFilmHeight}, slips);
  write(tile, frame_words(episode.record, frame), {kGap, kBarHeight + kFilmHeight + 16}, 0.5,
        slips ? kSlipColour : kInk);
  return tile;
}

std::string film(const EpisodesToShow& episodes) {
  std::vector<Episode> loaded;
  std::vector<cv::Mat> blanks;
  for (int i = 0; i < episodes.count; ++i) {
    loaded.push_back(episodes.load(i));
    blanks.push_back(film_tile(loaded.back().record));
  }
  const int columns = episodes.count > 2 ? 2 : 1;
  const int rows = (episodes.count + columns - 1) / columns;
  const cv::Size tile = blanks.front().size();
  return encode_mp4(kFramesPerEpisode + kFilmRest, kFilmRate, [&](int n) {
    const int frame = std::min(n, kFramesPerEpisode - 1);
    // Encoders want even sizes.
    cv::Mat picture((rows * tile.height + 1) / 2 * 2, (columns * (tile.width + kGap) + 1) / 2 * 2,
                    CV_8UC3, kPaper);
    for (std::size_t i = 0; i < loaded.size(); ++i) {
      const int column = static_cast<int>(i) % columns;
      const int row = static_cast<int>(i) / columns;
      film_tile(blanks[i], loaded[i], frame, episodes.slip_distance)
          .copyTo(picture(cv::Rect({column * (tile.width + kGap), row * tile.height}, tile)));
    }
    return picture;
  });
}

std::string sheet(const std::string& ending, const EpisodesToShow& episodes) {
  std::vector<cv::Mat> strips;
  for (int i = 0; i < episodes.count; ++i) {
    strips.push_back(episode_strip(episodes.load(i), episodes.slip_distance));
  }
  cv::Mat all;
  cv::vconcat(strips, all);
  std::vector<unsigned char> bytes;
  cv::imencode(ending, all, bytes);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

cv::Mat episode_strip(const Episode& episode, double slip_distance) {
  const EpisodeRecord& record = episode.record;
  const int columns = static_cast<int>(std::size(kColumns));
  cv::Mat strip(strip_height(), kGap + columns * (kCellWidth + kGap), CV_8UC3, kPaper);
  cv::rectangle(strip, cv::Rect(0, 0, strip.cols, kBarHeight), colour_of(record), cv::FILLED);
  write(strip, caption(record), {kGap, kBarHeight - 9}, 0.65, kPaper, 2);
  write(strip, record.reason, {kGap, kBarHeight + 18}, 0.5, kInk);
  int x = kGap;
  for (const int t : kColumns) {
    const int frame = t + kLiftFrame;
    const auto index = static_cast<std::size_t>(frame);
    const bool slips = slips_at(record, frame, slip_distance);
    int y = kBarHeight + kReasonHeight;
    write(strip, frame_words(record, frame), {x, y + 14}, 0.47, slips ? kSlipColour : kInk);
    y += kHeadHeight;
    place(strip, episode.external[index], {x, y, kCellWidth, kCellHeight}, slips);
    y += kCellHeight + kGap;
    place(strip, episode.tactile[index], {x, y, kCellWidth, kCellHeight}, slips);
    x += kCellWidth + kGap;
  }
  return strip;
}

void require_showable(const fs::path& file, int count) {
  const bool in_film = ending_of(file) == Ending::kFilm;
  const int most = in_film ? kMostInFilm : kMostInSheet;
  if (count > most) {
    throw hal::InputError(fmt::format("{}: {} episodes are too many for one {}, which takes {}",
                                      file.string(), count, in_film ? "film" : "picture", most));
  }
  if (in_film) require_mp4();
}

void write_episodes(const fs::path& file, const EpisodesToShow& episodes) {
  require_showable(file, episodes.count);
  if (episodes.count < 1) throw hal::InputError(file.string() + ": no episode to show");
  write_file(file, ending_of(file) == Ending::kFilm ? film(episodes)
                                                    : sheet(file.extension().string(), episodes));
}

}  // namespace gripbench::experiments

#include "experiments/grasp_film.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <opencv2/imgproc.hpp>

#include "experiments/contact_sheet.h"
#include "experiments/grasp_script.h"
#include "experiments/watched_workcell.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

const cv::Scalar kPaper = cv::Scalar::all(255);

constexpr const char* kRowNames[] = {"GelSight",       "outside",          "GelSight, diff.",
                                     "outside, diff.", "gel, indentation", "pad, pressure",
                                     "pad, traction",  "pad, stick/slip"};

// A map's picture: squares of nodes, a title above, figures below, a legend on the right.
constexpr int kNodePx = 15;
constexpr int kTitleHeight = 26;
constexpr int kFiguresHeight = 46;
constexpr int kLegendWidth = 100;
constexpr double kText = 0.5;

// A tile of a video.
constexpr int kTileWidth = 580;
constexpr int kTileHeight = 432;
constexpr int kBannerHeight = 30;
constexpr int kMostColumns = 3;

// A sheet.
constexpr int kCellWidth = 160;
constexpr int kCellHeight = 120;
constexpr int kCellGap = 4;
constexpr int kCellFigure = 16;
constexpr int kSheetLeft = 118;
constexpr int kSheetTitle = 28;
constexpr int kSheetHeads = 18;
constexpr double kSmallText = 0.4;

/// The picture in the middle of a sheet of paper, shrunk or grown to fit.
cv::Mat fit(const cv::Mat& picture, int width, int height) {
  const double scale = std::min(static_cast<double>(width) / picture.cols,
                                static_cast<double>(height) / picture.rows);
  const cv::Size size(std::max(1, static_cast<int>(picture.cols * scale)),
                      std::max(1, static_cast<int>(picture.rows * scale)));
  cv::Mat scaled;
  cv::resize(picture, scaled, size, 0, 0, scale < 1.0 ? cv::INTER_AREA : cv::INTER_LINEAR);
  cv::Mat paper(height, width, CV_8UC3, kPaper);
  scaled.copyTo(
      paper({(width - size.width) / 2, (height - size.height) / 2, size.width, size.height}));
  return paper;
}

}  // namespace

const std::vector<std::string>& film_view_names() {
  static const std::vector<std::string> names{
      "tactile", "external", "tactile_difference", "external_difference",
      "height",  "pressure", "traction",           "slip"};
  return names;
}

FilmView film_view_from(const std::string& name) {
  const auto& names = film_view_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw hal::InputError(
        fmt::format("'{}' is no view; there are {}", name, fmt::join(names, ", ")));
  }
  return static_cast<FilmView>(found - names.begin());
}

std::optional<PadView> pad_view_of(FilmView view) {
  switch (view) {
    case FilmView::kHeight:
      return PadView::kHeight;
    case FilmView::kPressure:
      return PadView::kPressure;
    case FilmView::kTraction:
      return PadView::kTraction;
    case FilmView::kSlip:
      return PadView::kSlip;
    default:
      return std::nullopt;
  }
}

GraspFilm film_grasp(hal::Workcell& workcell, const GraspProtocol& protocol,
                     const StopRequest& stop, const GripPosition& position, const GraspPlan& plan,
                     const hal::ObjectDescription& object, double touch_width, double width,
                     bool maps_required) {
  WatchedWorkcell watched(workcell, maps_required ? PadTruth::kRequired : PadTruth::kWanted);
  GraspScript script(watched, protocol, stop);
  GraspFilm film{.episode = script.grasp(position, plan, object, touch_width, width)};
  if (watched.samples().empty()) return film;
  const EpisodeRecord& record = film.episode.record;
  for (const double time : record.tactile_times) {
    film.maps.push_back(sample_at(watched.samples(), record.start + time).maps);
  }
  return film;
}

std::string frame_name(int frame) { return fmt::format("T({})", frame - kLiftFrame); }

FilmPainter::FilmPainter(const GraspFilm& film, int pad) : film_(film), pad_(pad) {
  std::vector<hal::PadMap> maps;
  for (const auto& both : film.maps) maps.push_back(both[pad]);
  scales_ = common_scales(maps);
}

cv::Mat FilmPainter::camera_picture(FilmView view, int frame) const {
  const auto& tactile = film_.episode.tactile;
  const auto& external = film_.episode.external;
  switch (view) {
    case FilmView::kTactile:
      return tactile[frame];
    case FilmView::kExternal:
      return external[frame];
    case FilmView::kTactileDifference:
      return difference_image(tactile[frame], tactile.front());
    default:
      return difference_image(external[frame], external.front());
  }
}

cv::Mat FilmPainter::map_picture(PadView view, int frame) const {
  const cv::Mat drawn = draw_pad_map(map(frame), view, scales_, kNodePx);
  cv::Mat picture(kTitleHeight + drawn.rows + kFiguresHeight, drawn.cols + kLegendWidth, CV_8UC3,
                  kPaper);
  drawn.copyTo(picture({0, kTitleHeight, drawn.cols, drawn.rows}));
  draw_pad_legend(view, scales_, {kLegendWidth, drawn.rows})
      .copyTo(picture({drawn.cols, kTitleHeight, kLegendWidth, drawn.rows}));
  const double millimetres = 1e3 * map(frame).pitch * map(frame).nx;
  put_words(picture,
            fmt::format("{}, {} finger, {:.0f} mm across",
                        kRowNames[static_cast<int>(FilmView::kHeight) + static_cast<int>(view)],
                        pad_ == 0 ? "tactile" : "plain", millimetres),
            {4, kTitleHeight - 8}, kText);
  put_words(picture, frame_name(frame), {drawn.cols + 6, kTitleHeight - 8}, kText);
  const PadFigures figures = sum_up(map(frame));
  const int below = kTitleHeight + drawn.rows;
  put_words(picture, contact_line(figures), {4, below + 18}, kText);
  put_words(picture, wrench_line(figures), {4, below + 38}, kText);
  return picture;
}

cv::Mat FilmPainter::picture(FilmView view, int frame) const {
  const std::optional<PadView> pad_view = pad_view_of(view);
  return pad_view ? map_picture(*pad_view, frame) : camera_picture(view, frame);
}

std::string FilmPainter::title() const {
  const EpisodeRecord& record = film_.episode.record;
  return fmt::format("{}: {} ({})", record.parameters.object, record.slip ? "slip" : "stable",
                     record.reason);
}

cv::Mat FilmPainter::tile(FilmView view, int frame) const {
  if (pad_view_of(view)) return fit(picture(view, frame), kTileWidth, kTileHeight);
  cv::Mat tile(kTileHeight, kTileWidth, CV_8UC3, kPaper);
  fit(picture(view, frame), kTileWidth, kTileHeight - kTitleHeight)
      .copyTo(tile({0, kTitleHeight, kTileWidth, kTileHeight - kTitleHeight}));
  put_words(tile, kRowNames[static_cast<int>(view)], {4, kTitleHeight - 8}, kText);
  return tile;
}

cv::Mat FilmPainter::tiles(std::span<const FilmView> views, int frame) const {
  static_assert(kTileWidth % 2 == 0 && kTileHeight % 2 == 0 && kBannerHeight % 2 == 0);
  const int count = static_cast<int>(views.size());
  // Four are a square; else rows of up to three.
  const int columns = count == 4 ? 2 : std::min(count, kMostColumns);
  const int rows = (count + columns - 1) / columns;
  cv::Mat all(kBannerHeight + rows * kTileHeight, columns * kTileWidth, CV_8UC3, kPaper);
  put_words(all,
            fmt::format("{} {:+.0f} ms  {}", frame_name(frame),
                        1e3 * (film_.episode.record.tactile_times[frame] -
                               film_.episode.record.tactile_times[kLiftFrame]),
                        title()),
            {6, kBannerHeight - 9}, kText);
  for (int n = 0; n < count; ++n) {
    tile(views[n], frame)
        .copyTo(all({n % columns * kTileWidth, kBannerHeight + n / columns * kTileHeight,
                     kTileWidth, kTileHeight}));
  }
  return all;
}

cv::Mat FilmPainter::cell(FilmView view, int frame) const {
  const std::optional<PadView> pad_view = pad_view_of(view);
  if (!pad_view) return fit(camera_picture(view, frame), kCellWidth, kCellHeight);
  const int node_px =
      std::max(1, std::min(kCellWidth / map(frame).nx, kCellHeight / map(frame).ny));
  return fit(draw_pad_map(map(frame), *pad_view, scales_, node_px), kCellWidth, kCellHeight);
}

cv::Mat FilmPainter::sheet(std::span<const FilmView> views, std::span<const int> frames) const {
  const auto is_map = [](FilmView view) { return pad_view_of(view).has_value(); };
  const bool legends = std::any_of(views.begin(), views.end(), is_map);
  int height = kSheetTitle + kSheetHeads;
  for (const FilmView view : views) {
    height += kCellHeight + kCellGap + (is_map(view) ? kCellFigure : 0);
  }
  const int cells = static_cast<int>(frames.size()) * (kCellWidth + kCellGap);
  cv::Mat sheet(height, kSheetLeft + cells + (legends ? kLegendWidth : 0), CV_8UC3, kPaper);
  put_words(sheet, title(), {kCellGap, 19}, kText);
  for (std::size_t n = 0; n < frames.size(); ++n) {
    put_words(sheet, frame_name(frames[n]),
              {kSheetLeft + static_cast<int>(n) * (kCellWidth + kCellGap), kSheetTitle + 12},
              kSmallText);
  }
  int y = kSheetTitle + kSheetHeads;
  for (const FilmView view : views) {
    put_words(sheet, kRowNames[static_cast<int>(view)], {kCellGap, y + kCellHeight / 2},
              kSmallText);
    for (std::size_t n = 0; n < frames.size(); ++n) {
      const int x = kSheetLeft + static_cast<int>(n) * (kCellWidth + kCellGap);
      cell(view, frames[n]).copyTo(sheet({x, y, kCellWidth, kCellHeight}));
      if (!is_map(view)) continue;
      put_words(sheet, pad_figure(sum_up(map(frames[n])), *pad_view_of(view)),
                {x, y + kCellHeight + 12}, kSmallText);
    }
    if (is_map(view)) {
      draw_pad_legend(*pad_view_of(view), scales_, {kLegendWidth, kCellHeight})
          .copyTo(sheet({kSheetLeft + cells, y, kLegendWidth, kCellHeight}));
    }
    y += kCellHeight + kCellGap + (is_map(view) ? kCellFigure : 0);
  }
  return sheet;
}

std::string truth_table(const GraspFilm& film) {
  std::string table =
      "frame,time,pad,contact_area,stick_area,mean_slip,force_x,force_y,force_normal,torque\n";
  for (std::size_t n = 0; n < film.maps.size(); ++n) {
    for (int pad = 0; pad < 2; ++pad) {
      const PadFigures f = sum_up(film.maps[n][pad]);
      table += fmt::format("{},{:.6f},{},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g},{:.6g}\n",
                           static_cast<int>(n) - kLiftFrame, film.episode.record.tactile_times[n],
                           pad, f.contact_area, f.stick_area, f.mean_slip, f.force.x(), f.force.y(),
                           f.force.z(), f.torque);
    }
  }
  return table;
}

}  // namespace gripbench::experiments

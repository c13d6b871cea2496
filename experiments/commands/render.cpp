#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "experiments/commands/command.h"
#include "experiments/file_io.h"
#include "experiments/film_request.h"
#include "experiments/film_video.h"
#include "experiments/grasp_film.h"
#include "experiments/progress_bar.h"
#include "experiments/run_record.h"
#include "experiments/workcell_factory.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

struct Options {
  fs::path workcell = assets_folder() / "workcells" / "sim.yaml";
  GraspWish grasp;
  std::vector<std::string> what{"tactile", "height", "traction", "slip", "external"};
  std::string pad = "tactile";
  fs::path out;
  bool mp4 = false;
  double fps = 5.0;
  fs::path sheet;
  std::vector<int> frames{-2, -1, 0, 2, 4, 6, 8, 10, 12};
};

void check_place_for_output(const Options& options) {
  if (options.out.empty() && options.sheet.empty()) {
    throw hal::InputError("render: give a folder with --out, or a file with --sheet");
  }
  if (options.mp4 && options.out.empty()) throw hal::InputError("--mp4: needs --out");
  std::error_code error;
  if (!options.out.empty() && fs::exists(options.out, error) &&
      !(fs::is_directory(options.out, error) && fs::is_empty(options.out, error))) {
    throw hal::InputError(options.out.string() + ": is there already; remove it or name another");
  }
  const std::string extension = options.sheet.extension().string();
  if (!options.sheet.empty() && extension != ".png" && extension != ".jpg") {
    throw hal::InputError("--sheet " + options.sheet.string() + ": must end in .png or .jpg");
  }
}

std::vector<FilmView> wanted_views(const Options& options) {
  std::vector<FilmView> views;
  for (const std::string& name : options.what) {
    const FilmView view = film_view_from(name);
    if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
  }
  return views;
}

std::string encode(const cv::Mat& picture, const std::string& extension) {
  std::vector<unsigned char> bytes;
  cv::imencode(extension, picture, bytes, {cv::IMWRITE_JPEG_QUALITY, 85});
  return {bytes.begin(), bytes.end()};
}

/// Everything that goes into the output folder.
FolderContent draw_all(const FilmPainter& painter, const GraspFilm& film,
                       const std::vector<FilmView>& views, const Options& options, ProgressBar& bar,
                       const StopRequest& stop) {
  FolderContent content;
  for (int frame = 0; frame < kFramesPerEpisode; ++frame) {
    stop.check();
    bar.update(0.5 + 0.4 * frame / kFramesPerEpisode, "drawing " + frame_name(frame));
    for (const FilmView view : views) {
      content[fmt::format("{}_{:02}.png", film_view_names()[static_cast<int>(view)], frame)] =
          encode(painter.picture(view, frame), ".png");
    }
  }
  if (!film.maps.empty()) content["truth.csv"] = truth_table(film);
  if (options.mp4) {
    bar.update(0.9, "the film");
    content["grasp.mp4"] = encode_mp4(kFramesPerEpisode, options.fps,
                                      [&](int frame) { return painter.tiles(views, frame); });
  }
  return content;
}

void render(const Options& options) {
  RunRecord run;
  run.arguments = remembered_arguments();
  run.seed = options.grasp.seed;
  run.started = utc_now();
  check_place_for_output(options);
  const std::vector<FilmView> views = wanted_views(options);
  const FilmRequest request = request_film(options.grasp);
  if (options.mp4) require_mp4();

  const StopRequest stop{stage_context(1).stop};
  GraspFilm film;
  {
    ProgressBar bar("render");
    const auto workcell = choose_workcell_without_rig(options.workcell).make();
    check_reach(*workcell, request);
    bar.update(0.05, "the grasp");
    const bool maps_required = std::any_of(
        views.begin(), views.end(), [](FilmView view) { return pad_view_of(view).has_value(); });
    film = film_request(*workcell, request, maps_required, stop);
    const FilmPainter painter(film, options.pad == "tactile" ? 0 : 1);
    FolderContent content;
    if (!options.out.empty()) content = draw_all(painter, film, views, options, bar, stop);
    if (!options.sheet.empty()) {
      std::vector<int> frames;
      for (const int frame : options.frames) frames.push_back(frame + kLiftFrame);
      write_file(options.sheet,
                 encode(painter.sheet(views, frames), options.sheet.extension().string()));
    }
    if (!options.out.empty()) {
      write_folder(fs::absolute(options.out).lexically_normal(), content);
      run.outcome = "finished";
      write_run_record(options.out / "run.json", run);
    }
    bar.update(1.0, "");
  }
  fmt::print("{}", outcome_lines(request, film));
}

/// Lengths and angles may carry a unit; without one they are SI.
void accept_unit(CLI::Option* option, const std::map<std::string, double>& units) {
  option->transform(CLI::AsNumberWithUnit(
      units, CLI::AsNumberWithUnit::Options(CLI::AsNumberWithUnit::CASE_SENSITIVE |
                                            CLI::AsNumberWithUnit::UNIT_OPTIONAL)));
}

}  // namespace

void add_render_command(CLI::App& program) {
  static const std::map<std::string, double> kLengths{{"m", 1.0}, {"mm", 1e-3}, {"um", 1e-6}};
  static const std::map<std::string, double> kAngles{{"rad", 1.0}, {"deg", M_PI / 180.0}};
  auto options = std::make_shared<Options>();
  options->grasp.protocol = assets_folder() / "protocols" / "quick.yaml";
  CLI::App* command = program.add_subcommand(
      "render", "Make one grasp and draw its frames with the truth that no real sensor gives");
  command->add_option("--workcell", options->workcell, "The rig")->capture_default_str();
  command->add_option("--protocol", options->grasp.protocol, "The experiment whose script is run")
      ->capture_default_str();
  CLI::Option* object = command->add_option("--object", options->grasp.object, "Grasp this object");
  accept_unit(command->add_option("--height", options->grasp.height,
                                  "Grip above the table (m, or 80mm); the protocol's middle if "
                                  "left out"),
              kLengths);
  accept_unit(command->add_option("--offset", options->grasp.offset,
                                  "Grip beside the mass centre, across the jaws (m, or 10mm)"),
              kLengths);
  accept_unit(command->add_option("--yaw", options->grasp.yaw, "Turn of the object (rad, or 5deg)"),
              kAngles);
  CLI::Option* squeeze =
      command->add_option("--squeeze", options->grasp.squeeze,
                          "Closing after the first touch, which is looked for (m, or 0.4mm)");
  CLI::Option* width =
      command->add_option("--width", options->grasp.width, "Or: width of the jaws (m, or 44.2mm)");
  accept_unit(squeeze, kLengths);
  accept_unit(width, kLengths);
  squeeze->excludes(width);
  CLI::Option* seed = command->add_option("--seed", options->grasp.seed, "Of what varies by chance")
                          ->check(seed_range())
                          ->capture_default_str();
  CLI::Option* grasp =
      command->add_option("--grasp", options->grasp.grasp,
                          "Make a recorded grasp again, as OBJECT/NNN; needs --dataset");
  CLI::Option* dataset =
      command->add_option("--dataset", options->grasp.dataset, "Where it was recorded");
  grasp->needs(dataset)->excludes(object)->excludes(squeeze)->excludes(width)->excludes(seed);
  dataset->needs(grasp);
  command->add_option("--what", options->what, "What to show")
      ->delimiter(',')
      ->check(CLI::IsMember(film_view_names()))
      ->capture_default_str();
  command->add_option("--pad", options->pad, "Whose maps: the tactile or the plain finger's")
      ->check(CLI::IsMember({"tactile", "plain"}))
      ->capture_default_str();
  command->add_option("--out", options->out,
                      "Folder to make: a PNG per view and frame T(-2) to T(12) as VIEW_00 to "
                      "VIEW_14, truth.csv, run.json");
  command->add_flag("--mp4", options->mp4, "Also grasp.mp4 with all views side by side");
  command->add_option("--fps", options->fps, "Frames per second of the film; 20 is real time")
      ->check(CLI::Range(0.1, 240.0))
      ->capture_default_str();
  command->add_option("--sheet", options->sheet,
                      "One picture (.png, .jpg) with a row per view and a column per frame");
  command->add_option("--frames", options->frames, "The columns of --sheet")
      ->delimiter(',')
      ->check(CLI::Range(-kLiftFrame, kFramesPerEpisode - kLiftFrame - 1))
      ->capture_default_str();
  command->footer(
      "Example:\n  gripbench render --object spray_can --squeeze 0.4mm --out out/can --mp4\n"
      "  gripbench render --grasp stapler/003 --dataset out/quick/dataset --what tactile,slip "
      "--out out/stapler");
  command->callback([options] {
    if (options->grasp.object.empty() == options->grasp.grasp.empty()) {
      throw hal::InputError("render: give --object, or --grasp and --dataset");
    }
    render(*options);
  });
}

}  // namespace gripbench::experiments

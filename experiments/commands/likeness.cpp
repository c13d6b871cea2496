#include "sim/calibration/likeness.h"

#include <algorithm>
#include <cctype>
#include <memory>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/videoio.hpp>

#include "experiments/commands/command.h"
#include "hal/errors.h"
#include "sim/calibration/picture_degradation.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

/// Frames used of one recording: evenly chosen pairs of neighbours, so that noise can be told.
constexpr std::size_t kFramesPerRecording = 40;
constexpr std::size_t kWarmUp = 25;
constexpr int kPalette = 256;
constexpr std::uint64_t kSpecimen = 7;

struct Options {
  fs::path profile, untouched, out;
  std::vector<fs::path> real;
};

struct RealPictures {
  std::vector<sim::GelSequence> sequences;
  sim::Degradation degradation;
};

std::string lower_case_ending(const fs::path& file) {
  std::string end = file.extension().string();
  std::transform(end.begin(), end.end(), end.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return end;
}

bool is_video(const fs::path& file) {
  const std::string end = lower_case_ending(file);
  return end == ".avi" || end == ".mp4";
}

bool is_picture(const fs::path& file) {
  const std::string end = lower_case_ending(file);
  return end == ".png" || end == ".jpg" || end == ".jpeg";
}

std::vector<cv::Mat> read_all(const fs::path& video) {
  cv::VideoCapture reader(video.string());
  std::vector<cv::Mat> all;
  cv::Mat frame;
  while (reader.read(frame)) all.push_back(frame.clone());
  if (all.empty()) throw hal::InputError(video.string() + ": not a video that can be read");
  return all;
}

std::vector<cv::Mat> read_video(const fs::path& file) {
  std::vector<cv::Mat> all = read_all(file), chosen;
  // Cameras find their exposure in the first frames.
  all.erase(all.begin(), all.begin() + static_cast<long>(std::min(kWarmUp, all.size() / 4)));
  const std::size_t pairs =
      std::min(kFramesPerRecording / 2, std::max<std::size_t>(1, all.size() / 2));
  for (std::size_t k = 0; k < pairs; ++k) {
    const std::size_t at = k * all.size() / pairs;
    chosen.push_back(all[at]);
    if (at + 1 < all.size()) chosen.push_back(all[at + 1]);
  }
  return chosen;
}

cv::Mat read_picture(const fs::path& file) {
  cv::Mat picture = cv::imread(file.string(), cv::IMREAD_COLOR);
  if (picture.empty()) throw hal::InputError(file.string() + ": not a picture that can be read");
  return picture;
}

/// Pictures of a folder are one recording, in the order of their names; each folder below is
/// another. Where some are named gelsight*, as in published grasps, only those count.
void read_folder(const fs::path& folder, std::vector<sim::GelSequence>& sequences) {
  std::vector<fs::path> files, folders;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_directory()) folders.push_back(entry.path());
    if (entry.is_regular_file() && (is_picture(entry.path()) || is_video(entry.path()))) {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::sort(folders.begin(), folders.end());
  const auto tactile = [](const fs::path& file) {
    return file.filename().string().starts_with("gelsight");
  };
  if (std::any_of(files.begin(), files.end(), tactile)) {
    std::erase_if(files, [&](const fs::path& file) { return !tactile(file); });
  }
  sim::GelSequence pictures{folder.filename().string(), {}, {}};
  for (const fs::path& file : files) {
    if (is_video(file)) {
      sequences.push_back({file.filename().string(), read_video(file), {}});
    } else {
      pictures.frames.push_back(read_picture(file));
    }
  }
  if (!pictures.frames.empty()) sequences.push_back(std::move(pictures));
  for (const fs::path& below : folders) read_folder(below, sequences);
}

cv::Mat read_untouched(const fs::path& file) {
  if (!fs::is_regular_file(file)) throw hal::InputError(file.string() + ": no such file");
  return is_video(file) ? read_all(file).back() : read_picture(file);
}

RealPictures read_real(const std::vector<fs::path>& paths, const fs::path& untouched) {
  RealPictures real;
  sim::GelSequence loose{"files", {}, {}};
  for (const fs::path& path : paths) {
    if (fs::is_directory(path)) {
      read_folder(path, real.sequences);
    } else if (!fs::is_regular_file(path)) {
      throw hal::InputError(path.string() + ": no such file or folder");
    } else if (is_video(path)) {
      real.degradation.video = true;
      real.sequences.push_back({path.filename().string(), read_video(path), {}});
    } else {
      loose.frames.push_back(read_picture(path));
    }
  }
  if (!loose.frames.empty()) real.sequences.push_back(std::move(loose));
  if (real.sequences.empty()) throw hal::InputError("--real: no pictures or videos there");
  const cv::Mat& first = real.sequences[0].frames[0];
  const cv::Mat bare = untouched.empty() ? cv::Mat() : read_untouched(untouched);
  if (!bare.empty() && bare.size() != first.size()) {
    throw hal::InputError(fmt::format("--untouched: {} is of {} x {} px, the real frames {} x {}",
                                      untouched.string(), bare.cols, bare.rows, first.cols,
                                      first.rows));
  }
  for (sim::GelSequence& sequence : real.sequences) {
    sequence.untouched = bare;
    real.degradation.video |= is_video(sequence.name);
    for (const cv::Mat& frame : sequence.frames) {
      if (frame.size() != first.size()) {
        throw hal::InputError(fmt::format("--real: {} has frames of {} x {} px, others {} x {}",
                                          sequence.name, frame.cols, frame.rows, first.cols,
                                          first.rows));
      }
    }
  }
  real.degradation.size = first.size();
  if (sim::count_colors(first, kPalette) <= kPalette) real.degradation.palette = kPalette;
  return real;
}

void check_aspect(const sim::OpticsProfile& optics, const cv::Size& size, const fs::path& file) {
  const double a = static_cast<double>(optics.width) / optics.height;
  const double b = static_cast<double>(size.width) / size.height;
  if (std::abs(a / b - 1.0) > 0.02) {
    throw hal::InputError(
        fmt::format("{}: pictures of {} x {} px cannot show what the real ones "
                    "of {} x {} px do",
                    file.string(), optics.width, optics.height, size.width, size.height));
  }
}

std::string table_of(const std::vector<sim::LikenessRow>& rows) {
  std::string out = "| quantity | real | simulated | difference |\n| --- | ---: | ---: | ---: |\n";
  for (const sim::LikenessRow& row : rows) {
    out += fmt::format("| {} | {:.2f} | {:.2f} | {:.2f} |\n", row.quantity, row.real, row.simulated,
                       row.difference);
  }
  return out;
}

std::string worst_of(std::vector<sim::LikenessRow> rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.weight > b.weight; });
  std::string out = "They differ most in: ";
  for (std::size_t k = 0; k < std::min<std::size_t>(3, rows.size()); ++k) {
    out += fmt::format("{}{} ({:.2f} real, {:.2f} simulated)", k == 0 ? "" : "; ", rows[k].quantity,
                       rows[k].real, rows[k].simulated);
  }
  return out + ".\n";
}

/// Calm and pressed frames, real left, simulated right.
cv::Mat side_by_side(const sim::GelLook& real, const sim::GelLook& simulated) {
  cv::Mat calm, pressed, all;
  cv::hconcat(real.calm, simulated.calm, calm);
  cv::hconcat(real.pressed, simulated.pressed, pressed);
  cv::vconcat(calm, pressed, all);
  cv::resize(all, all, {}, 2.0, 2.0, cv::INTER_NEAREST);
  return all;
}

void likeness(const Options& options) {
  const sim::SensorProfile profile = sim::SensorProfile::load(options.profile);
  const RealPictures real = read_real(options.real, options.untouched);
  check_aspect(profile.optics, real.degradation.size, options.profile);
  const fs::path scratch = fs::temp_directory_path();
  std::vector<sim::GelSequence> simulated = sim::simulate_presses(profile, kSpecimen, 8, 6);
  for (sim::GelSequence& sequence : simulated) {
    sequence.frames = sim::degrade(sequence.frames, real.degradation, scratch);
    sequence.untouched = sequence.frames.front();
  }
  const sim::GelLook a = sim::measure_look(real.sequences), b = sim::measure_look(simulated);
  const std::vector<sim::LikenessRow> rows = sim::compare_looks(a, b);
  const std::string table = table_of(rows) + "\n" + worst_of(rows);
  fmt::print("{} against {} recordings of {} x {} px{}{}\n\n{}",
             options.profile.filename().string(), real.sequences.size(),
             real.degradation.size.width, real.degradation.size.height,
             real.degradation.palette > 0 ? ", 256 colours" : "",
             real.degradation.video ? ", MPEG-4" : "", table);
  if (options.out.empty()) return;
  std::error_code failed;
  fs::create_directories(options.out, failed);
  const fs::path picture = options.out / "likeness.png";
  if (failed || !cv::imwrite(picture.string(), side_by_side(a, b))) {
    throw hal::StorageError(picture.string() + ": cannot be written");
  }
  fmt::print("\n{}: untouched above, pressed below; real left, simulated right\n",
             picture.string());
}

}  // namespace

void add_likeness_command(CLI::App& program) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "likeness", "Compare simulated pictures of a gel with real ones, by numbers");
  command->add_option("--profile", options->profile, "Profile of the sensor")->required();
  command->add_option("--real", options->real, "Real pictures or videos, or folders of them")
      ->required();
  command->add_option("--untouched", options->untouched,
                      "The real gel with nothing on it: a picture, or a video's last frame. "
                      "Without it each recording's calmest frame counts as such");
  command->add_option("--out", options->out, "Folder for a picture side by side");
  command->footer(
      "Simulated pictures are first given the real ones' size, colours and compression.\n"
      "Example:\n  gripbench likeness --profile assets/sensors/gelsight2018.yaml --real "
      "object001 object002 --untouched object002/gelsight_20.png --out out/likeness");
  command->callback([options] { likeness(*options); });
}

}  // namespace gripbench::experiments

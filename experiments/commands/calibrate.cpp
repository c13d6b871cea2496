#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "experiments/commands/command.h"
#include "hal/errors.h"
#include "sim/calibration/calibrated_profile.h"
#include "sim/calibration/taxim_table.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;

struct Options {
  fs::path reference;
  double ball_diameter = 0.0;
  std::optional<double> pixel_pitch;
  std::vector<fs::path> balls, tests;
  fs::path taxim, out;
  fs::path base = assets_folder() / "sensors" / "gelsight2018.yaml";
  std::string model = "auto";
};

class Calibration {
 public:
  explicit Calibration(const Options& options)
      : options_(options),
        base_(sim::SensorProfile::load(options.base)),
        reference_(sim::load_reference(options.reference)),
        frame_{static_cast<double>(reference_.picture.cols),
               static_cast<double>(reference_.picture.rows)} {
    for (const fs::path& file : options.balls) {
      presses_.push_back(sim::load_ball_press(file, reference_));
    }
    // Found now, so that a missing test picture costs nothing.
    for (const fs::path& file : options.tests) {
      tests_.push_back(sim::load_ball_press(file, reference_));
    }
  }

  void run() {
    const std::string model = options_.model == "auto" ? choose_model() : options_.model;
    const sim::OpticsFit fit = fit_model(presses_, model);
    const double pitch = pitch_of(fit);
    const sim::SensorProfile profile =
        sim::calibrated_profile(base_, reference_, presses_, fit, pitch);
    fmt::print("model {}: {:.2f} grey levels (root mean square) left in the fitted presses\n",
               model, fit.rms);
    fmt::print("pixel pitch {:.5g} mm ({}), membrane length {:.3g} mm\n", 1e3 * pitch,
               options_.pixel_pitch ? "given" : "fitted", 1e3 * profile.optics.membrane_length);
    sim::write_profile(profile, heading(model, fit), options_.out);
    fmt::print("{} written\n", options_.out.string());
    for (const char* other : {"lamps", "table"}) test(other, other == model);
  }

 private:
  std::optional<double> ball_radius_px() const {
    if (!options_.pixel_pitch) return std::nullopt;
    return 0.5 * options_.ball_diameter / *options_.pixel_pitch;
  }
  double pitch_of(const sim::OpticsFit& fit) const {
    return 0.5 * options_.ball_diameter / fit.scale.ball_radius;
  }

  sim::OpticsFit fit_model(const std::vector<sim::BallPress>& presses,
                           const std::string& model) const {
    sim::OpticsFit fit = sim::fit_lamps(presses, frame_, ball_radius_px());
    return model == "lamps" ? fit : sim::fit_table(presses, frame_, fit);
  }

  /// Error of a press that `fit` has not seen, through the renderer.
  sim::PressError held_out(const sim::BallPress& press, const sim::OpticsFit& fit,
                           cv::Mat& change) const {
    const sim::SensorProfile profile =
        sim::calibrated_profile(base_, reference_, presses_, fit, pitch_of(fit));
    const sim::PressShape shape = sim::locate_press(press, fit, frame_);
    change = sim::rendered_change(profile.optics, fit, shape, 0.5 * options_.ball_diameter);
    return sim::press_error(press, change, shape);
  }

  /// The model with the lower error over presses left out in turn.
  std::string choose_model() const {
    if (presses_.size() < 2) {
      fmt::print("one press leaves none to choose a model with: lamps\n");
      return "lamps";
    }
    double sums[2] = {};
    for (std::size_t k = 0; k < presses_.size(); ++k) {
      std::vector<sim::BallPress> rest = presses_;
      rest.erase(rest.begin() + static_cast<long>(k));
      cv::Mat change;
      const sim::OpticsFit lamps = sim::fit_lamps(rest, frame_, ball_radius_px());
      sums[0] += held_out(presses_[k], lamps, change).around;
      sums[1] += held_out(presses_[k], sim::fit_table(rest, frame_, lamps), change).around;
    }
    const double n = static_cast<double>(presses_.size());
    fmt::print("each press left out in turn: lamps {:.2f}, table {:.2f} grey levels\n", sums[0] / n,
               sums[1] / n);
    return sums[0] <= sums[1] ? "lamps" : "table";
  }

  void test(const std::string& model, bool chosen) const {
    if (tests_.empty()) return;
    const sim::OpticsFit fit = fit_model(presses_, model);
    for (const sim::BallPress& press : tests_) {
      cv::Mat change;
      const sim::PressError error = held_out(press, fit, change);
      fmt::print("{:<14} {}{}: in the contact {:.2f} of {:.2f}, around it {:.2f} of {:.2f}\n",
                 press.name, model, chosen ? " (in the profile)" : "", error.inside,
                 error.inside_unchanged, error.around, error.around_unchanged);
      if (!chosen) continue;
      fs::path picture = options_.out;
      picture.replace_filename(options_.out.stem().string() + "_" +
                               fs::path(press.name).stem().string() + ".png");
      if (!cv::imwrite(picture.string(), sim::press_comparison(press, reference_, change))) {
        throw hal::StorageError(picture.string() + ": cannot be written");
      }
      fmt::print("{}: real, rendered, difference (doubled, around grey)\n", picture.string());
    }
  }

  std::string heading(const std::string& model, const sim::OpticsFit& fit) const {
    std::string names;
    for (const sim::BallPress& press : presses_) names += " " + press.name;
    return fmt::format(
        "Calibrated with `gripbench calibrate` on {} and{}, a ball of {:.4g} mm.\n"
        "Model {}: {:.2f} grey levels (root mean square) left in those presses.\n"
        "Pixel pitch {}. The pad's mechanics and the spread are those of {}.",
        options_.reference.filename().string(), names, 1e3 * options_.ball_diameter, model, fit.rms,
        options_.pixel_pitch ? "given" : "fitted to the presses' colours, no better than a fifth",
        options_.base.filename().string());
  }

  Options options_;
  sim::SensorProfile base_;
  sim::ReferencePicture reference_;
  sim::PictureFrame frame_;
  std::vector<sim::BallPress> presses_, tests_;
};

void import_taxim_profile(const Options& options) {
  sim::TaximPicture picture;
  if (options.pixel_pitch) picture.pixel_pitch = *options.pixel_pitch;
  const sim::SensorProfile base = sim::SensorProfile::load(options.base);
  sim::SensorProfile profile = base;
  sim::OpticsProfile& optics = profile.optics;
  std::string background = "that of " + options.base.filename().string();
  const sim::OpticsFit none{};
  if (!options.reference.empty()) {
    const sim::ReferencePicture reference = sim::load_reference(options.reference);
    picture.width = reference.picture.cols;
    picture.height = reference.picture.rows;
    const double noise = optics.noise;
    profile = sim::calibrated_profile(profile, reference, {}, none, picture.pixel_pitch);
    optics.noise = noise;
    background = "from " + options.reference.filename().string();
  }
  optics.membrane_length = base.optics.membrane_length;
  optics.shading = sim::ShadingModel::kTable;
  optics.table = std::make_shared<sim::ShadingTable>(sim::import_taxim(options.taxim, picture));
  // Only lamps whose colours are in grey levels can tell what a shadow takes from the table's.
  const bool shadows = base.optics.shading != sim::ShadingModel::kRatio;
  optics.lights = shadows ? base.optics.lights : std::vector<sim::GelLight>();
  optics.falloff = base.optics.falloff;
  optics.shadow_strength = base.optics.shadow_strength;
  optics.shadow_depth = base.optics.shadow_depth;
  optics.blur *= picture.pixel_pitch / optics.pixel_pitch;
  optics.width = picture.width;
  optics.height = picture.height;
  optics.pixel_pitch = picture.pixel_pitch;
  sim::cover_view(profile);
  sim::write_profile(
      profile,
      fmt::format("Colours from Taxim's calibration table {}, imported with "
                  "`gripbench calibrate --import-taxim`.\n"
                  "{} x {} tilts and directions; background and dots {}; the rest "
                  "is that of {}.",
                  options.taxim.filename().string(), optics.table->tilts, optics.table->directions,
                  background, options.base.filename().string()),
      options.out);
  fmt::print("{} written: {} x {} bins, {} x {} px of {:.4g} mm; background and dots {}; {}\n",
             options.out.string(), optics.table->tilts, optics.table->directions, picture.width,
             picture.height, 1e3 * picture.pixel_pitch, background,
             optics.lights.empty() || optics.shadow_strength == 0.0
                 ? "no shadows"
                 : "shadows of the base's lamps");
}

void calibrate(const Options& options) {
  if (options.out.extension() != ".yaml") {
    throw hal::InputError("--out: name a file that ends in .yaml");
  }
  if (options.pixel_pitch && !(*options.pixel_pitch >= 1e-6 && *options.pixel_pitch <= 1e-3)) {
    throw hal::InputError("--pixel-pitch: metres per pixel, 1e-6 to 1e-3");
  }
  if (!options.taxim.empty()) {
    if (!options.balls.empty() || !options.tests.empty()) {
      throw hal::InputError("--import-taxim takes no ball pictures: its table is calibrated");
    }
    return import_taxim_profile(options);
  }
  if (options.reference.empty()) {
    throw hal::InputError("--reference: name a picture of the untouched gel");
  }
  if (options.balls.empty()) {
    throw hal::InputError("name at least one picture of the ball on the gel");
  }
  if (!(options.ball_diameter >= 5e-4 && options.ball_diameter <= 0.1)) {
    throw hal::InputError(fmt::format(
        "--ball-diameter: {:g} m; a ball of 0.0005 to 0.1 m is needed", options.ball_diameter));
  }
  if (options.pixel_pitch && 0.5 * options.ball_diameter / *options.pixel_pitch < 8.0) {
    throw hal::InputError("--pixel-pitch: the ball would be less than 16 px across");
  }
  Calibration(options).run();
}

}  // namespace

void add_calibrate_command(CLI::App& program) {
  auto options = std::make_shared<Options>();
  CLI::App* command = program.add_subcommand(
      "calibrate", "Make a sensor profile from pictures of a ball on its gel");
  command->add_option("BALL", options->balls, "Pictures of the ball pressed on the gel");
  command->add_option("--reference", options->reference, "Picture of the untouched gel");
  command->add_option("--ball-diameter", options->ball_diameter, "Of the ball (m)");
  command->add_option("--pixel-pitch", options->pixel_pitch,
                      "Metres of gel per pixel; fitted if not given, which is far less sure");
  command->add_option("--test", options->tests, "Pictures to report the error on, not fitted")
      ->allow_extra_args(false)
      ->take_all();
  command
      ->add_option("--model", options->model,
                   "lamps: three near lamps; table: over normal and place; auto: the better "
                   "one over presses left out in turn")
      ->check(CLI::IsMember({"auto", "lamps", "table"}))
      ->capture_default_str();
  command->add_option("--base", options->base, "Profile to take the pad and the rest from")
      ->capture_default_str();
  command->add_option("--import-taxim", options->taxim,
                      "Instead of pictures: Taxim's calibration table, polycalib.npz");
  command->add_option("--out", options->out, "Profile to write")->required();
  command->footer(
      "Example:\n  gripbench calibrate --reference ref.jpg --ball-diameter 4.76e-3 "
      "ball_1.jpg ball_2.jpg --test ball_3.jpg --out my_gelsight.yaml");
  command->callback([options] { calibrate(*options); });
}

}  // namespace gripbench::experiments

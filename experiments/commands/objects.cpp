#include "hal/objects.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "experiments/commands/command.h"
#include "experiments/file_io.h"
#include "experiments/object_page.h"
#include "experiments/object_workshop.h"
#include "experiments/progress_bar.h"
#include "experiments/workcell_factory.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

constexpr int kPortraitWidth = 640, kPortraitHeight = 480;
constexpr int kSheetPortrait = 552;  ///< three times the side it has on the sheet
constexpr int kSheetQuality = 78;

struct Options {
  fs::path catalogue = assets_folder() / "objects";
  fs::path workcell = assets_folder() / "workcells" / "sim.yaml";
  fs::path protocol = assets_folder() / "protocols" / "quick.yaml";
  /// Whose test objects the sheet marks.
  fs::path split;
  std::vector<std::string> names;
  fs::path out;
};

void check_picture_name(const fs::path& file) {
  const std::string extension = file.extension().string();
  if (extension != ".png" && extension != ".jpg") {
    throw hal::InputError("--out " + file.string() + ": must end in .png or .jpg");
  }
}

void write_picture(const fs::path& file, const cv::Mat& picture) {
  std::vector<unsigned char> bytes;
  cv::imencode(file.extension().string(), picture, bytes,
               {cv::IMWRITE_JPEG_QUALITY, kSheetQuality, cv::IMWRITE_JPEG_OPTIMIZE, 1});
  write_file(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  fmt::print("{}\n", file.string());
}

std::vector<hal::ObjectDescription> load_all(const fs::path& folder) {
  const hal::ObjectCatalogue catalogue(folder);
  std::vector<hal::ObjectDescription> objects;
  for (const std::string& name : catalogue.names()) objects.push_back(catalogue.load(name));
  return objects;
}

/// Acceleration of the lifts that the objects are made for (m/s^2).
double lift_acceleration(const Options& options) {
  return load_protocol(options.protocol).lift.motion.acceleration;
}

void list_objects(const Options& options) {
  fmt::print("{}", object_table(load_all(options.catalogue), lift_acceleration(options)));
}

void show_objects(const Options& options) {
  if (!options.out.empty()) check_picture_name(options.out);
  const GraspProtocol protocol = load_protocol(options.protocol);
  const hal::ObjectCatalogue catalogue(options.catalogue);
  std::vector<hal::ObjectDescription> objects;
  for (const std::string& name : options.names) objects.push_back(catalogue.load(name));
  for (const hal::ObjectDescription& object : objects) {
    fmt::print("{}", object_facts(object, protocol.lift.motion.acceleration));
  }
  if (options.out.empty()) return;
  const StopRequest stop{stage_context(1).stop};
  PortraitStudio studio(assets_folder(), kPortraitWidth, kPortraitHeight);
  const auto workcell = choose_workcell_without_rig(options.workcell).make();
  std::vector<cv::Mat> pages;
  for (const hal::ObjectDescription& object : objects) {
    pages.push_back(object_page(object, studio.portrait(object),
                                picture_in_grip(*workcell, protocol, object, stop)));
  }
  cv::Mat picture;
  cv::vconcat(pages, picture);
  write_picture(options.out, picture);
}

void make_sheet(const Options& options) {
  check_picture_name(options.out);
  std::vector<std::string> test;
  if (!options.split.empty()) test = load_protocol(options.split).test_objects;
  const StopRequest stop{stage_context(1).stop};
  const std::vector<hal::ObjectDescription> objects = load_all(options.catalogue);
  PortraitStudio studio(assets_folder(), kSheetPortrait, kSheetPortrait);
  std::vector<SheetEntry> entries;
  {
    ProgressBar bar("sheet");
    for (const hal::ObjectDescription& object : objects) {
      stop.check();
      bar.update(static_cast<double>(entries.size()) / static_cast<double>(objects.size()),
                 object.name);
      entries.push_back({.object = object,
                         .portrait = studio.portrait(object),
                         .test = std::ranges::find(test, object.name) != test.end()});
    }
    bar.update(1.0, "");
  }
  // Test objects last, so that one sees at a glance what they are held against.
  std::ranges::stable_partition(entries, [](const SheetEntry& entry) { return !entry.test; });
  write_picture(options.out, object_sheet(entries));
}

void add_list(CLI::App& objects, const std::shared_ptr<Options>& options) {
  CLI::App* list = objects.add_subcommand("list", "A table with one line per object");
  list->add_option("--catalogue", options->catalogue, "Folder of the catalogue")
      ->capture_default_str();
  list->footer(
      "N/pad is the force on each pad that holds the object in a lift.\n"
      "Example:\n  gripbench objects list");
  list->callback([options] { list_objects(*options); });
}

void add_show(CLI::App& objects, const std::shared_ptr<Options>& options) {
  CLI::App* show = objects.add_subcommand("show", "Everything the catalogue says about an object");
  show->add_option("NAME", options->names, "The object, or several")->required();
  show->add_option(
      "--out", options->out,
      "Picture (.png, .jpg): a row per object, alone, between the fingers, its imprint");
  show->add_option("--catalogue", options->catalogue, "Folder of the catalogue")
      ->capture_default_str();
  show->add_option("--protocol", options->protocol, "How and where it is gripped")
      ->capture_default_str();
  show->add_option("--workcell", options->workcell, "The rig that grips it")->capture_default_str();
  show->footer("Example:\n  gripbench objects show espresso_mug --out out/mug.png");
  show->callback([options] { show_objects(*options); });
}

void add_sheet(CLI::App& objects, const std::shared_ptr<Options>& options) {
  CLI::App* sheet = objects.add_subcommand("sheet", "The catalogue as one picture");
  sheet->add_option("--out", options->out, "The picture (.png, .jpg)")->required();
  sheet->add_option("--catalogue", options->catalogue, "Folder of the catalogue")
      ->capture_default_str();
  sheet->add_option("--protocol", options->split, "Mark the test objects of this experiment");
  sheet->footer(
      "Example:\n  gripbench objects sheet --protocol assets/protocols/quick.yaml "
      "--out out/objects.jpg");
  sheet->callback([options] { make_sheet(*options); });
}

}  // namespace

void add_objects_command(CLI::App& program) {
  CLI::App* command = program.add_subcommand("objects", "Look at the object catalogue");
  auto options = std::make_shared<Options>();
  add_list(*command, options);
  add_show(*command, options);
  add_sheet(*command, options);
  add_objects_add_command(*command);
  command->require_subcommand(1);
  command->footer("Example:\n  gripbench objects list");
}

}  // namespace gripbench::experiments

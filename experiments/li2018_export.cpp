#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include <fmt/format.h>

#include "experiments/dataset_export.h"
#include "experiments/export_folder.h"
#include "experiments/li2018_layout.h"
#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// What follows external_ and gelsight_. Published loaders look for the first picture's token
/// anywhere in the path: eight digits are nowhere else in it.
std::string suffix(int frame) { return fmt::format("{:08}", frame); }

struct NumberedObject {
  /// "object007"
  std::string number;
  Li2018Split split = Li2018Split::kTraining;
};
using NumberedObjects = std::map<std::string, NumberedObject>;

/// Validation objects: those with the least of a number drawn per name.
std::set<std::string> validation_objects(const std::vector<std::string>& train, double share,
                                         std::uint64_t seed) {
  std::vector<std::pair<std::uint64_t, std::string>> drawn;
  for (const std::string& object : train) {
    drawn.emplace_back(hal::split_seed(seed, "validation " + object, 0), object);
  }
  std::sort(drawn.begin(), drawn.end());
  std::size_t count =
      static_cast<std::size_t>(std::lround(share * static_cast<double>(drawn.size())));
  if (share > 0.0 && drawn.size() > 1) count = std::clamp<std::size_t>(count, 1, drawn.size() - 1);
  std::set<std::string> chosen;
  for (std::size_t i = 0; i < count && i < drawn.size(); ++i) chosen.insert(drawn[i].second);
  return chosen;
}

NumberedObjects number_objects(const EpisodeStore& store, double validation_share) {
  const DatasetInfo& info = store.info();
  const auto validation = validation_objects(info.train_objects, validation_share, info.seed);
  NumberedObjects objects;
  for (const std::string& object : info.train_objects) {
    objects[object].split =
        validation.contains(object) ? Li2018Split::kValidation : Li2018Split::kTraining;
  }
  for (const std::string& object : info.test_objects) objects[object].split = Li2018Split::kTesting;
  const std::size_t digits = std::max<std::size_t>(3, std::to_string(objects.size()).size());
  int number = 0;
  for (auto& [name, object] : objects)
    object.number = fmt::format("object{:0{}}", ++number, digits);
  return objects;
}

nlohmann::ordered_json describe(const EpisodeStore& store, const NumberedObjects& objects) {
  nlohmann::ordered_json listed = nlohmann::ordered_json::array();
  for (const auto& [name, object] : objects) {
    listed.push_back(
        {{"object", object.number}, {"name", name}, {"split", to_string(object.split)}});
  }
  return {{"layout", "li2018"},
          {"dataset_sha256", store.dataset_hash()},
          {"first_picture", fmt::format("T({})", kLi2018NamedFrame)},
          {"objects", listed}};
}

/// Object, grasp, label, pictures, rate, first picture, grasp, and a last field that loaders pass
/// over.
std::string label_line(const EpisodeRecord& record, const NumberedObject& object) {
  const std::string& grasp = record.parameters.grasp;
  return fmt::format("{} {} {} {} {:g} {} {} mm\n", object.number, grasp, record.slip ? 0 : 1,
                     kFramesPerEpisode, kLi2018Rate, suffix(kLi2018NamedFrame + kLiftFrame), grasp);
}

}  // namespace

ExportSummary export_li2018(const EpisodeStore& store, const fs::path& out,
                            const ExportOptions& options) {
  std::vector<EpisodeRecord> records = store.records();
  const NumberedObjects objects = number_objects(store, options.validation_share);
  for (const EpisodeRecord& record : records) {
    if (!objects.contains(record.parameters.object)) {
      throw hal::InputError(fmt::format("{}: {} is neither a training nor a test object",
                                        store.folder().string(), record.parameters.object));
    }
  }
  begin_export(out, describe(store, objects));
  auto split_folder = [&](const NumberedObject& object) { return out / to_string(object.split); };
  const ExportSummary summary = export_grasps(
      records, options,
      [&](const EpisodeRecord& record) {
        const NumberedObject& object = objects.at(record.parameters.object);
        return split_folder(object) / object.number / (record.parameters.grasp + "_mm");
      },
      [&](const EpisodeRecord& record) {
        FolderContent pictures = store.load_pictures(record);
        FolderContent content;
        for (int i = 0; i < kFramesPerEpisode; ++i) {
          content["external_" + suffix(i) + ".jpg"] = pictures.at(picture_name("external", i));
          content["gelsight_" + suffix(i) + ".jpg"] = pictures.at(picture_name("tactile", i));
        }
        return content;
      });
  std::map<std::string, std::string> labels;
  for (const EpisodeRecord& record : records) {
    const std::string& name = record.parameters.object;
    labels[name] += label_line(record, objects.at(name));
  }
  for (const auto& [name, lines] : labels) {
    const NumberedObject& object = objects.at(name);
    write_file(split_folder(object) / (object.number + "_result.dat"), lines);
  }
  return summary;
}

}  // namespace gripbench::experiments

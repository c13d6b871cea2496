#include "experiments/dataset_file.h"

#include <algorithm>
#include <charconv>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/episode_files.h"
#include "experiments/file_io.h"
#include "experiments/files.h"
#include "experiments/sha256.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFormat = "gripbench-episodes";
constexpr const char* kPlanHeader = "object,grasp,position";

json to_json(const DatasetInfo& info) {
  return {{"format", kFormat},
          {"version", kStoreVersion},
          {"software", info.software},
          {"seed", info.seed},
          {"shard", shard_name(info)},
          {"protocol", info.protocol_text},
          {"protocol_sha256", sha256(info.protocol_text)},
          {"catalogue_sha256", info.catalogue_hash},
          {"rig_sha256", info.rig_hash},
          {"train_objects", info.train_objects},
          {"test_objects", info.test_objects}};
}

/// A whole number that is all of `text`.
std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void read_shard(const std::string& name, DatasetInfo& info) {
  const std::size_t slash = std::min(name.find('/'), name.size());
  const std::optional<int> part = number_in(std::string_view(name).substr(0, slash));
  const std::optional<int> parts =
      number_in(std::string_view(name).substr(std::min(slash + 1, name.size())));
  if (!part || !parts || *part < 1 || *part > *parts) {
    throw hal::InputError("'" + name + "' is no shard I/N");
  }
  info.shard = *part - 1;
  info.shards = *parts;
}

DatasetInfo from_json(const json& j) {
  if (j.at("format") != kFormat) {
    throw hal::InputError(fmt::format("is not of the format {}", kFormat));
  }
  DatasetInfo info{.protocol_text = j.at("protocol"),
                   .train_objects = j.at("train_objects"),
                   .test_objects = j.at("test_objects"),
                   .catalogue_hash = j.at("catalogue_sha256"),
                   .seed = j.at("seed"),
                   .software = j.at("software"),
                   .rig_hash = j.value("rig_sha256", "")};
  // Layout 1 knew neither shard nor plan.
  if (j.contains("shard")) read_shard(j.at("shard"), info);
  return info;
}

std::string plan_to_csv(const std::vector<PlannedGrasp>& plan) {
  std::string csv = std::string(kPlanHeader) + "\n";
  for (const PlannedGrasp& grasp : plan) {
    csv += csv_line({grasp.object, grasp.grasp, std::to_string(grasp.position)});
  }
  return csv;
}

std::vector<PlannedGrasp> plan_from_csv(const std::string& text, const fs::path& file) {
  std::istringstream stream(text);
  std::vector<PlannedGrasp> plan;
  std::string line;
  for (int number = 1; std::getline(stream, line); ++number) {
    if (number == 1 && line == kPlanHeader) continue;
    const std::vector<std::string> fields = split_csv(line);
    const std::optional<int> position =
        fields.size() == 3 ? number_in(fields[2]) : std::optional<int>();
    if (number == 1 || !position) {
      throw hal::InputError(fmt::format("{}:{}: does not read '{}'; copy it again", file.string(),
                                        number, number == 1 ? kPlanHeader : "OBJECT,GRASP,NUMBER"));
    }
    plan.push_back({fields[0], fields[1], *position});
  }
  return plan;
}

/// Number, from 1, of the first line in which two texts differ.
int first_different_line(const std::string& a, const std::string& b) {
  const auto end = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first;
  return 1 + static_cast<int>(std::count(a.begin(), end, '\n'));
}

}  // namespace

std::string shard_name(const DatasetInfo& info) {
  return fmt::format("{}/{}", info.shard + 1, info.shards);
}

void write_dataset(const fs::path& folder, const DatasetInfo& info) {
  FolderContent content;
  if (info.plan) {
    content[kPlanFile] = plan_to_csv(*info.plan);
    write_file(folder / kPlanFile, content[kPlanFile]);
  }
  add_description(content, kDatasetFile, to_json(info));
  write_file(folder / kDatasetFile, content.at(kDatasetFile));
}

DatasetInfo read_dataset(const fs::path& folder) {
  const fs::path file = folder / kDatasetFile;
  if (!fs::exists(file)) {
    throw hal::InputError(folder.string() +
                          ": is no data set (it holds no dataset.json); check the path");
  }
  const json description = read_description(file);
  DatasetInfo info = interpret(file, description, from_json);
  if (description.at("files").contains(kPlanFile)) {
    info.plan = plan_from_csv(read_described(folder, description, kPlanFile), folder / kPlanFile);
  }
  return info;
}

std::string difference(const DatasetInfo& there, const DatasetInfo& asked) {
  if (there.seed != asked.seed) return fmt::format("seed {}, not {}", there.seed, asked.seed);
  if (there.protocol_text != asked.protocol_text) {
    return fmt::format("another protocol (they part in line {})",
                       first_different_line(there.protocol_text, asked.protocol_text));
  }
  if (there.catalogue_hash != asked.catalogue_hash) {
    return "other descriptions of the protocol's objects";
  }
  if (there.rig_hash != asked.rig_hash) return "another workcell, or another file that it names";
  return "";
}

}  // namespace gripbench::experiments

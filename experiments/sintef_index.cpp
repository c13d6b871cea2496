#include "experiments/sintef_index.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "experiments/file_io.h"
#include "experiments/parallel.h"
#include "experiments/sha256.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

/// Raise it when the same recordings would be imported otherwise.
constexpr int kImportVersion = 1;

Json to_json(const ImportedVideo& video) {
  return {{"camera", video.camera}, {"frames", video.frames}, {"windows", video.windows}};
}

Json to_json(const ImportedGrasp& grasp) {
  Json videos = Json::array();
  for (const ImportedVideo& video : grasp.videos) videos.push_back(to_json(video));
  return {{"object", grasp.object},
          {"grasp", grasp.grasp},
          {"slip", grasp.slip},
          {"session", grasp.session},
          {"contact", {grasp.contact.first, grasp.contact.last}},
          {"videos", videos},
          {"frames_in_video", grasp.frames_in_video},
          {"last_frame_imprint", grasp.last_frame_imprint},
          {"statistics", grasp.statistics},
          {"motion", grasp.motion}};
}

ImportedGrasp grasp_from(const Json& json) {
  ImportedGrasp grasp;
  grasp.object = json.at("object");
  grasp.grasp = json.at("grasp");
  grasp.slip = json.at("slip");
  grasp.session = json.at("session");
  grasp.contact = {json.at("contact").at(0), json.at("contact").at(1)};
  for (const Json& video : json.at("videos")) {
    grasp.videos.push_back({video.at("camera").get<std::string>(),
                            video.at("frames").get<std::vector<int>>(),
                            video.at("windows").get<std::vector<std::vector<int>>>()});
  }
  grasp.frames_in_video = json.at("frames_in_video");
  grasp.last_frame_imprint = json.at("last_frame_imprint");
  grasp.statistics = json.at("statistics").get<std::array<double, kImageStatistics>>();
  grasp.motion = json.at("motion");
  return grasp;
}

Json to_json(const SintefWindows& windows) {
  return {{"windows", windows.windows},
          {"length", windows.length},
          {"settle", windows.settle},
          {"seed", windows.seed}};
}

Json to_json(const std::vector<LeftOut>& left_out) {
  Json list = Json::array();
  for (const LeftOut& one : left_out) {
    list.push_back({{"object", one.object},
                    {"grasp", one.grasp},
                    {"camera", one.camera},
                    {"reason", one.reason},
                    {"slip", one.slip}});
  }
  return list;
}

std::vector<LeftOut> left_out_from(const Json& json) {
  std::vector<LeftOut> list;
  for (const Json& one : json) {
    list.push_back({one.at("object"), one.at("grasp"), one.at("camera"), one.at("reason"),
                    one.at("slip").get<bool>()});
  }
  return list;
}

/// Names of files may be no UTF-8.
std::string dump(const Json& json) {
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

/// One that cannot be read is left out later, with the reason.
std::string hash_if_readable(const fs::path& file) {
  try {
    return sha256(read_file(file));
  } catch (const hal::InputError&) {
    return "unreadable";
  }
}

fs::path grasp_file(const fs::path& folder, const SintefGrasp& grasp) {
  return folder / grasp.object / grasp.grasp / "grasp.json";
}

}  // namespace

std::string sintef_fingerprint(const SintefScan& scan, const SintefWindows& windows, int jobs) {
  std::string text = fmt::format("version {} {}\n", kImportVersion, to_json(windows).dump());
  std::vector<std::string> by_grasp(scan.grasps.size());
  for_each_parallel(scan.grasps.size(), jobs, [&](std::size_t i) {
    const SintefGrasp& grasp = scan.grasps[i];
    by_grasp[i] = fmt::format("{}/{} {}\n", grasp.object, grasp.grasp, grasp.slip);
    for (const SintefVideo& video : grasp.videos) {
      by_grasp[i] += video.camera + " " + hash_if_readable(video.file) + "\n";
    }
  });
  for (const std::string& of_grasp : by_grasp) text += of_grasp;
  return sha256(text);
}

void save_grasp(const fs::path& folder, const SintefGrasp& grasp, const StoredGrasp& stored) {
  const Json json = {{"version", kImportVersion},
                     {"made_from", stored.made_from},
                     {"grasp", stored.grasp ? to_json(*stored.grasp) : Json(nullptr)},
                     {"left_out", to_json(stored.left_out)}};
  write_file(grasp_file(folder, grasp), dump(json));
}

std::optional<StoredGrasp> load_grasp(const fs::path& folder, const SintefGrasp& grasp) {
  const fs::path file = grasp_file(folder, grasp);
  if (!fs::exists(file)) return std::nullopt;
  try {
    const Json json = Json::parse(read_file(file));
    StoredGrasp stored{json.at("made_from"), std::nullopt, left_out_from(json.at("left_out"))};
    if (!json.at("grasp").is_null()) stored.grasp = grasp_from(json.at("grasp"));
    return stored;
  } catch (const nlohmann::json::exception&) {
    // Made again, as if it were not there.
    return std::nullopt;
  }
}

void save_index(const fs::path& folder, const StoredIndex& stored) {
  const SintefIndex& index = stored.index;
  Json grasps = Json::array();
  for (const ImportedGrasp& grasp : index.grasps) grasps.push_back(to_json(grasp));
  const Json json = {{"version", kImportVersion},
                     {"made_from", stored.made_from},
                     {"windows", to_json(index.windows)},
                     {"left_out", to_json(index.left_out)},
                     {"no_slip_visible", index.no_slip_visible},
                     {"grasps", grasps}};
  write_file(folder / kSintefIndexName, dump(json));
}

StoredIndex load_index(const fs::path& folder) {
  const fs::path file = folder / kSintefIndexName;
  try {
    const Json json = Json::parse(read_file(file));
    StoredIndex stored;
    stored.made_from = json.at("made_from");
    const Json& windows = json.at("windows");
    stored.index.windows = {windows.at("windows"), windows.at("length"), windows.at("settle"),
                            windows.at("seed")};
    for (const Json& grasp : json.at("grasps")) stored.index.grasps.push_back(grasp_from(grasp));
    stored.index.left_out = left_out_from(json.at("left_out"));
    stored.index.no_slip_visible = json.at("no_slip_visible").get<std::vector<std::string>>();
    return stored;
  } catch (const nlohmann::json::exception& wrong) {
    throw hal::InputError(file.string() + ": damaged: " + wrong.what() +
                          "; delete the folder and import again");
  }
}

}  // namespace gripbench::experiments

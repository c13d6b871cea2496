#include "experiments/episode_files.h"

#include <charconv>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include <Eigen/Geometry>

#include "experiments/sha256.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

using nlohmann::json;

constexpr const char* kPadColumns[] = {"slip_x",       "slip_y",     "slip_rotation", "slip_mean",
                                       "contact_area", "stick_area", "force_x",       "force_y",
                                       "force_z",      "torque"};
constexpr std::size_t kPadNumbers = std::size(kPadColumns);
constexpr std::size_t kRigNumbers = 11;
constexpr std::size_t kAllNumbers = kRigNumbers + 2 * kPadNumbers + 1;

std::string trace_header() {
  std::string header =
      "time,tcp_x,tcp_y,tcp_z,tcp_qw,tcp_qx,tcp_qy,tcp_qz,tcp_speed_z,jaw_width,normal_force";
  for (int pad = 0; pad < 2; ++pad) {
    for (const char* column : kPadColumns) header += fmt::format(",pad{}_{}", pad, column);
  }
  return header + ",object_lost";
}

std::array<double, kPadNumbers> numbers_of(const hal::PadSlip& pad) {
  return {pad.translation.x(), pad.translation.y(), pad.rotation,  pad.mean_distance,
          pad.contact_area,    pad.stick_area,      pad.force.x(), pad.force.y(),
          pad.force.z(),       pad.torque};
}

hal::PadSlip pad_from(const double* n) {
  return {.translation = {n[0], n[1]},
          .rotation = n[2],
          .mean_distance = n[3],
          .contact_area = n[4],
          .stick_area = n[5],
          .force = {n[6], n[7], n[8]},
          .torque = n[9]};
}

[[noreturn]] void fail_line(const std::filesystem::path& file, int line, const char* message) {
  throw hal::InputError(
      fmt::format("{}:{}: {}; collect or copy it again", file.string(), line, message));
}

/// Numbers of one line; an empty field ends them (a rig that does not know the truth).
std::vector<double> split_line(std::string_view line, const std::filesystem::path& file,
                               int number) {
  std::vector<double> values;
  while (true) {
    const std::size_t comma = line.find(',');
    const std::string_view field = line.substr(0, comma);
    if (!field.empty()) {
      double value = 0.0;
      const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
      if (error != std::errc() || end != field.data() + field.size()) {
        fail_line(file, number, "is no line of numbers");
      }
      values.push_back(value);
    }
    if (comma == std::string_view::npos) return values;
    line.remove_prefix(comma + 1);
  }
}

json camera_to_json(const hal::CameraInfo& info) {
  return {{"width_px", info.width_px}, {"height_px", info.height_px}, {"rate_hz", info.rate_hz}};
}

hal::CameraInfo camera_from_json(const json& j) {
  return {.width_px = j.at("width_px"), .height_px = j.at("height_px"), .rate_hz = j.at("rate_hz")};
}

}  // namespace

json to_json(const EpisodeRecord& record) {
  const GraspParameters& p = record.parameters;
  json j = {{"version", kStoreVersion},
            {"object", p.object},
            {"grasp", p.grasp},
            {"seed", p.seed},
            {"position", p.position},
            {"height", p.height},
            {"offset", p.offset},
            {"yaw", p.yaw},
            {"barely_touch_width", p.barely_touch_width},
            {"squeeze", p.squeeze},
            {"label", record.slip ? "slip" : "stable"},
            {"kind", to_string(record.kind)},
            {"reason", record.reason},
            {"grip_margin", nullptr},
            {"variation", record.variation},
            {"tactile_times", record.tactile_times},
            {"external_times", record.external_times}};
  if (record.grip_margin) j["grip_margin"] = *record.grip_margin;
  return j;
}

EpisodeRecord record_from_json(const json& j) {
  EpisodeRecord record;
  record.parameters = {.object = j.at("object"),
                       .grasp = j.at("grasp"),
                       .seed = j.at("seed"),
                       .position = j.at("position"),
                       .height = j.at("height"),
                       .offset = j.at("offset"),
                       .yaw = j.at("yaw"),
                       .barely_touch_width = j.at("barely_touch_width"),
                       .squeeze = j.at("squeeze")};
  const std::string label = j.at("label");
  if (label != "slip" && label != "stable") {
    throw hal::InputError("'" + label + "' is no label; it is slip or stable");
  }
  record.slip = label == "slip";
  record.kind = slip_kind_from(j.at("kind"));
  record.reason = j.at("reason");
  if (!j.at("grip_margin").is_null()) record.grip_margin = j.at("grip_margin").get<double>();
  // Data sets of earlier versions do not tell.
  record.variation = j.value("variation", hal::Variation{});
  record.tactile_times = j.at("tactile_times");
  record.external_times = j.at("external_times");
  return record;
}

json to_json(const PositionRecord& position) {
  json trials = json::array();
  for (const TrialLift& trial : position.trials) {
    trials.push_back({{"squeeze", trial.squeeze}, {"slip", trial.slip}, {"reason", trial.reason}});
  }
  const hal::GripperLimits& g = position.gripper;
  return {{"version", kStoreVersion},
          {"object", position.object},
          {"position", position.index},
          {"height", position.height},
          {"offset", position.offset},
          {"yaw", position.yaw},
          {"barely_touch_width", position.barely_touch_width},
          {"edge_depth", position.edge_depth},
          {"edge_found", position.edge_found()},
          {"trials", trials},
          {"gripper",
           {{"min_width", g.min_width},
            {"max_width", g.max_width},
            {"min_speed", g.min_speed},
            {"max_speed", g.max_speed},
            {"max_normal_force", g.max_normal_force},
            {"resolution", g.resolution}}},
          {"tactile_camera", camera_to_json(position.tactile_camera)},
          {"external_camera", camera_to_json(position.external_camera)},
          {"pixel_pitch", position.pixel_pitch}};
}

PositionRecord position_from_json(const json& j) {
  PositionRecord position{.object = j.at("object"),
                          .index = j.at("position"),
                          .height = j.at("height"),
                          .offset = j.at("offset"),
                          .yaw = j.at("yaw"),
                          .barely_touch_width = j.at("barely_touch_width"),
                          .edge_depth = j.at("edge_depth")};
  for (const json& trial : j.at("trials")) {
    position.trials.push_back(
        {.squeeze = trial.at("squeeze"), .slip = trial.at("slip"), .reason = trial.at("reason")});
  }
  const json& g = j.at("gripper");
  position.gripper = {.min_width = g.at("min_width"),
                      .max_width = g.at("max_width"),
                      .min_speed = g.at("min_speed"),
                      .max_speed = g.at("max_speed"),
                      .max_normal_force = g.at("max_normal_force"),
                      .resolution = g.at("resolution")};
  position.tactile_camera = camera_from_json(j.at("tactile_camera"));
  position.external_camera = camera_from_json(j.at("external_camera"));
  position.pixel_pitch = j.at("pixel_pitch");
  return position;
}

std::string trace_to_csv(const std::vector<TracePoint>& trace) {
  std::string csv = trace_header() + "\n";
  for (const TracePoint& point : trace) {
    const Eigen::Vector3d at = point.base_from_tcp.translation();
    const Eigen::Quaterniond turn(point.base_from_tcp.linear());
    csv += fmt::format("{},{},{},{},{},{},{},{},{},{},{}", point.time, at.x(), at.y(), at.z(),
                       turn.w(), turn.x(), turn.y(), turn.z(), point.tcp_speed_z, point.jaw_width,
                       point.normal_force);
    if (point.truth) {
      for (const hal::PadSlip& pad : point.truth->pads) {
        for (const double number : numbers_of(pad)) csv += fmt::format(",{}", number);
      }
      csv += point.truth->object_lost ? ",1" : ",0";
    } else {
      csv.append(2 * kPadNumbers + 1, ',');
    }
    csv += '\n';
  }
  return csv;
}

std::vector<TracePoint> trace_from_csv(const std::string& text, const std::filesystem::path& file) {
  std::istringstream stream(text);
  std::string line;
  if (!std::getline(stream, line) || line != trace_header()) {
    fail_line(file, 1, "does not begin with the columns of a trace");
  }
  std::vector<TracePoint> trace;
  for (int number = 2; std::getline(stream, line); ++number) {
    const std::vector<double> n = split_line(line, file, number);
    if (n.size() != kRigNumbers && n.size() != kAllNumbers) {
      fail_line(file, number, "has the wrong number of columns");
    }
    TracePoint point;
    point.time = n[0];
    point.tcp_speed_z = n[8];
    point.jaw_width = n[9];
    point.normal_force = n[10];
    point.base_from_tcp.translation() = Eigen::Vector3d(n[1], n[2], n[3]);
    point.base_from_tcp.linear() =
        Eigen::Quaterniond(n[4], n[5], n[6], n[7]).normalized().toRotationMatrix();
    if (n.size() == kAllNumbers) {
      const double* truth = n.data() + kRigNumbers;
      point.truth = hal::SlipTruth{.pads = {pad_from(truth), pad_from(truth + kPadNumbers)},
                                   .object_lost = n.back() != 0.0};
    }
    trace.push_back(point);
  }
  return trace;
}

std::string text_of(const json& description) { return description.dump(1) + "\n"; }

void add_description(FolderContent& content, const std::string& name, json description) {
  json files = json::object();
  for (const auto& [file, bytes] : content) files[file] = sha256(bytes);
  description["files"] = files;
  description["sha256"] = sha256(description.dump());
  content[name] = text_of(description);
}

json read_description(const std::filesystem::path& file) {
  const std::string text = read_file(file);
  json description = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!description.is_object()) {
    throw hal::InputError(file.string() + ": is no JSON object; collect or copy it again");
  }
  const json version = description.value("version", json());
  if (version.is_number_integer() && version.get<int>() > kStoreVersion) {
    throw hal::InputError(fmt::format(
        "{}: was written by a newer GripBench (layout {}, this one reads up to {}); update it",
        file.string(), version.get<int>(), kStoreVersion));
  }
  json unsigned_description = description;
  unsigned_description.erase("sha256");
  // The checksum is of what the text means; that nothing else was changed shows in the text.
  if (description.value("sha256", json()) != sha256(unsigned_description.dump()) ||
      text != text_of(description)) {
    throw hal::InputError(file.string() +
                          ": does not match its own checksum; collect or copy it again");
  }
  return description;
}

std::string read_described(const std::filesystem::path& folder, const json& description,
                           const std::string& name) {
  const std::filesystem::path file = folder / name;
  if (!std::filesystem::exists(file)) {
    throw hal::InputError(file.string() + ": is missing; collect or copy it again");
  }
  std::string bytes = read_file(file);
  if (description.value("files", json::object()).value(name, "") != sha256(bytes)) {
    throw hal::InputError(
        fmt::format("{}: is damaged or truncated ({} bytes do not match its checksum); collect or "
                    "copy it again",
                    file.string(), bytes.size()));
  }
  return bytes;
}

}  // namespace gripbench::experiments

#include "hal/replay/recording.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr int kNewestLayout = 2;
constexpr std::size_t kRigColumns = 11;
constexpr std::size_t kPadColumns = 10;
constexpr std::size_t kAllColumns = kRigColumns + 2 * kPadColumns + 1;

[[noreturn]] void fail(const fs::path& file, const std::string& message) {
  throw InputError(file.string() + ": " + message);
}

std::string read_bytes(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail(file, "cannot be read; is the recording complete?");
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

json read_json(const fs::path& file) {
  json content = json::parse(read_bytes(file), nullptr, /*allow_exceptions=*/false);
  if (!content.is_object()) fail(file, "is no JSON object; copy the recording again");
  const json version = content.value("version", json());
  if (version.is_number_integer() && version.get<int>() > kNewestLayout) {
    fail(file, fmt::format("was written by a newer GripBench (layout {}, this one reads up to {}); "
                           "update it",
                           version.get<int>(), kNewestLayout));
  }
  return content;
}

template <typename Read>
auto interpret(const fs::path& file, Read read) {
  try {
    return read(read_json(file));
  } catch (const json::exception& error) {
    fail(file, std::string("lacks a key or has a wrong one (") + error.what() + ")");
  }
}

std::vector<double> numbers_of(std::string_view line, const fs::path& file, int number) {
  std::vector<double> values;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t comma = std::min(line.find(',', begin), line.size());
    if (comma > begin) {
      double value = 0.0;
      const char* end = line.data() + comma;
      const auto parsed = std::from_chars(line.data() + begin, end, value);
      if (parsed.ec != std::errc() || parsed.ptr != end) {
        fail(file, fmt::format("line {} is no line of numbers; copy the recording again", number));
      }
      values.push_back(value);
    }
    begin = comma + 1;
  }
  return values;
}

PadSlip pad_from(const double* n) {
  return {.translation = {n[0], n[1]},
          .rotation = n[2],
          .mean_distance = n[3],
          .contact_area = n[4],
          .stick_area = n[5],
          .force = {n[6], n[7], n[8]},
          .torque = n[9]};
}

RecordedState state_from(const std::vector<double>& n) {
  RecordedState state;
  state.time = n[0];
  state.base_from_tcp.translation() = Eigen::Vector3d(n[1], n[2], n[3]);
  state.base_from_tcp.linear() =
      Eigen::Quaterniond(n[4], n[5], n[6], n[7]).normalized().toRotationMatrix();
  state.tcp_speed_z = n[8];
  state.jaw_width = n[9];
  state.normal_force = n[10];
  if (n.size() == kAllColumns) {
    const double* truth = n.data() + kRigColumns;
    state.truth = SlipTruth{.pads = {pad_from(truth), pad_from(truth + kPadColumns)},
                            .object_lost = n.back() != 0.0};
  }
  return state;
}

std::vector<RecordedState> read_trace(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  if (!std::getline(stream, line)) fail(file, "cannot be read; is the recording complete?");
  std::vector<RecordedState> trace;
  for (int number = 2; std::getline(stream, line); ++number) {
    const std::vector<double> n = numbers_of(line, file, number);
    if (n.size() != kRigColumns && n.size() != kAllColumns) {
      fail(file, fmt::format("line {} has the wrong number of columns; copy the recording again",
                             number));
    }
    trace.push_back(state_from(n));
  }
  if (trace.empty()) fail(file, "holds no line; copy the recording again");
  return trace;
}

std::vector<RecordedPicture> pictures(const fs::path& folder, const char* camera,
                                      const std::vector<double>& times) {
  std::vector<RecordedPicture> all;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (i > 0 && times[i] <= times[i - 1]) continue;
    all.push_back({.file = folder / fmt::format("{}_{:02}.jpg", camera, i), .time = times[i]});
  }
  return all;
}

CameraInfo camera_from(const json& j) {
  return {.width_px = j.at("width_px"), .height_px = j.at("height_px"), .rate_hz = j.at("rate_hz")};
}

RecordedPosition position_from(const fs::path& folder, const json& j) {
  RecordedPosition position;
  position.barely_touch_width = j.at("barely_touch_width");
  for (const json& trial : j.at("trials")) position.trials.push_back(trial.at("slip"));
  position.reference.file = folder / "reference.jpg";
  position.touch.file = folder / "touch.jpg";
  const json& g = j.at("gripper");
  position.gripper = {.min_width = g.at("min_width"),
                      .max_width = g.at("max_width"),
                      .min_speed = g.at("min_speed"),
                      .max_speed = g.at("max_speed"),
                      .max_normal_force = g.at("max_normal_force"),
                      .resolution = g.at("resolution")};
  position.tactile_camera = camera_from(j.at("tactile_camera"));
  position.external_camera = camera_from(j.at("external_camera"));
  position.pixel_pitch = j.at("pixel_pitch");
  return position;
}

RecordedPosition read_position(const fs::path& folder) {
  return interpret(folder / "position.json",
                   [&](const json& j) { return position_from(folder, j); });
}

}  // namespace

cv::Mat RecordedPicture::read() const {
  const std::string bytes = read_bytes(file);
  // The decoder fills what a truncated file lacks with grey and says nothing.
  const bool whole = bytes.starts_with("\xff\xd8") && bytes.ends_with("\xff\xd9");
  cv::Mat image;
  if (whole) {
    image = cv::imdecode(
        cv::Mat(1, static_cast<int>(bytes.size()), CV_8U, const_cast<char*>(bytes.data())),
        cv::IMREAD_COLOR);
  }
  if (image.empty()) fail(file, "is no whole JPEG picture; copy the recording again");
  return image;
}

RecordedDataset::RecordedDataset(fs::path folder) : folder_(std::move(folder)) {
  if (!fs::exists(folder_ / "dataset.json")) {
    fail(folder_, "is no recorded data set (it holds no dataset.json); check the path");
  }
  read_json(folder_ / "dataset.json");
}

RecordedGrasp RecordedDataset::grasp(const std::string& object, const std::string& grasp) const {
  const fs::path folder = folder_ / "episodes" / object / grasp;
  if (!fs::exists(folder)) {
    fail(folder_, fmt::format("holds no grasp {}/{}; a recording can only repeat what was recorded",
                              object, grasp));
  }
  RecordedGrasp recorded = interpret(folder / "episode.json", [&](const json& j) {
    RecordedGrasp g;
    g.position = j.at("position");
    g.barely_touch_width = j.at("barely_touch_width");
    g.squeeze = j.at("squeeze");
    g.slip = j.at("label") == "slip";
    g.variation = j.value("variation", Variation{});
    g.tactile = pictures(folder, "tactile", j.at("tactile_times"));
    g.external = pictures(folder, "external", j.at("external_times"));
    return g;
  });
  if (recorded.tactile.empty() || recorded.external.empty()) {
    fail(folder / "episode.json", "names no pictures; copy the recording again");
  }
  recorded.trace = read_trace(folder / "trace.csv");
  return recorded;
}

RecordedPosition RecordedDataset::position(const std::string& object, int index) const {
  const fs::path folder = folder_ / "positions" / object / std::to_string(index);
  if (!fs::exists(folder)) {
    fail(folder_, fmt::format("holds no position {} of {}; a recording can only repeat what was "
                              "recorded",
                              index, object));
  }
  return read_position(folder);
}

RecordedPosition RecordedDataset::any_position() const {
  // Files are met in any order: the smallest name makes it the same one each time.
  fs::path first;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(folder_ / "positions", error);
       !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    const bool is_position = it->path().filename() == "position.json" &&
                             !it->path().parent_path().filename().string().starts_with(".");
    if (is_position && (first.empty() || it->path() < first)) first = it->path();
  }
  if (first.empty()) fail(folder_, "holds no position; nothing was recorded yet");
  return read_position(first.parent_path());
}

}  // namespace gripbench::hal

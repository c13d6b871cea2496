#include "hal/video/video_settings.h"

#include <utility>

#include "hal/net/http_client.h"

namespace gripbench::hal {
namespace {

constexpr Range kPixels{16.0, 8192.0};
constexpr Range kRate{1.0, 1000.0};
constexpr Range kPicturesInARow{0.0, 1000.0};
/// A camera with noise does not make two alike; a server that is ahead of its camera sends some
/// twice.
constexpr int kFrozenAfter = 5;

std::optional<double> optional_number(ConfigNode& node, const char* key) {
  if (!node.has(key)) return std::nullopt;
  return node.number(key, kNonNegative);
}

}  // namespace

VideoSettings VideoSettings::from(ConfigNode& node, std::string device) {
  VideoSettings settings;
  settings.device = std::move(device);
  const int sources = node.has("device") + node.has("url") + node.has("file");
  if (sources != 1) node.fail("", "expected one of 'device', 'url' and 'file'");
  if (node.has("device")) {
    DeviceVideo video;
    video.path = node.text("device");
    video.exposure = optional_number(node, "exposure");
    video.gain = optional_number(node, "gain");
    video.white_balance = optional_number(node, "white_balance");
    video.focus = optional_number(node, "focus");
    settings.source = video;
  } else if (node.has("url")) {
    HttpVideo video{node.text("url")};
    try {
      HttpAddress::from(video.url);
    } catch (const WireError& error) {
      node.fail("url", error.what());
    }
    settings.source = video;
  } else {
    settings.source = FileVideo{node.path("file").string(), node.boolean_or("loop", false)};
  }
  settings.width_px = static_cast<int>(node.integer_or("width", settings.width_px, kPixels));
  settings.height_px = static_cast<int>(node.integer_or("height", settings.height_px, kPixels));
  settings.rate_hz = node.number_or("rate", settings.rate_hz, kRate);
  settings.latency = node.number_or("latency", settings.latency, {0.0, 1.0});
  const bool film = std::holds_alternative<FileVideo>(settings.source);
  settings.frozen_after =
      static_cast<int>(node.integer_or("frozen_after", film ? 0 : kFrozenAfter, kPicturesInARow));
  if (settings.frozen_after == 1) {
    node.fail("frozen_after", "a single picture is like itself: expected 0, or 2 and more");
  }
  // A slow camera has not stalled between two frames.
  settings.stale_after = std::max(settings.stale_after, Duration(5.0 / settings.rate_hz));
  return settings;
}

}  // namespace gripbench::hal

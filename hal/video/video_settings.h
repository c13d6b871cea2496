#pragma once

#include <optional>
#include <string>
#include <variant>

#include "hal/config.h"
#include "hal/net/tcp_connection.h"

namespace gripbench::hal {

/// A camera at this machine, through Video4Linux, e.g. "/dev/video0". What is not given is left to
/// the camera's automatic.
struct DeviceVideo {
  std::string path;
  /// In units of 100 microseconds, as Video4Linux counts it. Given, the automatic is switched off.
  std::optional<double> exposure;
  std::optional<double> gain;
  /// Colour temperature (K).
  std::optional<double> white_balance;
  std::optional<double> focus;
};

/// MJPEG over HTTP.
struct HttpVideo {
  std::string url;
};

/// A recorded film, played at its own rate, again and again if `loop`.
struct FileVideo {
  std::string path;
  bool loop = false;
};

/// What a workcell file says of a camera.
struct VideoSettings {
  /// What errors call it: "tactile", "camera".
  std::string device = "camera";
  std::variant<DeviceVideo, HttpVideo, FileVideo> source;
  /// What it must deliver: pixels, frames per second.
  int width_px = 640;
  int height_px = 480;
  double rate_hz = 20.0;
  /// From the middle of the exposure to the earliest that a frame can arrive (s).
  double latency = 0.0;
  /// So many pictures in a row that are the same to the last pixel come from a camera or an encoder
  /// that is frozen, since no true one is free of noise; 0: never, as where pictures are rendered.
  int frozen_after = 0;
  /// For the connection and the first frame (s).
  Duration answer_timeout{3.0};
  /// Without a new frame for so long it has stalled (s).
  Duration stale_after{0.5};
  /// Silent for so long it will not speak again, and is opened anew (s): a camera that was
  /// unplugged says no goodbye.
  Duration given_up_after{5.0};
  /// Between two attempts to open it again (s).
  Duration reconnect_pause{0.5};

  /// One of the keys `device`, `url`, `file` says which source it is. `frozen_after` is 5 unless
  /// the file says otherwise, and 0 for a film.
  /// @throws ConfigError for a missing, unknown or impossible key.
  static VideoSettings from(ConfigNode& node, std::string device);
};

}  // namespace gripbench::hal

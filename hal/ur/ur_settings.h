#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <Eigen/Core>

#include "hal/config.h"
#include "hal/ur/rotation_vector.h"

namespace gripbench::hal {

/// What a workcell file says of a UR arm.
struct UrSettings {
  /// What errors call it.
  std::string device = "arm";
  std::string host;
  std::uint16_t rtde_port = 30004;
  std::uint16_t primary_port = 30001;
  std::uint16_t dashboard_port = 29999;
  /// Rate of the state stream (Hz), 1 to 125.
  double rate = 125.0;
  /// Pose of the tool centre point on the flange.
  UrPose flange_from_tcp{};
  /// Mass on the flange (kg) and its centre there (m).
  double payload = 0.0;
  Eigen::Vector3d payload_centre = Eigen::Vector3d::Zero();
  /// Output integer register, 0 to 23, in which the arm's programs tell how far they are; no other
  /// program may write it. The input register of that number takes this client's beats.
  int marker_register = 20;
  /// Programs are numbered from the one after this. Two that drive the same arm at a time keep
  /// UrArm::kMostPrograms apart, or one's end would pass for the other's.
  std::int32_t programs_from = 0;
  /// The controller stops the arm by itself when it hears nothing of this client for so long, or
  /// half of it (s); 0: it never does.
  double heartbeat_timeout = 0.4;
  /// A program that has not begun by then will not (s).
  double start_timeout = 2.0;
  /// A state older than this is refused (s), unless the stream is slow: see silent_after.
  double stale_after = 0.25;
  /// For connecting, for each answer, and for the primary interface's next package (s).
  double answer_timeout = 1.0;

  bool has_heartbeat() const { return heartbeat_timeout > 0.0; }
  /// A stream that is silent for so long is broken (s): a slow one is not, between two packages.
  double silent_after() const { return std::max(stale_after, 3.0 / rate); }

  /// Reads the mapping and refuses unknown keys.
  /// @throws ConfigError.
  static UrSettings from(ConfigNode node);
};

}  // namespace gripbench::hal

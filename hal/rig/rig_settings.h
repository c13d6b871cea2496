#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "hal/config.h"
#include "hal/netft/netft_sensor.h"
#include "hal/rig/rig_stage.h"
#include "hal/safety/safety_limits.h"
#include "hal/ur/ur_settings.h"
#include "hal/video/video_settings.h"
#include "hal/watchdog/watchdog.h"
#include "hal/wsg/wsg_settings.h"

namespace gripbench::hal {

/// Where something listens.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

/// The process that stops the arm and keeps the grip when a run is lost.
struct RigWatch {
  /// Of the loopback interface; 0 takes any, and finds no watchdog of an earlier run.
  std::uint16_t port = kWatchdogPort;
  WatchRules rules;
  /// The program that is started as `PROGRAM watchdog`.
  std::filesystem::path program = "/proc/self/exe";

  /// @throws ConfigError.
  static RigWatch from(ConfigNode node);
};

/// What a workcell file of backend `rig` says (assets/workcells/lab.example.yaml explains every
/// key).
struct RigSettings {
  UrSettings arm;
  WsgSettings gripper;
  VideoSettings tactile;
  /// Distance on the gel that one pixel of the tactile camera spans (m).
  double pixel_pitch = 0.0;
  VideoSettings camera;
  /// At the wrist, if there is one.
  std::optional<NetFtSettings> force_torque;
  SafetyLimits safety;
  RigStageSettings stage;
  /// Without it the run holds the gripper's connection itself, and the part drops if it dies.
  std::optional<RigWatch> watchdog;
  /// Where who places the objects is asked; a person at the terminal, if nothing is named.
  std::optional<HostPort> operator_control;

  /// The file this came from.
  std::filesystem::path file;

  /// @throws ConfigError for a missing, unknown or impossible key.
  static RigSettings from(ConfigNode workcell);
};

}  // namespace gripbench::hal

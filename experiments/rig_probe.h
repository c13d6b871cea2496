#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "hal/rig/rig_settings.h"

namespace gripbench::experiments {

/// What was seen of one device.
struct DeviceReport {
  /// As errors call it: "arm", "gripper".
  std::string device;
  /// What it says of itself and how fast its values come, in words and figures.
  std::vector<std::string> facts;
  /// What is wrong, one line each; nothing where all is well.
  std::vector<std::string> faults;
};

struct ProbeOptions {
  /// How long each device is watched (s).
  double watch = 1.0;
  /// End the gripper's fast stop, which a person has looked at.
  bool acknowledge = false;
  /// Gets a picture from each camera, DEVICE.png, unless it is empty.
  std::filesystem::path pictures;
  /// Raised from outside to stop; may be null.
  const std::atomic<bool>* stop = nullptr;
};

/// Connects to each device of a rig, one after the other, and watches it; one that fails does not
/// hide the others. Nothing moves. `seen` gets each report as soon as it is there.
/// @throws hal::Interrupted; hal::StorageError if a picture cannot be written.
void probe_rig(const hal::RigSettings& settings, const ProbeOptions& options,
               const std::function<void(const DeviceReport&)>& seen);

}  // namespace gripbench::experiments

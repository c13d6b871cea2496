#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "experiments/twin_operator.h"
#include "hal/emulator/camera_server.h"
#include "hal/emulator/control_server.h"
#include "hal/emulator/live_workcell.h"
#include "hal/emulator/netft_server.h"
#include "hal/emulator/ur_emulator.h"
#include "hal/emulator/wsg_server.h"
#include "hal/rig/rig_settings.h"

namespace gripbench::experiments {

/// Where an emulated rig listens: on the devices' own ports, and on free ones for what a single
/// machine has but once.
struct RigPorts {
  std::uint16_t control = 30100;
  hal::UrPorts ur;
  std::uint16_t wsg = 1000;
  std::uint16_t tactile = 8081, camera = 8082;
  std::uint16_t netft_http = 8083;
  std::uint16_t netft = 49152;

  /// One after the other from `first` on; 0 takes any free ones.
  static RigPorts from(std::uint16_t first);
  /// Those at which a rig's file expects its devices.
  static RigPorts of(const hal::RigSettings& rig);
  /// Names and ports, in that order.
  std::vector<std::pair<std::string, std::uint16_t>> list() const;
};

struct EmulationOptions {
  /// A workcell file of backend sim, or one that names such a twin.
  std::filesystem::path workcell;
  std::string address = "127.0.0.1";
  RigPorts ports;
  /// By which the twin's operator says whether an object slipped.
  LabelThresholds label;
  /// What stands on the table at the start; the catalogue knows it.
  hal::Placement first;
};

/// The simulated twin of a rig in real time behind all its devices' own protocols, with a control
/// interface that plays the operator and makes things go wrong.
class EmulatedRig {
 public:
  /// @throws hal::InputError for a wrong file or a port where it cannot listen.
  explicit EmulatedRig(const EmulationOptions& options);
  ~EmulatedRig();

  /// Where it listens.
  RigPorts ports() const;
  /// Real time that the physics could not keep up with so far (s).
  double lost() const { return workcell_.state().lost; }

 private:
  hal::LiveWorkcell workcell_;
  hal::FaultBoard board_;
  hal::ControlServer control_{board_};
  TwinOperator operator_;
  hal::UrEmulator ur_;
  hal::WsgServer wsg_;
  hal::CameraServer tactile_, camera_;
  hal::NetFtServer netft_;
};

}  // namespace gripbench::experiments

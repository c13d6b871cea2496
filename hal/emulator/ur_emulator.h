#pragma once

#include <cstdint>
#include <string>

#include "hal/emulator/control_server.h"
#include "hal/emulator/dashboard_server.h"
#include "hal/emulator/rtde_server.h"
#include "hal/emulator/script_port_server.h"
#include "hal/emulator/ur_controller.h"

namespace gripbench::hal {

/// Where an emulated UR controller listens; port 0 takes any free one.
struct UrPorts {
  std::uint16_t primary = 30001;
  std::uint16_t secondary = 30002;
  std::uint16_t realtime = 30003;
  std::uint16_t rtde = 30004;
  std::uint16_t dashboard = 29999;
};

/// All free ports, for tests.
inline constexpr UrPorts kAnyUrPorts{0, 0, 0, 0, 0};

/// An emulated UR controller with all its ports. It adds the lines "primary", "secondary",
/// "realtime", "rtde" and "dashboard" to the board, and its commands to the control interface:
/// protective_stop, emergency_stop, release_emergency_stop, safeguard_open, safeguard_close.
class UrEmulator {
 public:
  /// Workcell, board and control interface must outlive the emulator; the interface listens after
  /// and is closed before it goes.
  /// @throws InputError naming a port where it cannot listen.
  UrEmulator(LiveWorkcell& workcell, const std::string& address, const UrPorts& ports,
             UrControllerOptions options, FaultBoard& board, ControlServer& control);

  UrController& controller() { return controller_; }
  /// Where it listens.
  UrPorts ports() const;

 private:
  UrController controller_;
  ScriptPortServer primary_, secondary_, realtime_;
  RtdeServer rtde_;
  DashboardServer dashboard_;
};

}  // namespace gripbench::hal

#include "hal/emulator/ur_emulator.h"

#include <utility>

namespace gripbench::hal {

UrEmulator::UrEmulator(LiveWorkcell& workcell, const std::string& address, const UrPorts& ports,
                       UrControllerOptions options, FaultBoard& board, ControlServer& control)
    : controller_(workcell, std::move(options)),
      primary_(ScriptPort::kPrimary, controller_, {address, ports.primary}, board.add("primary")),
      secondary_(ScriptPort::kSecondary, controller_, {address, ports.secondary},
                 board.add("secondary")),
      realtime_(ScriptPort::kRealtime, controller_, {address, ports.realtime},
                board.add("realtime")),
      rtde_(controller_, {address, ports.rtde}, board.add("rtde")),
      dashboard_(controller_, {address, ports.dashboard}, board.add("dashboard")) {
  const auto add = [&](const char* name, const char* help, auto act) {
    control.add(name, "", help, [this, act](const ControlServer::Words&) {
      act(controller_);
      return std::string();
    });
  };
  add("protective_stop", "the arm meets resistance", [](UrController& c) { c.protective_stop(); });
  add("emergency_stop", "the button on the pendant is hit",
      [](UrController& c) { c.emergency_stop(); });
  add("release_emergency_stop", "the button is pulled out again",
      [](UrController& c) { c.release_emergency_stop(); });
  add("safeguard_open", "somebody enters the cell", [](UrController& c) { c.safeguard(true); });
  add("safeguard_close", "the cell is closed again", [](UrController& c) { c.safeguard(false); });
}

UrPorts UrEmulator::ports() const {
  return {primary_.port(), secondary_.port(), realtime_.port(), rtde_.port(), dashboard_.port()};
}

}  // namespace gripbench::hal

#include "hal/emulator/dashboard_server.h"

#include <functional>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "hal/emulator/faulty_line.h"
#include "hal/net/line_reader.h"

namespace gripbench::hal {
namespace {

constexpr Duration kLookUp{0.05};

std::string failed(const std::string& command) { return "Failed to execute: " + command; }

std::string unlock(UrController& controller) {
  switch (controller.unlock_protective_stop()) {
    case UrController::Unlock::kDone:
      return "Protective stop releasing";
    case UrController::Unlock::kTooEarly:
      return "Cannot unlock protective stop until 5s after occurrence. Always inspect cause of "
             "protective stop before unlocking";
    case UrController::Unlock::kNothingToUnlock:
      break;
  }
  return failed("unlock protective stop");
}

std::string program_state(const UrImage& image) {
  const std::string name = image.program.empty() ? "null" : image.program;
  switch (image.runtime_state) {
    case UrRuntimeState::kPaused:
      return "PAUSED " + name;
    default:
      // A program sent by socket is none of the pendant's: it shows as stopped while it runs.
      return "STOPPED " + name;
  }
}

using Answer = std::function<std::string(UrController&)>;

const std::map<std::string, Answer>& answers() {
  using C = UrController;
  static const std::map<std::string, Answer> all = {
      {"robotmode", [](C& c) { return "Robotmode: " + name_of(c.image().robot_mode); }},
      {"safetymode", [](C& c) { return "Safetymode: " + name_of(c.image().safety_mode); }},
      {"power on", [](C& c) { return c.power_on() ? "Powering on" : failed("power on"); }},
      {"power off", [](C& c) { return c.power_off(), std::string("Powering off"); }},
      {"brake release",
       [](C& c) { return c.release_brakes() ? "Brake releasing" : failed("brake release"); }},
      {"unlock protective stop", unlock},
      {"close safety popup", [](C&) { return std::string("closing safety popup"); }},
      {"close popup", [](C&) { return std::string("closing popup"); }},
      {"running",
       [](C& c) {
         const bool runs = c.image().runtime_state == UrRuntimeState::kPlaying;
         return fmt::format("Program running: {}", runs);
       }},
      {"play", [](C& c) { return c.play() ? "Starting program" : failed("play"); }},
      {"pause", [](C& c) { return c.pause() ? "Pausing program" : failed("pause"); }},
      {"stop", [](C& c) { return c.stop_program() ? "Stopped" : failed("stop"); }},
      {"programState", [](C& c) { return program_state(c.image()); }},
      {"PolyscopeVersion",
       [](C& c) {
         return fmt::format("URSoftware {}.{} (Jun 20 2022)", describe(c.version()),
                            c.version().build);
       }},
      {"get robot model", [](C&) { return std::string("UR5"); }},
      {"get serial number", [](C&) { return std::string("2018350000"); }},
      {"quit", [](C&) { return std::string("Disconnected"); }},
  };
  return all;
}

}  // namespace

std::string answer_dashboard(UrController& controller, const std::string& command) {
  const auto found = answers().find(command);
  if (found != answers().end()) return found->second(controller);
  return fmt::format("could not understand: '{}'", command);
}

DashboardServer::DashboardServer(UrController& controller, const ListenOn& where,
                                 LineFaults& faults)
    : controller_(controller),
      faults_(faults),
      server_(where, [this](TcpConnection& connection, std::stop_token stop) {
        serve(connection, stop);
      }) {}

void DashboardServer::serve(TcpConnection& connection, std::stop_token stop) {
  FaultyLine line(connection, faults_);
  line.send("Connected: Universal Robots Dashboard Server\n");
  LineReader reader;
  while (!stop.stop_requested()) {
    reader.append(line.receive(kLookUp));
    while (const std::optional<std::string> command = reader.next()) {
      line.send(answer_dashboard(controller_, *command) + "\n");
      if (*command == "quit") return;
    }
  }
}

}  // namespace gripbench::hal

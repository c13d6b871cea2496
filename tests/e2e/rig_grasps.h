#pragma once

#include <cmath>
#include <sstream>

#include "experiments/episode_store.h"
#include "experiments/grasp_protocol.h"
#include "hal/net/line_reader.h"
#include "hal/net/tcp_connection.h"
#include "hal/net/tcp_server.h"
#include "tests/e2e/rig_command_line.h"
#include "tests/unit/hal/patience.h"

namespace gripbench {

inline constexpr const char* kTooBusy = "this machine is too busy for an emulated rig: ";

class RigGrasps : public EmulatedRigCommandLine {
 protected:
  void SetUp() override {
    EmulatedRigCommandLine::SetUp();
    write_tiny_protocol(
        protocol_,
        {.train = {"soap_box"}, .test = {"torch"}, .grasps_per_object = 1, .trial_lifts = 1});
    // For a test, no hiccup of a busy machine is a death.
    rig_ = workcell_on(ports_, {{"protocol: ../protocols/loopback.yaml", "protocol: tiny.yaml"},
                                {"operator:", "watchdog: {port: " + watchdog_port_ +
                                                  ", beat_timeout: 10, camera_timeout: 20}\n"
                                                  "operator:"}});
  }
  void TearDown() override {
    // One that a failed test left; else nobody is there.
    run({"watchdog", "release", "--port", watchdog_port_});
    EmulatedRigCommandLine::TearDown();
  }

  /// One line from the emulator's control port.
  std::string ask(const std::string& line) const {
    auto connection = hal::TcpConnection::connect(
        "127.0.0.1", static_cast<std::uint16_t>(std::stoi(ports_.at("control"))),
        hal::Duration(hal::kPatience));
    connection.send(line + "\n");
    hal::LineReader reader;
    while (true) {
      if (const auto answer = reader.next()) return *answer;
      reader.append(connection.receive(hal::Duration(0.1)));
    }
  }
  struct Truth {
    std::string grasp;
    /// Largest mean slip of a pad (m), smallest force of a pad (N).
    double slip = 0.0, force = 0.0;
    /// Real time that the emulator could not keep (s).
    double behind = 0.0;
  };
  /// "ok object O grasp G mean_slip A B m force C D N lost no behind E s".
  Truth truth() const {
    std::istringstream words(ask("truth"));
    Truth truth;
    double other = 0.0;
    for (std::string word; words >> word;) {
      if (word == "grasp") words >> truth.grasp;
      if (word == "mean_slip")
        words >> truth.slip >> other, truth.slip = std::max(truth.slip, other);
      if (word == "force")
        words >> truth.force >> other, truth.force = std::min(truth.force, other);
      if (word == "behind") words >> truth.behind;
    }
    return truth;
  }
  /// T(0) of every grasp is the first frame after the arm was measured to rise: not after the
  /// command, which came earlier, nor a time that the frames' rhythm gives.
  static void expect_lift_frames_by_measured_speed(const experiments::EpisodeStore& store,
                                                   const experiments::GraspProtocol& protocol) {
    for (const experiments::EpisodeRecord& record : store.records()) {
      const auto& parameters = record.parameters;
      SCOPED_TRACE(parameters.object + "/" + parameters.grasp);
      double onset = NAN;
      for (const experiments::TracePoint& point : store.load_trace(record)) {
        if (std::isnan(onset) && point.tcp_speed_z >= protocol.lift.onset_speed) onset = point.time;
      }
      EXPECT_GT(onset, record.tactile_times[experiments::kLiftFrame - 1]);
      EXPECT_LE(onset, record.tactile_times[experiments::kLiftFrame] + 1e-6);
    }
  }
  /// Drivers refuse what comes late, so a machine that lost real time proves nothing.
  bool lost_time() const { return truth().behind > 0.05; }

  const fs::path protocol_ = root_ / "tiny.yaml", dataset_ = root_ / "grasps";
  const std::string watchdog_port_ =
      std::to_string(hal::TcpServer({}, [](hal::TcpConnection&, std::stop_token) {}).port());
  fs::path rig_;
};

}  // namespace gripbench

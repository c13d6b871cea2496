// What a user reads when a rig is not as its file says: one line with the device, what was expected
// and what came, from `devices` and from `collect`.

#include <atomic>

#include <gmock/gmock.h>

#include "hal/ur/rtde_packet.h"
#include "tests/e2e/rig_command_line.h"
#include "tests/unit/rig/emulated_rig.h"

namespace gripbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// A rig all of whose devices are there, one of them another than the file says.
class RigBadInput : public RigCommandLine {
 protected:
  RigBadInput() { write_tiny_protocol(protocol_); }

  Ports ports() const {
    const hal::RigSettings rig = rig_.settings();
    return {{"rtde", std::to_string(rig.arm.rtde_port)},
            {"primary", std::to_string(rig.arm.primary_port)},
            {"dashboard", std::to_string(rig.arm.dashboard_port)},
            {"wsg", std::to_string(rig.gripper.connection.port)},
            {"tactile", std::to_string(rig_.tactile.port())},
            {"camera", std::to_string(rig_.camera.port())},
            {"netft_http", "1"},
            {"netft", "1"},
            {"control", std::to_string(rig.operator_control->port)}};
  }
  Ports ports_with(const std::string& name, const std::string& port) const {
    Ports changed = ports();
    changed.at(name) = port;
    return changed;
  }
  /// The pictures and the sensor that this rig has, and the patience of a busy machine.
  fs::path file_on(const Ports& ports, const Changes& changes = {}) {
    Changes all{{"tactile: {", "tactile: {width: 96, height: 72, "},
                {"camera: {", "camera: {width: 96, height: 72, "}};
    all.insert(all.end(), changes.begin(), changes.end());
    const fs::path file = workcell_on(ports, all);
    std::string text = text_of(file);
    const std::size_t sensor = text.find("force_torque:");
    if (!keeps_sensor_) text.erase(sensor, text.find('\n', sensor) - sensor);
    std::ofstream(file) << text;
    return file;
  }

  /// Both commands name the device and say `what`, each on one line.
  template <typename What>
  void expect_said(const fs::path& file, const std::string& device, const What& what) {
    const Ended probed = run({"devices", file, "--watch", "0.2"});
    EXPECT_EQ(probed.code, 3);
    EXPECT_THAT(probed.errors, HasSubstr(device));
    EXPECT_THAT(fault_of(probed.output, device), what) << probed.output;

    const Ended collected = collect(file, protocol_);
    expect_one_line(collected, 3, "gripbench: " + device + ": ");
    EXPECT_THAT(collected.errors, what);
    EXPECT_FALSE(fs::exists(root_ / "grasps"));
  }
  /// The first fault that `devices` told of a device, to the end of its line.
  static std::string fault_of(const std::string& output, const std::string& device) {
    const std::size_t of_device = output.find("\n" + device + " ");
    const std::size_t begin = output.find("wrong: ", output.starts_with(device) ? 0 : of_device);
    if (begin == std::string::npos) return "no fault";
    return output.substr(begin, output.find('\n', begin) - begin);
  }

  hal::EmulatedRig rig_;
  const fs::path protocol_ = root_ / "tiny.yaml";
  bool keeps_sensor_ = false;
};

TEST_F(RigBadInput, AHostThatIsNotThere) {
  expect_said(file_on(ports(), {{"host: 127.0.0.1\n", "host: no.such.host.invalid\n"}}), "arm",
              HasSubstr("no connection to no.such.host.invalid:" + ports().at("rtde") + ": "));
}

TEST_F(RigBadInput, APortWhereNobodyListens) {
  for (const auto& [name, device] :
       {std::pair{"wsg", "gripper"}, std::pair{"tactile", "tactile"}, std::pair{"rtde", "arm"}}) {
    expect_said(file_on(ports_with(name, "1")), device,
                AllOf(HasSubstr("no connection to 127.0.0.1:1: "), HasSubstr("refused")));
  }
}

TEST_F(RigBadInput, AFastStopIsEndedByWordOnly) {
  // Somebody who goes without a goodbye.
  { hal::TcpConnection::connect("127.0.0.1", rig_.gripper.port(), hal::Duration(hal::kPatience)); }
  ASSERT_TRUE(
      hal::eventually([&] { return (rig_.gripper_state_bits() & hal::kWsgFastStop) != 0; }));
  const fs::path file = file_on(ports());
  expect_said(file, "gripper", AllOf(HasSubstr("fast stop"), HasSubstr("acknowledge")));
  const Ended ended = run({"devices", file, "--watch", "0.2", "--acknowledge"});
  EXPECT_THAT(fault_of(ended.output, "gripper"), Not(HasSubstr("fast stop"))) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("acknowledged"));
  EXPECT_EQ(rig_.gripper_state_bits() & hal::kWsgFastStop, 0u);
}

TEST_F(RigBadInput, OnlyCollectDrivesARig) {
  expect_one_line(run({"replicate", root_ / "nothing", "--protocol", protocol_, "--workcell",
                       file_on(ports())}),
                  2, "is a real rig, which only 'gripbench collect' drives");
  expect_one_line(run({"render", "--workcell", file_on(ports()), "--object", "soap_box",
                       "--squeeze", "0.4mm", "--out", root_ / "film"}),
                  2, "is a real rig, which only 'gripbench collect' drives");
}

TEST_F(RigBadInput, NoDashboardForTheStopThatMayNeedIt) {
  expect_said(file_on(ports_with("dashboard", "1")), "arm",
              AllOf(HasSubstr("dashboard: no connection to 127.0.0.1:1: "), HasSubstr("refused")));
}

TEST_F(RigBadInput, NobodyWhereTheForceSensorShouldBe) {
  keeps_sensor_ = true;
  expect_said(file_on(ports()), "force_torque", HasSubstr("no connection to 127.0.0.1:1: "));
}

TEST_F(RigBadInput, ADeviceOfAnotherProtocol) {
  const std::string dashboard = ports().at("dashboard");
  expect_said(file_on(ports_with("rtde", dashboard)), "arm",
              HasSubstr("expected an RTDE package, got the text 'Connected: Universal Rob...'"));
  expect_said(file_on(ports_with("wsg", dashboard)), "gripper",
              AllOf(HasSubstr("expected a frame of the WSG protocol"),
                    HasSubstr("got the text 'Connected: Universal Rob...'")));
  expect_said(file_on(ports_with("camera", dashboard)), "camera",
              AllOf(HasSubstr("expected"), HasSubstr("HTTP"),
                    HasSubstr("got the text 'Connected: Universal Rob...'")));
  keeps_sensor_ = true;
  expect_said(
      file_on(ports_with("netft_http", dashboard)), "force_torque",
      AllOf(HasSubstr("expected"), HasSubstr("got the text 'Connected: Universal Rob...'")));
}

TEST_F(RigBadInput, AnotherCamerasSize) {
  expect_said(file_on(ports(), {{"camera: {width: 96, height: 72,", "camera: {"}}), "camera",
              HasSubstr("expected pictures of 640 x 480 pixels"));
}

TEST_F(RigBadInput, FirmwareOfAnArmThatHasNoProtocol2) {
  hal::UrControllerOptions old;
  old.version = {3, 3, 1, 500};
  const hal::UrEmulator arm(rig_.workcell, "127.0.0.1", hal::kAnyUrPorts, old, rig_.board,
                            rig_.control);
  expect_said(
      file_on(ports_with("rtde", std::to_string(arm.ports().rtde))), "arm",
      AllOf(HasSubstr("expected RTDE protocol 2 from 127.0.0.1"), HasSubstr("3.4 or newer")));
}

TEST_F(RigBadInput, FirmwareOfAGripperThatIsTooOld) {
  const hal::WsgServer gripper(rig_.workcell, {}, {.identity = {hal::kWsg50, 1, 0x1300, 1}},
                               rig_.board, rig_.control);
  expect_said(file_on(ports_with("wsg", std::to_string(gripper.port()))), "gripper",
              AllOf(HasSubstr("expected firmware 2.0.0 or newer"), HasSubstr("got 1.3.0")));
}

/// Speaks RTDE as a controller that knows nothing of the tool's speed.
void serve_without_speed(hal::TcpConnection& connection, std::stop_token stop) {
  using namespace hal;
  RtdeFramer framer;
  while (!stop.stop_requested()) {
    framer.append(connection.receive(Duration(0.02)));
    while (const auto request = framer.next()) {
      if (request->type == RtdePackageType::kProtocolVersion) {
        connection.send(encode(make_accepted(request->type, true)));
      } else if (request->type == RtdePackageType::kControllerVersion) {
        connection.send(encode(make_controller_version({3, 15, 8, 1})));
      } else if (request->type == RtdePackageType::kOutputRecipe) {
        RtdeRecipeAnswer answer{1, {}};
        for (const std::string& name : parse_output_request(request->payload).names) {
          answer.types.push_back(name == "actual_TCP_speed" ? "NOT_FOUND" : "VECTOR6D");
        }
        connection.send(encode(make_recipe_answer(request->type, answer)));
      }
    }
  }
}

TEST_F(RigBadInput, AnRtdeFieldThatTheControllerDoesNotKnow) {
  const hal::TcpServer arm({}, serve_without_speed);
  expect_said(file_on(ports_with("rtde", std::to_string(arm.port()))), "arm",
              AllOf(HasSubstr("expected RTDE field 'actual_TCP_speed'"),
                    HasSubstr("got NOT_FOUND: firmware 3.15.8 does not have it")));
}

TEST_F(RigBadInput, WhatAWatchdogDoesNotReachIsOneLineToo) {
  const Changes watched{{"operator:", "watchdog: {port: 0}\noperator:"}};
  expect_one_line(collect(file_on(ports_with("wsg", "1"), watched), protocol_), 3,
                  "gripbench: gripper: no connection to 127.0.0.1:1: ");
  expect_one_line(collect(file_on(ports_with("primary", "1"), watched), protocol_), 3,
                  "gripbench: arm: no connection to 127.0.0.1:1: ");
  EXPECT_FALSE(fs::exists(root_ / "grasps"));
}

}  // namespace
}  // namespace gripbench

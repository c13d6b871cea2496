#include <fstream>
#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/emulator/realtime_packet.h"
#include "hal/net/tcp_server.h"
#include "hal/ur/rtde_client.h"
#include "tests/unit/hal/emulator/loopback.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

UrControllerOptions firmware(std::uint32_t minor) {
  UrControllerOptions options;
  options.version = {3, minor, 1, 500};
  return options;
}

class WrongPort : public ::testing::Test {
 protected:
  std::string error_of_arm(const UrSettings& settings) {
    return message_of([&] { UrArm(settings, clock_); });
  }
  std::string error_of_rtde(std::uint16_t port) {
    RtdeOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.answer_timeout = Duration(0.2);
    return message_of([&] {
      RtdeClient(options, {{"timestamp", RtdeType::kDouble, "", true}}, clock_);
    });
  }
  std::string error_of_primary(std::uint16_t port) {
    PrimaryOptions options;
    options.host = "127.0.0.1";
    options.port = port;
    options.silent_after = Duration(0.2);
    return message_of([&] { PrimaryClient(options, clock_); });
  }

  LoopbackRig rig_;
  RigClock clock_;
};

TEST_F(WrongPort, AHostThatIsNotThere) {
  UrSettings settings = rig_.settings();
  settings.host = "no.such.host.invalid";
  EXPECT_THAT(error_of_arm(settings), HasSubstr("arm: no connection to no.such.host.invalid:"));
}

TEST_F(WrongPort, NobodyListens) {
  std::uint16_t port = 0;
  {
    port = TcpServer({}, [](TcpConnection&, std::stop_token) {}).port();
  }
  EXPECT_THAT(error_of_rtde(port), AllOf(HasSubstr("arm: no connection to 127.0.0.1:"),
                                         HasSubstr("Connection refused")));
}

TEST_F(WrongPort, TheDashboardIsNoRtde) {
  EXPECT_THAT(error_of_rtde(rig_.emulator.ports().dashboard),
              AllOf(HasSubstr("arm: expected an RTDE package, got the text 'Connected: Univers")));
}

TEST_F(WrongPort, ThePrimaryInterfaceIsNoRtde) {
  EXPECT_THAT(error_of_rtde(rig_.emulator.ports().primary),
              HasSubstr("arm: expected an RTDE package, got the bytes 00 00 00"));
}

TEST_F(WrongPort, ASilentPortIsNoRtde) {
  const TcpServer silent({}, [](TcpConnection& connection, std::stop_token stop) {
    while (!stop.stop_requested()) connection.receive(Duration(0.05));
  });
  const std::string message = error_of_rtde(silent.port());
  EXPECT_THAT(message, AllOf(HasSubstr("arm: expected an answer in RTDE protocol 2 from 127.0.0.1"),
                             HasSubstr("nothing came")));
}

TEST_F(WrongPort, TheDashboardIsNoPrimaryInterface) {
  EXPECT_THAT(error_of_primary(rig_.emulator.ports().dashboard),
              HasSubstr("arm: expected a package of a UR primary interface, got the text"));
}

TEST_F(WrongPort, RtdeIsNoPrimaryInterface) {
  EXPECT_THAT(error_of_primary(rig_.emulator.ports().rtde),
              AllOf(HasSubstr("arm: expected the version message of a UR primary interface"),
                    HasSubstr("nothing came")));
}

TEST_F(WrongPort, ThePrimaryInterfaceIsNoDashboard) {
  DashboardOptions options;
  options.host = "127.0.0.1";
  options.port = rig_.emulator.ports().rtde;
  options.answer_timeout = Duration(0.2);
  DashboardClient dashboard(options);
  EXPECT_THAT(message_of([&] { dashboard.robot_mode(); }),
              AllOf(HasSubstr("arm: expected the banner of a UR dashboard server"),
                    HasSubstr("nothing came")));
}

TEST(OldFirmware, WithoutProtocol2IsRefused) {
  LoopbackRig rig(firmware(3));
  RigClock clock;
  EXPECT_THAT(message_of([&] { UrArm(rig.settings(), clock); }),
              AllOf(HasSubstr("arm: expected RTDE protocol 2"), HasSubstr("3.4 or newer")));
}

TEST(OldFirmware, FieldsItLacksAreReplacedAndNamed) {
  LoopbackRig rig(firmware(8));
  RigClock clock;
  UrArm arm(rig.settings(), clock);
  EXPECT_THAT(arm.rtde().replaced_fields(),
              ElementsAre(AllOf(HasSubstr("'safety_status'"), HasSubstr("3.10"),
                                HasSubstr("'safety_mode' stands in")),
                          AllOf(HasSubstr("'tcp_offset'"), HasSubstr("done without"))));
  EXPECT_EQ(arm.status().safety_mode, UrSafetyMode::kNormal);
  EXPECT_NO_THROW(arm.prepare());
}

TEST(OldFirmware, ARequiredFieldItLacksIsNamedWithItsFirmware) {
  LoopbackRig rig(firmware(8));
  RigClock clock;
  RtdeOptions options;
  options.host = "127.0.0.1";
  options.port = rig.emulator.ports().rtde;
  EXPECT_THAT(
      message_of([&] {
        RtdeClient(options, {{"output_int_register_30", RtdeType::kInt32, "", true}}, clock);
      }),
      AllOf(HasSubstr("arm: expected RTDE field 'output_int_register_30'"),
            HasSubstr("came with 3.9.0"), HasSubstr("firmware 3.8.1")));
}

TEST(RtdeNames, AnUnknownFieldIsNamed) {
  LoopbackRig rig;
  RigClock clock;
  RtdeOptions options;
  options.host = "127.0.0.1";
  options.port = rig.emulator.ports().rtde;
  EXPECT_THAT(message_of([&] {
                RtdeClient(options,
                           {{"timestamp", RtdeType::kDouble, "", true},
                            {"actual_grip", RtdeType::kDouble, "", true}},
                           clock);
              }),
              AllOf(HasSubstr("arm: expected RTDE field 'actual_grip'"), HasSubstr("NOT_FOUND")));
}

TEST(RtdeOutputs, StampsAreWholeCyclesApart) {
  LoopbackRig rig;
  RigClock clock;
  RtdeOptions options;
  options.host = "127.0.0.1";
  options.port = rig.emulator.ports().rtde;
  const RtdeClient client(options, {{"timestamp", RtdeType::kDouble, "", true}}, clock);
  RtdeSample last = client.newest();
  for (int i = 0; i < 20; ++i) {
    const RtdeSample next = client.wait_newer(last.number, Duration(kPatience));
    const double cycles =
        (std::get<double>(next.values[0].value()) - std::get<double>(last.values[0].value())) /
        0.008;
    EXPECT_GE(cycles, 0.9);
    EXPECT_NEAR(cycles, std::round(cycles), 1e-6);
    last = next;
  }
}

TEST(RtdeInputs, OneWriterPerVariable) {
  LoopbackRig rig;
  const auto connect = [&] {
    return TcpConnection::connect("127.0.0.1", rig.emulator.ports().rtde, Duration(kPatience));
  };
  const auto ask = [](TcpConnection& connection, const RtdePackage& request) {
    connection.send(encode(request));
    RtdeFramer framer;
    while (true) {
      framer.append(connection.receive(Duration(kPatience)));
      if (const auto package = framer.next()) return *package;
    }
  };
  TcpConnection first = connect();
  const RtdePackage request =
      make_input_request({"input_int_register_0", "input_double_register_1"});
  const RtdeRecipeAnswer answer = parse_recipe_answer(ask(first, request).payload);
  EXPECT_THAT(answer.types, ElementsAre("INT32", "DOUBLE"));
  first.send(encode(make_data(answer.id, {std::int32_t{42}, 0.5})));
  first.flush(Duration(kPatience));
  EXPECT_TRUE(eventually([&] {
    const UrImage image = rig.emulator.controller().image();
    return image.inputs.integers[0] == 42 && image.inputs.floats[1] == 0.5;
  }));
  // What was written can be read back, by anybody.
  RtdeOptions options;
  options.host = "127.0.0.1";
  options.port = rig.emulator.ports().rtde;
  RigClock clock;
  const RtdeClient reader(options, {{"input_int_register_0", RtdeType::kInt32, "", true}}, clock);
  EXPECT_EQ(std::get<std::int32_t>(reader.newest().values.at(0).value()), 42);
  {
    TcpConnection second = connect();
    EXPECT_THAT(parse_recipe_answer(ask(second, request).payload).types,
                ElementsAre("IN_USE", "IN_USE"));
  }
  { TcpConnection gone = std::move(first); }
  // Once the first writer has left, its variables are free.
  EXPECT_TRUE(eventually([&] {
    TcpConnection third = connect();
    return parse_recipe_answer(ask(third, request).payload).types.front() == "INT32";
  }));
}

TEST(Dashboard, AnswersAsACb3ControllerDoes) {
  LoopbackRig rig;
  UrController& controller = rig.emulator.controller();
  EXPECT_EQ(answer_dashboard(controller, "robotmode"), "Robotmode: RUNNING");
  EXPECT_EQ(answer_dashboard(controller, "safetymode"), "Safetymode: NORMAL");
  EXPECT_EQ(answer_dashboard(controller, "running"), "Program running: false");
  EXPECT_EQ(answer_dashboard(controller, "PolyscopeVersion"),
            "URSoftware 3.15.8.106339 (Jun 20 2022)");
  EXPECT_EQ(answer_dashboard(controller, "play"), "Failed to execute: play");
  EXPECT_THAT(answer_dashboard(controller, "safetystatus"), HasSubstr("could not understand"));
}

TEST(Dashboard, PowersTheArmDownAndUp) {
  LoopbackRig rig;
  const UrSettings settings = rig.settings();
  DashboardClient dashboard({"arm", settings.host, settings.dashboard_port, Duration(kPatience)});
  EXPECT_EQ(dashboard.polyscope_version(), "URSoftware 3.15.8.106339 (Jun 20 2022)");
  EXPECT_EQ(dashboard.safety_status(), "NORMAL");
  EXPECT_EQ(dashboard.ask("power off"), "Powering off");
  EXPECT_EQ(dashboard.robot_mode(), "POWER_OFF");
  RigClock clock;
  UrArm arm(settings, clock);
  EXPECT_THAT(message_of([&] { arm.prepare(); }), HasSubstr("the arm's power is off"));
  EXPECT_EQ(dashboard.ask("power on"), "Powering on");
  EXPECT_TRUE(eventually([&] { return dashboard.robot_mode() == "IDLE"; }));
  EXPECT_TRUE(eventually([&] { return arm.status().robot_mode == UrRobotMode::kIdle; }));
  EXPECT_THAT(message_of([&] { arm.check(); }), HasSubstr("brakes are on (IDLE)"));
  EXPECT_EQ(dashboard.ask("brake release"), "Brake releasing");
  EXPECT_TRUE(eventually([&] { return arm.status().held_because.empty(); }));
  EXPECT_NO_THROW(arm.prepare());
}

TEST(Dashboard, AsksAgainWhereItsConnectionEndedMeanwhile) {
  LoopbackRig rig;
  const UrSettings settings = rig.settings();
  DashboardClient dashboard({"arm", settings.host, settings.dashboard_port, Duration(kPatience)});
  EXPECT_FALSE(dashboard.stop_program());
  // A controller that was started again knows nothing of its old connections.
  for (int restart = 1; restart <= 2; ++restart) {
    EXPECT_EQ(rig.control.answer("drop dashboard"), "ok");
    EXPECT_EQ(dashboard.robot_mode(), "RUNNING") << restart;
  }
}

TEST(Dashboard, IsNotAskedAgainWhereNobodyListens) {
  auto rig = std::make_unique<LoopbackRig>();
  DashboardClient dashboard(
      {"arm", "127.0.0.1", rig->settings().dashboard_port, Duration(kPatience)});
  EXPECT_EQ(dashboard.robot_mode(), "RUNNING");
  rig.reset();
  EXPECT_THAT(message_of([&] { dashboard.robot_mode(); }),
              HasSubstr("arm: dashboard: no connection to 127.0.0.1"));
}

class PrimaryPrograms : public ::testing::Test {
 protected:
  PrimaryPrograms()
      : primary_({.host = "127.0.0.1", .port = rig_.emulator.ports().primary}, clock_) {}

  /// What the controller complains of next on its primary interface.
  UrRuntimeException error_of(const std::string& script) {
    const double since = clock_.now();
    primary_.send_script(script);
    std::optional<UrRuntimeException> error;
    EXPECT_TRUE(eventually([&] {
      for (const TimedUrMessage& timed : primary_.messages_since(since)) {
        if (const auto* found = std::get_if<UrRuntimeException>(&timed.message)) error = *found;
      }
      return error.has_value();
    })) << script;
    return error.value_or(UrRuntimeException{});
  }

  LoopbackRig rig_;
  RigClock clock_;
  PrimaryClient primary_;
};

TEST_F(PrimaryPrograms, TheirErrorsComeBackWithTheirLine) {
  EXPECT_EQ(primary_.version().project, "URControl");
  EXPECT_EQ(primary_.version().minor, 15);
  const UrRuntimeException error = error_of("def f():\n  sync()\n  txtmsg(\"a\")\nend");
  EXPECT_EQ(error.line, 3);
  EXPECT_EQ(error.text, "compile_error_name_not_found:txtmsg:");
}

TEST_F(PrimaryPrograms, WhatIsBeyondTheSubsetIsRefusedInTheControllersWords) {
  EXPECT_EQ(error_of("def f():\n  servoj([0,0,0,0,0,0])\nend").text,
            "compile_error_name_not_found:servoj:");
  for (const char* body : {"while True:", "if x > 1:", "thread t():", "x = 1 +", "movel(p[1,2"}) {
    const UrRuntimeException error =
        error_of("def f():\n  sync()\n  " + std::string(body) + "\n  end\nend");
    EXPECT_THAT(error.text, HasSubstr("syntax_error_on_line:3:")) << body;
    EXPECT_EQ(error.line, 3) << body;
  }
  EXPECT_THAT(error_of("def f():\n  write_output_integer_register(48, 1)\nend").text,
              HasSubstr("Runtime error: "));
  EXPECT_THAT(error_of("def f():\n  write_output_integer_register(\"a\", 1)\nend").text,
              HasSubstr("Type error: "));
  EXPECT_THAT(error_of("sec f():\n  movel(p[0,0,0,0,0,0])\nend").text, HasSubstr("movel"));
}

TEST_F(PrimaryPrograms, WhatFailsInASecondaryOneIsAKeyMessage) {
  const double since = clock_.now();
  primary_.send_script("sec f():\n  write_output_integer_register(48, 1)\nend");
  std::string text;
  EXPECT_TRUE(eventually([&] {
    for (const TimedUrMessage& timed : primary_.messages_since(since)) {
      const auto* key = std::get_if<UrKeyMessage>(&timed.message);
      if (key != nullptr && key->title == "SECONDARY_PROGRAM_EXCEPTION_XXX") text = key->text;
    }
    return !text.empty();
  }));
  EXPECT_THAT(text, HasSubstr("Runtime error: write_output_integer_register has registers 0 to"));
}

TEST_F(PrimaryPrograms, AMotionByJointsTakesTheArmThere) {
  // The scripted workcell has no joints of its own: the tool's pose is the goal.
  const Eigen::Isometry3d before = rig_.workcell.state().arm.base_from_tcp;
  primary_.send_script(
      "def f():\n"
      "  there = get_actual_tcp_pose()  # where it is\n"
      "  movej(pose_trans(there, p[0, 0, -0.05, 0, 0, 0]), a=2, v=1)\n"
      "  write_output_integer_register(3, 7)\n"
      "end");
  EXPECT_TRUE(
      eventually([&] { return rig_.emulator.controller().image().outputs.integers[3] == 7; }));
  const Eigen::Vector3d way =
      before.inverse() * rig_.workcell.state().arm.base_from_tcp.translation();
  EXPECT_LT((way - Eigen::Vector3d(0.0, 0.0, -0.05)).norm(), 1e-5);
}

TEST(PrimaryInterface, ASecondaryProgramRunsBesideTheMainOne) {
  LoopbackRig rig;
  RigClock clock;
  UrArm arm(rig.settings(), clock);
  Eigen::Isometry3d goal = arm.read().base_from_tcp;
  goal.translation().z() += 0.1;
  arm.start_move(goal, {0.2, 1.0});
  rig.emulator.controller().submit("sec s():\n  write_output_float_register(3, 2.5)\nend\n");
  EXPECT_TRUE(
      eventually([&] { return rig.emulator.controller().image().outputs.floats[3] == 2.5; }));
  EXPECT_TRUE(eventually([&] { return !arm.moving(); }));
  EXPECT_TRUE(same_pose(rig.workcell.state().arm.base_from_tcp, goal));
}

TEST(SecondaryAndRealtimePorts, PushStateAndTakePrograms) {
  LoopbackRig rig;
  for (const std::uint16_t port : {rig.emulator.ports().secondary, rig.emulator.ports().realtime}) {
    const bool realtime = port == rig.emulator.ports().realtime;
    TcpConnection connection = TcpConnection::connect("127.0.0.1", port, Duration(kPatience));
    Bytes bytes;
    // A program sent before 79 bytes were read may be dropped.
    while (bytes.size() < 1116) {
      const ByteView more = connection.receive(Duration(kPatience));
      ASSERT_FALSE(more.empty());
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
    BigEndianReader reader(bytes);
    EXPECT_EQ(reader.number<std::int32_t>(), realtime ? 1116 : 5 + 8 + 2 + 1 + 9 + 2 + 8 + 20);
    const std::string name = realtime ? "4" : "5";
    connection.send("write_output_integer_register(" + name + ", 7)\n");
    connection.flush(Duration(kPatience));
    EXPECT_TRUE(eventually(
        [&] { return rig.emulator.controller().image().outputs.integers[realtime ? 4 : 5] == 7; }));
  }
}

TEST(RealtimePacket, HasTheFirmwaresLengthAndTheToolAtItsPlace) {
  UrImage image;
  image.tcp_pose = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
  EXPECT_EQ(encode_realtime(image, {3, 0, 0, 0}).size(), 1044u);
  EXPECT_EQ(encode_realtime(image, {3, 4, 0, 0}).size(), 1060u);
  EXPECT_EQ(encode_realtime(image, {3, 9, 0, 0}).size(), 1108u);
  const Bytes package = encode_realtime(image, {3, 15, 8, 0});
  EXPECT_EQ(package.size(), 1116u);
  BigEndianReader reader(package);
  reader.take(444);
  for (double expected : image.tcp_pose) EXPECT_EQ(reader.number<double>(), expected);
}

TEST(UrSettingsFile, IsReadAndRefusesWhatItDoesNotKnow) {
  const auto path = std::filesystem::temp_directory_path() / "gripbench_ur_settings.yaml";
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return UrSettings::from(ConfigNode::load(path));
  };
  const std::string good =
      "host: 10.0.0.2\ntcp: [0, 0, 0.21, 0, 0, 0]\npayload: 1.4\npayload_centre: [0, 0, 0.06]\n";
  const UrSettings settings = read(good);
  EXPECT_EQ(settings.host, "10.0.0.2");
  EXPECT_EQ(settings.rtde_port, 30004);
  EXPECT_EQ(settings.flange_from_tcp[2], 0.21);
  EXPECT_EQ(settings.marker_register, 20);
  EXPECT_THAT(message_of([&] { read(good + "marker_register: 24\n"); }),
              HasSubstr(path.string() + ":5: 'marker_register'"));
  EXPECT_THAT(message_of([&] { read(good + "speed: 3\n"); }), HasSubstr("'speed'"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/ur/primary_packet.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/ur/rotation_vector.h"

namespace gripbench::hal {
namespace {

using ::testing::HasSubstr;

PrimaryPackage only_package(const Bytes& bytes) {
  PrimaryFramer framer;
  framer.append(bytes);
  const std::optional<PrimaryPackage> package = framer.next();
  EXPECT_TRUE(package.has_value());
  EXPECT_FALSE(framer.next());
  return package.value_or(PrimaryPackage{});
}

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// Bytes of the tests of Universal Robots' own client library (tests/test_primary_parser.cpp).

TEST(PrimaryPacket, ReadsTheLibrarysVersionMessage) {
  const PrimaryPackage package = only_package(from_hex(
      "00000037140000000000000000fe03095552436f6e74726f6c0518000000000000000030342d31302d32303235"
      "2c2030303a32353a3333"));
  EXPECT_EQ(package.type, kPrimaryMessage);
  const auto message = std::get<UrVersionMessage>(parse_message(package.payload).value());
  EXPECT_EQ(message.project, "URControl");
  EXPECT_EQ(message.major, 5);
  EXPECT_EQ(message.minor, 24);
  EXPECT_EQ(message.date, "04-10-2025, 00:25:33");
}

TEST(PrimaryPacket, ReadsTheLibrarysRuntimeException) {
  // There its size is 2 too small, which that library does not look at.
  const PrimaryPackage package = only_package(from_hex(
      "0000003b140000000000000000fd0a0000000300000001636f6d70696c655f6572726f725f6e616d655f6e6f74"
      "5f666f756e643a7478746d73673a"));
  const auto message = std::get<UrRuntimeException>(parse_message(package.payload).value());
  EXPECT_EQ(message.line, 3);
  EXPECT_EQ(message.column, 1);
  EXPECT_EQ(message.text, "compile_error_name_not_found:txtmsg:");
}

TEST(PrimaryPacket, ReadsTheLibrarysKeyAndSafetyMessages) {
  const PrimaryPackage key = only_package(from_hex(
      "00000032140000000000000000fe0700000000000000001350524f4752414d5f5858585f535441525445447465"
      "78746d7367"));
  const auto message = std::get<UrKeyMessage>(parse_message(key.payload).value());
  EXPECT_EQ(message.title, "PROGRAM_XXX_STARTED");
  EXPECT_EQ(message.text, "textmsg");

  const PrimaryPackage safety =
      only_package(from_hex("00000020140000000000000000fd050000000000000000030000000000000001"));
  EXPECT_EQ(std::get<UrSafetyMessage>(parse_message(safety.payload).value()).mode,
            UrSafetyMode::kProtectiveStop);
}

TEST(PrimaryPacket, ReadsTheModeAndTheToolOfTheLibrarysFirstState) {
  // Its sub-packages "robot mode" and "cartesian", as URSim 5.8 sent them.
  const Bytes mode = from_hex(
      "0000002f0000000005f87d17400101010000000007003fef0a3d70a3d70a00000000000000003ff000000000"
      "000000");
  Bytes state = BigEndianWriter()
                    .number<std::int32_t>(5 + 47 + 101)
                    .number<std::uint8_t>(16)
                    .append(mode)
                    .bytes();
  const Bytes cartesian = from_hex(
      "0000006504bfc26d90a01de777bfdbe132f6a866443fc9dc1eb00331e6bf5402c0f8e6e6794008ee226378fae0"
      "3fa3e9a4237a7b0a000000000000000000000000000000000000000000000000000000000000000000000000"
      "00000000000000000000000000");
  state.insert(state.end(), cartesian.begin(), cartesian.end());
  state.resize(5 + 47 + 101, 0);
  const PrimaryPackage package = only_package(state);
  const UrPrimaryState read = parse_state(package.payload);
  EXPECT_EQ(read.mode.time_us, 25643784000u);
  EXPECT_TRUE(read.mode.power_on);
  EXPECT_FALSE(read.mode.protective_stopped);
  EXPECT_EQ(read.mode.mode, UrRobotMode::kRunning);
  EXPECT_NEAR(read.mode.target_speed_fraction, 0.97, 1e-9);
  EXPECT_NEAR(read.tcp_pose[0], -0.14397, 1e-5);
  EXPECT_NEAR(read.tcp_pose[2], 0.20203, 1e-5);
}

TEST(PrimaryPacket, EveryMessageGoesThereAndBack) {
  const auto back = [](const UrMessage& message) {
    return parse_message(only_package(encode_message(message, 5)).payload).value();
  };
  EXPECT_EQ(std::get<UrTextMessage>(back(UrTextMessage{"begin lift"})).text, "begin lift");
  const auto code = std::get<UrErrorCode>(back(UrErrorCode{204, 3, 3, "Protective stop"}));
  EXPECT_EQ(code.code, 204);
  EXPECT_EQ(code.argument, 3);
  EXPECT_EQ(code.level, 3);
  EXPECT_EQ(code.text, "Protective stop");
  EXPECT_EQ(std::get<UrSafetyMessage>(back(UrSafetyMessage{UrSafetyMode::kFault})).mode,
            UrSafetyMode::kFault);
  EXPECT_EQ(std::get<UrKeyMessage>(back(UrKeyMessage{1, 2, "TITLE", "text"})).text, "text");
  EXPECT_EQ(std::get<UrRuntimeException>(back(UrRuntimeException{4, 9, "x"})).column, 9);
  EXPECT_EQ(std::get<UrVersionMessage>(back(UrVersionMessage{"URControl", 3, 15, 8, 1, "d"})).minor,
            15);
}

TEST(PrimaryPacket, AStateGoesThereAndBack) {
  UrPrimaryState state;
  state.mode.mode = UrRobotMode::kIdle;
  state.mode.program_paused = true;
  state.joints = {1, 2, 3, 4, 5, 6};
  state.joint_speeds = {6, 5, 4, 3, 2, 1};
  state.tcp_pose = {0.1, 0.2, 0.3, 0, 3.1, 0};
  state.tcp_offset = {0, 0, 0.2, 0, 0, 0};
  const PrimaryPackage package = only_package(encode_state(state));
  EXPECT_EQ(package.type, kPrimaryState);
  // Sizes of the sub-packages of a CB3 controller.
  EXPECT_EQ(package.payload.size(), 47u + 251u + 101u);
  const UrPrimaryState read = parse_state(package.payload);
  EXPECT_EQ(read.mode.mode, UrRobotMode::kIdle);
  EXPECT_TRUE(read.mode.program_paused);
  EXPECT_EQ(read.joints, state.joints);
  EXPECT_EQ(read.joint_speeds, state.joint_speeds);
  EXPECT_EQ(read.tcp_pose, state.tcp_pose);
  EXPECT_EQ(read.tcp_offset, state.tcp_offset);
}

TEST(PrimaryPacket, SaysWhatCameWhenItIsAnotherProtocol) {
  PrimaryFramer framer;
  framer.append(as_bytes("Connected: Universal Robots Dashboard Server\n"));
  try {
    framer.next();
    FAIL() << "took the dashboard for the primary interface";
  } catch (const WireError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the text 'Connected"));
  }
}

TEST(PrimaryPacket, RefusesWhatEndsTooEarly) {
  EXPECT_THROW(parse_message(Bytes{0, 1, 2}), WireError);
  EXPECT_THROW(parse_state(from_hex("0000000400")), WireError);
  EXPECT_THROW(parse_state(from_hex("000000ff0000")), WireError);
  EXPECT_THROW(parse_state(from_hex("ffffffff00")), WireError);
}

TEST(RobotState, EveryHoldIsToldApartAndExplained) {
  std::set<std::string> words;
  for (UrSafetyMode mode :
       {UrSafetyMode::kProtectiveStop, UrSafetyMode::kSafeguardStop,
        UrSafetyMode::kSystemEmergencyStop, UrSafetyMode::kRobotEmergencyStop,
        UrSafetyMode::kViolation, UrSafetyMode::kFault, UrSafetyMode::kRecovery}) {
    EXPECT_FALSE(allows_motion(mode));
    EXPECT_FALSE(explain(mode).empty());
    words.insert(explain(mode));
    // The bits that show a mode lead back to it.
    EXPECT_EQ(mode_of_bits(safety_bits(mode)), mode);
  }
  EXPECT_EQ(words.size(), 7u);
  EXPECT_TRUE(explain(UrSafetyMode::kNormal).empty());
  EXPECT_TRUE(explain(UrRobotMode::kRunning).empty());
  EXPECT_THAT(explain(UrRobotMode::kIdle), HasSubstr("brake release"));
}

TEST(RotationVector, PosesGoThereAndBack) {
  for (double angle : {0.0, 1e-9, 0.5, 3.14159, 3.141592653589793}) {
    Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
    pose.linear() =
        Eigen::AngleAxisd(angle, Eigen::Vector3d(1, -2, 0.5).normalized()).toRotationMatrix();
    pose.translation() << 0.1, -0.2, 0.3;
    const Eigen::Isometry3d back = from_ur_pose(to_ur_pose(pose));
    const Eigen::Matrix3d turn = back.linear().transpose() * pose.linear();
    EXPECT_LT((back.translation() - pose.translation()).norm(), 1e-12) << angle;
    EXPECT_LT(Eigen::AngleAxisd(turn).angle(), 1e-6) << angle;
  }
}

}  // namespace
}  // namespace gripbench::hal

#include "hal/wsg/wsg_frame.h"

#include <gtest/gtest.h>

#include "hal/seed.h"
#include "hal/wsg/wsg_protocol.h"

namespace gripbench::hal {
namespace {

std::vector<WsgFrame> frames_of(WsgFramer& framer, ByteView bytes) {
  framer.append(bytes);
  std::vector<WsgFrame> frames;
  while (auto frame = framer.next()) frames.push_back(*std::move(frame));
  return frames;
}

struct Example {
  WsgFrame frame;
  Bytes bytes;
};

/// The examples that the maker's manual and published drivers print byte by byte.
const std::vector<Example>& examples() {
  static const std::vector<Example> kExamples = {
      {{0x01, {}}, {0xaa, 0xaa, 0xaa, 0x01, 0x00, 0x00, 0xe8, 0x10}},
      {{0x01, {0x12, 0x34}}, {0xaa, 0xaa, 0xaa, 0x01, 0x02, 0x00, 0x12, 0x34, 0x6d, 0x66}},
      {{0x20, {0, 0}}, {0xaa, 0xaa, 0xaa, 0x20, 0x02, 0x00, 0x00, 0x00, 0xb3, 0xfd}},
      {{0x90, {0x0e, 0}}, {0xaa, 0xaa, 0xaa, 0x90, 0x02, 0x00, 0x0e, 0x00, 0xfd, 0x02}},
      {{0x21, {0x1a, 0}}, {0xaa, 0xaa, 0xaa, 0x21, 0x02, 0x00, 0x1a, 0x00, 0x67, 0xcb}},
      {{0x21, {0, 0}}, {0xaa, 0xaa, 0xaa, 0x21, 0x02, 0x00, 0x00, 0x00, 0x28, 0x04}},
      {{0x30, {0, 0, 0, 0, 0x16, 0x43}},
       {0xaa, 0xaa, 0xaa, 0x30, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x16, 0x43, 0xdc, 0xcb}}};
  return kExamples;
}

TEST(WsgFrame, EncodesTheManualsExamplesByteByByte) {
  for (const Example& example : examples()) EXPECT_EQ(encode(example.frame), example.bytes);
}

TEST(WsgFrame, ReadsTheManualsExamples) {
  for (const Example& example : examples()) {
    WsgFramer framer;
    const auto frames = frames_of(framer, example.bytes);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].command, example.frame.command);
    EXPECT_EQ(frames[0].payload, example.frame.payload);
    EXPECT_EQ(wsg_checksum(example.bytes), 0);
  }
}

TEST(WsgFrame, TheChecksumAfterThePreambleIsTheManualsStart) {
  EXPECT_EQ(wsg_checksum(Bytes{0xaa, 0xaa, 0xaa}), 0x50f5);
}

TEST(WsgFrame, TheExampleOfAnAccelerationIs150MmPerS2) {
  WsgFramer framer;
  const auto frames = frames_of(framer, examples().back().bytes);
  const WsgAnswer answer = parse_answer(frames.at(0).payload);
  EXPECT_EQ(answer.status, WsgStatus::kSuccess);
  EXPECT_EQ(parse_float(answer.parameters), 150.0f);
}

TEST(WsgFramer, FindsFramesHoweverTheyAreCutUp) {
  Bytes stream;
  for (const Example& example : examples()) {
    stream.insert(stream.end(), example.bytes.begin(), example.bytes.end());
  }
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    WsgFramer framer;
    std::size_t found = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const auto part = ByteView(stream).subspan(at, std::min(piece, stream.size() - at));
      for (const WsgFrame& frame : frames_of(framer, part)) {
        EXPECT_EQ(frame.payload, examples().at(found).frame.payload);
        ++found;
      }
    }
    EXPECT_EQ(found, examples().size()) << "in pieces of " << piece;
    EXPECT_EQ(framer.skipped(), 0u);
  }
}

TEST(WsgFramer, GoesOnAfterGarbageAndAGarbledFrame) {
  const Bytes good = encode(make_answer(WsgCommand::kWidth, WsgStatus::kSuccess, float_bytes(42)));
  for (std::size_t hurt = 0; hurt < good.size(); ++hurt) {
    Bytes stream = {0x00, 0xaa, 0xaa, 0x13};
    Bytes bad = good;
    bad[hurt] ^= 0x10;
    stream.insert(stream.end(), bad.begin(), bad.end());
    // A garbled length may reach over the next frames, never over more than the longest payload.
    for (int i = 0; i < 30; ++i) stream.insert(stream.end(), good.begin(), good.end());
    WsgFramer framer;
    const auto frames = frames_of(framer, stream);
    EXPECT_GE(frames.size(), 30u) << "byte " << hurt;
    for (const WsgFrame& frame : frames) EXPECT_EQ(encode(frame), good);
    EXPECT_GT(framer.skipped(), 0u);
  }
}

TEST(WsgFramer, ARowOfPreambleBytesBeforeAFrameIsSkipped) {
  Bytes stream(7, 0xaa);
  const Bytes frame = encode(make_request(WsgCommand::kIdentity));
  stream.insert(stream.end(), frame.begin(), frame.end());
  WsgFramer framer;
  ASSERT_EQ(frames_of(framer, stream).size(), 1u);
  EXPECT_EQ(framer.skipped(), 7u);
}

TEST(WsgFramer, RemembersTheFirstBytesOfAnotherProtocol) {
  WsgFramer framer;
  const std::string banner = "Connected: Universal Robots Dashboard Server\n";
  EXPECT_TRUE(frames_of(framer, as_bytes(banner)).empty());
  EXPECT_NE(describe_bytes(framer.first_skipped()).find("the text 'Connected: Universal"),
            std::string::npos);
}

TEST(WsgFramer, NoiseGivesNoFrameAndKeepsLittle) {
  SeededDraw draw(7);
  WsgFramer framer;
  std::uint64_t fed = 0;
  for (int round = 0; round < 2000; ++round) {
    Bytes noise(97);
    // Preambles are frequent, so that headers are looked at.
    for (std::uint8_t& byte : noise) {
      byte = draw.uniform() < 0.5 ? 0xaa : static_cast<std::uint8_t>(draw.next());
    }
    fed += noise.size();
    for (const WsgFrame& frame : frames_of(framer, noise)) {
      EXPECT_LE(frame.payload.size(), kWsgMostPayload);
      fed -= frame.payload.size() + 8;
    }
    EXPECT_LE(fed - framer.skipped(), kWsgMostPayload + 8);
  }
}

TEST(WsgProtocol, ParametersComeBackAsTheyWent) {
  const WsgPrePosition motion{true, true, 12.5f, 30.0f};
  const WsgPrePosition same = parse_pre_position(make_pre_position(motion).payload);
  EXPECT_TRUE(same.relative);
  EXPECT_TRUE(same.stop_on_block);
  EXPECT_EQ(same.width, 12.5f);
  EXPECT_EQ(same.speed, 30.0f);

  const WsgUpdateWish wish =
      parse_update_wish(make_value_request(WsgCommand::kForce, {true, true, 20}).payload);
  EXPECT_TRUE(wish.automatic);
  EXPECT_TRUE(wish.on_change_only);
  EXPECT_EQ(wish.period, 20);

  WsgHardwareLimits limits;
  limits.stroke = 68.0f;
  EXPECT_EQ(parse_limits(limits_bytes(limits)).stroke, 68.0f);
  EXPECT_EQ(limits_bytes(limits).size(), 32u);

  const WsgIdentity identity = parse_identity(identity_bytes({kWsg50, 3, 0x2640, 77}));
  EXPECT_EQ(describe_firmware(identity.firmware), "2.6.4");
  EXPECT_EQ(describe_kind(identity.kind), "WSG 50");
  EXPECT_EQ(identity.serial, 77u);
  EXPECT_TRUE(is_acknowledgement(make_acknowledge().payload));
  EXPECT_FALSE(is_acknowledgement(as_bytes("acK")));
}

TEST(WsgProtocol, WrongLengthsAreRefused) {
  EXPECT_THROW(parse_float(Bytes{1, 2, 3}), WireError);
  EXPECT_THROW(parse_float(Bytes{1, 2, 3, 4, 5}), WireError);
  EXPECT_THROW(parse_pre_position(Bytes(8)), WireError);
  EXPECT_THROW(parse_answer(Bytes{0}), WireError);
  EXPECT_THROW(parse_limits(Bytes(28)), WireError);
  EXPECT_THROW(parse_homing(Bytes{3}), WireError);
}

TEST(WsgProtocol, EveryStatusAndFaultHasWords) {
  for (std::uint16_t code = 0; code <= 30; ++code) {
    EXPECT_EQ(explain(static_cast<WsgStatus>(code)).find("unknown"), std::string::npos) << code;
  }
  EXPECT_NE(explain(static_cast<WsgStatus>(31)).find("unknown status 31"), std::string::npos);
  EXPECT_EQ(explain_state(kWsgReferenced | kWsgMoving | kWsgTargetReached), "");
  EXPECT_NE(explain_state(kWsgFastStop).find("acknowledge"), std::string::npos);
  EXPECT_NE(explain_state(kWsgTemperatureFault | kWsgFastStop).find("; "), std::string::npos);
}

}  // namespace
}  // namespace gripbench::hal

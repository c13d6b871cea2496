#include "hal/ur/rtde_packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/ur/rtde_fields.h"

namespace gripbench::hal {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

RtdePackage only_package(const Bytes& bytes) {
  RtdeFramer framer;
  framer.append(bytes);
  const std::optional<RtdePackage> package = framer.next();
  EXPECT_TRUE(package.has_value());
  EXPECT_FALSE(framer.next());
  return package.value_or(RtdePackage{});
}

// Bytes of the tests of Universal Robots' own client library (tests/test_rtde_parser.cpp).

TEST(RtdePacket, ReadsTheLibrarysProtocolAnswer) {
  const RtdePackage package = only_package({0x00, 0x04, 0x56, 0x01});
  EXPECT_EQ(package.type, RtdePackageType::kProtocolVersion);
  EXPECT_TRUE(parse_accepted(package.payload));
}

TEST(RtdePacket, ReadsTheLibrarysControllerVersion) {
  const RtdePackage package =
      only_package({0x00, 0x13, 0x76, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00,
                    0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
  EXPECT_EQ(package.type, RtdePackageType::kControllerVersion);
  EXPECT_EQ(parse_controller_version(package.payload), (ControllerVersion{5, 8, 0, 0}));
}

TEST(RtdePacket, ReadsTheLibrarysInputRecipe) {
  const RtdePackage package = only_package({0x00, 0x11, 0x49, 0x01, 0x55, 0x49, 0x4e, 0x54, 0x33,
                                            0x32, 0x2c, 0x44, 0x4f, 0x55, 0x42, 0x4c, 0x45});
  EXPECT_EQ(package.type, RtdePackageType::kInputRecipe);
  const RtdeRecipeAnswer answer = parse_recipe_answer(package.payload);
  EXPECT_EQ(answer.id, 1);
  EXPECT_THAT(answer.types, ElementsAre("UINT32", "DOUBLE"));
}

TEST(RtdePacket, ReadsTheLibrarysDataPackage) {
  const RtdePackage package =
      only_package({0x00, 0x14, 0x55, 0x01, 0x40, 0xd0, 0x07, 0x0d, 0x2f, 0x1a,
                    0x9f, 0xbe, 0x3f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00});
  const std::vector<RtdeValue> values =
      parse_data(package.payload, {1, {RtdeType::kDouble, RtdeType::kDouble}});
  EXPECT_NEAR(std::get<double>(values.at(0)), 16412.2, 0.1);
  EXPECT_DOUBLE_EQ(std::get<double>(values.at(1)), 1.0);
}

TEST(RtdePacket, WritesRequestsAsTheControllersPythonClientDoes) {
  EXPECT_EQ(encode(make_protocol_request(2)), (Bytes{0x00, 0x05, 0x56, 0x00, 0x02}));
  // struct.pack(">HB", 24, ord("O")) + struct.pack(">d", 125) + b"timestamp,abc"
  Bytes request{0x00, 0x18, 0x4f, 0x40, 0x5f, 0x40, 0x00, 0x00, 0x00, 0x00, 0x00};
  for (char c : std::string("timestamp,abc")) request.push_back(c);
  EXPECT_EQ(encode(make_output_request({125.0, {"timestamp", "abc"}})), request);
}

TEST(RtdePacket, EveryTypeOfValueGoesThereAndBack) {
  const std::vector<RtdeValue> values = {
      true,
      std::uint8_t{200},
      std::uint32_t{4'000'000'000},
      std::uint64_t{1} << 60,
      std::int32_t{-7},
      -0.125,
      std::array<double, 3>{1, 2, 3},
      std::array<double, 6>{1, 2, 3, 4, 5, 6},
      std::array<std::int32_t, 6>{-1, 2, -3, 4, -5, 6},
      std::array<std::uint32_t, 6>{1, 2, 3, 4, 5, 6},
  };
  RtdeRecipe recipe{7, {}};
  std::size_t size = 1;
  for (const RtdeValue& value : values) {
    recipe.types.push_back(static_cast<RtdeType>(value.index()));
    size += wire_size(recipe.types.back());
    EXPECT_EQ(rtde_type_named(name_of(recipe.types.back())), recipe.types.back());
  }
  const RtdePackage package = only_package(encode(make_data(7, values)));
  EXPECT_EQ(package.payload.size(), size);
  EXPECT_EQ(parse_data(package.payload, recipe), values);
}

TEST(RtdePacket, RequestsAndMessagesGoThereAndBack) {
  const RtdeRecipeRequest request =
      parse_output_request(make_output_request({62.5, {"a", "b", "c"}}).payload);
  EXPECT_EQ(request.frequency, 62.5);
  EXPECT_THAT(request.names, ElementsAre("a", "b", "c"));
  EXPECT_THAT(parse_input_request(make_input_request({"x", "y"}).payload), ElementsAre("x", "y"));
  EXPECT_EQ(parse_protocol_request(make_protocol_request(2).payload), 2);
  const ControllerVersion version{3, 15, 8, 106339};
  EXPECT_EQ(parse_controller_version(make_controller_version(version).payload), version);
  const RtdeTextMessage message = parse_text_message(
      make_text_message({"the recipe is bad", "RTDE", RtdeMessageLevel::kWarning}).payload);
  EXPECT_EQ(message.text, "the recipe is bad");
  EXPECT_EQ(message.source, "RTDE");
  EXPECT_EQ(message.level, RtdeMessageLevel::kWarning);
}

TEST(RtdePacket, CutsPackagesWhereverTheStreamIsSplit) {
  const Bytes stream = [] {
    Bytes all = encode(make_protocol_request(2));
    const Bytes second = encode(make_data(1, {1.5}));
    all.insert(all.end(), second.begin(), second.end());
    return all;
  }();
  for (std::size_t split = 0; split <= stream.size(); ++split) {
    RtdeFramer framer;
    std::vector<RtdePackageType> types;
    const auto take = [&](ByteView part) {
      framer.append(part);
      while (const auto package = framer.next()) types.push_back(package->type);
    };
    take(ByteView(stream).first(split));
    take(ByteView(stream).subspan(split));
    EXPECT_THAT(types, ElementsAre(RtdePackageType::kProtocolVersion, RtdePackageType::kData));
  }
}

TEST(RtdePacket, SaysWhatCameWhenItIsAnotherProtocol) {
  RtdeFramer framer;
  framer.append(as_bytes("Connected: Universal Robots Dashboard Server\n"));
  try {
    framer.next();
    FAIL() << "took the dashboard for RTDE";
  } catch (const WireError& error) {
    EXPECT_THAT(error.what(), HasSubstr("the text 'Connected: Universal Rob"));
  }
}

TEST(RtdePacket, RefusesAPackageSmallerThanItsHeader) {
  RtdeFramer framer;
  framer.append(Bytes{0x00, 0x02, 'U'});
  EXPECT_THROW(framer.next(), WireError);
}

TEST(RtdePacket, RefusesDataThatDoNotFitTheRecipe) {
  const RtdeRecipe recipe{1, {RtdeType::kDouble}};
  EXPECT_THROW(parse_data(Bytes{1, 0, 0}, recipe), WireError);
  EXPECT_THROW(parse_data(make_data(1, {1.0, 2.0}).payload, recipe), WireError);
  EXPECT_THROW(parse_data(make_data(2, {1.0}).payload, recipe), WireError);
  EXPECT_THROW(parse_data({}, recipe), WireError);
}

TEST(RtdePacket, RefusesTextsThatReachBeyondTheirPackage) {
  EXPECT_THROW(parse_text_message(Bytes{200, 'a', 'b'}), WireError);
  EXPECT_THROW(parse_text_message(Bytes{0, 0, 9}), WireError);
  EXPECT_THROW(parse_recipe_answer({}), WireError);
  EXPECT_THROW(parse_input_request(Bytes(kRtdeMostNames + 1, 'a')), WireError);
}

TEST(RtdeFields, KnowTypesAndFirmwareOfRegisters) {
  EXPECT_EQ(rtde_output("output_int_register_23")->type, RtdeType::kInt32);
  EXPECT_EQ(rtde_output("output_int_register_23")->since, (ControllerVersion{3, 4, 0, 0}));
  EXPECT_EQ(rtde_output("output_int_register_24")->since, (ControllerVersion{3, 9, 0, 0}));
  EXPECT_FALSE(rtde_output("output_int_register_48"));
  EXPECT_FALSE(rtde_output("output_int_register_"));
  EXPECT_FALSE(rtde_output("output_int_register_1x"));
  EXPECT_EQ(rtde_output("output_bit_register_64")->type, RtdeType::kBool);
  EXPECT_FALSE(rtde_output("output_bit_register_63"));
  EXPECT_EQ(rtde_input("input_double_register_0")->type, RtdeType::kDouble);
  EXPECT_FALSE(rtde_input("actual_q"));
  EXPECT_EQ(rtde_output("input_double_register_0")->since, (ControllerVersion{3, 9, 0, 0}));
}

}  // namespace
}  // namespace gripbench::hal

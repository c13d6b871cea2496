#include "hal/ur/rtde_packet.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

constexpr std::array<std::string_view, std::variant_size_v<RtdeValue>> kTypeNames = {
    "BOOL",   "UINT8",    "UINT32",   "UINT64",       "INT32",
    "DOUBLE", "VECTOR3D", "VECTOR6D", "VECTOR6INT32", "VECTOR6UINT32"};

constexpr std::string_view kPackageTypes = "VvMUOISP";

void read_into(BigEndianReader& reader, bool& value) { value = reader.number<std::uint8_t>() != 0; }
template <WireNumber T>
void read_into(BigEndianReader& reader, T& value) {
  value = reader.number<T>();
}
template <typename T, std::size_t N>
void read_into(BigEndianReader& reader, std::array<T, N>& values) {
  for (T& value : values) value = reader.number<T>();
}

void write_from(BigEndianWriter& writer, bool value) { writer.number<std::uint8_t>(value ? 1 : 0); }
template <WireNumber T>
void write_from(BigEndianWriter& writer, T value) {
  writer.number(value);
}
template <typename T, std::size_t N>
void write_from(BigEndianWriter& writer, const std::array<T, N>& values) {
  for (const T& value : values) writer.number(value);
}

template <std::size_t... Index>
RtdeValue zero_value_of(std::size_t wanted, std::index_sequence<Index...>) {
  RtdeValue value;
  ((Index == wanted ? void(value.emplace<Index>()) : void()), ...);
  return value;
}

void expect_end(const BigEndianReader& reader) {
  if (reader.left() > 0) {
    throw WireError(fmt::format("the package is {} bytes too long", reader.left()));
  }
}

std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    names.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

std::string take_names(BigEndianReader& reader) {
  std::string names = reader.rest();
  if (names.size() > kRtdeMostNames) {
    throw WireError(
        fmt::format("a recipe of {} bytes of names, more than {}", names.size(), kRtdeMostNames));
  }
  return names;
}

RtdePackage package_of(RtdePackageType type, const BigEndianWriter& writer) {
  return {type, writer.bytes()};
}

}  // namespace

Bytes encode(const RtdePackage& package) {
  const std::size_t size = kRtdeHeaderSize + package.payload.size();
  if (size > 0xffff) throw WireError(fmt::format("an RTDE package of {} bytes is too long", size));
  return BigEndianWriter()
      .number(static_cast<std::uint16_t>(size))
      .number(static_cast<std::uint8_t>(package.type))
      .append(package.payload)
      .bytes();
}

void RtdeFramer::append(ByteView bytes) {
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<RtdePackage> RtdeFramer::next() {
  if (buffer_.size() < kRtdeHeaderSize) return std::nullopt;
  BigEndianReader reader(buffer_);
  const auto size = reader.number<std::uint16_t>();
  const auto type = reader.number<std::uint8_t>();
  if (size < kRtdeHeaderSize || kPackageTypes.find(static_cast<char>(type)) == kPackageTypes.npos) {
    throw WireError("expected an RTDE package, got " + describe_bytes(buffer_));
  }
  if (buffer_.size() < size) return std::nullopt;
  const ByteView payload = reader.take(size - kRtdeHeaderSize);
  RtdePackage package{static_cast<RtdePackageType>(type), {payload.begin(), payload.end()}};
  buffer_.erase(buffer_.begin(), buffer_.begin() + size);
  return package;
}

std::string_view name_of(RtdeType type) { return kTypeNames.at(static_cast<std::size_t>(type)); }

std::optional<RtdeType> rtde_type_named(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<RtdeType>(found - kTypeNames.begin());
}

std::size_t wire_size(RtdeType type) {
  BigEndianWriter writer;
  std::visit([&](const auto& value) { write_from(writer, value); }, zero_value(type));
  return writer.bytes().size();
}

RtdeValue zero_value(RtdeType type) {
  return zero_value_of(static_cast<std::size_t>(type),
                       std::make_index_sequence<std::variant_size_v<RtdeValue>>());
}

std::vector<RtdeValue> parse_data(ByteView payload, const RtdeRecipe& recipe) {
  BigEndianReader reader(payload);
  const auto id = reader.number<std::uint8_t>();
  if (id != recipe.id) {
    throw WireError(fmt::format("data of recipe {}, expected recipe {}", id, recipe.id));
  }
  std::vector<RtdeValue> values;
  values.reserve(recipe.types.size());
  for (RtdeType type : recipe.types) {
    RtdeValue& value = values.emplace_back(zero_value(type));
    std::visit([&](auto& number) { read_into(reader, number); }, value);
  }
  expect_end(reader);
  return values;
}

RtdePackage make_data(std::uint8_t recipe, const std::vector<RtdeValue>& values) {
  BigEndianWriter writer;
  writer.number(recipe);
  for (const RtdeValue& value : values) {
    std::visit([&](const auto& number) { write_from(writer, number); }, value);
  }
  return package_of(RtdePackageType::kData, writer);
}

RtdePackage make_protocol_request(std::uint16_t version) {
  return package_of(RtdePackageType::kProtocolVersion, BigEndianWriter().number(version));
}

std::uint16_t parse_protocol_request(ByteView payload) {
  BigEndianReader reader(payload);
  const auto version = reader.number<std::uint16_t>();
  expect_end(reader);
  return version;
}

RtdePackage make_accepted(RtdePackageType type, bool accepted) {
  return package_of(type, BigEndianWriter().number<std::uint8_t>(accepted ? 1 : 0));
}

bool parse_accepted(ByteView payload) {
  BigEndianReader reader(payload);
  const bool accepted = reader.number<std::uint8_t>() != 0;
  expect_end(reader);
  return accepted;
}

std::string describe(const ControllerVersion& version) {
  return fmt::format("{}.{}.{}", version.major, version.minor, version.bugfix);
}

RtdePackage make_controller_version(const ControllerVersion& version) {
  return package_of(RtdePackageType::kControllerVersion, BigEndianWriter()
                                                             .number(version.major)
                                                             .number(version.minor)
                                                             .number(version.bugfix)
                                                             .number(version.build));
}

ControllerVersion parse_controller_version(ByteView payload) {
  BigEndianReader reader(payload);
  ControllerVersion version;
  version.major = reader.number<std::uint32_t>();
  version.minor = reader.number<std::uint32_t>();
  version.bugfix = reader.number<std::uint32_t>();
  version.build = reader.number<std::uint32_t>();
  expect_end(reader);
  return version;
}

RtdePackage make_output_request(const RtdeRecipeRequest& request) {
  return package_of(RtdePackageType::kOutputRecipe,
                    BigEndianWriter()
                        .number(request.frequency)
                        .text(fmt::format("{}", fmt::join(request.names, ","))));
}

RtdeRecipeRequest parse_output_request(ByteView payload) {
  BigEndianReader reader(payload);
  RtdeRecipeRequest request;
  request.frequency = reader.number<double>();
  request.names = split_names(take_names(reader));
  return request;
}

RtdePackage make_input_request(const std::vector<std::string>& names) {
  return package_of(RtdePackageType::kInputRecipe,
                    BigEndianWriter().text(fmt::format("{}", fmt::join(names, ","))));
}

std::vector<std::string> parse_input_request(ByteView payload) {
  BigEndianReader reader(payload);
  return split_names(take_names(reader));
}

RtdePackage make_recipe_answer(RtdePackageType type, const RtdeRecipeAnswer& answer) {
  return package_of(type, BigEndianWriter().number(answer.id).text(
                              fmt::format("{}", fmt::join(answer.types, ","))));
}

RtdeRecipeAnswer parse_recipe_answer(ByteView payload) {
  BigEndianReader reader(payload);
  RtdeRecipeAnswer answer;
  answer.id = reader.number<std::uint8_t>();
  answer.types = split_names(reader.rest());
  return answer;
}

RtdePackage make_text_message(const RtdeTextMessage& message) {
  const auto clipped = [](const std::string& text) {
    return std::string_view(text).substr(0, 255);
  };
  const std::string_view text = clipped(message.text);
  const std::string_view source = clipped(message.source);
  return package_of(RtdePackageType::kTextMessage,
                    BigEndianWriter()
                        .number(static_cast<std::uint8_t>(text.size()))
                        .text(text)
                        .number(static_cast<std::uint8_t>(source.size()))
                        .text(source)
                        .number(static_cast<std::uint8_t>(message.level)));
}

RtdeTextMessage parse_text_message(ByteView payload) {
  BigEndianReader reader(payload);
  RtdeTextMessage message;
  message.text = reader.text(reader.number<std::uint8_t>());
  message.source = reader.text(reader.number<std::uint8_t>());
  const auto level = reader.number<std::uint8_t>();
  if (level > static_cast<std::uint8_t>(RtdeMessageLevel::kInfo)) {
    throw WireError(fmt::format("a text message of unknown level {}", level));
  }
  message.level = static_cast<RtdeMessageLevel>(level);
  expect_end(reader);
  return message;
}

}  // namespace gripbench::hal

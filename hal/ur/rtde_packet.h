#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// Packages of the Real-Time Data Exchange of Universal Robots' controllers, protocol 2, as bytes
/// and back. Both sides of the wire use these: the driver and the emulated controller.
///
/// Source: Universal Robots, "Real-Time Data Exchange (RTDE) Guide". A package is a big-endian
/// uint16 of its whole size, a uint8 of its type, and a payload. Every parser throws WireError on
/// bytes that are none, and takes no more memory than the package itself.

inline constexpr std::uint16_t kRtdeProtocol = 2;
inline constexpr std::size_t kRtdeHeaderSize = 3;
/// Longest list of variable names in a recipe request (bytes).
inline constexpr std::size_t kRtdeMostNames = 2048;

enum class RtdePackageType : std::uint8_t {
  kProtocolVersion = 'V',
  kControllerVersion = 'v',
  kTextMessage = 'M',
  kData = 'U',
  kOutputRecipe = 'O',
  kInputRecipe = 'I',
  kStart = 'S',
  kPause = 'P',
};

struct RtdePackage {
  RtdePackageType type = RtdePackageType::kData;
  Bytes payload;
};

Bytes encode(const RtdePackage& package);

/// Cuts packages out of a stream of bytes; keeps at most one package and what came with it.
class RtdeFramer {
 public:
  void append(ByteView bytes);

  /// The next whole package, if it is there; call it until there is none before appending more.
  /// @throws WireError saying what came, if that is no RTDE package.
  std::optional<RtdePackage> next();

 private:
  Bytes buffer_;
};

/// The value of a variable; the alternatives are in the order of RtdeType.
using RtdeValue = std::variant<bool, std::uint8_t, std::uint32_t, std::uint64_t, std::int32_t,
                               double, std::array<double, 3>, std::array<double, 6>,
                               std::array<std::int32_t, 6>, std::array<std::uint32_t, 6>>;

enum class RtdeType : std::size_t {
  kBool,
  kUint8,
  kUint32,
  kUint64,
  kInt32,
  kDouble,
  kVector3d,
  kVector6d,
  kVector6Int32,
  kVector6Uint32,
};

/// "DOUBLE", "VECTOR6D" and so on, and back; nothing for a name that is no type (NOT_FOUND,
/// IN_USE).
std::string_view name_of(RtdeType type);
std::optional<RtdeType> rtde_type_named(std::string_view name);
/// Bytes that a value of the type takes on the wire.
std::size_t wire_size(RtdeType type);
/// A value of the type, all zero.
RtdeValue zero_value(RtdeType type);

/// Types of the values of a data package, in order.
struct RtdeRecipe {
  std::uint8_t id = 0;
  std::vector<RtdeType> types;
};

/// @throws WireError if the payload's recipe is another one, or if it is too short or too long.
std::vector<RtdeValue> parse_data(ByteView payload, const RtdeRecipe& recipe);
RtdePackage make_data(std::uint8_t recipe, const std::vector<RtdeValue>& values);

RtdePackage make_protocol_request(std::uint16_t version);
std::uint16_t parse_protocol_request(ByteView payload);

/// The answer to a protocol request, to start and to pause.
RtdePackage make_accepted(RtdePackageType type, bool accepted);
bool parse_accepted(ByteView payload);

struct ControllerVersion {
  std::uint32_t major = 0, minor = 0, bugfix = 0, build = 0;
  auto operator<=>(const ControllerVersion&) const = default;
};
/// "3.15.8".
std::string describe(const ControllerVersion& version);

RtdePackage make_controller_version(const ControllerVersion& version);
ControllerVersion parse_controller_version(ByteView payload);

/// Request for an output recipe at a frequency (Hz), or for an input recipe.
struct RtdeRecipeRequest {
  double frequency = 0.0;
  std::vector<std::string> names;
};
RtdePackage make_output_request(const RtdeRecipeRequest& request);
RtdeRecipeRequest parse_output_request(ByteView payload);
RtdePackage make_input_request(const std::vector<std::string>& names);
std::vector<std::string> parse_input_request(ByteView payload);

/// The answer to a recipe request: the controller's name of each variable's type, or NOT_FOUND, or
/// IN_USE for an input that another client writes.
struct RtdeRecipeAnswer {
  std::uint8_t id = 0;
  std::vector<std::string> types;
};
RtdePackage make_recipe_answer(RtdePackageType type, const RtdeRecipeAnswer& answer);
RtdeRecipeAnswer parse_recipe_answer(ByteView payload);

enum class RtdeMessageLevel : std::uint8_t { kException, kError, kWarning, kInfo };

struct RtdeTextMessage {
  std::string text;
  std::string source;
  RtdeMessageLevel level = RtdeMessageLevel::kInfo;
};
RtdePackage make_text_message(const RtdeTextMessage& message);
RtdeTextMessage parse_text_message(ByteView payload);

}  // namespace gripbench::hal

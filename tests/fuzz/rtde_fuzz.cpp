// Everything that reads RTDE bytes, on both sides of the wire.
#include <cstddef>
#include <cstdint>

#include "hal/ur/rtde_packet.h"

namespace gripbench::hal {
namespace {

void parse(const RtdePackage& package) {
  switch (package.type) {
    case RtdePackageType::kProtocolVersion:
      parse_protocol_request(package.payload);
      break;
    case RtdePackageType::kControllerVersion:
      parse_controller_version(package.payload);
      break;
    case RtdePackageType::kTextMessage:
      parse_text_message(package.payload);
      break;
    case RtdePackageType::kOutputRecipe:
      parse_output_request(package.payload);
      break;
    case RtdePackageType::kInputRecipe:
      parse_input_request(package.payload);
      break;
    case RtdePackageType::kStart:
    case RtdePackageType::kPause:
      parse_accepted(package.payload);
      break;
    case RtdePackageType::kData:
      break;
  }
}

void swallow(const RtdePackage& package) {
  try {
    parse(package);
  } catch (const WireError&) {
  }
  // The first data package after a recipe's answer has that recipe.
  static thread_local RtdeRecipe recipe;
  try {
    if (package.type == RtdePackageType::kOutputRecipe) {
      const RtdeRecipeAnswer answer = parse_recipe_answer(package.payload);
      recipe = {answer.id, {}};
      for (const std::string& name : answer.types) {
        if (const auto type = rtde_type_named(name)) recipe.types.push_back(*type);
      }
    } else if (package.type == RtdePackageType::kData) {
      const std::vector<RtdeValue> values = parse_data(package.payload, recipe);
      // What was read can be written, byte for byte but for flags other than 0 and 1.
      if (make_data(recipe.id, values).payload.size() != package.payload.size()) __builtin_trap();
    }
  } catch (const WireError&) {
  }
}

}  // namespace
}  // namespace gripbench::hal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gripbench::hal;
  RtdeFramer framer;
  // In two parts, as a stream may come.
  const std::size_t split = size > 0 ? data[0] % size : 0;
  try {
    for (const ByteView part : {ByteView(data, split), ByteView(data + split, size - split)}) {
      framer.append(part);
      while (const auto package = framer.next()) swallow(*package);
    }
  } catch (const WireError&) {
  }
  return 0;
}

#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hal/ur/rtde_packet.h"

namespace gripbench::hal {

/// What the RTDE guide says of a variable: its type, and the first firmware of a CB3 controller
/// that knows it.
struct RtdeVariable {
  RtdeType type = RtdeType::kDouble;
  ControllerVersion since;
};

/// A variable that the controller sends, or nothing if the guide (or this table) has none of that
/// name. The table holds what the driver reads and what common clients ask an emulator for.
std::optional<RtdeVariable> rtde_output(std::string_view name);

/// A variable that a client may write.
std::optional<RtdeVariable> rtde_input(std::string_view name);

/// The index of a variable such as "output_int_register_24" after its stem
/// "output_int_register_"; nothing if it is no number below `count`.
std::optional<int> register_index(std::string_view name, std::string_view stem, int count);

inline constexpr int kRtdeRegisters = 48;
/// Bit registers 0 to 63 come in two words, those from here to 127 one by one.
inline constexpr int kRtdeFirstSingleBit = 64;
inline constexpr int kRtdeBitRegisters = 128;

}  // namespace gripbench::hal

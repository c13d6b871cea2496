#include "hal/ur/rtde_fields.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace gripbench::hal {
namespace {

using enum RtdeType;

/// The first firmware that speaks protocol 2.
constexpr ControllerVersion kFirst{3, 4, 0, 0};
/// Registers 24 to 47 came later than 0 to 23.
constexpr int kEarlyRegisters = 24;
constexpr ControllerVersion kMoreRegisters{3, 9, 0, 0};

struct Named {
  std::string_view name;
  RtdeVariable variable;
};

constexpr Named kOutputs[] = {
    {"timestamp", {kDouble, kFirst}},
    {"target_q", {kVector6d, kFirst}},
    {"target_qd", {kVector6d, kFirst}},
    {"target_qdd", {kVector6d, kFirst}},
    {"target_current", {kVector6d, kFirst}},
    {"target_moment", {kVector6d, kFirst}},
    {"actual_q", {kVector6d, kFirst}},
    {"actual_qd", {kVector6d, kFirst}},
    {"actual_current", {kVector6d, kFirst}},
    {"joint_control_output", {kVector6d, kFirst}},
    {"actual_TCP_pose", {kVector6d, kFirst}},
    {"actual_TCP_speed", {kVector6d, kFirst}},
    {"actual_TCP_force", {kVector6d, kFirst}},
    {"target_TCP_pose", {kVector6d, kFirst}},
    {"target_TCP_speed", {kVector6d, kFirst}},
    {"actual_digital_input_bits", {kUint64, kFirst}},
    {"joint_temperatures", {kVector6d, kFirst}},
    {"actual_execution_time", {kDouble, kFirst}},
    {"robot_mode", {kInt32, kFirst}},
    {"joint_mode", {kVector6Int32, kFirst}},
    {"safety_mode", {kInt32, kFirst}},
    {"safety_status", {kInt32, {3, 10, 0, 0}}},
    {"actual_tool_accelerometer", {kVector3d, kFirst}},
    {"speed_scaling", {kDouble, kFirst}},
    {"target_speed_fraction", {kDouble, kFirst}},
    {"actual_momentum", {kDouble, kFirst}},
    {"actual_main_voltage", {kDouble, kFirst}},
    {"actual_robot_voltage", {kDouble, kFirst}},
    {"actual_robot_current", {kDouble, kFirst}},
    {"actual_joint_voltage", {kVector6d, kFirst}},
    {"actual_digital_output_bits", {kUint64, kFirst}},
    {"runtime_state", {kUint32, kFirst}},
    {"robot_status_bits", {kUint32, kFirst}},
    {"safety_status_bits", {kUint32, kFirst}},
    {"tcp_offset", {kVector6d, {3, 12, 3, 0}}},
    {"payload", {kDouble, {3, 11, 0, 0}}},
    {"payload_cog", {kVector3d, {3, 11, 0, 0}}},
    {"elbow_position", {kVector3d, {3, 5, 0, 0}}},
    {"elbow_velocity", {kVector3d, {3, 5, 0, 0}}},
    {"io_current", {kDouble, kFirst}},
    {"analog_io_types", {kUint32, kFirst}},
    {"standard_analog_input0", {kDouble, kFirst}},
    {"standard_analog_input1", {kDouble, kFirst}},
    {"standard_analog_output0", {kDouble, kFirst}},
    {"standard_analog_output1", {kDouble, kFirst}},
    {"tool_mode", {kUint32, kFirst}},
    {"tool_analog_input_types", {kUint32, kFirst}},
    {"tool_analog_input0", {kDouble, kFirst}},
    {"tool_analog_input1", {kDouble, kFirst}},
    {"tool_output_voltage", {kInt32, kFirst}},
    {"tool_output_current", {kDouble, kFirst}},
    {"tool_temperature", {kDouble, kFirst}},
    {"output_bit_registers0_to_31", {kUint32, kFirst}},
    {"output_bit_registers32_to_63", {kUint32, kFirst}},
};

constexpr Named kInputs[] = {
    {"speed_slider_mask", {kUint32, kFirst}},
    {"speed_slider_fraction", {kDouble, kFirst}},
    {"standard_digital_output_mask", {kUint8, kFirst}},
    {"configurable_digital_output_mask", {kUint8, kFirst}},
    {"tool_digital_output_mask", {kUint8, kFirst}},
    {"standard_digital_output", {kUint8, kFirst}},
    {"configurable_digital_output", {kUint8, kFirst}},
    {"tool_digital_output", {kUint8, kFirst}},
    {"standard_analog_output_mask", {kUint8, kFirst}},
    {"standard_analog_output_type", {kUint8, kFirst}},
    {"standard_analog_output_0", {kDouble, kFirst}},
    {"standard_analog_output_1", {kDouble, kFirst}},
    {"input_bit_registers0_to_31", {kUint32, kFirst}},
    {"input_bit_registers32_to_63", {kUint32, kFirst}},
};

std::optional<RtdeVariable> find(const auto& table, std::string_view name) {
  const auto found = std::find_if(std::begin(table), std::end(table),
                                  [&](const Named& entry) { return entry.name == name; });
  if (found == std::end(table)) return std::nullopt;
  return found->variable;
}

std::optional<RtdeVariable> find_register(std::string_view name, const std::string& direction) {
  const auto since = [](int index) { return index < kEarlyRegisters ? kFirst : kMoreRegisters; };
  if (const auto i = register_index(name, direction + "_int_register_", kRtdeRegisters)) {
    return RtdeVariable{kInt32, since(*i)};
  }
  if (const auto i = register_index(name, direction + "_double_register_", kRtdeRegisters)) {
    return RtdeVariable{kDouble, since(*i)};
  }
  const auto bit = register_index(name, direction + "_bit_register_", kRtdeBitRegisters);
  if (bit && *bit >= kRtdeFirstSingleBit) return RtdeVariable{kBool, kMoreRegisters};
  return std::nullopt;
}

}  // namespace

std::optional<RtdeVariable> rtde_output(std::string_view name) {
  if (const auto variable = find(kOutputs, name)) return variable;
  if (const auto variable = find_register(name, "output")) return variable;
  // What clients wrote can be read back.
  if (const auto variable = find_register(name, "input"))
    return RtdeVariable{variable->type, kMoreRegisters};
  return std::nullopt;
}

std::optional<RtdeVariable> rtde_input(std::string_view name) {
  const std::optional<RtdeVariable> variable = find(kInputs, name);
  return variable ? variable : find_register(name, "input");
}

std::optional<int> register_index(std::string_view name, std::string_view stem, int count) {
  if (!name.starts_with(stem)) return std::nullopt;
  const std::string_view digits = name.substr(stem.size());
  int index = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (index < 0 || index >= count) return std::nullopt;
  return index;
}

}  // namespace gripbench::hal

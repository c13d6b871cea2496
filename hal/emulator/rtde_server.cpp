#include "hal/emulator/rtde_server.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hal/emulator/faulty_line.h"
#include "hal/ur/rtde_fields.h"

namespace gripbench::hal {
namespace {

constexpr double kControllerRate = 125.0;
constexpr std::uint8_t kOutputRecipe = 1;
constexpr std::size_t kMostInputRecipes = 255;
constexpr ControllerVersion kFirstProtocol2{3, 4, 0, 0};
constexpr Duration kLookUp{0.05};
/// joint_mode of a joint that runs (RTDE guide).
constexpr std::int32_t kJointRunning = 253;

std::uint32_t word(const UrRegisterSet& registers, int first) {
  std::uint32_t bits = 0;
  for (int i = 0; i < 32; ++i) bits |= std::uint32_t{registers.bits[first + i]} << i;
  return bits;
}

std::uint32_t status_bits(const UrImage& image) {
  const bool power = image.robot_mode >= UrRobotMode::kPowerOn;
  const bool runs = image.runtime_state == UrRuntimeState::kPlaying;
  return (power ? 1u : 0u) | (runs ? 2u : 0u);
}

const std::map<std::string_view, RtdeGetter>& getters() {
  static const std::map<std::string_view, RtdeGetter> all = {
      {"timestamp", [](const UrImage& i) { return RtdeValue(i.timestamp); }},
      {"actual_q", [](const UrImage& i) { return RtdeValue(i.joints); }},
      {"target_q", [](const UrImage& i) { return RtdeValue(i.joints); }},
      {"actual_qd", [](const UrImage& i) { return RtdeValue(i.joint_speeds); }},
      {"target_qd", [](const UrImage& i) { return RtdeValue(i.joint_speeds); }},
      {"actual_TCP_pose", [](const UrImage& i) { return RtdeValue(i.tcp_pose); }},
      {"target_TCP_pose", [](const UrImage& i) { return RtdeValue(i.tcp_pose); }},
      {"actual_TCP_speed", [](const UrImage& i) { return RtdeValue(i.tcp_speed); }},
      {"target_TCP_speed", [](const UrImage& i) { return RtdeValue(i.tcp_speed); }},
      {"actual_TCP_force", [](const UrImage& i) { return RtdeValue(i.tcp_force); }},
      {"tcp_offset", [](const UrImage& i) { return RtdeValue(i.flange_from_tcp); }},
      {"payload", [](const UrImage& i) { return RtdeValue(i.payload); }},
      {"joint_mode",
       [](const UrImage&) {
         std::array<std::int32_t, 6> running;
         running.fill(kJointRunning);
         return RtdeValue(running);
       }},
      {"robot_mode",
       [](const UrImage& i) { return RtdeValue(static_cast<std::int32_t>(i.robot_mode)); }},
      {"safety_mode",
       [](const UrImage& i) { return RtdeValue(static_cast<std::int32_t>(i.safety_mode)); }},
      {"safety_status",
       [](const UrImage& i) { return RtdeValue(static_cast<std::int32_t>(i.safety_mode)); }},
      {"safety_status_bits",
       [](const UrImage& i) { return RtdeValue(safety_bits(i.safety_mode)); }},
      {"robot_status_bits", [](const UrImage& i) { return RtdeValue(status_bits(i)); }},
      {"runtime_state",
       [](const UrImage& i) { return RtdeValue(static_cast<std::uint32_t>(i.runtime_state)); }},
      {"speed_scaling", [](const UrImage&) { return RtdeValue(1.0); }},
      {"target_speed_fraction", [](const UrImage&) { return RtdeValue(1.0); }},
      {"output_bit_registers0_to_31",
       [](const UrImage& i) { return RtdeValue(word(i.outputs, 0)); }},
      {"output_bit_registers32_to_63",
       [](const UrImage& i) { return RtdeValue(word(i.outputs, 32)); }},
  };
  return all;
}

std::optional<RtdeGetter> register_getter(std::string_view name, const std::string& direction,
                                          UrRegisterSet UrImage::*set) {
  if (const auto i = register_index(name, direction + "_int_register_", kRtdeRegisters)) {
    return [i, set](const UrImage& image) { return RtdeValue((image.*set).integers[*i]); };
  }
  if (const auto i = register_index(name, direction + "_double_register_", kRtdeRegisters)) {
    return [i, set](const UrImage& image) { return RtdeValue((image.*set).floats[*i]); };
  }
  if (const auto i = register_index(name, direction + "_bit_register_", kRtdeBitRegisters)) {
    return [i, set](const UrImage& image) { return RtdeValue(bool{(image.*set).bits[*i]}); };
  }
  return std::nullopt;
}

}  // namespace

std::optional<RtdeGetter> rtde_getter(std::string_view name, const ControllerVersion& version) {
  const std::optional<RtdeVariable> variable = rtde_output(name);
  if (!variable || version < variable->since) return std::nullopt;
  if (const auto found = getters().find(name); found != getters().end()) return found->second;
  if (auto getter = register_getter(name, "output", &UrImage::outputs)) return getter;
  if (auto getter = register_getter(name, "input", &UrImage::inputs)) return getter;
  return [zero = zero_value(variable->type)](const UrImage&) { return zero; };
}

/// What one client and the controller say to each other.
class RtdeServer::Conversation {
 public:
  Conversation(RtdeServer& server, TcpConnection& connection)
      : server_(server),
        line_(connection, server.faults_),
        subscription_(server.controller_.subscribe([this](const UrImage& image) { show(image); },
                                                   [](const UrMessage&) {})) {}

  ~Conversation() {
    subscription_.reset();
    const std::lock_guard lock(server_.claims_.mutex);
    for (const std::string& name : claimed_) server_.claims_.names.erase(name);
  }

  void run(std::stop_token stop) {
    RtdeFramer framer;
    while (!stop.stop_requested()) {
      framer.append(line_.receive(kLookUp));
      while (const std::optional<RtdePackage> package = framer.next()) answer(*package);
    }
  }

 private:
  /// Variables that a client writes together.
  struct Inputs {
    std::vector<std::string> names;
    RtdeRecipe recipe;
  };

  void show(const UrImage& image) {
    const std::lock_guard lock(mutex_);
    if (!started_ || image.cycle % divisor_ != 0) return;
    std::vector<RtdeValue> values;
    values.reserve(outputs_.size());
    for (const RtdeGetter& get : outputs_) values.push_back(get(image));
    line_.send(encode(make_data(kOutputRecipe, values)));
  }

  void answer(const RtdePackage& package) {
    switch (package.type) {
      case RtdePackageType::kProtocolVersion: {
        const bool known = parse_protocol_request(package.payload) == kRtdeProtocol &&
                           server_.controller_.version() >= kFirstProtocol2;
        return send(make_accepted(package.type, known));
      }
      case RtdePackageType::kControllerVersion:
        return send(make_controller_version(server_.controller_.version()));
      case RtdePackageType::kOutputRecipe:
        return send(agree_outputs(parse_output_request(package.payload)));
      case RtdePackageType::kInputRecipe:
        return send(agree_inputs(parse_input_request(package.payload)));
      case RtdePackageType::kStart:
        return send(make_accepted(package.type, start(true)));
      case RtdePackageType::kPause:
        return send(make_accepted(package.type, start(false)));
      case RtdePackageType::kData:
        return take_inputs(package.payload);
      case RtdePackageType::kTextMessage:
        parse_text_message(package.payload);
        return;
    }
  }

  void send(const RtdePackage& package) { line_.send(encode(package)); }

  bool start(bool run) {
    const std::lock_guard lock(mutex_);
    // Without a recipe there is nothing to send, which is no error.
    started_ = run && !outputs_.empty();
    return true;
  }

  RtdePackage agree_outputs(const RtdeRecipeRequest& request) {
    std::vector<RtdeGetter> outputs;
    RtdeRecipeAnswer answer{kOutputRecipe, {}};
    for (const std::string& name : request.names) {
      const auto getter = rtde_getter(name, server_.controller_.version());
      answer.types.emplace_back(getter ? name_of(rtde_output(name)->type) : "NOT_FOUND");
      if (getter) outputs.push_back(*getter);
    }
    const bool complete = outputs.size() == request.names.size();
    const bool possible = request.frequency >= 1.0 && request.frequency <= kControllerRate;
    if (!complete || !possible) answer.id = 0;
    const std::lock_guard lock(mutex_);
    started_ = false;
    outputs_ = answer.id == 0 ? std::vector<RtdeGetter>() : std::move(outputs);
    if (possible) {
      divisor_ = static_cast<std::uint64_t>(std::floor(kControllerRate / request.frequency));
    }
    return make_recipe_answer(RtdePackageType::kOutputRecipe, answer);
  }

  RtdePackage agree_inputs(const std::vector<std::string>& names) {
    Inputs inputs{names, {}};
    std::vector<std::string> types;
    const std::lock_guard lock(server_.claims_.mutex);
    for (const std::string& name : names) {
      const std::optional<RtdeVariable> variable = rtde_input(name);
      const bool known = variable && variable->since <= server_.controller_.version();
      if (known) inputs.recipe.types.push_back(variable->type);
      const bool in_use = server_.claims_.names.contains(name);
      types.emplace_back(!known ? "NOT_FOUND" : in_use ? "IN_USE" : name_of(variable->type));
    }
    const bool good = std::all_of(types.begin(), types.end(), [](const std::string& type) {
      return rtde_type_named(type).has_value();
    });
    if (!good || inputs_.size() == kMostInputRecipes) {
      return make_recipe_answer(RtdePackageType::kInputRecipe, {0, types});
    }
    inputs.recipe.id = static_cast<std::uint8_t>(inputs_.size() + 1);
    server_.claims_.names.insert(names.begin(), names.end());
    claimed_.insert(names.begin(), names.end());
    inputs_.push_back(std::move(inputs));
    return make_recipe_answer(RtdePackageType::kInputRecipe, {inputs_.back().recipe.id, types});
  }

  void take_inputs(ByteView payload) {
    const std::uint8_t id = payload.empty() ? 0 : payload.front();
    if (id == 0 || id > inputs_.size()) {
      return send(make_text_message(
          {fmt::format("there is no input recipe {}", id), "RTDE", RtdeMessageLevel::kError}));
    }
    const Inputs& inputs = inputs_[id - 1];
    const std::vector<RtdeValue> values = parse_data(payload, inputs.recipe);
    for (std::size_t i = 0; i < values.size(); ++i) {
      server_.controller_.write_input(inputs.names[i], values[i]);
    }
  }

  RtdeServer& server_;
  FaultyLine line_;
  std::vector<Inputs> inputs_;
  std::set<std::string> claimed_;

  /// Between the connection's thread and the controller's.
  std::mutex mutex_;
  std::vector<RtdeGetter> outputs_;
  std::uint64_t divisor_ = 1;
  bool started_ = false;

  UrController::Subscription subscription_;
};

RtdeServer::RtdeServer(UrController& controller, const ListenOn& where, LineFaults& faults)
    : controller_(controller),
      faults_(faults),
      server_(where, [this](TcpConnection& connection, std::stop_token stop) {
        Conversation(*this, connection).run(stop);
      }) {}

}  // namespace gripbench::hal

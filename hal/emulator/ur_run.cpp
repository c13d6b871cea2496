#include "hal/emulator/ur_run.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include <fmt/format.h>

#include "hal/ur/rtde_fields.h"

namespace gripbench::hal {
namespace {

// Defaults of the URScript manual, CB3.
constexpr double kJointAcceleration = 1.4;
constexpr double kJointSpeed = 1.05;
constexpr double kToolAcceleration = 1.2;
constexpr double kToolSpeed = 0.25;
constexpr std::size_t kJoints = 6;

// Controllers begin what goes wrong in a running program with these words ("Type error: str_sub
// takes exact...", "Runtime error: The program used too much time without..."); what follows is
// ours. Sources: pharmbio/robotlab; ros-industrial-attic/ur_modern_driver, issue 150.
[[noreturn]] void fail(const UrExpression& at, const std::string& what) {
  throw UrScriptError(at.line, at.column, "Runtime error: " + what);
}

[[noreturn]] void fail_type(const UrExpression& at, const std::string& what) {
  throw UrScriptError(at.line, at.column, "Type error: " + what);
}

/// The arguments of a call as values, by place or by name.
class Arguments {
 public:
  Arguments(const UrExpression& call, std::vector<UrValue> values)
      : call_(call), values_(std::move(values)) {}

  /// Every argument has a place below `least`, or is one of the first `most` or `named`.
  void expect(std::size_t least, std::size_t most,
              const std::vector<std::string>& named = {}) const {
    std::size_t placed = 0;
    for (const UrArgument& part : call_.parts) {
      if (part.name.empty()) {
        ++placed;
      } else if (std::find(named.begin(), named.end(), part.name) == named.end()) {
        fail_type(call_, fmt::format("{} has no argument {}", call_.text, part.name));
      }
    }
    if (placed < least || placed > most) {
      fail_type(call_, fmt::format("{} takes {} to {} arguments, not {}", call_.text, least, most,
                                   placed));
    }
  }

  const UrValue* find(std::size_t place, const std::string& name) const {
    for (std::size_t i = 0; i < call_.parts.size(); ++i) {
      const std::string& given = call_.parts[i].name;
      if (given.empty() ? i == place : given == name) return &values_[i];
    }
    return nullptr;
  }

  template <typename T>
  const T& get(std::size_t place) const {
    const UrValue* value = find(place, "");
    const T* wanted = value == nullptr ? nullptr : std::get_if<T>(value);
    if (wanted == nullptr) {
      fail_type(call_, fmt::format("argument {} of {} has the wrong type", place + 1, call_.text));
    }
    return *wanted;
  }

  double number_or(std::size_t place, const std::string& name, double otherwise) const {
    const UrValue* value = find(place, name);
    if (value == nullptr) return otherwise;
    const double* number = std::get_if<double>(value);
    if (number == nullptr) fail_type(call_, fmt::format("argument {} is no number", name));
    return *number;
  }

  int index(std::size_t place, int count) const {
    const double number = get<double>(place);
    if (!(number >= 0.0) || number >= count || number != std::floor(number)) {
      fail(call_, fmt::format("{} has registers 0 to {}", call_.text, count - 1));
    }
    return static_cast<int>(number);
  }

 private:
  const UrExpression& call_;
  std::vector<UrValue> values_;
};

std::int32_t to_integer(const UrExpression& at, double number) {
  if (!(std::abs(number) < 2147483648.0)) fail(at, "the number does not fit an integer register");
  return static_cast<std::int32_t>(number);
}

std::string to_text(const UrValue& value) {
  struct Text {
    std::string operator()(bool flag) const { return flag ? "True" : "False"; }
    std::string operator()(double number) const { return fmt::format("{:g}", number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const UrList& list) const {
      return fmt::format("[{:g}]", fmt::join(list, ", "));
    }
    std::string operator()(const UrPose& pose) const {
      return fmt::format("p[{:g}]", fmt::join(pose, ", "));
    }
  };
  return std::visit(Text(), value);
}

UrValue make_list(const UrExpression& at, const std::vector<UrValue>& items) {
  UrList numbers;
  for (const UrValue& item : items) {
    const double* number = std::get_if<double>(&item);
    if (number == nullptr) fail_type(at, "a list holds numbers here");
    numbers.push_back(*number);
  }
  if (at.kind == UrExpression::Kind::kList) return numbers;
  UrPose pose;
  if (numbers.size() != pose.size()) fail_type(at, "a pose has six numbers");
  std::copy(numbers.begin(), numbers.end(), pose.begin());
  return pose;
}

/// Functions that give a value, and take no time.
using ValueFunction = std::function<UrValue(const Arguments&, UrMachine&)>;

const std::map<std::string, ValueFunction>& value_functions() {
  constexpr auto kIn = UrRegisters::kInput;
  constexpr auto kOut = UrRegisters::kOutput;
  const auto integer = [](UrRegisters which) {
    return [which](const Arguments& a, UrMachine& m) -> UrValue {
      return static_cast<double>(m.read_integer(which, a.index(0, kRtdeRegisters)));
    };
  };
  const auto number = [](UrRegisters which) {
    return [which](const Arguments& a, UrMachine& m) -> UrValue {
      return m.read_float(which, a.index(0, kRtdeRegisters));
    };
  };
  const auto boolean = [](UrRegisters which) {
    return [which](const Arguments& a, UrMachine& m) -> UrValue {
      return m.read_boolean(which, a.index(0, kRtdeBitRegisters));
    };
  };
  const auto tool = [](const Arguments&, UrMachine& m) -> UrValue { return m.actual_tcp_pose(); };
  static const std::map<std::string, ValueFunction> functions = {
      {"read_input_integer_register", integer(kIn)},
      {"read_output_integer_register", integer(kOut)},
      {"read_input_float_register", number(kIn)},
      {"read_output_float_register", number(kOut)},
      {"read_input_boolean_register", boolean(kIn)},
      {"read_output_boolean_register", boolean(kOut)},
      {"get_actual_tcp_pose", tool},
      {"get_target_tcp_pose", tool},
      {"get_actual_joint_positions",
       [](const Arguments&, UrMachine& m) -> UrValue { return m.actual_joints(); }},
      {"pose_trans",
       [](const Arguments& a, UrMachine&) -> UrValue {
         return to_ur_pose(from_ur_pose(a.get<UrPose>(0)) * from_ur_pose(a.get<UrPose>(1)));
       }},
      {"pose_inv",
       [](const Arguments& a, UrMachine&) -> UrValue {
         return to_ur_pose(from_ur_pose(a.get<UrPose>(0)).inverse());
       }},
      {"d2r",
       [](const Arguments& a, UrMachine&) -> UrValue {
         return a.get<double>(0) * std::numbers::pi / 180.0;
       }},
  };
  return functions;
}

UrWatchdogAction watchdog_action(const UrExpression& at, const UrValue* given) {
  if (given == nullptr) return UrWatchdogAction::kPause;
  const auto* name = std::get_if<std::string>(given);
  if (name != nullptr && *name == "ignore") return UrWatchdogAction::kIgnore;
  if (name != nullptr && *name == "pause") return UrWatchdogAction::kPause;
  if (name != nullptr && *name == "stop") return UrWatchdogAction::kStop;
  fail(at, "a watchdog's action is ignore, pause or stop");
}

/// Functions that do something at once.
using ActionFunction = std::function<void(const UrExpression&, const Arguments&, UrMachine&)>;

const std::map<std::string, ActionFunction>& action_functions() {
  static const std::map<std::string, ActionFunction> functions = {
      {"set_tcp",
       [](const UrExpression&, const Arguments& a, UrMachine& m) {
         a.expect(1, 1);
         m.set_tcp(a.get<UrPose>(0));
       }},
      {"set_payload",
       [](const UrExpression& at, const Arguments& a, UrMachine& m) {
         a.expect(1, 2);
         const double mass = a.get<double>(0);
         if (!(mass >= 0.0)) fail(at, "a payload is not negative");
         if (const UrValue* centre = a.find(1, "cog")) {
           const UrList* list = std::get_if<UrList>(centre);
           if (list == nullptr || list->size() != 3) fail(at, "a centre of mass has three numbers");
         }
         m.set_payload(mass);
       }},
      {"rtde_set_watchdog",
       [](const UrExpression& at, const Arguments& a, UrMachine& m) {
         a.expect(2, 3, {"action"});
         const auto& input = a.get<std::string>(0);
         const double frequency = a.get<double>(1);
         if (!rtde_input(input)) fail(at, fmt::format("RTDE has no input {}", input));
         if (!(frequency > 0.0)) fail(at, "a watchdog's frequency must be positive");
         m.set_watchdog(input, 1.0 / frequency, watchdog_action(at, a.find(2, "action")));
       }},
      {"textmsg",
       [](const UrExpression&, const Arguments& a, UrMachine& m) {
         a.expect(1, 2);
         const UrValue* second = a.find(1, "");
         m.text_message(to_text(*a.find(0, "")) + (second == nullptr ? "" : to_text(*second)));
       }},
      {"write_output_integer_register",
       [](const UrExpression& at, const Arguments& a, UrMachine& m) {
         a.expect(2, 2);
         m.write_integer(a.index(0, kRtdeRegisters), to_integer(at, a.get<double>(1)));
       }},
      {"write_output_float_register",
       [](const UrExpression&, const Arguments& a, UrMachine& m) {
         a.expect(2, 2);
         m.write_float(a.index(0, kRtdeRegisters), a.get<double>(1));
       }},
      {"write_output_boolean_register",
       [](const UrExpression&, const Arguments& a, UrMachine& m) {
         a.expect(2, 2);
         m.write_boolean(a.index(0, kRtdeBitRegisters), a.get<bool>(1));
       }},
  };
  return functions;
}

/// The motion that a call of movej or movel asks for.
UrMove parse_move(const UrExpression& at, const Arguments& arguments) {
  arguments.expect(1, 5, {"a", "v", "t", "r"});
  UrMove move;
  move.by_joints = at.text == "movej";
  move.acceleration =
      arguments.number_or(1, "a", move.by_joints ? kJointAcceleration : kToolAcceleration);
  move.speed = arguments.number_or(2, "v", move.by_joints ? kJointSpeed : kToolSpeed);
  move.time = arguments.number_or(3, "t", 0.0);
  // A blend radius is allowed and not used: every motion ends at its target.
  arguments.number_or(4, "r", 0.0);
  if (!(move.speed > 0.0) || !(move.acceleration > 0.0) || !(move.time >= 0.0)) {
    fail(at, "speed and acceleration must be positive");
  }
  const UrValue* target = arguments.find(0, "");
  if (const auto* pose = std::get_if<UrPose>(target)) {
    move.target = *pose;
  } else if (const auto* joints = std::get_if<UrList>(target);
             joints && joints->size() == kJoints) {
    move.target = *joints;
  } else {
    fail_type(at, at.text + " goes to a pose or to six joint angles");
  }
  return move;
}

}  // namespace

bool UrRun::step(UrMachine& machine, double now) {
  if (still_waiting(machine, now)) return true;
  wait_ = Wait::kNothing;
  while (wait_ == Wait::kNothing && next_ < program_.statements.size()) {
    carry_out(program_.statements[next_++], machine, now);
  }
  return wait_ != Wait::kNothing;
}

bool UrRun::still_waiting(UrMachine& machine, double now) {
  if (wait_ == Wait::kTime) return now < until_;
  if (wait_ != Wait::kMotion) return false;
  try {
    return !machine.motion_ended();
  } catch (const Error& error) {
    throw UrScriptError(program_.statements[next_ - 1].line, 1,
                        fmt::format("Runtime error: {}", error.what()));
  }
}

void UrRun::carry_out(const UrStatement& statement, UrMachine& machine, double now) {
  const UrExpression& expression = *statement.expression;
  if (statement.assign_to.empty()) {
    call(expression, machine, now);
  } else {
    variables_[statement.assign_to] = evaluate(expression, machine, now);
  }
}

/// Carries out a call; its value, if it has one.
std::optional<UrValue> UrRun::call(const UrExpression& expression, UrMachine& machine, double now) {
  std::vector<UrValue> values;
  for (const UrArgument& part : expression.parts) {
    values.push_back(evaluate(*part.value, machine, now));
  }
  const Arguments arguments(expression, std::move(values));
  const std::string& name = expression.text;
  if (const auto found = value_functions().find(name); found != value_functions().end()) {
    return found->second(arguments, machine);
  }
  if (const auto found = action_functions().find(name); found != action_functions().end()) {
    found->second(expression, arguments, machine);
  } else if (name == "movej" || name == "movel") {
    machine.start_move(parse_move(expression, arguments));
    wait_ = Wait::kMotion;
  } else if (name == "stopj" || name == "stopl") {
    arguments.expect(1, 1);
    const double deceleration = arguments.get<double>(0);
    if (!(deceleration > 0.0)) fail(expression, "a deceleration must be positive");
    machine.start_stop(deceleration);
    wait_ = Wait::kMotion;
  } else if (name == "sleep") {
    arguments.expect(1, 1);
    until_ = now + arguments.get<double>(0);
    wait_ = Wait::kTime;
  } else if (name == "sync") {
    arguments.expect(0, 0);
    wait_ = Wait::kCycle;
  } else if (name == "halt") {
    next_ = program_.statements.size();
  }
  return std::nullopt;
}

UrValue UrRun::evaluate(const UrExpression& expression, UrMachine& machine, double now) {
  switch (expression.kind) {
    case UrExpression::Kind::kNumber:
      return expression.number;
    case UrExpression::Kind::kBoolean:
      return expression.number != 0.0;
    case UrExpression::Kind::kText:
      return expression.text;
    case UrExpression::Kind::kVariable:
      return variables_.at(expression.text);
    case UrExpression::Kind::kList:
    case UrExpression::Kind::kPose: {
      std::vector<UrValue> items;
      for (const UrArgument& part : expression.parts) {
        items.push_back(evaluate(*part.value, machine, now));
      }
      return make_list(expression, items);
    }
    case UrExpression::Kind::kNegative: {
      const UrValue value = evaluate(*expression.parts[0].value, machine, now);
      const double* number = std::get_if<double>(&value);
      if (number == nullptr) fail_type(expression, "only a number can be negative");
      return -*number;
    }
    case UrExpression::Kind::kBinary:
      return binary(expression, machine, now);
    case UrExpression::Kind::kCall:
      break;
  }
  // Only a bare call may do something: a motion within an expression would never be waited for.
  if (ur_function(expression.text) != UrFunctionKind::kValue) {
    fail(expression, expression.text + " has no value");
  }
  return *call(expression, machine, now);
}

UrValue UrRun::binary(const UrExpression& expression, UrMachine& machine, double now) {
  const UrValue left = evaluate(*expression.parts[0].value, machine, now);
  const UrValue right = evaluate(*expression.parts[1].value, machine, now);
  const double* a = std::get_if<double>(&left);
  const double* b = std::get_if<double>(&right);
  if (a == nullptr || b == nullptr) {
    fail_type(expression, fmt::format("operator {} takes numbers", expression.text));
  }
  switch (expression.text.front()) {
    case '+':
      return *a + *b;
    case '-':
      return *a - *b;
    case '*':
      return *a * *b;
    default:
      if (*b == 0.0) fail(expression, "division by zero");
      return *a / *b;
  }
}

}  // namespace gripbench::hal

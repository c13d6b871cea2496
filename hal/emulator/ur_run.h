#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "hal/emulator/ur_script.h"
#include "hal/ur/rotation_vector.h"

namespace gripbench::hal {

/// A list, such as joint angles or a vector.
using UrList = std::vector<double>;
/// A value of UR script. UrPose is a pose p[...].
using UrValue = std::variant<bool, double, std::string, UrList, UrPose>;

/// A motion that a program asks for. Where a time is given it overrides speed and acceleration.
struct UrMove {
  /// Joint angles (rad) or a pose of the tool (m).
  std::variant<UrPose, UrList> target;
  /// By the joints (movej: rad/s, rad/s^2) or along a straight line (movel: m/s, m/s^2).
  bool by_joints = false;
  double speed = 0.0;
  double acceleration = 0.0;
  /// s; 0 if none was given.
  double time = 0.0;
};

enum class UrRegisters { kInput, kOutput };

/// What a controller does when an input that it watches is not written often enough.
enum class UrWatchdogAction { kIgnore, kPause, kStop };

/// What a program may ask of its controller.
class UrMachine {
 public:
  virtual ~UrMachine() = default;

  /// Starts a motion; it ends when `motion_ended` says so.
  virtual void start_move(const UrMove& move) = 0;
  /// Starts to brake (m/s^2 or rad/s^2).
  virtual void start_stop(double deceleration) = 0;
  /// @throws Error if the motion was refused.
  virtual bool motion_ended() = 0;

  virtual void set_tcp(const UrPose& flange_from_tcp) = 0;
  virtual void set_payload(double mass) = 0;
  /// Watches an RTDE input, until the program ends, that shall be written every `period` (s).
  virtual void set_watchdog(const std::string& input, double period, UrWatchdogAction action) = 0;
  virtual void text_message(const std::string& text) = 0;
  virtual UrPose actual_tcp_pose() = 0;
  virtual UrList actual_joints() = 0;

  /// Registers hold a whole number, a number or a bit. The index has been checked.
  virtual void write_integer(int index, std::int32_t value) = 0;
  virtual void write_float(int index, double value) = 0;
  virtual void write_boolean(int index, bool value) = 0;
  virtual std::int32_t read_integer(UrRegisters registers, int index) = 0;
  virtual double read_float(UrRegisters registers, int index) = 0;
  virtual bool read_boolean(UrRegisters registers, int index) = 0;
};

/// A program on its way through its statements.
class UrRun {
 public:
  explicit UrRun(UrProgram program) : program_(std::move(program)) {}

  /// One cycle of the controller: carries out statements until one takes time. False once the
  /// program has ended. `now` in s.
  /// @throws UrScriptError with the line of a statement that cannot be carried out.
  bool step(UrMachine& machine, double now);

  const UrProgram& program() const { return program_; }

 private:
  /// What the next statement has to wait for.
  enum class Wait { kNothing, kMotion, kTime, kCycle };

  bool still_waiting(UrMachine& machine, double now);
  void carry_out(const UrStatement& statement, UrMachine& machine, double now);
  std::optional<UrValue> call(const UrExpression& expression, UrMachine& machine, double now);
  UrValue evaluate(const UrExpression& expression, UrMachine& machine, double now);
  UrValue binary(const UrExpression& expression, UrMachine& machine, double now);

  UrProgram program_;
  std::size_t next_ = 0;
  Wait wait_ = Wait::kNothing;
  double until_ = 0.0;
  std::map<std::string, UrValue> variables_;
};

}  // namespace gripbench::hal

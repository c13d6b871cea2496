#include "hal/emulator/ur_controller.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

constexpr std::chrono::milliseconds kCycle{8};
/// A common client waits until the controller's clock shows more than 40 s.
constexpr double kOnSince = 60.0;
/// Powering and releasing take some seconds on the arm; a little here (s).
constexpr double kPowerTime = 0.2;
/// Scripts that wait for their cycle.
constexpr std::size_t kMostScripts = 16;
constexpr std::size_t kMostSecondary = 8;
/// The maker's simulator was seen to wait for two periods of a watchdog; the manual says one.
constexpr double kMissedPeriods = 2.0;
/// A tool that only turns takes the time of this way per radian (m).
constexpr double kTurnRadius = 0.1;

/// The shape of a joint motion's speed, laid over the tool's way: a third of the time each for
/// speeding up, going and braking.
LinearMotionLimits over_time(double way, double time) {
  return {1.5 * way / time, 4.5 * way / (time * time)};
}

/// Time of a trapezoidal motion (s).
double trapezoid_time(double way, double speed, double acceleration) {
  const double full = speed * speed / acceleration;
  return way < full ? 2.0 * std::sqrt(way / acceleration) : way / speed + speed / acceleration;
}

bool is_ready(const std::future<void>& future) {
  return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

}  // namespace

/// The controller as its programs see it. Runs under the controller's lock.
class UrController::Machine final : public UrMachine {
 public:
  explicit Machine(UrController& controller) : controller_(controller) {}

  void start_move(const UrMove& move) override {
    under_way_ = move;
    const LiveState now = workcell().state();
    const Eigen::Isometry3d target = rig_pose(move, now);
    const LinearMotionLimits limits = limits_of(move, now, target);
    motion_ = workcell().post(
        [target, limits](Workcell& cell) { cell.arm().start_move(target, limits); });
  }

  void start_stop(double) override {
    under_way_.reset();
    // The workcell brakes as its arm does.
    motion_ = workcell().post([](Workcell& cell) { cell.arm().stop(); });
  }

  bool motion_ended() override {
    if (motion_.valid()) {
      if (!is_ready(motion_)) return false;
      std::exchange(motion_, {}).get();
    }
    if (workcell().state().arm_moving) return false;
    under_way_.reset();
    return true;
  }

  /// Brakes; `resume` takes the motion up again.
  void pause() {
    workcell().post([](Workcell& cell) { cell.arm().stop(); });
  }
  void resume() {
    if (under_way_) start_move(UrMove(*under_way_));
  }

  void set_tcp(const UrPose& tcp) override { image().flange_from_tcp = tcp; }
  void set_payload(double mass) override { image().payload = mass; }
  void set_watchdog(const std::string& input, double period, UrWatchdogAction action) override {
    controller_.watchdogs_[input] = {period, action, workcell().now()};
  }
  void text_message(const std::string& text) override {
    controller_.messages_.push_back(UrTextMessage{text});
  }
  UrPose actual_tcp_pose() override { return image().tcp_pose; }
  UrList actual_joints() override { return {image().joints.begin(), image().joints.end()}; }

  void write_integer(int index, std::int32_t value) override {
    image().outputs.integers[index] = value;
  }
  void write_float(int index, double value) override { image().outputs.floats[index] = value; }
  void write_boolean(int index, bool value) override { image().outputs.bits[index] = value; }
  std::int32_t read_integer(UrRegisters which, int index) override {
    return registers(which).integers[index];
  }
  double read_float(UrRegisters which, int index) override {
    return registers(which).floats[index];
  }
  bool read_boolean(UrRegisters which, int index) override { return registers(which).bits[index]; }

  /// Pose of the tool that a program has set, from what the workcell measures.
  Eigen::Isometry3d tool_pose(const ArmState& arm) const {
    return arm.base_from_tcp * rig_tcp_from_set_tcp(arm);
  }

 private:
  LiveWorkcell& workcell() const { return controller_.workcell_; }
  UrImage& image() const { return controller_.image_; }
  const UrRegisterSet& registers(UrRegisters which) const {
    return which == UrRegisters::kInput ? image().inputs : image().outputs;
  }

  Eigen::Isometry3d rig_tcp_from_set_tcp(const ArmState& arm) const {
    if (!controller_.options_.body) return Eigen::Isometry3d::Identity();
    const Eigen::Isometry3d flange = controller_.options_.body->flange_at(arm.joint_positions);
    return arm.base_from_tcp.inverse() * flange * from_ur_pose(image().flange_from_tcp);
  }

  /// Where the workcell's own tool has to go.
  Eigen::Isometry3d rig_pose(const UrMove& move, const LiveState& now) const {
    if (const auto* pose = std::get_if<UrPose>(&move.target)) {
      return from_ur_pose(*pose) * rig_tcp_from_set_tcp(now.arm).inverse();
    }
    if (!controller_.options_.body) {
      throw DeviceError("emulator", "joint targets need the arm's geometry");
    }
    const auto& flange_at = controller_.options_.body->flange_at;
    const auto& joints = std::get<UrList>(move.target);
    const Eigen::Isometry3d rig_tool =
        flange_at(now.arm.joint_positions).inverse() * now.arm.base_from_tcp;
    return flange_at(Eigen::Map<const Eigen::Matrix<double, 6, 1>>(joints.data())) * rig_tool;
  }

  /// Speeds for a straight motion of the tool, which is all that a workcell's arm makes: a joint
  /// motion keeps its time.
  LinearMotionLimits limits_of(const UrMove& move, const LiveState& now,
                               const Eigen::Isometry3d& target) const {
    const Eigen::Isometry3d way = now.arm.base_from_tcp.inverse() * target;
    const double turn = Eigen::AngleAxisd(way.linear()).angle();
    const double length = std::max({way.translation().norm(), kTurnRadius * turn, 1e-6});
    if (move.time > 0.0) return over_time(length, move.time);
    if (!move.by_joints) return {move.speed, move.acceleration};
    double joint_way = length / kTurnRadius;
    if (const auto* joints = std::get_if<UrList>(&move.target)) {
      joint_way =
          (Eigen::Map<const Eigen::Matrix<double, 6, 1>>(joints->data()) - now.arm.joint_positions)
              .lpNorm<Eigen::Infinity>();
    }
    return over_time(length,
                     std::max(1e-3, trapezoid_time(joint_way, move.speed, move.acceleration)));
  }

  UrController& controller_;
  std::future<void> motion_;
  /// The motion that has not ended; a paused program goes on with it.
  std::optional<UrMove> under_way_;
};

UrController::UrController(LiveWorkcell& workcell, UrControllerOptions options)
    : workcell_(workcell),
      options_(std::move(options)),
      machine_(std::make_unique<Machine>(*this)) {
  image_.flange_from_tcp = options_.flange_from_tcp;
  measure();
  thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

UrController::~UrController() = default;

UrImage UrController::image() const {
  const std::lock_guard lock(mutex_);
  return image_;
}

UrController::Subscription UrController::subscribe(OnImage on_image, OnMessage on_message) {
  auto subscriber =
      std::make_shared<Subscriber>(Subscriber{std::move(on_image), std::move(on_message)});
  const std::lock_guard lock(subscribers_mutex_);
  subscribers_.push_back(subscriber);
  // Its end waits for a call under way.
  return Subscription(subscriber.get(), [this, subscriber](void*) mutable {
    const std::lock_guard gate(subscribers_mutex_);
    subscriber.reset();
  });
}

void UrController::run(std::stop_token stop) {
  auto due = std::chrono::steady_clock::now();
  while (!stop.stop_requested()) {
    std::deque<UrMessage> messages;
    UrImage image;
    {
      const std::lock_guard lock(mutex_);
      cycle(messages);
      image = image_;
    }
    {
      const std::lock_guard lock(subscribers_mutex_);
      std::erase_if(subscribers_, [](const auto& subscriber) { return subscriber.expired(); });
      for (const std::weak_ptr<Subscriber>& weak : subscribers_) {
        const std::shared_ptr<Subscriber> subscriber = weak.lock();
        if (!subscriber) continue;
        for (const UrMessage& message : messages) subscriber->on_message(message);
        subscriber->on_image(image);
      }
    }
    due += kCycle;
    // Cycles that a busy machine missed are not made up for.
    due = std::max(due, std::chrono::steady_clock::now() - kCycle);
    std::this_thread::sleep_until(due);
  }
}

void UrController::cycle(std::deque<UrMessage>& messages) {
  advance_power();
  take_scripts(messages);
  measure();
  advance_programs(messages);
  look_at_watchdogs();
  messages.insert(messages.end(), messages_.begin(), messages_.end());
  messages_.clear();
  ++image_.cycle;
}

void UrController::measure() {
  const LiveState now = workcell_.state();
  const double elapsed = std::chrono::duration<double>(kCycle).count();
  // Controllers stamp whole cycles, however late a busy machine comes to them.
  const double since = kOnSince + now.time - image_.timestamp;
  image_.timestamp = image_.cycle == 0
                         ? kOnSince + now.time
                         : image_.timestamp + elapsed * std::max(1.0, std::floor(since / elapsed));
  const Eigen::Isometry3d tool = machine_->tool_pose(now.arm);
  image_.tcp_pose = to_ur_pose(tool);
  const Eigen::Vector3d turning = now.arm.tcp_velocity.tail<3>();
  const Eigen::Vector3d arm = tool.translation() - now.arm.base_from_tcp.translation();
  const Eigen::Vector3d velocity = now.arm.tcp_velocity.head<3>() + turning.cross(arm);
  for (int i = 0; i < 3; ++i) {
    image_.tcp_speed[i] = velocity[i];
    image_.tcp_speed[i + 3] = turning[i];
    // At the wrist, in its own frame; the real controller's estimate is no better.
    image_.tcp_force[i] = now.wrench ? now.wrench->force[i] : 0.0;
    image_.tcp_force[i + 3] = now.wrench ? now.wrench->torque[i] : 0.0;
  }
  std::array<double, 6> joints{};
  std::copy(now.arm.joint_positions.begin(), now.arm.joint_positions.end(), joints.begin());
  for (std::size_t i = 0; i < joints.size(); ++i) {
    image_.joint_speeds[i] = image_.cycle == 0 ? 0.0 : (joints[i] - image_.joints[i]) / elapsed;
  }
  image_.joints = joints;
}

void UrController::submit(std::string script) {
  const std::lock_guard lock(mutex_);
  if (scripts_.size() < kMostScripts) scripts_.push_back(std::move(script));
}

void UrController::take_scripts(std::deque<UrMessage>& messages) {
  for (; !scripts_.empty(); scripts_.pop_front()) {
    try {
      UrProgram parsed = parse_ur_script(scripts_.front());
      // An arm without power or held by its safety system runs no program, and says nothing.
      if (parsed.secondary) {
        if (secondary_.size() < kMostSecondary) secondary_.emplace_back(std::move(parsed));
      } else if (may_move()) {
        end_program();
        image_.program = parsed.name;
        image_.runtime_state = UrRuntimeState::kPlaying;
        messages.push_back(UrKeyMessage{0, 0, "PROGRAM_XXX_STARTED", parsed.name});
        program_.emplace(std::move(parsed));
      }
    } catch (const UrScriptError& error) {
      messages.push_back(UrRuntimeException{error.line(), error.column(), error.what()});
    }
  }
}

void UrController::advance_programs(std::deque<UrMessage>& messages) {
  std::erase_if(secondary_, [&](UrRun& program) { return !advance(program, messages); });
  if (!program_ || image_.runtime_state != UrRuntimeState::kPlaying) return;
  if (!advance(*program_, messages)) end_program();
}

/// False once the program has ended, by itself or by an error.
bool UrController::advance(UrRun& program, std::deque<UrMessage>& messages) {
  try {
    return program.step(*machine_, workcell_.now());
  } catch (const UrScriptError& error) {
    // As seen from a controller; source: pharmbio/robotlab.
    if (program.program().secondary) {
      messages.push_back(UrKeyMessage{0, 0, "SECONDARY_PROGRAM_EXCEPTION_XXX", error.what()});
    } else {
      messages.push_back(UrRuntimeException{error.line(), error.column(), error.what()});
    }
  } catch (const DeviceError& error) {
    messages.push_back(UrRuntimeException{1, 1, fmt::format("Runtime error: {}", error.what())});
  }
  return false;
}

void UrController::end_program() {
  if (!program_) return;
  messages_.push_back(UrKeyMessage{0, 0, "PROGRAM_XXX_STOPPED", program_->program().name});
  program_.reset();
  watchdogs_.clear();
  image_.runtime_state = UrRuntimeState::kStopped;
  // Whatever moved, brakes: a motion never outlives its program.
  workcell_.post([](Workcell& cell) { cell.arm().stop(); });
}

void UrController::pause_program() {
  if (!program_) return;
  image_.runtime_state = UrRuntimeState::kPaused;
}

/// An input that was not written in time: its program is stopped or paused, and the safety system
/// holds the arm as if it had met resistance, as controllers are seen to do (C207).
void UrController::look_at_watchdogs() {
  const double now = workcell_.now();
  const auto missed = std::find_if(watchdogs_.begin(), watchdogs_.end(), [now](const auto& entry) {
    const Watchdog& watchdog = entry.second;
    return watchdog.action != UrWatchdogAction::kIgnore &&
           now - watchdog.written > kMissedPeriods * watchdog.period;
  });
  if (missed == watchdogs_.end() || !may_move()) return;
  const UrWatchdogAction action = missed->second.action;
  hold(UrSafetyMode::kProtectiveStop);
  messages_.push_back(UrErrorCode{207, 0, 3, "Fieldbus input disconnected"});
  if (action == UrWatchdogAction::kStop) {
    end_program();
  } else {
    pause_program();
  }
}

bool UrController::may_move() const {
  return image_.robot_mode == UrRobotMode::kRunning && allows_motion(image_.safety_mode);
}

void UrController::hold(UrSafetyMode mode) {
  image_.safety_mode = mode;
  stopped_at_ = workcell_.now();
  workcell_.post([](Workcell& cell) { cell.arm().stop(); });
  messages_.push_back(UrSafetyMessage{mode});
}

void UrController::protective_stop() {
  const std::lock_guard lock(mutex_);
  if (!may_move()) return;
  hold(UrSafetyMode::kProtectiveStop);
  pause_program();
  messages_.push_back(UrErrorCode{204, 3, 3, "Protective stop"});
}

void UrController::emergency_stop() {
  const std::lock_guard lock(mutex_);
  hold(UrSafetyMode::kRobotEmergencyStop);
  end_program();
  image_.robot_mode = UrRobotMode::kPowerOff;
  power_changes_at_.reset();
}

void UrController::release_emergency_stop() {
  const std::lock_guard lock(mutex_);
  if (image_.safety_mode != UrSafetyMode::kRobotEmergencyStop) return;
  image_.safety_mode = UrSafetyMode::kNormal;
  messages_.push_back(UrSafetyMessage{image_.safety_mode});
}

void UrController::safeguard(bool open) {
  const std::lock_guard lock(mutex_);
  if (open && may_move()) {
    hold(UrSafetyMode::kSafeguardStop);
    pause_program();
  } else if (!open && image_.safety_mode == UrSafetyMode::kSafeguardStop) {
    image_.safety_mode = UrSafetyMode::kNormal;
    messages_.push_back(UrSafetyMessage{image_.safety_mode});
  }
}

bool UrController::power_on() {
  const std::lock_guard lock(mutex_);
  if (!allows_motion(image_.safety_mode)) return false;
  if (image_.robot_mode == UrRobotMode::kPowerOff) {
    image_.robot_mode = UrRobotMode::kPowerOn;
    power_changes_at_ = workcell_.now() + kPowerTime;
  }
  return true;
}

void UrController::power_off() {
  const std::lock_guard lock(mutex_);
  end_program();
  image_.robot_mode = UrRobotMode::kPowerOff;
  power_changes_at_.reset();
}

bool UrController::release_brakes() {
  if (!power_on()) return false;
  const std::lock_guard lock(mutex_);
  if (image_.robot_mode == UrRobotMode::kRunning) return true;
  // The mode passes through idle on its way.
  image_.robot_mode = UrRobotMode::kIdle;
  power_changes_at_ = workcell_.now() + kPowerTime;
  return true;
}

void UrController::advance_power() {
  if (!power_changes_at_ || workcell_.now() < *power_changes_at_) return;
  power_changes_at_.reset();
  image_.robot_mode =
      image_.robot_mode == UrRobotMode::kPowerOn ? UrRobotMode::kIdle : UrRobotMode::kRunning;
}

UrController::Unlock UrController::unlock_protective_stop() {
  const std::lock_guard lock(mutex_);
  if (image_.safety_mode != UrSafetyMode::kProtectiveStop) return Unlock::kNothingToUnlock;
  if (workcell_.now() - stopped_at_ < options_.unlock_after) return Unlock::kTooEarly;
  image_.safety_mode = UrSafetyMode::kNormal;
  messages_.push_back(UrSafetyMessage{image_.safety_mode});
  return Unlock::kDone;
}

bool UrController::play() {
  const std::lock_guard lock(mutex_);
  if (!program_ || !may_move() || image_.runtime_state != UrRuntimeState::kPaused) return false;
  image_.runtime_state = UrRuntimeState::kPlaying;
  machine_->resume();
  return true;
}

bool UrController::pause() {
  const std::lock_guard lock(mutex_);
  if (!program_) return false;
  pause_program();
  machine_->pause();
  return true;
}

bool UrController::stop_program() {
  const std::lock_guard lock(mutex_);
  if (!program_) return false;
  end_program();
  return true;
}

void UrController::write_input(const std::string& variable, const RtdeValue& value) {
  const std::lock_guard lock(mutex_);
  if (const auto watched = watchdogs_.find(variable); watched != watchdogs_.end()) {
    watched->second.written = workcell_.now();
  }
  UrRegisterSet& inputs = image_.inputs;
  if (const auto i = register_index(variable, "input_int_register_", kRtdeRegisters)) {
    inputs.integers[*i] = std::get<std::int32_t>(value);
  } else if (const auto i = register_index(variable, "input_double_register_", kRtdeRegisters)) {
    inputs.floats[*i] = std::get<double>(value);
  } else if (const auto i = register_index(variable, "input_bit_register_", kRtdeBitRegisters)) {
    inputs.bits[*i] = std::get<bool>(value);
  } else if (variable.starts_with("input_bit_registers")) {
    const int first = variable.starts_with("input_bit_registers0") ? 0 : 32;
    const auto word = std::get<std::uint32_t>(value);
    for (int bit = 0; bit < 32; ++bit) inputs.bits[first + bit] = (word >> bit & 1u) != 0;
  }
  // The speed slider and the digital outputs have nothing behind them here.
}

}  // namespace gripbench::hal

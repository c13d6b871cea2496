// What every fault of the emulated devices does to a grasp, at every phase of it: rows and columns
// run by themselves, over the drivers' own sockets, through the limits, the script and the store.

#include <array>
#include <atomic>
#include <future>
#include <iostream>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/collect.h"
#include "experiments/episode_store.h"
#include "experiments/position_search.h"
#include "hal/rig/rig_workcell.h"
#include "hal/wsg/wsg_gripper.h"
#include "tests/unit/experiments/test_support.h"
#include "tests/unit/rig/emulated_rig.h"

namespace gripbench::experiments {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::array kPhases = {GraspPhase::kTouchSearch, GraspPhase::kApproach,
                                GraspPhase::kClosing,     GraspPhase::kRest,
                                GraspPhase::kLift,        GraspPhase::kEnd};

/// Jaws move by less than this while they hold (m).
constexpr double kStill = 2e-5;
/// How long a stopped rig is watched, in states of the live workcell some 2 ms apart.
constexpr std::uint64_t kWatchedStates = 120;
/// A thread that wants to run every 4 ms and was kept from it for so long shows a machine that is
/// too busy for real time (s).
constexpr double kStarved = 0.05;
/// So often a cell is tried again on such a machine.
constexpr int kMostLate = 3;
/// What counts as the silence of a device that is to fall silent, and of the others, which a busy
/// machine may keep waiting (s). On a rig it is a quarter of a second.
constexpr double kSilent = 0.8;
constexpr double kLongSilent = 10.0;
/// Frames per second of both cameras, and states per second of the arm: enough for the script.
constexpr double kFrameRate = 10.0;
constexpr double kStateRate = 25.0;

/// What a fault does to the grasp that it comes into.
enum class Effect {
  kEndsIt,
  /// Nothing asks for what broke until the grasp is made.
  kNone,
  /// It heals by itself; whether something asked for it meanwhile is a matter of moments.
  kEither,
};

struct Fault {
  const char* name;
  std::vector<std::string> inject, clear = {};
  /// One of these is to be named, the first falls silent; and one of those is to be said.
  std::vector<std::string> devices, says;
  /// The gripper itself lets go.
  bool lets_go = false;
  /// Phases in which it does not end the grasp for sure.
  std::map<GraspPhase, Effect> otherwise = {};
  /// Nobody can reach the arm: it goes on to the end of its motion, and no further.
  bool arm_goes_on = false;
  /// The device tells of it by itself, and it is noticed long before the phase would end.
  bool at_once = false;

  bool names_device(const std::string& said) const {
    return std::any_of(devices.begin(), devices.end(),
                       [&](const std::string& device) { return said.starts_with(device + ": "); });
  }
  Effect effect_at(GraspPhase phase) const {
    const auto found = otherwise.find(phase);
    return found == otherwise.end() ? Effect::kEndsIt : found->second;
  }
};

std::map<GraspPhase, Effect> at_all_phases(Effect effect) {
  std::map<GraspPhase, Effect> all;
  for (const GraspPhase phase : kPhases) all[phase] = effect;
  return all;
}

std::vector<std::string> on_all_lines(const std::string& command) {
  std::vector<std::string> lines;
  for (const char* line : {"rtde", "primary", "dashboard", "wsg", "tactile", "camera"}) {
    lines.push_back(command + " " + line);
  }
  return lines;
}

const std::vector<Fault>& faults() {
  using enum GraspPhase;
  static const std::vector<Fault> all = {
      {.name = "protective stop",
       .inject = {"protective_stop"},
       .devices = {"arm"},
       .says = {"protective stop"},
       .at_once = true},
      {.name = "emergency stop",
       .inject = {"emergency_stop"},
       .clear = {"release_emergency_stop"},
       .devices = {"arm"},
       .says = {"emergency stop"},
       .at_once = true},
      {.name = "safeguard",
       .inject = {"safeguard_open"},
       .clear = {"safeguard_close"},
       .devices = {"arm"},
       .says = {"safeguard stop"},
       .at_once = true},
      {.name = "state stream dropped",
       .inject = {"drop rtde", "freeze rtde"},
       .clear = {"thaw rtde"},
       .devices = {"arm"},
       .says = {"no state for"}},
      {.name = "all of the arm's lines dropped",
       .inject = {"drop rtde", "freeze rtde", "drop primary"},
       .clear = {"thaw rtde"},
       .devices = {"arm"},
       .says = {"no state for", "cannot be sent"}},
      {.name = "primary interface dropped",
       .inject = {"drop primary"},
       .devices = {"arm"},
       .says = {"cannot be sent"},
       .otherwise = at_all_phases(Effect::kEither)},
      {.name = "primary interface lost",
       .inject = {"drop primary", "freeze primary"},
       .clear = {"thaw primary"},
       .devices = {"arm"},
       .says = {"cannot be sent"},
       .otherwise = {{kLift, Effect::kNone}, {kEnd, Effect::kNone}}},
      {.name = "states delayed",
       .inject = {"delay rtde 3"},
       .clear = {"delay rtde 0"},
       .devices = {"arm"},
       .says = {"no state for"}},
      {.name = "states corrupted",
       .inject = {"garble rtde 20"},
       .clear = {"garble rtde 0"},
       .devices = {"arm"},
       .says = {"no state for"}},
      {.name = "gripper's frames corrupted",
       .inject = {"garble wsg 5000"},
       .clear = {"garble wsg 0"},
       .devices = {"gripper"},
       .says = {"no width for", "expected an answer"}},
      {.name = "camera frozen",
       .inject = {"freeze camera"},
       .clear = {"thaw camera"},
       .devices = {"camera"},
       .says = {"no frame for"}},
      {.name = "camera slow",
       .inject = {"slow_camera 4"},
       .clear = {"slow_camera 0"},
       .devices = {"camera"},
       .says = {"no frame for"}},
      {.name = "tactile sensor frozen",
       .inject = {"freeze tactile"},
       .clear = {"thaw tactile"},
       .devices = {"tactile"},
       .says = {"no frame for"}},
      {.name = "gripper's connection dropped",
       .inject = {"drop wsg"},
       .devices = {"gripper"},
       .says = {"in fast stop", "has let go", "no width for"},
       .lets_go = true},
      {.name = "jaws blocked",
       .inject = {"jam_jaws"},
       .clear = {"free_jaws"},
       .devices = {"gripper"},
       .says = {"look for what blocks them"},
       .otherwise = {{kRest, Effect::kNone}, {kLift, Effect::kNone}, {kEnd, Effect::kNone}}},
      {.name = "network lost",
       .inject = on_all_lines("cut"),
       .clear = on_all_lines("mend"),
       .devices = {"arm", "gripper"},
       .says = {"no state for", "expected an answer"},
       .arm_goes_on = true},
  };
  return all;
}

/// One object, gripped and lifted slowly enough that a fault is noticed while its phase lasts.
GraspProtocol slow_protocol() {
  GraspProtocol protocol = fake_protocol();
  protocol.train_objects = {"egg"};
  protocol.test_objects = {"ball"};
  protocol.train_grasps = protocol.test_grasps = 8;
  protocol.approach.motion = {0.15, 2.0};
  protocol.squeeze.trial_lifts = 1;
  // Whether or not the trial slipped, every grasp holds.
  protocol.squeeze.depth = {0.001, 0.004};
  protocol.lift.jaw_speed = 0.01;
  protocol.lift.settle = 0.5;
  protocol.lift.distance = 0.105;
  protocol.lift.motion = {0.03, 1.2};
  protocol.lift.onset_speed = 0.01;
  protocol.patience.frame = kLongSilent;
  return protocol;
}

FakeScript slow_cameras() {
  FakeScript script;
  script.frame_rate = kFrameRate;
  return script;
}

/// Impatient with the device that the fault concerns alone.
hal::RigSettings patient(hal::RigSettings rig, const std::string& device) {
  const auto silence = [&](const char* of) { return device == of ? kSilent : kLongSilent; };
  rig.arm.rate = kStateRate;
  rig.arm.stale_after = silence("arm");
  rig.gripper.connection.stale_after = hal::Duration(silence("gripper"));
  rig.tactile.stale_after = hal::Duration(silence("tactile"));
  rig.camera.stale_after = hal::Duration(silence("camera"));
  rig.tactile.rate_hz = rig.camera.rate_hz = kFrameRate;
  return rig;
}

/// The way of the emulated arm, and whether the machine keeps real time, watched by a thread.
class ArmWatch {
 public:
  explicit ArmWatch(const hal::LiveWorkcell& workcell) : workcell_(workcell) {}
  bool left_the_box() const { return left_; }
  /// Since the last call.
  bool was_starved() { return starved_.exchange(false); }

 private:
  void watch(std::stop_token stop) {
    const Eigen::AlignedBox3d box = hal::EmulatedRig::safety().workspace;
    const hal::RigClock clock;
    double last = clock.now();
    while (!stop.stop_requested()) {
      const Eigen::Vector3d tool = workcell_.state().arm.base_from_tcp.translation();
      if (box.exteriorDistance(tool) > 1e-6) left_ = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
      const double now = clock.now();
      if (now - std::exchange(last, now) > kStarved) starved_ = true;
    }
  }
  const hal::LiveWorkcell& workcell_;
  std::atomic<bool> left_{false}, starved_{false};
  std::jthread thread_{[this](std::stop_token stop) { watch(stop); }};
};

/// How far a script says that it has got.
class ScriptPhases {
 public:
  struct Moment {
    /// Phases entered so far.
    std::size_t count = 0;
    std::string name;
    GraspPhase phase = GraspPhase::kPresent;
  };

  void enter(const std::string& name, GraspPhase phase) {
    const std::lock_guard lock(mutex_);
    now_ = {now_.count + 1, name, phase};
  }
  Moment now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }

 private:
  mutable std::mutex mutex_;
  Moment now_;
};

/// One row of the table: a rig, a data set, and a fault at each phase in turn.
class Row {
 public:
  explicit Row(const Fault& fault) : fault_(fault) {}

  void run() {
    SCOPED_TRACE(fault_.name);
    for (const GraspPhase phase : kPhases) {
      SCOPED_TRACE(std::string(name_of(phase)));
      if (phase != GraspPhase::kTouchSearch) know_positions();
      for_a_machine_in_time([&] { return cell(phase); });
    }
    for_a_machine_in_time([this] {
      Run run(*this);
      const std::string said = run.wait_and_say();
      if (said != kMade && too_late(said)) return false;
      EXPECT_EQ(said, kMade) << "all is well again";
      return true;
    });
    EXPECT_FALSE(watch_.left_the_box());
    EXPECT_THAT(store().verify(), IsEmpty());
    EXPECT_FALSE(store().records().empty());
  }

 private:
  static constexpr const char* kMade = "stopped after a grasp";

  /// A run of the collection in a thread of its own, until a grasp is made or a fault ends it.
  class Run {
   public:
    explicit Run(const Row& row) {
      said_ = std::async(std::launch::async, [this, &row] { return row.go(stop_, phases_); });
    }
    ScriptPhases::Moment now() const { return phases_.now(); }
    bool ended() const {
      return said_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    std::string wait_and_say() { return said_.get(); }

   private:
    std::atomic<bool> stop_{false};
    ScriptPhases phases_;
    /// Goes first: it waits.
    std::future<std::string> said_;
  };

  EpisodeStore store() const { return EpisodeStore::open(folder_.path() / "d"); }

  std::string go(std::atomic<bool>& stop, ScriptPhases& phases) const {
    EpisodeStore store =
        EpisodeStore::create_or_resume(folder_.path() / "d", fake_dataset(protocol_));
    CollectOptions options;
    options.stop = &stop;
    options.progress = [&](const CollectProgress& now) { stop = stop || now.stage == "grasp"; };
    options.phase = [&](const std::string& name, GraspPhase phase) { phases.enter(name, phase); };
    try {
      collect(
          protocol_, fake_objects(protocol_),
          [this] { return make_rig_workcell(patient(rig_.settings(), fault_.devices.front())); },
          store, options);
      return "nothing was left to do";
    } catch (const hal::Interrupted&) {
      return kMade;
    } catch (const hal::Error& error) {
      return error.what();
    }
  }

  /// What a search would find, from the same script without sockets, which takes no real time.
  void know_positions() const {
    EpisodeStore store =
        EpisodeStore::create_or_resume(folder_.path() / "d", fake_dataset(protocol_));
    const auto workcell = make_fake_workcell({});
    for (const GripPosition& position : plan_positions(protocol_, fake_objects(protocol_))) {
      if (store.has_position(position.object, position.index)) continue;
      store.write_position(search_position(*workcell, protocol_, {}, position));
    }
  }

  /// `attempt` is false where the machine was too late for it to mean anything.
  template <typename Attempt>
  void for_a_machine_in_time(Attempt attempt) {
    for (int late = 0; late <= kMostLate; ++late) {
      watch_.was_starved();
      if (attempt()) return;
      std::cout << fmt::format("late: {}: {}\n", fault_.name, last_words_) << std::flush;
    }
    ADD_FAILURE() << "the machine was too late each time; at last: " << last_words_;
  }

  bool too_late(const std::string& words) {
    last_words_ = words;
    return watch_.was_starved();
  }

  /// What moves in this phase does.
  static bool in_full_swing(GraspPhase phase, const hal::LiveState& state) {
    const bool holds = state.gripper.normal_force > 0.0;
    const double rising = state.arm.tcp_velocity.z();
    switch (phase) {
      case GraspPhase::kApproach:
        return rising < -0.05;
      case GraspPhase::kTouchSearch:
      case GraspPhase::kClosing:
        return state.gripper_moving && !state.arm_moving;
      case GraspPhase::kRest:
        return holds && !state.gripper_moving && !state.arm_moving;
      default:
        return holds && rising > 0.01;
    }
  }

  /// Waits until the script is in the phase and the devices show it; the moment, unless the run
  /// ended before.
  std::optional<ScriptPhases::Moment> reach(GraspPhase phase, const Run& run) const {
    while (!run.ended()) {
      const ScriptPhases::Moment now = run.now();
      if (now.count > 0 && now.phase == phase && in_full_swing(phase, rig_.workcell.state())) {
        return now;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return std::nullopt;
  }

  bool cell(GraspPhase phase) {
    Run run(*this);
    const std::optional<ScriptPhases::Moment> met = reach(phase, run);
    if (!met) {
      const std::string said = run.wait_and_say();
      if (too_late(said)) return false;
      ADD_FAILURE() << "the run ended before the fault was there: " << said;
      return true;
    }
    const std::size_t aborted_before = store().aborted().size();
    const hal::LiveState before = rig_.workcell.state();
    for (const std::string& line : fault_.inject) EXPECT_EQ(rig_.control.answer(line), "ok");
    const bool in_time = run.now().count == met->count;
    const std::string said = run.wait_and_say();
    const bool judged = judge(phase, *met, run.now(), said, aborted_before, in_time);
    const hal::LiveState stopped = expect_all_still(phase, before, said);
    clear();
    // What was held must not go on by itself either once it is let.
    if (said != kMade) expect_to_stand_at(stopped);
    return judged;
  }

  bool made(const std::string& name) const {
    const std::size_t slash = name.find('/');
    return slash != std::string::npos &&
           store().has_episode(name.substr(0, slash), name.substr(slash + 1));
  }

  /// False if the machine was too late.
  bool judge(GraspPhase phase, const ScriptPhases::Moment& met, const ScriptPhases::Moment& end,
             const std::string& said, std::size_t aborted_before, bool in_time) {
    const bool search = phase == GraspPhase::kTouchSearch;
    const bool finished = search ? said == kMade : made(met.name);
    const bool other_device = said != kMade && !fault_.names_device(said);
    if (!in_time) {
      last_words_ = "the phase was over before the fault was there";
      return false;
    }
    if (other_device && too_late(said)) return false;
    const std::string late = finished ? "" : noticed_late(phase, met, end);
    if (!late.empty() && too_late(late)) return false;
    EXPECT_EQ(late, "");
    const Effect effect = fault_.effect_at(phase);
    // Only pictures that a busy machine lost make the script begin the same grasp again.
    const bool begun_anew = !search && end.name == met.name && end.phase < phase;
    if (!finished && effect == Effect::kNone && begun_anew) {
      last_words_ = "the grasp was begun anew: " + said;
      return false;
    }
    if (finished) {
      EXPECT_NE(effect, Effect::kEndsIt) << "the fault ended nothing";
      // The next grasp may begin, and meet it, while this one is being written.
      EXPECT_FALSE(other_device) << said;
      last_grasp_.clear();
    } else {
      EXPECT_NE(effect, Effect::kNone) << "what nothing asks for shall end nothing: " << said;
      expect_told(end, said, aborted_before);
    }
    return true;
  }

  /// What went on until it ended by itself though the fault was there; empty if nothing did.
  std::string noticed_late(GraspPhase phase, const ScriptPhases::Moment& met,
                           const ScriptPhases::Moment& end) const {
    hal::eventually([&] { return !rig_.workcell.state().arm_moving; });
    const hal::LiveState stopped = rig_.workcell.state();
    const bool lifts = phase == GraspPhase::kLift || phase == GraspPhase::kEnd;
    const double height = stopped.arm.base_from_tcp.translation().z();
    if (lifts && !fault_.arm_goes_on && height > lifted_height(met.name) - 1e-3)
      return "the arm lifted to the end";
    if (!fault_.at_once) return "";
    if (end.count != met.count) return fmt::format("the script got to {}", name_of(end.phase));
    const bool closed = stopped.gripper.width < FakeScript().touch_width;
    return phase == GraspPhase::kClosing && closed ? "the jaws closed to the end" : "";
  }

  /// Where the lift of a grasp would end (m).
  double lifted_height(const std::string& grasp) const {
    for (const GripPosition& position : plan_positions(protocol_, fake_objects(protocol_))) {
      if (grasp.starts_with(position.object + "/")) {
        return position.grip.z() + protocol_.lift.distance;
      }
    }
    throw std::logic_error("no object of " + grasp);
  }

  void expect_told(const ScriptPhases::Moment& end, const std::string& said,
                   std::size_t aborted_before) {
    EXPECT_TRUE(fault_.names_device(said)) << said;
    EXPECT_TRUE(std::any_of(fault_.says.begin(), fault_.says.end(), [&](const std::string& words) {
      return said.find(words) != std::string::npos;
    })) << said;
    EXPECT_THAT(said, HasSubstr("run the same command again"));
    EXPECT_EQ(said.find('\n'), std::string::npos);
    const EpisodeStore data = store();
    EXPECT_THAT(data.verify(), IsEmpty());
    const std::vector<AbortedGrasp> aborted = data.aborted();
    EXPECT_EQ(aborted.size(), aborted_before + 1);
    // Attempts at the same grasp are in the order of time.
    const auto told = std::find_if(aborted.rbegin(), aborted.rend(), [&](const AbortedGrasp& each) {
      return each.object + "/" + each.grasp == end.name;
    });
    if (told == aborted.rend()) {
      ADD_FAILURE() << "no attempt at " << end.name << " tells of: " << said;
      return;
    }
    EXPECT_TRUE(said.starts_with(told->error + " (")) << told->error << "; but " << said;
    EXPECT_TRUE(said.starts_with(told->device + ": ")) << told->device;
    EXPECT_EQ(told->phase, name_of(end.phase)) << "where the script was";
    EXPECT_FALSE(data.has_episode(told->object, told->grasp));
    EXPECT_TRUE(last_grasp_.empty() || last_grasp_ == end.name)
        << "the next run goes on with the same: " << last_grasp_ << ", not " << end.name;
    if (!told->grasp.starts_with("position_")) last_grasp_ = end.name;
  }

  /// The arm stands and goes on standing; the jaws stay where they are, holding what they held.
  hal::LiveState expect_all_still(GraspPhase phase, const hal::LiveState& before,
                                  const std::string& said) const {
    EXPECT_TRUE(hal::eventually([&] { return !rig_.workcell.state().arm_moving; }));
    if (fault_.lets_go) {
      hal::eventually([&] { return !rig_.workcell.state().gripper_moving; });
    }
    const hal::LiveState stopped = rig_.workcell.state();
    if (said == kMade) return stopped;
    expect_to_stand_at(stopped);
    if (fault_.lets_go || phase < GraspPhase::kRest) return stopped;
    EXPECT_NEAR(stopped.gripper.width, before.gripper.width, kStill);
    EXPECT_GT(stopped.gripper.normal_force, 0.9 * before.gripper.normal_force);
    EXPECT_GT(stopped.gripper.normal_force, 0.0);
    return stopped;
  }

  void expect_to_stand_at(const hal::LiveState& stopped) const {
    const std::uint64_t begin = rig_.workcell.state().number;
    double moved = 0.0, jaws_moved = 0.0;
    hal::eventually([&] {
      const hal::LiveState now = rig_.workcell.state();
      moved = std::max(
          moved,
          (now.arm.base_from_tcp.translation() - stopped.arm.base_from_tcp.translation()).norm());
      jaws_moved = std::max(jaws_moved, std::abs(now.gripper.width - stopped.gripper.width));
      return now.number > begin + kWatchedStates;
    });
    EXPECT_LT(moved, 1e-6) << "the arm moved after the stop";
    EXPECT_LT(jaws_moved, kStill) << "the jaws moved after the stop";
  }

  /// Makes the rig well, as a person would, and waits until it shows.
  void clear() {
    for (const std::string& line : fault_.clear) EXPECT_EQ(rig_.control.answer(line), "ok");
    hal::UrController& controller = rig_.arm.controller();
    bool brakes_released = false;
    EXPECT_TRUE(hal::eventually([&] {
      const hal::UrImage image = controller.image();
      if (image.safety_mode == hal::UrSafetyMode::kProtectiveStop) {
        controller.unlock_protective_stop();
      }
      if (image.robot_mode == hal::UrRobotMode::kPowerOff) controller.power_on();
      if (image.robot_mode == hal::UrRobotMode::kIdle && !brakes_released) {
        brakes_released = controller.release_brakes();
      }
      return image.safety_mode == hal::UrSafetyMode::kNormal &&
             image.robot_mode == hal::UrRobotMode::kRunning;
    }));
    if (!fault_.lets_go) return;
    const hal::RigClock clock;
    hal::WsgGripper(rig_.settings().gripper, clock).acknowledge();
  }

  const Fault& fault_;
  const GraspProtocol protocol_ = slow_protocol();
  hal::EmulatedRig rig_{slow_cameras()};
  TemporaryFolder folder_;
  ArmWatch watch_{rig_.workcell};
  std::string last_grasp_, last_words_;
};

/// Rows are mostly waits: all of them together take about half of one core.
TEST(FaultTable, EveryFaultAtEveryPhaseOfAGrasp) {
  std::vector<std::jthread> rows;
  for (const Fault& fault : faults()) {
    rows.emplace_back([&fault] {
      try {
        Row(fault).run();
      } catch (const std::exception& error) {
        ADD_FAILURE() << fault.name << ": " << error.what();
      }
    });
  }
}

}  // namespace
}  // namespace gripbench::experiments

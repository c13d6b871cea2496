#include "tests/unit/rig/table_row.h"

#include <algorithm>
#include <iostream>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/position_search.h"
#include "hal/wsg/wsg_gripper.h"
#include "tests/unit/rig/emulated_rig.h"
#include "tests/unit/rig/grasp_run.h"

namespace gripbench::experiments {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Jaws move by less than this while they hold (m).
constexpr double kStill = 2e-5;
/// What is so far from where its motion would end was cut short (m).
constexpr double kShort = 5e-4;
/// How long a stopped rig is watched, in states of the live workcell.
constexpr std::uint64_t kWatchedStates = 60;
/// A thread that wants to run every 5 ms and was kept from it for so long shows a machine that is
/// too busy for real time (s): a word to a device and back wakes a dozen of them in turn.
constexpr double kStarved = 0.02;
/// So often a cell is tried again on such a machine.
constexpr int kMostLate = 3;
constexpr const char* kStop = "THE ARM MAY STILL MOVE";

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
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const double now = clock.now();
      if (now - std::exchange(last, now) > kStarved) starved_ = true;
    }
  }
  const hal::LiveWorkcell& workcell_;
  std::atomic<bool> left_{false}, starved_{false};
  std::jthread thread_{[this](std::stop_token stop) { watch(stop); }};
};

class Row {
 public:
  Row(const Fault& fault, double silent) : fault_(fault), silent_(silent) {}

  int not_judged() const { return not_judged_; }

  void run(std::span<const Moment> moments) {
    for (const Moment moment : moments) {
      SCOPED_TRACE(name_of(moment));
      moment_ = moment;
      if (moment != Moment::kTouchSearch) know_positions();
      for_a_machine_in_time([&] { return cell(); });
    }
    SCOPED_TRACE("all is well again");
    know_positions();
    for_a_machine_in_time([this] { return a_grasp_is_made(); });
    EXPECT_FALSE(watch_.left_the_box());
    EXPECT_THAT(store().verify(), IsEmpty());
    EXPECT_FALSE(store().records().empty());
  }

 private:
  EpisodeStore store() const { return EpisodeStore::open(folder_.path() / "d"); }

  hal::RigSettings settings() const {
    hal::RigSettings rig = rig_.settings();
    // Only who has to do with it is to wait for it.
    if (fault_.devices.front() == "force_torque") rig.force_torque = rig_.net_ft();
    // The table waits for the end of each run, and an end waits for each answer.
    rig.tactile.answer_timeout = rig.camera.answer_timeout = hal::Duration(3.0);
    rig = patient(rig, fault_.devices.front(), silent_);
    if (fault_.rig) fault_.rig(rig);
    // The stage's own motions take as long as the grasp's only where a fault comes into them.
    if (moment_ == Moment::kOpening) rig.stage.jaw_speed = 0.03;
    if (moment_ == Moment::kRising) rig.stage.motion.speed = 0.06;
    if (moment_ == Moment::kLowering) rig.stage.motion.speed = 0.04;
    return rig;
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
      const bool judged = attempt();
      end_run();
      if (judged) return;
      std::cout << fmt::format("late: {}, {}: {}\n", fault_.name, name_of(moment_), last_words_)
                << std::flush;
    }
    std::cout << fmt::format("not judged: {}, {}\n", fault_.name, name_of(moment_)) << std::flush;
    ++not_judged_;
  }

  bool too_late(const std::string& words) {
    last_words_ = words;
    return watch_.was_starved();
  }

  void begin_run(bool as_process) {
    // By an attempt for which the machine was too late.
    if (made(unmade_)) unmade_.clear();
    hal::RigSettings rig = settings();
    if (fault_.watch != Watch::kNobody) {
      const bool first_to_see = fault_.watch == Watch::kImpatient;
      // Deaths show by closed connections at once; for its own silence a busy machine has time.
      rig.watchdog.emplace();
      rig.watchdog->rules = {.beat_timeout = hal::kPatience,
                             .camera_timeout = first_to_see ? silent_ : kLongSilent,
                             .hang_timeout = hal::kPatience,
                             .idle_timeout = 2.0 * hal::kPatience};
      watchdog_ = std::make_unique<WatchdogThread>(rig);
      rig.watchdog->port = watchdog_->port();
    }
    if (!as_process) {
      run_ = run_in_thread(protocol_, rig, folder_.path() / "d");
      return;
    }
    const auto file = folder_.path() / "rig.yaml";
    const hal::WatchRules& rules = rig.watchdog->rules;
    rig_.write_workcell(file, rig,
                        fmt::format("watchdog: {{port: {}, beat_timeout: {}, camera_timeout: {},"
                                    " hang_timeout: {}}}\n",
                                    rig.watchdog->port, rules.beat_timeout, rules.camera_timeout,
                                    rules.hang_timeout));
    run_ = run_in_process(file, folder_.path() / "d");
  }

  void end_run() {
    run_.reset();
    watchdog_.reset();
  }

  bool a_grasp_is_made() {
    moment_ = Moment::kEnd;
    begin_run(false);
    run_->end_after("");
    const std::string said = run_->wait_and_say();
    last_words_ = said;
    if (said != kMade) clear();
    return said == kMade;
  }

  /// Waits until the script is in the phase and the devices show it; the moment, unless the run
  /// ended before.
  std::optional<ScriptPhases::Step> reach() const {
    while (!run_->ended()) {
      const ScriptPhases::Step now = run_->phases().now();
      if (now.count > 0 && now.phase == phase_of(moment_) &&
          in_full_swing(moment_, rig_.workcell.state())) {
        return now;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return std::nullopt;
  }

  bool cell() {
    begin_run(fault_.kills_run);
    const std::optional<ScriptPhases::Step> met = reach();
    if (!met) {
      last_words_ = "the run ended before the fault was there: " + run_->wait_and_say();
      clear();
      return false;
    }
    begun_before_ = run_->phases().begun(met->name);
    const std::size_t aborted_before = store().aborted().size();
    const hal::LiveState before = rig_.workcell.state();
    for (const std::string& line : fault_.inject) EXPECT_EQ(rig_.control.answer(line), "ok");
    if (fault_.kills_run) run_->kill();
    run_->end_after(met->name);
    const bool in_time = run_->phases().now().count == met->count;
    const std::string said = run_->wait_and_say();
    const bool judged = judge(*met, said, aborted_before, in_time);
    if (!judged) {
      clear();
      return false;
    }
    const hal::LiveState stopped = expect_all_still(before, said);
    if (!fault_.watchdog_warns.empty()) expect_watchdog_says(fault_.watchdog_warns);
    clear();
    // What was held must not go on by itself either once it is let.
    if (said != kMade) expect_to_stand_at(stopped);
    return true;
  }

  bool made(const std::string& name) const {
    const std::size_t slash = name.find('/');
    return slash != std::string::npos &&
           store().has_episode(name.substr(0, slash), name.substr(slash + 1));
  }

  /// False if the machine was too late.
  bool judge(const ScriptPhases::Step& met, const std::string& said, std::size_t aborted_before,
             bool in_time) {
    const ScriptPhases::Step end = run_->phases().now();
    const bool search = moment_ == Moment::kTouchSearch;
    const bool finished = search ? said == kMade : made(met.name);
    const bool named =
        said == kMade || (fault_.kills_run ? said == kKilled : fault_.names_device(said));
    if (!in_time) {
      last_words_ = "the phase was over before the fault was there";
      return false;
    }
    if (!named && too_late(said)) return false;
    expect_resumed();
    const Effect effect = fault_.effect_at(moment_);
    // Only pictures that were lost make the script begin the same grasp again.
    const int begun_anew = run_->phases().begun(met.name) - begun_before_;
    if (!search && begun_anew > 0 && effect != Effect::kAgain &&
        too_late("the grasp was begun anew: " + said)) {
      return false;
    }
    const std::string late = finished ? "" : noticed_late(met, end);
    if (!late.empty() && too_late(late)) return false;
    EXPECT_EQ(late, "") << said;
    if (finished) {
      EXPECT_NE(effect, Effect::kEndsIt) << "the fault ended nothing";
      const int expected = effect == Effect::kAgain ? 1 : 0;
      EXPECT_EQ(search ? 0 : begun_anew, expected);
      // The next grasp may begin, and meet it, while this one is being written.
      EXPECT_TRUE(named) << said;
      unmade_.clear();
    } else {
      if (effect != Effect::kEndsIt && too_late(said)) return false;
      EXPECT_EQ(effect, Effect::kEndsIt) << "what nothing asks for shall end nothing: " << said;
      EXPECT_TRUE(named) << said;
      if (!fault_.kills_run) expect_told(end, said, aborted_before);
      unmade_ = search ? "" : end.name;
    }
    return true;
  }

  /// The run went on with the grasp that the one before had not made.
  void expect_resumed() const {
    const std::string first = run_->phases().first();
    EXPECT_EQ(first, unmade_.empty() ? first : unmade_);
  }

  /// What went on until it ended by itself though the fault was there; empty if nothing did.
  std::string noticed_late(const ScriptPhases::Step& met, const ScriptPhases::Step& end) const {
    if (fault_.runs_on.contains(moment_)) return "";
    hal::eventually([&] {
      const hal::LiveState now = rig_.workcell.state();
      return !now.arm_moving && !now.gripper_moving;
    });
    const hal::LiveState stopped = rig_.workcell.state();
    const double height = stopped.arm.base_from_tcp.translation().z();
    const double width = stopped.gripper.width;
    const hal::RigStageSettings stage = settings().stage;
    // Its recording may end while the arm still lifts.
    const bool same_motion = moment_ == Moment::kLift && end.phase == GraspPhase::kEnd;
    if (end.count != met.count && !(same_motion && !fault_.at_once)) {
      return fmt::format("the script got to {}", name_of(end.phase));
    }
    const auto grip = [&] { return position_of(met.name).grip.z(); };
    switch (moment_) {
      case Moment::kApproach:
        return height < grip() + kShort ? "the arm came down to the end" : "";
      case Moment::kTouchSearch:
      case Moment::kClosing:
        return width < FakeScript().touch_width ? "the jaws closed to the touch" : "";
      case Moment::kRest:
        return "";
      case Moment::kLift:
      case Moment::kEnd:
        return height > grip() + protocol_.lift.distance - kShort ? "the arm lifted to the end"
                                                                  : "";
      case Moment::kOpening:
        return width > *stage.open_width - kShort ? "the jaws opened to the end" : "";
      case Moment::kRising:
        return height > stage.home.z() - kShort ? "the arm rose to the end" : "";
      case Moment::kLowering:
        return height < grip() + kShort ? "the arm came down to the end" : "";
    }
    return "";
  }

  GripPosition position_of(const std::string& grasp) const {
    for (const GripPosition& position : plan_positions(protocol_, fake_objects(protocol_))) {
      if (grasp.starts_with(position.object + "/")) return position;
    }
    throw std::logic_error("no object of " + grasp);
  }

  void expect_told(const ScriptPhases::Step& end, const std::string& said,
                   std::size_t aborted_before) {
    EXPECT_TRUE(std::any_of(fault_.says.begin(), fault_.says.end(), [&](const std::string& words) {
      return said.find(words) != std::string::npos;
    })) << said;
    EXPECT_THAT(said, HasSubstr("run the same command again"));
    EXPECT_EQ(said.find('\n'), std::string::npos);
    const bool warns = fault_.warns == kStop && arm_moves_in(moment_);
    EXPECT_EQ(said.find(kStop) != std::string::npos, warns) << said;
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
  }

  /// The arm stands and goes on standing; the jaws stay where they are, holding what they held.
  hal::LiveState expect_all_still(const hal::LiveState& before, const std::string& said) const {
    EXPECT_TRUE(hal::eventually([&] { return !rig_.workcell.state().arm_moving; }));
    if (said == kMade) return rig_.workcell.state();
    if (fault_.lets_go || fault_.kills_run || fault_.runs_on.contains(moment_)) {
      hal::eventually([&] { return !rig_.workcell.state().gripper_moving; });
    }
    if (fault_.kills_run || fault_.watch == Watch::kImpatient) {
      expect_watchdog_says("keep their grip");
    }
    const hal::LiveState stopped = rig_.workcell.state();
    expect_to_stand_at(stopped);
    // A stage that did not know yet had all reason to open them.
    const bool opened = moment_ == Moment::kLowering && fault_.runs_on.contains(moment_);
    if (fault_.lets_go || !holds_in(moment_) || opened) return stopped;
    EXPECT_NEAR(stopped.gripper.width, before.gripper.width, kStill);
    EXPECT_GT(stopped.gripper.normal_force, 0.9 * before.gripper.normal_force);
    EXPECT_GT(stopped.gripper.normal_force, 0.0);
    return stopped;
  }

  void expect_watchdog_says(const std::string& words) const {
    EXPECT_TRUE(hal::eventually([&] { return watchdog_->said().find(words) != std::string::npos; }))
        << watchdog_->said();
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
    end_run();
    hal::UrController& controller = rig_.arm.controller();
    // Only who was told so has a program to end on the pendant.
    const bool paused = controller.image().runtime_state == hal::UrRuntimeState::kPaused;
    EXPECT_TRUE(!paused || !fault_.warns.empty()) << "a program that may go on";
    if (paused) controller.stop_program();
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
  const double silent_;
  const GraspProtocol protocol_ = slow_protocol();
  hal::EmulatedRig rig_{slow_cameras()};
  TemporaryFolder folder_;
  ArmWatch watch_{rig_.workcell};
  Moment moment_ = Moment::kTouchSearch;
  std::string last_words_;
  /// The grasp that the run before did not make.
  std::string unmade_;
  int begun_before_ = 0;
  int not_judged_ = 0;
  /// The run goes first: its goodbyes pass through the watchdog.
  std::unique_ptr<WatchdogThread> watchdog_;
  std::unique_ptr<GraspRun> run_;
};

}  // namespace

int run_row(const Fault& fault, std::span<const Moment> moments, double silent) {
  const std::string name =
      std::string(fault.name) + (fault.watch == Watch::kNobody ? ", without a watchdog" : "");
  SCOPED_TRACE(name);
  try {
    Row row(fault, silent);
    row.run(moments);
    return row.not_judged();
  } catch (const std::exception& error) {
    ADD_FAILURE() << error.what();
    return 0;
  }
}

}  // namespace gripbench::experiments

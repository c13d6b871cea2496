// What every fault of the emulated devices does to a grasp, at every phase of it: rows and columns
// run by themselves, over the drivers' own sockets, through the limits, the script and the store.

#include <array>
#include <atomic>
#include <future>
#include <thread>

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
/// How long a stopped arm is watched, in states of the live workcell some 2 ms apart.
constexpr std::uint64_t kWatchedStates = 120;
/// A machine under load makes lines look broken that are not: so often a cell is tried again when
/// the run ended before the fault came.
constexpr int kMostTries = 8;

struct Fault {
  const char* name;
  std::vector<std::string> inject, clear;
  /// Who is to be named, and what is to be said.
  std::string device, says;
  /// It may pass without ending a grasp, because it heals by itself or nothing asks for what broke.
  bool may_pass = false;
  /// The gripper itself lets go.
  bool lets_go = false;
};

const std::vector<Fault>& faults() {
  static const std::vector<Fault> all = {
      {"protective stop", {"protective_stop"}, {}, "arm", "protective stop"},
      {"emergency stop", {"emergency_stop"}, {"release_emergency_stop"}, "arm", "emergency stop"},
      {"safeguard", {"safeguard_open"}, {"safeguard_close"}, "arm", "safeguard"},
      {"state stream dropped", {"drop rtde", "freeze rtde"}, {"thaw rtde"}, "arm", "no state for"},
      {"all of the arm's lines dropped",
       {"drop rtde", "freeze rtde", "drop primary"},
       {"thaw rtde"},
       "arm",
       ""},
      {"primary interface dropped", {"drop primary"}, {}, "arm", "cannot be sent", true},
      {"states delayed", {"delay rtde 3"}, {"delay rtde 0"}, "arm", "no state for"},
      {"states corrupted", {"garble rtde 20"}, {"garble rtde 0"}, "arm", "no state for"},
      {"gripper's frames corrupted", {"garble wsg 5000"}, {"garble wsg 0"}, "gripper", ""},
      {"camera frozen", {"freeze camera"}, {"thaw camera"}, "camera", "no frame for"},
      {"camera slow", {"slow_camera 4"}, {"slow_camera 0"}, "camera", ""},
      {"tactile sensor frozen", {"freeze tactile"}, {"thaw tactile"}, "tactile", ""},
      {"gripper's connection dropped", {"drop wsg"}, {}, "gripper", "", false, true},
      {"jaws blocked", {"jam_jaws"}, {"free_jaws"}, "gripper", "block", true},
  };
  return all;
}

/// One object, gripped and lifted slowly enough that each phase can be met.
GraspProtocol slow_protocol() {
  GraspProtocol protocol = fake_protocol();
  protocol.train_objects = {"egg"};
  protocol.test_objects = {"ball"};
  protocol.train_grasps = protocol.test_grasps = 8;
  protocol.approach.motion = {0.3, 2.0};
  protocol.squeeze.trial_lifts = 1;
  protocol.lift.jaw_speed = 0.01;
  protocol.lift.settle = 0.5;
  protocol.lift.distance = 0.09;
  protocol.lift.motion = {0.03, 1.2};
  protocol.patience.frame = 3.0;
  protocol.lift.onset_speed = 0.01;
  return protocol;
}

/// A machine under load is slow at times: what counts as silence here is longer than on a rig.
hal::RigSettings patient(hal::RigSettings rig) {
  // The arm's state is stale after three periods.
  rig.arm.rate = 5.0;
  rig.gripper.connection.stale_after = hal::Duration(1.0);
  rig.tactile.stale_after = rig.camera.stale_after = hal::Duration(1.0);
  return rig;
}

/// The way of the emulated arm, watched by a thread of its own.
class ArmWatch {
 public:
  explicit ArmWatch(const hal::LiveWorkcell& workcell) : workcell_(workcell) {}
  bool left_the_box() const { return left_; }

 private:
  void watch(std::stop_token stop) {
    const Eigen::AlignedBox3d box = hal::EmulatedRig::safety().workspace;
    while (!stop.stop_requested()) {
      const Eigen::Vector3d tool = workcell_.state().arm.base_from_tcp.translation();
      if (box.exteriorDistance(tool) > 1e-6) left_ = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(4));
    }
  }
  const hal::LiveWorkcell& workcell_;
  std::atomic<bool> left_{false};
  std::jthread thread_{[this](std::stop_token stop) { watch(stop); }};
};

/// One row of the table: a rig, a data set, and a fault at each phase in turn.
class Row {
 public:
  explicit Row(const Fault& fault) : fault_(fault) {}

  void run() {
    SCOPED_TRACE(fault_.name);
    for (const GraspPhase phase : kPhases) {
      SCOPED_TRACE(std::string(name_of(phase)));
      if (phase == GraspPhase::kApproach) know_positions();
      cell(phase);
      if (::testing::Test::HasFatalFailure()) return;
    }
    EXPECT_EQ(collect_once().wait_and_say(), "stopped after a grasp") << "all is well again";
    EXPECT_FALSE(watch_.left_the_box());
    EXPECT_THAT(store().verify(), IsEmpty());
    EXPECT_FALSE(store().records().empty());
  }

 private:
  /// A run of the collection in a thread of its own, until a grasp is made or a fault ends it.
  class Run {
   public:
    explicit Run(const Row& row) : stop_(std::make_unique<std::atomic<bool>>(false)) {
      said_ = std::async(std::launch::async, [&row, stop = stop_.get()] { return row.go(*stop); });
    }
    bool ended() const {
      return said_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
    std::string wait_and_say() { return said_.get(); }

   private:
    std::unique_ptr<std::atomic<bool>> stop_;
    std::future<std::string> said_;
  };

  EpisodeStore store() const { return EpisodeStore::open(folder_.path() / "d"); }
  Run collect_once() const { return Run(*this); }

  std::string go(std::atomic<bool>& stop) const {
    EpisodeStore store =
        EpisodeStore::create_or_resume(folder_.path() / "d", fake_dataset(protocol_));
    CollectOptions options;
    options.stop = &stop;
    options.progress = [&](const CollectProgress& now) { stop = stop || now.stage == "grasp"; };
    try {
      collect(
          protocol_, fake_objects(protocol_),
          [this] { return make_rig_workcell(patient(rig_.settings())); }, store, options);
      return "nothing was left to do";
    } catch (const hal::Interrupted&) {
      return "stopped after a grasp";
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
      store.write_position(search_position(*workcell, protocol_, {}, position));
    }
  }

  /// The emulated devices show this phase, by what moves.
  bool shows(GraspPhase phase) const {
    const hal::LiveState state = rig_.workcell.state();
    const double height = state.arm.base_from_tcp.translation().z();
    const double width = state.gripper.width;
    const bool low = height < 0.10;
    const bool holds = state.gripper.normal_force > 0.0;
    switch (phase) {
      case GraspPhase::kApproach:
        return state.arm.tcp_velocity.z() < -0.01 && height < 0.23 && !holds;
      case GraspPhase::kTouchSearch:
      case GraspPhase::kClosing:
        return low && !state.arm_moving && width < 0.047 && state.gripper_moving;
      case GraspPhase::kRest:
        return low && holds && !state.gripper_moving && !state.arm_moving;
      case GraspPhase::kLift:
        return holds && state.arm.tcp_velocity.z() > 0.02;
      default:
        return holds && state.arm.tcp_velocity.z() > 0.02 && lifted(state) > 0.03;
    }
  }
  double lifted(const hal::LiveState& state) const {
    return state.arm.base_from_tcp.translation().z() - rest_height_;
  }

  /// Waits for the phase; false if the run ended before it came.
  bool reach(GraspPhase phase, const Run& run) {
    bool at_home = false;
    while (!run.ended()) {
      const hal::LiveState state = rig_.workcell.state();
      // Until then the rig shows what the run before has left.
      at_home = at_home ||
                (state.arm.base_from_tcp.translation().z() > 0.245 && state.gripper.width > 0.09);
      if (!state.arm_moving) rest_height_ = state.arm.base_from_tcp.translation().z();
      if (at_home && shows(phase)) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  void cell(GraspPhase phase) {
    std::string last_words;
    for (int tries = 0; tries < kMostTries; ++tries) {
      Run run = collect_once();
      if (!reach(phase, run)) {
        last_words = run.wait_and_say();
        continue;
      }
      const std::size_t aborted_before = store().aborted().size();
      const hal::LiveState before = rig_.workcell.state();
      for (const std::string& line : fault_.inject) ASSERT_EQ(rig_.control.answer(line), "ok");
      const std::string said = run.wait_and_say();
      if (said == "stopped after a grasp") {
        EXPECT_TRUE(fault_.may_pass) << "the fault ended nothing";
        last_grasp_.clear();
      } else if (!said.starts_with(fault_.device + ": ") && !fault_.may_pass &&
                 tries + 1 < kMostTries) {
        // Another line was slow at the same time; safe, but not what this cell is about.
        expect_all_still(phase, before);
        clear();
        continue;
      } else {
        expect_told(phase, said, aborted_before);
        expect_all_still(phase, before);
      }
      clear();
      return;
    }
    FAIL() << "the phase was not met in " << kMostTries << " runs; the last said: " << last_words;
  }

  void expect_told(GraspPhase phase, const std::string& said, std::size_t aborted_before) {
    EXPECT_TRUE(said.starts_with(fault_.device + ": ")) << said;
    EXPECT_THAT(said, HasSubstr(fault_.says));
    EXPECT_THAT(said, HasSubstr("run the same command again"));
    EXPECT_EQ(said.find('\n'), std::string::npos);
    const EpisodeStore data = store();
    const std::vector<AbortedGrasp> aborted = data.aborted();
    ASSERT_EQ(aborted.size(), aborted_before + 1);
    const auto told = std::find_if(aborted.begin(), aborted.end(), [&](const AbortedGrasp& each) {
      return said.starts_with(each.error + " (");
    });
    ASSERT_NE(told, aborted.end()) << said;
    EXPECT_EQ(told->device, fault_.device);
    EXPECT_TRUE(is_near(told->phase, phase)) << told->phase;
    EXPECT_FALSE(data.has_episode(told->object, told->grasp));
    EXPECT_EQ(told->grasp.starts_with("position_"), phase == GraspPhase::kTouchSearch);
    EXPECT_THAT(data.verify(), IsEmpty());
    EXPECT_EQ(told->object, first_object_.empty() ? told->object : first_object_)
        << "the next run goes on with the same";
    first_object_ = told->object;
    if (phase == GraspPhase::kTouchSearch) return;
    EXPECT_EQ(told->grasp, last_grasp_.empty() ? told->grasp : last_grasp_);
    last_grasp_ = told->grasp;
  }

  /// A fault is noticed where it happened or a little later; and what the devices show, the script
  /// learns a little later, so that it may still be in the phase before.
  static bool is_near(const std::string& said, GraspPhase phase) {
    constexpr std::array kOrder = {GraspPhase::kApproach, GraspPhase::kTouchSearch,
                                   GraspPhase::kClosing,  GraspPhase::kRest,
                                   GraspPhase::kLift,     GraspPhase::kEnd};
    const auto shown = std::find(kOrder.begin(), kOrder.end(), phase);
    const auto told = std::find_if(kOrder.begin(), kOrder.end(),
                                   [&](GraspPhase each) { return said == name_of(each); });
    return told != kOrder.end() && told + 1 >= shown;
  }

  /// The arm stands and goes on standing; the jaws stay where they are, holding what they held.
  void expect_all_still(GraspPhase phase, const hal::LiveState& before) const {
    EXPECT_TRUE(hal::eventually([&] { return !rig_.workcell.state().arm_moving; }));
    if (fault_.lets_go) {
      hal::eventually([&] { return !rig_.workcell.state().gripper_moving; });
    }
    const hal::LiveState stopped = rig_.workcell.state();
    double moved = 0.0, jaws_moved = 0.0;
    hal::eventually([&] {
      const hal::LiveState now = rig_.workcell.state();
      moved = std::max(
          moved,
          (now.arm.base_from_tcp.translation() - stopped.arm.base_from_tcp.translation()).norm());
      jaws_moved = std::max(jaws_moved, std::abs(now.gripper.width - stopped.gripper.width));
      return now.number > stopped.number + kWatchedStates;
    });
    EXPECT_LT(moved, 1e-6) << "the arm moved after the stop";
    EXPECT_LT(jaws_moved, kStill) << "the jaws moved after the stop";
    if (fault_.lets_go || phase < GraspPhase::kRest) return;
    EXPECT_NEAR(stopped.gripper.width, before.gripper.width, kStill);
    EXPECT_GT(stopped.gripper.normal_force, 0.9 * before.gripper.normal_force);
    EXPECT_GT(stopped.gripper.normal_force, 0.0);
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
  hal::EmulatedRig rig_;
  TemporaryFolder folder_;
  ArmWatch watch_{rig_.workcell};
  double rest_height_ = 0.0;
  std::string first_object_, last_grasp_;
};

/// Rows are mostly waits, so some run at the same time.
void run_rows(std::size_t first, std::size_t last) {
  std::vector<std::jthread> rows;
  for (std::size_t i = first; i < std::min(last, faults().size()); ++i) {
    rows.emplace_back([i] { Row(faults()[i]).run(); });
  }
}

TEST(FaultTable, TheArmIsHeldOrItsStateStreamIsLost) { run_rows(0, 5); }
TEST(FaultTable, PackagesAreLostLateOrCorrupted) { run_rows(5, 9); }
TEST(FaultTable, CamerasStallAndTheGripperFails) { run_rows(9, 14); }

}  // namespace
}  // namespace gripbench::experiments

#include "experiments/collect.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "experiments/lift_recorder.h"
#include "experiments/rehearsal.h"
#include "tests/unit/experiments/test_support.h"

namespace gripbench::experiments {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Of this process; 0 where the machine does not say.
double resident_megabytes() {
  std::ifstream statm("/proc/self/statm");
  double all = 0.0;
  double resident = 0.0;
  statm >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

class CollectTest : public ::testing::Test {
 protected:
  /// Collects into a folder of this name.
  CollectSummary run(const std::string& name, const CollectOptions& options = {}) {
    EpisodeStore store =
        EpisodeStore::create_or_resume(folder_.path() / name, fake_dataset(protocol_));
    return collect(
        protocol_, fake_objects(protocol_), [&] { return make_fake_workcell(fake_); }, store,
        options);
  }
  std::map<std::string, std::string> bytes(const std::string& name) const {
    return bytes_below(folder_.path() / name);
  }

  TemporaryFolder folder_;
  FakeScript fake_;
  GraspProtocol protocol_ = fake_protocol();
};

TEST_F(CollectTest, MakesEveryGraspOfTheProtocol) {
  std::vector<CollectProgress> progress;
  CollectOptions options;
  options.progress = [&](const CollectProgress& p) { progress.push_back(p); };
  const CollectSummary summary = run("d", options);
  EXPECT_EQ(summary.positions, 3u);
  EXPECT_EQ(summary.grasps, 12u);
  const EpisodeStore store = EpisodeStore::open(folder_.path() / "d");
  EXPECT_EQ(store.records().size(), 12u);
  EXPECT_THAT(store.verify(), IsEmpty());
  ASSERT_EQ(progress.size(), 15u);
  EXPECT_EQ(progress.front().stage, "position");
  EXPECT_EQ(progress.back().stage, "grasp");
  EXPECT_EQ(progress.back().done, 15u);
  EXPECT_EQ(progress.back().total, 15u);
  EXPECT_EQ(progress.back().grasps_done, 12u);
  EXPECT_EQ(progress.back().grasps_total, 12u);
  // Squeezes around the edge: the fake slips above a width, so half of the grasps do.
  int slips = 0;
  for (const EpisodeRecord& record : store.records()) slips += record.slip;
  EXPECT_EQ(slips, 6);
}

TEST_F(CollectTest, TellsThePhasesOfEveryGraspAndSearch) {
  protocol_.squeeze.trial_lifts = 1;
  std::map<std::string, std::string> phases;
  CollectOptions options;
  options.phase = [&](const std::string& name, GraspPhase phase) {
    phases[name] += std::string(name_of(phase)) + ", ";
  };
  run("d", options);
  ASSERT_EQ(phases.size(), 15u);
  EXPECT_EQ(phases["ball/000"], "present, approach, closing, rest, lift, end, ");
  EXPECT_EQ(phases["ball/position_0"],
            "present, approach, touch search, present, approach, closing, rest, lift, ");
}

TEST_F(CollectTest, TwoWorkersWriteTheSameBytesAsOne) {
  run("one", {.jobs = 1});
  run("two", {.jobs = 2});
  run("five", {.jobs = 5});
  EXPECT_EQ(bytes("one").size(), 1 + 3 * 3 + 12 * 32u);
  EXPECT_EQ(bytes("one"), bytes("two"));
  EXPECT_EQ(bytes("one"), bytes("five"));
}

TEST_F(CollectTest, OneWorkerMakesAllOfAnObjectBeforeTheNext) {
  FakeLog log;
  EpisodeStore store =
      EpisodeStore::create_or_resume(folder_.path() / "d", fake_dataset(protocol_));
  collect(protocol_, fake_objects(protocol_), [&] { return make_fake_workcell(fake_, &log); },
          store, {});
  // Who puts objects before the arm changes them twice for three objects.
  int changes = 0;
  std::vector<std::string> grasps;
  for (std::size_t i = 0; i < log.presented.size(); ++i) {
    const std::string object = log.presented[i].substr(0, log.presented[i].find('/'));
    changes += i > 0 && log.presented[i - 1].rfind(object + "/", 0) != 0;
    if (log.presented[i].find("position_") == std::string::npos) grasps.push_back(log.presented[i]);
  }
  EXPECT_EQ(changes, 2);
  EXPECT_EQ(log.cleared, 1) << "nothing stays in the jaws";
  ASSERT_EQ(grasps.size(), 12u);
  EXPECT_FALSE(std::is_sorted(grasps.begin(), grasps.begin() + 4) &&
               std::is_sorted(grasps.begin() + 4, grasps.begin() + 8) &&
               std::is_sorted(grasps.begin() + 8, grasps.end()))
      << "squeezes come in shuffled order";
}

TEST_F(CollectTest, ARehearsalGoesThroughTheSameInTheSameOrder) {
  FakeLog collected, rehearsed;
  EpisodeStore store =
      EpisodeStore::create_or_resume(folder_.path() / "d", fake_dataset(protocol_));
  const auto objects = fake_objects(protocol_);
  collect(protocol_, objects, [&] { return make_fake_workcell(fake_, &collected); }, store, {});
  rehearse(protocol_, objects, *make_fake_workcell(fake_, &rehearsed), StopRequest{});
  EXPECT_EQ(rehearsed.presented, collected.presented);
  EXPECT_EQ(rehearsed.cleared, 1);
}

TEST_F(CollectTest, ShardsTogetherAreTheWhole) {
  run("whole");
  for (int shard = 0; shard < 3; ++shard) run("parts", {.shard = shard, .shards = 3});
  EXPECT_EQ(bytes("whole"), bytes("parts"));
}

TEST_F(CollectTest, AnInterruptedRunGoesOnToTheSameBytes) {
  run("whole");
  std::atomic<bool> stop = false;
  int rounds = 0;
  std::size_t grasps = 0;
  for (; rounds < 40; ++rounds) {
    stop = false;
    CollectOptions options;
    options.stop = &stop;
    options.jobs = 1 + rounds % 2;
    options.progress = [&](const CollectProgress&) { stop = true; };
    try {
      const CollectSummary summary = run("pieces", options);
      grasps = summary.grasps + summary.grasps_before;
      break;
    } catch (const hal::Interrupted&) {
    }
  }
  EXPECT_GT(rounds, 3);
  EXPECT_EQ(grasps, 12u);
  EXPECT_EQ(bytes("whole"), bytes("pieces"));
  // Nothing is left to do, so no workcell is built.
  EXPECT_EQ(run("pieces").grasps, 0u);
}

// Pictures of one grasp take 0.6 MB as they come from the cameras: a run that kept those, or only
// their JPEGs, would have grown by more after 80 further grasps than is allowed here.
TEST_F(CollectTest, MemoryStaysFlatOverALongRun) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "a sanitizer keeps what was freed";
#endif
  protocol_.train_grasps = 80;
  protocol_.test_grasps = 40;
  std::map<std::size_t, double> resident;
  CollectOptions options;
  options.progress = [&](const CollectProgress& p) {
    if (p.stage == "grasp") resident[p.grasps_done] = resident_megabytes();
  };
  run("d", options);
  if (resident.at(120) == 0.0) GTEST_SKIP() << "no /proc/self/statm here";
  EXPECT_LT(resident.at(120) - resident.at(40), 4.0);
}

// Whoever deletes a damaged position gets it back, also when all its grasps are there.
TEST_F(CollectTest, MakesWhatWasDeletedAgain) {
  run("d");
  const auto whole = bytes("d");
  std::filesystem::remove_all(folder_.path() / "d/positions/mug");
  std::filesystem::remove_all(folder_.path() / "d/episodes/egg/002");
  const CollectSummary summary = run("d");
  EXPECT_EQ(summary.positions, 1u);
  EXPECT_EQ(summary.grasps, 1u);
  EXPECT_EQ(bytes("d"), whole);
}

TEST_F(CollectTest, ThePlanOfShardsIsThePlanOfTheWhole) {
  const std::vector<PlannedGrasp> whole = planned_grasps(protocol_, 0, 1);
  ASSERT_EQ(whole.size(), 12u);
  EXPECT_TRUE(std::is_sorted(whole.begin(), whole.end()));
  std::vector<PlannedGrasp> parts;
  for (int shard = 0; shard < 5; ++shard) {
    const std::vector<PlannedGrasp> part = planned_grasps(protocol_, shard, 5);
    // Three positions for five parts: two parts have nothing to do.
    EXPECT_EQ(part.size(), shard < 3 ? 4u : 0u);
    parts.insert(parts.end(), part.begin(), part.end());
  }
  std::sort(parts.begin(), parts.end());
  EXPECT_EQ(parts, whole);
}

TEST_F(CollectTest, AGraspWhosePicturesAreIncompleteIsMadeAgain) {
  fake_.tactile_drops_at = 2.7;
  EXPECT_THAT(message_of([&] { run("never whole"); }), HasSubstr("1 picture(s) were dropped"));
  fake_.tactile_drops_times = 2;
  EXPECT_EQ(run("whole in the end").grasps, 12u);
  fake_.tactile_drops_at.reset();
  run("whole at once");
  EXPECT_EQ(bytes("whole in the end"), bytes("whole at once"));
}

TEST_F(CollectTest, AnInterruptInsideAGraspDropsThatGraspOnly) {
  std::atomic<bool> stop = false;
  fake_.on_time = [&](double time, const std::string& name) {
    if (name == "mug/002" && time > 1.8) stop = true;
  };
  CollectOptions options;
  options.stop = &stop;
  EXPECT_THROW(run("d", options), hal::Interrupted);
  const EpisodeStore store = EpisodeStore::open(folder_.path() / "d");
  EXPECT_FALSE(store.has_episode("mug", "002"));
  EXPECT_THAT(store.verify(), IsEmpty());
}

TEST_F(CollectTest, AFailingDeviceEndsTheRunAndKeepsWhatWasMade) {
  fake_.on_time = [&](double time, const std::string& name) {
    if (name == "ball/001" && time > 0.5) throw hal::DeviceError("arm", "protective stop");
  };
  for (const int jobs : {1, 2}) {
    const std::string name = "d" + std::to_string(jobs);
    EXPECT_THAT(message_of([&] { run(name, {.jobs = jobs}); }), HasSubstr("arm: protective stop"));
    const EpisodeStore store = EpisodeStore::open(folder_.path() / name);
    EXPECT_FALSE(store.has_episode("ball", "001"));
    EXPECT_THAT(store.verify(), IsEmpty());
  }
}

TEST_F(CollectTest, AnAttemptThatADeviceEndedIsRememberedAndMadeAgain) {
  const FakeScript well = fake_;
  fake_.on_time = [&](double time, const std::string& name) {
    if (name == "ball/001" && time > 1.2) throw hal::TimeoutError("arm", "protective stop");
  };
  for (int attempt = 0; attempt < 2; ++attempt) {
    try {
      run("d");
      ADD_FAILURE() << "nothing was thrown";
    } catch (const hal::TimeoutError& error) {
      EXPECT_THAT(error.what(), HasSubstr("arm: protective stop (ball/001, "));
      EXPECT_THAT(error.what(), HasSubstr("run the same command again"));
    }
  }
  const EpisodeStore store = EpisodeStore::open(folder_.path() / "d");
  const std::vector<AbortedGrasp> aborted = store.aborted();
  ASSERT_EQ(aborted.size(), 2u);
  for (const AbortedGrasp& attempt : aborted) {
    EXPECT_EQ(attempt.object + "/" + attempt.grasp, "ball/001");
    EXPECT_EQ(attempt.device, "arm");
    EXPECT_EQ(attempt.error, "arm: protective stop");
    EXPECT_NEAR(attempt.seconds, 1.2, 0.01);
    EXPECT_THAT(attempt.phase, ::testing::AnyOf("approach", "closing", "rest", "lift"));
    EXPECT_EQ(attempt.time.size(), std::string("2026-01-31T12:34:56Z").size());
  }
  EXPECT_THAT(store.verify(), IsEmpty());
  fake_ = well;
  run("d");
  EXPECT_EQ(store.records().size(), 12u);
  EXPECT_EQ(store.aborted().size(), 2u);
  run("undisturbed");
  EXPECT_EQ(store.dataset_hash(),
            EpisodeStore::open(folder_.path() / "undisturbed").dataset_hash());

  const std::filesystem::path record = store.folder() / "aborted/ball/001/01.json";
  std::string bytes = read_file(record);
  bytes[bytes.find("protective")] = 'P';
  write_file(record, bytes);
  EXPECT_THAT(store.verify(), ::testing::ElementsAre(HasSubstr("aborted/ball/001/01.json")));
}

TEST_F(CollectTest, TheNextRunGoesOnWithTheGraspThatWasEnded) {
  // The third grasp of an object, so that some of its grasps are made and some are not.
  int made = 0;
  std::string now;
  CollectOptions options;
  options.progress = [&](const CollectProgress& done) { made += done.stage == "grasp"; };
  options.phase = [&](const std::string& name, GraspPhase phase) {
    if (phase == GraspPhase::kPresent) now = name;
  };
  const FakeScript well = fake_;
  int begun = 0;
  fake_.on_time = [&](double time, const std::string& name) {
    const bool grasp = name.find("position_") == std::string::npos;
    if (grasp && time < 0.0015) ++begun;
    if (grasp && begun == 3 && time > 1.2) throw hal::TimeoutError("arm", "protective stop");
  };
  EXPECT_THROW(run("d", options), hal::TimeoutError);
  EXPECT_EQ(made, 2);
  const std::string ended = now;
  fake_ = well;
  std::vector<std::string> order;
  options.phase = [&](const std::string& name, GraspPhase phase) {
    const bool grasp = name.find("position_") == std::string::npos;
    if (grasp && phase == GraspPhase::kPresent) order.push_back(name);
  };
  run("d", options);
  ASSERT_FALSE(order.empty());
  EXPECT_EQ(order.front(), ended);
}

TEST_F(CollectTest, AnArmThatCannotBeStoppedIsSaid) {
  fake_.arm_refuses_stop = true;
  fake_.on_time = [&](double time, const std::string&) {
    if (time > 1.2) throw hal::TimeoutError("tactile", "no picture came");
  };
  EXPECT_THAT(message_of([&] { run("d"); }),
              AllOf(HasSubstr("tactile: no picture came"),
                    HasSubstr("THE ARM MAY STILL MOVE, as its stop is not confirmed: use the "
                              "emergency stop (arm: the controller cannot be reached)")));
  fake_.arm_refuses_stop = false;
  EXPECT_THAT(message_of([&] { run("d"); }), ::testing::Not(HasSubstr("MAY STILL MOVE")));
}

TEST_F(CollectTest, WhatTheUserEndsIsNoFault) {
  const std::atomic<bool> stop = true;
  EXPECT_THROW(run("d", {.stop = &stop}), hal::Interrupted);
  EXPECT_THAT(EpisodeStore::open(folder_.path() / "d").aborted(), IsEmpty());
}

TEST_F(CollectTest, AWorkcellThatCannotBeBuiltIsSaid) {
  EpisodeStore store =
      EpisodeStore::create_or_resume(folder_.path() / "d", fake_dataset(protocol_));
  EXPECT_THAT(message_of([&] {
                collect(protocol_, fake_objects(protocol_),
                        []() -> std::unique_ptr<hal::Workcell> {
                          throw hal::DeviceError("gripper", "does not answer");
                        },
                        store, {.jobs = 2});
              }),
              HasSubstr("gripper: does not answer"));
}

TEST_F(CollectTest, RefusesImpossibleOptions) {
  EXPECT_THROW(run("d", {.jobs = 0}), std::invalid_argument);
  EXPECT_THROW(run("d", {.shard = 2, .shards = 2}), std::invalid_argument);
}

}  // namespace
}  // namespace gripbench::experiments

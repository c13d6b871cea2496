// A user's way on a rig, from end to end over sockets: probe it, collect, make the grasps again in
// process and compare; and a run that is killed while the arm lifts.

#include "tests/e2e/rig_grasps.h"

#include <variant>

#include "hal/ur/rtde_client.h"

namespace gripbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST_F(RigGrasps, AreThoseOfTheSameTwinInProcess) {
  const Ended probed = run({"devices", rig_});
  // The rig's file says what to do, and where it goes by itself.
  working_folder_ = root_;
  const Ended collected = run({"collect", "--workcell", rig_});
  const fs::path dataset = root_ / "out" / "rig-tiny";
  if (lost_time()) GTEST_SKIP() << kTooBusy << said_by_emulator();
  EXPECT_EQ(probed.code, 0) << probed.output << probed.errors;
  ASSERT_EQ(collected.code, 0) << collected.errors;
  EXPECT_THAT(collected.errors, HasSubstr("tiny.yaml, data set out/rig-tiny\n"));

  const experiments::EpisodeStore store = experiments::EpisodeStore::open(dataset);
  const std::vector<experiments::EpisodeRecord> records = store.records();
  ASSERT_EQ(records.size(), 2u);
  const experiments::GraspProtocol protocol = experiments::load_protocol(protocol_);
  expect_lift_frames_by_measured_speed(store, protocol);
  for (const experiments::EpisodeRecord& record : records) {
    // A person's word says no kind.
    EXPECT_EQ(record.kind == experiments::SlipKind::kUnknown, record.slip);
    EXPECT_THAT(record.reason, HasSubstr("the operator says"));
    for (int n = 1; n < experiments::kFramesPerEpisode; ++n) {
      EXPECT_NEAR(record.tactile_times[n] - record.tactile_times[n - 1], 0.05, 5e-3);
      EXPECT_NEAR(record.external_times[n] - record.external_times[n - 1], 0.05, 5e-3);
    }
  }

  const Ended again = run({"replicate", dataset, "--protocol", protocol_});
  ASSERT_EQ(again.code, 0) << again.errors;
  std::istringstream lines(again.output);
  int compared = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("/000 ") == std::string::npos) continue;
    ++compared;
    std::istringstream columns(line);
    std::string name, edge, off_edge;
    double force = 0.0, again_force = 0.0;
    columns >> name >> force >> again_force >> edge >> off_edge;
    EXPECT_NEAR(again_force, force, 0.03 * force) << line;
    // Labels may differ where nobody can tell: within 5% of the edge.
    const bool near = off_edge != "-" && std::abs(std::stod(off_edge)) <= 5.0;
    EXPECT_TRUE(near || line.ends_with("yes")) << line;
  }
  EXPECT_EQ(compared, 2) << again.output;
  EXPECT_THAT(again.output, AllOf(HasSubstr("normal force: median difference"),
                                  HasSubstr("edge between slipping and holding")));
}

/// The arm's own word on how fast its tool rises (m/s), beside the run that drives it.
class ToolSpeed {
 public:
  explicit ToolSpeed(const std::string& port)
      : rtde_({.host = "127.0.0.1",
               .port = static_cast<std::uint16_t>(std::stoi(port)),
               .stale_after = hal::Duration(5.0),
               .beat_input = {}},
              {{"actual_TCP_speed", hal::RtdeType::kVector6d, "", true}}, clock_) {}

  double upwards() const {
    return std::get<std::array<double, 6>>(rtde_.newest().values.at(0).value())[2];
  }

 private:
  hal::RigClock clock_;
  hal::RtdeClient rtde_;
};

TEST_F(RigGrasps, ARunKilledInTheLiftKeepsItsGripAndTheNextGoesOn) {
  const ToolSpeed speed(ports_.at("rtde"));
  const pid_t lost =
      start({"collect", "--workcell", rig_, "--protocol", protocol_, "--out", dataset_});
  bool ended = false;
  const auto eventually = [&](auto condition) {
    // The search of the edge comes first, in real time.
    for (int tries = 0; tries < 9 && !ended; ++tries) {
      if (hal::eventually(condition)) return true;
      ended = waitpid(lost, nullptr, WNOHANG) != 0;
    }
    return false;
  };
  // Before a grasp the tool comes down from home; what first rises is the lift.
  const bool lifting = eventually([&] { return truth().grasp == "soap_box/000"; }) &&
                       eventually([&] { return speed.upwards() > 0.03; });
  if (!ended) {
    kill(lost, SIGKILL);
    waitpid(lost, nullptr, 0);
  }
  if (lost_time()) GTEST_SKIP() << kTooBusy << said_by_emulator();
  ASSERT_TRUE(lifting) << text_of(root_ / "errors");

  EXPECT_TRUE(hal::eventually([&] {
    return text_of(root_ / "errors").find("watchdog release") != std::string::npos;
  })) << text_of(root_ / "errors");
  EXPECT_TRUE(hal::eventually([&] { return std::abs(speed.upwards()) < 1e-4; }));
  const double force = truth().force;
  EXPECT_GT(force, 0.5);
  std::this_thread::sleep_for(std::chrono::seconds(1));
  EXPECT_NEAR(truth().force, force, 0.05 * force);
  EXPECT_LT(std::abs(speed.upwards()), 1e-4);

  // States that come two frames late put two frames between the command and what is measured.
  EXPECT_EQ(ask("delay rtde 0.1"), "ok");
  const Ended next = collect(rig_, protocol_);
  EXPECT_EQ(ask("delay rtde 0"), "ok");
  if (lost_time()) GTEST_SKIP() << kTooBusy << said_by_emulator();
  EXPECT_EQ(next.code, 0) << next.errors;
  EXPECT_EQ(run({"verify", dataset_}).code, 0);
  const experiments::EpisodeStore store = experiments::EpisodeStore::open(dataset_);
  EXPECT_EQ(store.records().size(), 2u);
  expect_lift_frames_by_measured_speed(store, experiments::load_protocol(protocol_));
}

}  // namespace
}  // namespace gripbench

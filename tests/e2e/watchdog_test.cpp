// The watchdog as the process that it is: a run is killed while it lifts, over the drivers' own
// sockets, and the emulated rig tells what became of arm and part.

#include <csignal>
#include <fstream>
#include <iostream>

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hal/watchdog/start_watchdog.h"
#include "hal/wsg/wsg_client.h"
#include "tests/unit/experiments/test_support.h"
#include "tests/unit/rig/emulated_rig.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// A port that was free a moment ago: the watchdog has to be found again at it.
std::uint16_t free_port() {
  return TcpServer({}, [](TcpConnection&, std::stop_token) {}).port();
}

/// A program with its streams in files.
class Child {
 public:
  Child(const std::vector<std::string>& command, const std::filesystem::path& out,
        const std::filesystem::path& errors) {
    std::vector<char*> argv;
    for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 1, out.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    posix_spawn_file_actions_addopen(&files, 2, errors.c_str(), O_CREAT | O_WRONLY | O_APPEND,
                                     0600);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    EXPECT_EQ(posix_spawn(&id_, argv[0], &files, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&files);
  }
  ~Child() {
    if (id_ > 0) kill(SIGKILL), wait();
  }
  void kill(int signal) const { ::kill(id_, signal); }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(id_, 0), &status, 0);
    return status;
  }
  bool ended() {
    int status = 0;
    if (id_ > 0 && ::waitpid(id_, &status, WNOHANG) == id_) id_ = 0;
    return id_ == 0;
  }

 private:
  pid_t id_ = 0;
};

class WatchdogProcessTest : public ::testing::Test {
 protected:
  WatchdogProcessTest() {
    RigSettings rig = rig_.settings();
    // Only what a test does shall be taken for a death, on a machine under any load.
    rig.arm.stale_after = 5.0;
    rig.gripper.connection.stale_after = Duration(5.0);
    // Five of its periods make a camera a stalled one.
    rig.tactile.rate_hz = rig.camera.rate_hz = 1.0;
    rig_.write_workcell(workcell_, rig,
                        fmt::format("watchdog: {{port: {}, beat_timeout: 10, camera_timeout: 20,"
                                    " hang_timeout: 3}}\n",
                                    port_));
  }
  ~WatchdogProcessTest() override {
    // Whatever a failed test left; one that has ended refuses the connection.
    eventually([&] {
      return message_of([&] { ask_watchdog(port_, "release"); }).find("being watched") ==
             std::string::npos;
    });
  }

  std::unique_ptr<Child> lift(const std::string& then) {
    return std::make_unique<Child>(
        std::vector<std::string>{WATCHED_LIFT, "lift", workcell_.string(), then}, out_, errors_);
  }
  std::string said(const std::filesystem::path& file) const {
    return std::filesystem::exists(file) ? experiments::read_file(file) : "";
  }
  bool lifts() {
    return eventually([&] { return said(out_).find("lifting") != std::string::npos; });
  }
  bool says(const std::string& what) {
    return eventually([&] { return said(errors_).find(what) != std::string::npos; });
  }
  LiveState state() const { return rig_.workcell.state(); }
  bool nobody_listens() {
    return eventually(
        [&] { return message_of([&] { ask_watchdog(port_, "hello"); }) != "nothing was thrown"; });
  }
  /// The arm stands, and the part is as firmly held as it was.
  void expect_stopped_and_held() {
    const Eigen::Vector3d then = state().arm.base_from_tcp.translation();
    const std::uint64_t number = state().number;
    eventually([&] { return state().number > number + 200; });
    EXPECT_LT((state().arm.base_from_tcp.translation() - then).norm(), 1e-6);
    EXPECT_LT(then.z(), 0.15 - 1e-3) << "it would have gone on to 0.15";
    EXPECT_NEAR(state().gripper.normal_force, 3.0, 1e-6);
    EXPECT_NEAR(state().gripper.width, 0.039, 1e-6);
  }
  bool fast_stop() { return (rig_.gripper_state_bits() & kWsgFastStop) != 0; }

  EmulatedRig rig_;
  experiments::TemporaryFolder folder_;
  const std::filesystem::path workcell_ = folder_.path() / "rig.yaml";
  const std::filesystem::path out_ = folder_.path() / "out", errors_ = folder_.path() / "errors";
  const std::uint16_t port_ = free_port();
};

TEST_F(WatchdogProcessTest, ARunKilledInMidLiftLeavesAStandingArmAndAHeldPart) {
  const auto run = lift("hold");
  ASSERT_TRUE(lifts()) << said(errors_);
  const RigClock clock;
  run->kill(SIGKILL);
  ASSERT_TRUE(eventually([&] { return !state().arm_moving; })) << said(errors_);
  RecordProperty("stopped_after_ms", static_cast<int>(1e3 * clock.now()));
  std::cout << "the arm stood " << 1e3 * clock.now() << " ms after SIGKILL\n";
  ASSERT_TRUE(says("keep their grip"));
  expect_stopped_and_held();
  EXPECT_THAT(said(errors_), AllOf(HasSubstr("closed without goodbye"),
                                   HasSubstr("watchdog release --port " + std::to_string(port_))));

  EXPECT_EQ(ask_watchdog(port_, "release"), "");
  EXPECT_TRUE(nobody_listens());
  EXPECT_NEAR(state().gripper.normal_force, 3.0, 1e-6);
  EXPECT_FALSE(fast_stop());
}

TEST_F(WatchdogProcessTest, TheNextRunTakesOverAndEndsItInOrder) {
  const auto first = lift("hold");
  ASSERT_TRUE(lifts()) << said(errors_);
  first->kill(SIGKILL);
  ASSERT_TRUE(says("keep their grip")) << said(errors_);
  std::filesystem::remove(out_);
  const auto next = lift("end");
  ASSERT_TRUE(lifts()) << said(errors_);
  EXPECT_EQ(next->wait(), 0) << said(errors_);
  EXPECT_TRUE(nobody_listens());
  EXPECT_NEAR(state().gripper.normal_force, 3.0, 1e-6);
  EXPECT_FALSE(fast_stop());
}

TEST_F(WatchdogProcessTest, ARunThatHangsIsStoppedThoughItLives) {
  const auto run = lift("hang");
  ASSERT_TRUE(lifts()) << said(errors_);
  ASSERT_TRUE(says("it hangs")) << said(errors_);
  EXPECT_FALSE(run->ended());
  expect_stopped_and_held();
}

TEST_F(WatchdogProcessTest, ARunThatWasStoppedAndContinuedMovesNothing) {
  const auto run = lift("resume");
  ASSERT_TRUE(lifts()) << said(errors_);
  run->kill(SIGSTOP);
  ASSERT_TRUE(says("keep their grip")) << said(errors_);
  const double height = state().arm.base_from_tcp.translation().z();
  run->kill(SIGCONT);
  ASSERT_TRUE(says("watched_lift: watchdog: the rig is no longer in this run's hands"))
      << said(errors_);
  EXPECT_EQ(WEXITSTATUS(run->wait()), 3);
  expect_stopped_and_held();
  EXPECT_NEAR(state().arm.base_from_tcp.translation().z(), height, 1e-6);
  EXPECT_EQ(said(errors_).find("stopped again"), std::string::npos);
}

}  // namespace
}  // namespace gripbench::hal

#include <chrono>
#include <csignal>
#include <map>
#include <thread>

#include <gmock/gmock.h>

#include "tests/e2e/command_line.h"

namespace gripbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const fs::path kAssets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";

std::string replaced(std::string text, const std::string& old_text, const std::string& new_text) {
  const std::size_t place = text.find(old_text);
  EXPECT_NE(place, std::string::npos) << old_text;
  return text.replace(place, old_text.size(), new_text);
}

class RigCommands : public CommandLine {
 protected:
  /// A workcell file for an emulated rig on these ports.
  fs::path workcell_on(const std::map<std::string, std::string>& ports) {
    std::string text = text_of(kAssets / "workcells" / "loopback.yaml");
    text = replaced(text, "twin: sim.yaml", "twin: " + (kAssets / "workcells/sim.yaml").string());
    text = replaced(text, "arm:\n",
                    "arm:\n  rtde_port: " + ports.at("rtde") +
                        "\n  primary_port: " + ports.at("primary") +
                        "\n  dashboard_port: " + ports.at("dashboard") + "\n");
    text = replaced(text, "gripper: {", "gripper: {port: " + ports.at("wsg") + ", ");
    text = replaced(text, "127.0.0.1:8081", "127.0.0.1:" + ports.at("tactile"));
    text = replaced(text, "127.0.0.1:8082", "127.0.0.1:" + ports.at("camera"));
    text = replaced(text, "http_port: 8083",
                    "http_port: " + ports.at("netft_http") + ", port: " + ports.at("netft"));
    text = replaced(text, "127.0.0.1:30100", "127.0.0.1:" + ports.at("control"));
    const fs::path file = root_ / "rig.yaml";
    std::ofstream(file) << text;
    return file;
  }

  /// Nobody listens on port 1 of this machine.
  fs::path workcell_on_nothing() {
    std::map<std::string, std::string> ports;
    for (const char* name : {"rtde", "primary", "dashboard", "wsg", "tactile", "camera",
                             "netft_http", "netft", "control"}) {
      ports[name] = "1";
    }
    return workcell_on(ports);
  }
};

TEST_F(RigCommands, DevicesNamesEveryDeviceThatIsNotThere) {
  const Ended ended = run({"devices", workcell_on_nothing()});
  expect_one_line(ended, 3, "arm, gripper, tactile, camera, force_torque, operator");
  EXPECT_THAT(ended.output, HasSubstr("wrong: no connection to 127.0.0.1:1"));
}

TEST_F(RigCommands, CollectNamesTheDeviceAndBeginsNoDataSet) {
  write_tiny_protocol(root_ / "tiny.yaml");
  const Ended ended = run({"collect", "--workcell", workcell_on_nothing(), "--protocol",
                           root_ / "tiny.yaml", "--out", root_ / "grasps"});
  expect_one_line(ended, 3, "operator: no connection to 127.0.0.1:1");
  EXPECT_FALSE(fs::exists(root_ / "grasps"));
}

TEST_F(RigCommands, ARigHasOneWorker) {
  write_tiny_protocol(root_ / "tiny.yaml");
  expect_one_line(run({"collect", "--jobs", "2", "--workcell", workcell_on_nothing(), "--protocol",
                       root_ / "tiny.yaml", "--out", root_ / "grasps"}),
                  2, "'rig' allows 1");
}

TEST_F(RigCommands, AWrongKeyIsNamedWithItsLine) {
  const fs::path file = workcell_on_nothing();
  std::string text = text_of(file);
  text = replaced(text, "max_speed", "max_sped");
  std::ofstream(file) << text;
  expect_one_line(run({"devices", file}), 2, "did you mean 'max_sped'");
}

/// The emulator in a process of its own, on free ports.
class EmulatedRigCommands : public RigCommands {
 protected:
  void SetUp() override {
    std::vector<std::string> arguments{GRIPBENCH_PROGRAM, "emulate",      "--ports-from", "0",
                                       "--ports-file",    root_ / "ports"};
    std::vector<char*> argv;
    for (std::string& one : arguments) argv.push_back(one.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    for (int stream : {1, 2}) {
      posix_spawn_file_actions_addopen(&files, stream, (root_ / "emulator").c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND, 0600);
    }
    ASSERT_EQ(posix_spawn(&emulator_, GRIPBENCH_PROGRAM, &files, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&files);
    for (int i = 0; i < 1200 && !fs::exists(root_ / "ports"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::ifstream lines(root_ / "ports");
    for (std::string name, port; lines >> name >> port;) {
      ports_[name.substr(0, name.size() - 1)] = port;
    }
    ASSERT_EQ(ports_.size(), 11u) << text_of(root_ / "emulator");
  }
  void TearDown() override {
    kill(emulator_, SIGINT);
    int status = 0;
    waitpid(emulator_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << text_of(root_ / "emulator");
    EXPECT_THAT(text_of(root_ / "emulator"), HasSubstr("emulate: ended"));
  }

  pid_t emulator_ = 0;
  std::map<std::string, std::string> ports_;
};

TEST_F(EmulatedRigCommands, DevicesSeesWhoIsThereAndWhoIsAnother) {
  // A slow machine may make rates too low; who answers does not depend on it.
  const Ended there = run({"devices", workcell_on(ports_)});
  EXPECT_THAT(there.output,
              AllOf(HasSubstr("firmware 3.15.8"), HasSubstr("WSG 50, firmware 2.6.4"),
                    HasSubstr("1e+06 counts per N"), HasSubstr("a program listens at 127.0.0.1")));

  std::map<std::string, std::string> swapped = ports_;
  std::swap(swapped["rtde"], swapped["wsg"]);
  std::swap(swapped["tactile"], swapped["control"]);
  const Ended others = run({"devices", workcell_on(swapped)});
  expect_one_line(others, 3, "arm, gripper, tactile");
  EXPECT_THAT(others.output, Not(HasSubstr("firmware 3.15.8")));
}

}  // namespace
}  // namespace gripbench

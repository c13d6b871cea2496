#pragma once

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/e2e/command_line.h"

namespace gripbench {

inline std::string replaced(std::string text, const std::string& old_text,
                            const std::string& new_text) {
  const std::size_t place = text.find(old_text);
  EXPECT_NE(place, std::string::npos) << old_text;
  return place == std::string::npos ? text : text.replace(place, old_text.size(), new_text);
}

/// Types commands about a rig on ports of its own.
class RigCommandLine : public CommandLine {
 protected:
  using Ports = std::map<std::string, std::string>;
  /// What stands in a file, and what shall.
  using Changes = std::vector<std::pair<std::string, std::string>>;

  /// The file that comes along for an emulated rig, on these ports and without a watchdog, which
  /// has but one port on a machine.
  fs::path workcell_on(const Ports& ports, const Changes& changes = {}) {
    const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
    std::string text = text_of(assets / "workcells" / "loopback.yaml");
    Changes all{{"twin: sim.yaml", "twin: " + (assets / "workcells/sim.yaml").string()},
                {"arm:\n", "arm:\n  rtde_port: " + ports.at("rtde") +
                               "\n  primary_port: " + ports.at("primary") +
                               "\n  dashboard_port: " + ports.at("dashboard") + "\n"},
                {"port: 10000", "port: " + ports.at("wsg")},
                {"127.0.0.1:8081", "127.0.0.1:" + ports.at("tactile")},
                {"127.0.0.1:8082", "127.0.0.1:" + ports.at("camera")},
                {"http_port: 8083",
                 "http_port: " + ports.at("netft_http") + ", port: " + ports.at("netft")},
                {"127.0.0.1:30100", "127.0.0.1:" + ports.at("control")},
                {"watchdog: {port: 29950}\n", ""}};
    all.insert(all.end(), changes.begin(), changes.end());
    for (const auto& [old_text, new_text] : all) text = replaced(text, old_text, new_text);
    const fs::path file = root_ / "rig.yaml";
    std::ofstream(file) << text;
    return file;
  }

  Ended collect(const fs::path& workcell, const fs::path& protocol,
                const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"collect", "--workcell", workcell,        "--protocol",
                                   protocol,  "--out",      root_ / "grasps"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
};

/// The emulated rig in a process of its own, on free ports.
class EmulatedRigCommandLine : public RigCommandLine {
 protected:
  void SetUp() override {
    emulator_ = start({"emulate", "--ports-from", "0", "--ports-file", root_ / "ports"}, "emulator",
                      "emulator");
    for (int i = 0; i < 1200 && !fs::exists(root_ / "ports"); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    std::ifstream lines(root_ / "ports");
    for (std::string name, port; lines >> name >> port;) {
      ports_[name.substr(0, name.size() - 1)] = port;
    }
    ASSERT_EQ(ports_.size(), 11u) << said_by_emulator();
  }
  void TearDown() override {
    kill(emulator_, SIGINT);
    int status = 0;
    waitpid(emulator_, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << said_by_emulator();
    EXPECT_THAT(said_by_emulator(), testing::HasSubstr("emulate: ended"));
  }
  std::string said_by_emulator() const { return text_of(root_ / "emulator"); }

  pid_t emulator_ = 0;
  Ports ports_;
};

}  // namespace gripbench

#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gripbench {

namespace fs = std::filesystem;

struct Ended {
  int code = -1;
  std::string output;
  std::string errors;
};

inline std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// Types commands as a user would, in a folder of its own.
class CommandLine : public testing::Test {
 protected:
  CommandLine()
      : root_(fs::path(testing::TempDir()) /
              ("e2e_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(root_);
  }
  ~CommandLine() override { fs::remove_all(root_); }

  /// Standard output and errors go to files of these names.
  pid_t start(const std::vector<std::string>& arguments, const std::string& output = "output",
              const std::string& errors = "errors") {
    std::vector<std::string> all{GRIPBENCH_PROGRAM};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& one : all) argv.push_back(one.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    for (const std::string& file : {output, errors}) fs::remove(root_ / file);
    const int flags = O_WRONLY | O_CREAT | O_APPEND;
    if (!working_folder_.empty()) {
      posix_spawn_file_actions_addchdir_np(&files, working_folder_.c_str());
    }
    posix_spawn_file_actions_addopen(&files, 1, (root_ / output).c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, 2, (root_ / errors).c_str(), flags, 0600);
    pid_t child = 0;
    EXPECT_EQ(posix_spawn(&child, GRIPBENCH_PROGRAM, &files, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&files);
    return child;
  }

  Ended wait(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            text_of(root_ / "output"), text_of(root_ / "errors")};
  }

  Ended run(const std::vector<std::string>& arguments) { return wait(start(arguments)); }

  void expect_one_line(const Ended& ended, int code, const std::string& part) {
    EXPECT_EQ(ended.code, code) << ended.errors;
    EXPECT_EQ(std::count(ended.errors.begin(), ended.errors.end(), '\n'), 1) << ended.errors;
    EXPECT_NE(ended.errors.find(part), std::string::npos) << ended.errors;
  }

  fs::path root_;
  /// Where commands are typed, if not where the tests run.
  fs::path working_folder_;
};

/// What is left of a protocol that is cut down for a test.
struct TinyProtocol {
  std::vector<std::string> train = {"soap_box", "spray_can"};
  std::vector<std::string> test = {"stapler"};
  int positions = 1;
  int grasps_per_object = 2;
  int trial_lifts = 2;
};

/// The quick protocol cut down.
inline void write_tiny_protocol(const fs::path& file, const TinyProtocol& wanted = {}) {
  const auto list = [](const std::vector<std::string>& names) {
    std::string text = "[";
    for (const std::string& name : names) text += (text == "[" ? "" : ", ") + name;
    return text + "]";
  };
  const auto grasps = [&](const std::vector<std::string>& objects) {
    return std::to_string(wanted.grasps_per_object * static_cast<int>(objects.size()));
  };
  const std::vector<std::pair<std::string, std::string>> changes{
      {"catalogue:", fs::path(GRIPBENCH_SOURCE_DIR) / "assets" / "objects"},
      {"  train:", list(wanted.train)},
      {"  test:", list(wanted.test)},
      {"grasps:", "{train: " + grasps(wanted.train) + ", test: " + grasps(wanted.test) + "}"},
      {"  per_object:", std::to_string(wanted.positions)},
      {"  trial_lifts:", std::to_string(wanted.trial_lifts)}};
  std::istringstream lines(
      text_of(fs::path(GRIPBENCH_SOURCE_DIR) / "assets" / "protocols" / "quick.yaml"));
  std::ofstream tiny(file);
  for (std::string line; std::getline(lines, line);) {
    for (const auto& [key, value] : changes) {
      if (line.rfind(key, 0) == 0) line = key + " " + value;
    }
    tiny << line << '\n';
  }
}

}  // namespace gripbench

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;

struct Ended {
  int code = -1;
  std::string output;
  std::string errors;
};

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

class CommandLine : public testing::Test {
 protected:
  CommandLine()
      : root_(fs::path(testing::TempDir()) /
              ("e2e_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(root_);
  }
  ~CommandLine() override { fs::remove_all(root_); }

  pid_t start(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{GRIPBENCH_PROGRAM};
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& one : all) argv.push_back(one.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&files, 1, (root_ / "output").c_str(), flags, 0600);
    posix_spawn_file_actions_addopen(&files, 2, (root_ / "errors").c_str(), flags, 0600);
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
};

TEST_F(CommandLine, HelpOfEveryCommandHasAnExample) {
  const Ended top = run({"--help"});
  EXPECT_EQ(top.code, 0);
  EXPECT_NE(top.output.find("Exit codes"), std::string::npos);
  for (const char* command :
       {"bench", "collect", "train", "evaluate", "report", "import", "verify", "objects"}) {
    const Ended help = run({command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_NE(help.output.find("Example:\n  gripbench " + std::string(command)), std::string::npos)
        << command;
  }
}

TEST_F(CommandLine, WrongArgumentsAreBadInput) {
  expect_one_line(run({}), 2, "subcommand");
  expect_one_line(run({"fly"}), 2, "--help");
  expect_one_line(run({"bench"}), 2, "--out");
  expect_one_line(run({"bench", "--out", root_ / "x", "--preset", "huge"}), 2, "quick");
  expect_one_line(run({"bench", "--out", root_ / "x", "--jobs", "0"}), 2, "--jobs");
  expect_one_line(run({"import", "--format", "rosbag", "x", "--out", root_ / "x"}), 2, "sintef");
  expect_one_line(run({"evaluate", "--out", root_ / "x"}), 2, "--recordings");
  expect_one_line(run({"train", "--data", root_ / "none", "--out", root_ / "m"}), 2, "none");
}

TEST_F(CommandLine, WrongFilesAreNamedWithLineAndKey) {
  const fs::path assets = fs::path(GRIPBENCH_SOURCE_DIR) / "assets";
  const std::string protocol = assets / "protocols" / "quick.yaml";
  expect_one_line(run({"collect", "--workcell", root_ / "none.yaml", "--protocol", protocol,
                       "--out", root_ / "data"}),
                  2, "none.yaml");
  std::ofstream(root_ / "cell.yaml") << "# a rig\nbackend: teleport\n";
  const Ended wrong = run({"collect", "--workcell", root_ / "cell.yaml", "--protocol", protocol,
                           "--out", root_ / "data"});
  expect_one_line(wrong, 2, "cell.yaml:2: 'backend'");
  EXPECT_NE(wrong.errors.find("sim"), std::string::npos) << "says what is allowed";
  std::ofstream(root_ / "protocol.yaml") << "grasps_per_object: -3\n";
  expect_one_line(run({"collect", "--workcell", assets / "workcells" / "sim.yaml", "--protocol",
                       root_ / "protocol.yaml", "--out", root_ / "data"}),
                  2, "protocol.yaml");
  expect_one_line(run({"collect", "--workcell", assets / "workcells" / "sim.yaml", "--protocol",
                       protocol, "--out", root_ / "data", "--shard", "3/2"}),
                  2, "--shard 3/2");
  EXPECT_FALSE(fs::exists(root_ / "data" / "episodes"));
}

TEST_F(CommandLine, ListsTheCatalogue) {
  const Ended list = run({"objects", "list"});
  EXPECT_EQ(list.code, 0);
  EXPECT_GE(std::count(list.output.begin(), list.output.end(), '\n'), 12);
  expect_one_line(run({"objects", "list", "--catalogue", root_ / "none"}), 2, "none");
}

TEST_F(CommandLine, AFolderThatCannotBeMadeIsOneLine) {
  std::ofstream(root_ / "file") << "in the way";
  const Ended ended =
      run({"import", "--format", "sintef", root_ / "none", "--out", root_ / "file" / "x"});
  expect_one_line(ended, 2, "none");
}

}  // namespace

// `gripbench calibrate` and `gripbench likeness` from outside: what they refuse, in one line, and
// that nothing is written then.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Ended {
  int code;
  std::string output;
};

class OpticsCommands : public ::testing::Test {
 protected:
  OpticsCommands()
      : root_(fs::path(::testing::TempDir()) /
              ("optics_" + std::to_string(getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())),
        out_(root_ / "out" / "profile.yaml") {
    fs::create_directories(root_ / "out");
    // A gel of one colour, and a bright spot on it.
    cv::Mat gel(120, 160, CV_8UC3, cv::Scalar(120, 130, 125)), pressed = gel.clone();
    cv::circle(pressed, {80, 60}, 14, cv::Scalar(180, 150, 90), cv::FILLED);
    cv::imwrite((root_ / "ref.png").string(), gel);
    cv::imwrite((root_ / "ball.png").string(), pressed);
    cv::imwrite((root_ / "small.png").string(), pressed(cv::Rect(0, 0, 100, 100)));
  }
  ~OpticsCommands() override { fs::remove_all(root_); }

  std::string file(const std::string& name) const { return " '" + (root_ / name).string() + "'"; }

  /// Both streams of the program together.
  static Ended run(const std::string& arguments) {
    const std::string command = std::string(GRIPBENCH_PROGRAM) + " " + arguments + " 2>&1";
    Ended ended{};
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[512];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) ended.output += buffer;
    ended.code = WEXITSTATUS(pclose(pipe));
    return ended;
  }
  Ended calibrate(const std::string& more) const {
    return run("calibrate --out '" + out_.string() + "' " + more);
  }

  void expect_refusal(const Ended& ended, const std::string& part) const {
    EXPECT_EQ(ended.code, 2) << ended.output;
    EXPECT_THAT(ended.output, AllOf(StartsWith("gripbench: "), HasSubstr(part)));
    EXPECT_EQ(std::ranges::count(ended.output, '\n'), 1) << ended.output;
    EXPECT_TRUE(fs::is_empty(root_ / "out"));
  }

  /// A shipped profile with `from` replaced by `to`.
  std::string changed_profile(const std::string& from, const std::string& to) const {
    std::ifstream in(fs::path(GRIPBENCH_SOURCE_DIR) / "assets/sensors/gelsight2018.yaml");
    std::stringstream text;
    text << in.rdbuf();
    std::string all = text.str();
    const std::size_t at = all.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    std::ofstream(root_ / "profile.yaml") << all.replace(at, from.size(), to);
    return file("profile.yaml");
  }

  fs::path root_, out_;
};

TEST_F(OpticsCommands, CalibrateRefusesWhatCannotBe) {
  const std::string reference = "--reference" + file("ref.png"), size = " --ball-diameter 4.76e-3";
  expect_refusal(calibrate(reference + size + file("missing.png")), "missing.png: no such picture");
  expect_refusal(calibrate("--reference" + file("none.png") + size + file("ball.png")),
                 "none.png: no such picture");
  expect_refusal(calibrate(reference + " --ball-diameter 0" + file("ball.png")), "--ball-diameter");
  expect_refusal(calibrate(reference + " --ball-diameter -0.005" + file("ball.png")),
                 "--ball-diameter");
  expect_refusal(calibrate(reference + size), "at least one picture");
  expect_refusal(calibrate(reference + size + file("ref.png")), "no clear press");
  expect_refusal(calibrate(reference + size + file("small.png")), "100 x 100 px");
  expect_refusal(calibrate(reference + size + " --pixel-pitch 0.06" + file("ball.png")),
                 "--pixel-pitch");
  expect_refusal(calibrate("--import-taxim" + file("ball.png")), "not a .npz archive");
  expect_refusal(calibrate("--import-taxim" + file("missing.npz")), "no such file");
}

TEST_F(OpticsCommands, ImpossibleProfileIsNamed) {
  const std::string rest =
      " --ball-diameter 4.76e-3 --reference" + file("ref.png") + file("ball.png") + " --base";
  expect_refusal(
      calibrate(rest + changed_profile("normal_stiffness: 3.0e8", "normal_stiffness: -3.0e8")),
      "normal_stiffness");
  expect_refusal(calibrate(rest + changed_profile("pitch: 1.495e-3", "pitch: 0")), "pitch");
}

TEST_F(OpticsCommands, LikenessRefusesWhatCannotBe) {
  const std::string out = " --out '" + (root_ / "out").string() + "'";
  const std::string good =
      "likeness --profile '" +
      (fs::path(GRIPBENCH_SOURCE_DIR) / "assets/sensors/gelsight2018.yaml").string() + "'" + out;
  expect_refusal(run(good + " --real" + file("missing")), "no such file or folder");
  expect_refusal(run(good + " --real" + file("small.png")), "100 x 100 px");
  expect_refusal(run(good + " --real" + file("ref.png") + file("small.png")), "100 x 100");
  const std::string real = good + " --real" + file("ref.png") + " --untouched";
  expect_refusal(run(real + file("missing")), "no such file");
  expect_refusal(run(real + file("small.png")), "--untouched");
  expect_refusal(run("likeness --real" + file("ref.png") + out + " --profile" +
                     changed_profile("pitch: 1.495e-3", "pitch: 0")),
                 "pitch");
}

TEST_F(OpticsCommands, LikenessPrintsATableAndAPicture) {
  const Ended ended =
      run("likeness --profile '" +
          (fs::path(GRIPBENCH_SOURCE_DIR) / "assets/sensors/gelsight2018.yaml").string() +
          "' --out '" + (root_ / "out").string() + "' --real" + file("ref.png") + file("ball.png"));
  EXPECT_EQ(ended.code, 0) << ended.output;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("| quantity | real | simulated | difference |"),
                                  HasSubstr("They differ most in: ")));
  EXPECT_TRUE(fs::exists(root_ / "out" / "likeness.png"));
}

}  // namespace

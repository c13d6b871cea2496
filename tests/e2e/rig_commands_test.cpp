#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include <gmock/gmock.h>

#include "tests/e2e/rig_command_line.h"

namespace gripbench {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RigCommands : public RigCommandLine {
 protected:
  /// Nobody listens on port 1 of this machine.
  fs::path workcell_on_nothing() {
    Ports ports;
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
  expect_one_line(collect(workcell_on_nothing(), root_ / "tiny.yaml"), 3,
                  "operator: no connection to 127.0.0.1:1");
  EXPECT_FALSE(fs::exists(root_ / "grasps"));
}

TEST_F(RigCommands, ARigHasOneWorker) {
  write_tiny_protocol(root_ / "tiny.yaml");
  expect_one_line(collect(workcell_on_nothing(), root_ / "tiny.yaml", {"--jobs", "2"}), 2,
                  "'rig' allows 1");
}

TEST_F(RigCommands, AWrongKeyIsNamedWithItsLine) {
  const fs::path file = workcell_on_nothing();
  std::string text = text_of(file);
  text = replaced(text, "max_speed", "max_sped");
  std::ofstream(file) << text;
  expect_one_line(run({"devices", file}), 2, "did you mean 'max_sped'");
}

/// Goes through lines in their order.
class Lines {
 public:
  explicit Lines(const std::string& text) : stream_(text) {}
  /// The next line, which must hold `part`; its text after that.
  std::string next(const std::string& part) {
    std::string line;
    EXPECT_TRUE(std::getline(stream_, line)) << "expected '" << part << "', nothing came";
    const std::size_t at = line.find(part);
    EXPECT_NE(at, std::string::npos) << "expected '" << part << "', got '" << line << "'";
    return at == std::string::npos ? "" : line.substr(at + part.size());
  }
  /// Where the next line sends the arm (m).
  std::array<double, 3> arm() {
    const std::string rest = next("  arm   to (");
    std::array<double, 3> to{};
    EXPECT_EQ(std::sscanf(rest.c_str(), "%lf, %lf, %lf", &to[0], &to[1], &to[2]), 3) << rest;
    return to;
  }
  /// To what width the next line sends the jaws (mm).
  double jaws() { return std::strtod(next("  jaws  to ").c_str(), nullptr); }
  bool at_end() { return stream_.peek() == EOF; }

 private:
  std::istringstream stream_;
};

TEST_F(RigCommands, ADryRunShowsEveryMotionAndEveryQuestionInTheirOrder) {
  // Nobody listens where the file expects its devices: nothing is connected to.
  const fs::path rig = workcell_on_nothing();
  write_tiny_protocol(
      root_ / "tiny.yaml",
      {.train = {"soap_box"}, .test = {"torch"}, .grasps_per_object = 1, .trial_lifts = 1});
  const Ended ended =
      run({"collect", "--workcell", rig, "--protocol", root_ / "tiny.yaml", "--dry-run"});
  ASSERT_EQ(ended.code, 0) << ended.errors;
  const std::array<double, 3> home{0.45, 0.0, 0.30};
  int lowered = 0;
  Lines lines(ended.output);

  // Nothing moves before somebody has what the jaws hold.
  lines.next("asks  The jaws are about to open. Take what they hold");
  lines.next("jaws  home: open all the way");
  EXPECT_EQ(lines.jaws(), 80.0);
  lines.next("asks  The arm is about to go home");
  EXPECT_EQ(lines.arm()[2], home[2]);
  EXPECT_EQ(lines.arm(), home);
  std::vector<std::string> objects{"soap_box", "torch"};
  if (ended.output.find("put 'torch'") < ended.output.find("put 'soap_box'")) {
    std::swap(objects[0], objects[1]);
  }
  for (const std::string& object : objects) {
    lines.next("asks  " + object + "/position_0/touch: put '" + object + "' at");
    lines.jaws();
    const std::array<double, 3> above = lines.arm(), grip = lines.arm();
    EXPECT_GT(above[2], grip[2] + 0.03) << "clear of the object";
    EXPECT_EQ(above[0], grip[0]);
    // The search: jaws only, until they open for the operator, who is asked once the arm is home.
    while (lines.jaws() != 80.0 && !lines.at_end()) {
    }
    EXPECT_EQ(lines.arm(), (std::array<double, 3>{grip[0], grip[1], home[2]})) << "up first";
    EXPECT_EQ(lines.arm(), home);
    for (const std::string lift : {"position_0/trial_0", "000"}) {
      lines.next("asks  " + object + "/" + lift + ": put '" + object + "' at");
      const double open = lines.jaws();
      EXPECT_EQ(lines.arm(), above);
      EXPECT_EQ(lines.arm(), grip);
      EXPECT_LT(lines.jaws(), open) << "they close";
      EXPECT_NEAR(lines.arm()[2], grip[2] + 0.02, 1e-9) << "the lift";
      lines.next("asks  " + object + "/" + lift + ": did '" + object + "' slip?");
      // What is still held is lowered to where it was gripped, and only then let go.
      std::array<double, 3> next{};
      const std::string rest = lines.next("  ");
      if (rest.find("arm   to (") != std::string::npos) {
        EXPECT_EQ(std::sscanf(rest.c_str() + rest.find('(') + 1, "%lf, %lf, %lf", &next[0],
                              &next[1], &next[2]),
                  3);
        EXPECT_EQ(next, grip);
        EXPECT_EQ(lines.jaws(), 80.0);
        ++lowered;
      } else {
        EXPECT_THAT(rest, HasSubstr("jaws  to 80.00 mm"));
      }
      EXPECT_EQ(lines.arm()[2], home[2]);
      EXPECT_EQ(lines.arm(), home);
    }
  }
  EXPECT_TRUE(lines.at_end());
  EXPECT_GT(lowered, 0) << "no lift held, so nothing was lowered";
  EXPECT_FALSE(fs::exists(root_ / "out"));
}

TEST_F(RigCommands, ADryRunEndsAtTheFirstMotionThatTheLimitsRefuse) {
  const fs::path rig = workcell_on_nothing();
  write_tiny_protocol(root_ / "tiny.yaml");
  std::string text = replaced(text_of(rig), "max_lift: 0.021", "max_lift: 0.015");
  std::ofstream(rig) << text;
  expect_one_line(
      run({"collect", "--workcell", rig, "--protocol", root_ / "tiny.yaml", "--dry-run"}), 3,
      "arm: motion refused: what is held would be lifted 20.0 mm; allowed are 15.0 mm");
}

using EmulatedRigCommands = EmulatedRigCommandLine;

TEST_F(EmulatedRigCommands, DevicesSeesWhoIsThereAndWhoIsAnother) {
  // A slow machine may make rates too low; who answers does not depend on it.
  const Ended there = run({"devices", workcell_on(ports_)});
  EXPECT_THAT(there.output,
              AllOf(HasSubstr("firmware 3.15.8"), HasSubstr("WSG 50, firmware 2.6.4"),
                    HasSubstr("1e+06 counts per N"), HasSubstr("a program listens at 127.0.0.1")));

  Ports swapped = ports_;
  std::swap(swapped["rtde"], swapped["wsg"]);
  std::swap(swapped["tactile"], swapped["control"]);
  const Ended others = run({"devices", workcell_on(swapped)});
  expect_one_line(others, 3, "arm, gripper, tactile");
  EXPECT_THAT(others.output, Not(HasSubstr("firmware 3.15.8")));
}

}  // namespace
}  // namespace gripbench

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

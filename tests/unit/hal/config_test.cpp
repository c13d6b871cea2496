#include "hal/config.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& text) {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() /
            (std::string("gripbench_config_") + info->name() + ".yaml");
    std::ofstream(path_) << text;
    return path_;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  template <typename Function>
  static std::string message_of(Function function) {
    try {
      function();
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  std::filesystem::path path_;
};

TEST_F(ConfigTest, ReadsNumbersTextsAndNestedMappings) {
  ConfigNode root = ConfigNode::load(write(
      "mass: 0.2\nname: egg\nparts:\n  - {radius: 0.02}\n  - {radius: 0.03}\nlist: [1, 2, 3]\n"));
  EXPECT_DOUBLE_EQ(root.number("mass", kPositive), 0.2);
  EXPECT_EQ(root.text("name"), "egg");
  EXPECT_DOUBLE_EQ(root.children("parts").at(1).number("radius"), 0.03);
  EXPECT_EQ(root.vector3("list"), Eigen::Vector3d(1, 2, 3));
  EXPECT_EQ(root.integer_or("absent", 7), 7);
  EXPECT_NO_THROW(root.finish());
}

TEST_F(ConfigTest, NamesFileLineAndKeyOfAValueOutOfRange) {
  const auto path = write("name: egg\nmass: -1\n");
  ConfigNode root = ConfigNode::load(path);
  EXPECT_THAT(message_of([&] { root.number("mass", kPositive); }),
              AllOf(HasSubstr(path.string() + ":2:"), HasSubstr("'mass'"), HasSubstr("above 0"),
                    HasSubstr("-1")));
}

TEST_F(ConfigTest, NamesTheDottedKeyOfAMissingNestedValue) {
  ConfigNode root = ConfigNode::load(write("pad:\n  pitch: 1\n"));
  ConfigNode pad = root.child("pad");
  EXPECT_THAT(message_of([&] { pad.number("thickness"); }),
              AllOf(HasSubstr("'pad.thickness'"), HasSubstr("missing")));
}

TEST_F(ConfigTest, SaysWhatAMissingKeyIsToBeAndWhichKeyMayBeMeant) {
  const auto path = write("name: egg\ntouch:\n  speed: 1\n  setle: 3\n  settling_gel: 4\n");
  ConfigNode root = ConfigNode::load(path);
  ConfigNode touch = root.child("touch");
  touch.number("speed");
  EXPECT_EQ(message_of([&] { touch.number("settle", kNonNegative); }),
            path.string() +
                ":3: 'touch.settle': is missing (expected a number of at least 0); did you mean "
                "'setle' on line 4?");
  EXPECT_THAT(message_of([&] { touch.integer("settling", kPositive); }),
              AllOf(HasSubstr("expected a whole number above 0"),
                    HasSubstr("did you mean 'settling_gel' on line 5?")));
  EXPECT_THAT(message_of([&] {
                touch.numbers("gains", 3, {0.0, 1.0});
              }),
              HasSubstr("expected a list of 3 numbers, each a number from 0 to 1"));
}

TEST_F(ConfigTest, SuggestsNoKeyThatIsKnownEmptyOrUnlike) {
  ConfigNode root = ConfigNode::load(write("mass: 1\nx: 2\n\"\": 3\nfriction: 4\n"));
  root.number("mass");
  for (const char* key : {"masse", "y", "width"}) {
    EXPECT_THAT(message_of([&] { root.number(key); }),
                AllOf(HasSubstr("is missing (expected a number)"), Not(HasSubstr("did you mean"))))
        << key;
  }
}

TEST_F(ConfigTest, NamesTheLineOfAKeyWithoutValue) {
  const auto path = write("name: egg\nkind:\n");
  ConfigNode root = ConfigNode::load(path);
  EXPECT_THAT(message_of([&] {
                root.choice("kind", {"a", "b"});
              }),
              AllOf(HasSubstr(path.string() + ":2: 'kind': has no value"),
                    HasSubstr("expected one of: a, b")));
}

TEST_F(ConfigTest, RefusesUnknownKeysAndListsTheAllowedOnes) {
  ConfigNode root = ConfigNode::load(write("mass: 1\nmas: 2\n"));
  root.number("mass");
  root.number_or("width", 0);
  EXPECT_THAT(message_of([&] { root.finish(); }),
              AllOf(HasSubstr(":2:"), HasSubstr("'mas'"), HasSubstr("allowed: mass, width")));
}

TEST_F(ConfigTest, SaysWhatAChoiceAllows) {
  ConfigNode root = ConfigNode::load(write("backend: gazebo\n"));
  EXPECT_THAT(message_of([&] {
                root.choice("backend", {"sim", "replay"});
              }),
              AllOf(HasSubstr("gazebo"), HasSubstr("sim, replay")));
}

TEST_F(ConfigTest, ReportsBrokenYamlWithItsLine) {
  const auto path = write("a: 1\nb: [1, 2\n");
  EXPECT_THAT(message_of([&] { ConfigNode::load(path); }), HasSubstr("not valid YAML"));
}

TEST_F(ConfigTest, ReportsAMissingFile) {
  EXPECT_THAT(message_of([] { ConfigNode::load("no/such/file.yaml"); }),
              HasSubstr("no/such/file.yaml"));
}

}  // namespace
}  // namespace gripbench::hal

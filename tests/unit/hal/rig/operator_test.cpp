#include "hal/rig/operator.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

Placement mug() {
  Placement placement;
  placement.object = "espresso_mug";
  placement.grasp = "espresso_mug/004";
  placement.position = {0.45, -0.012};
  placement.yaw = 0.1;
  return placement;
}

TEST(TerminalOperator, IsToldWhatToPutWhere) {
  std::istringstream answers("\n");
  std::ostringstream questions;
  TerminalOperator person(answers, questions);
  person.place(mug());
  EXPECT_THAT(questions.str(), AllOf(HasSubstr("espresso_mug/004"), HasSubstr("450.0 mm"),
                                     HasSubstr("-12.0 mm"), HasSubstr("5.7 degrees")));
}

TEST(TerminalOperator, IsAskedUntilTheAnswerIsUnderstood) {
  std::istringstream answers("maybe\n\n  Y \nno\n?\n");
  std::ostringstream questions;
  TerminalOperator person(answers, questions);
  EXPECT_EQ(person.slipped(mug()), true);
  EXPECT_EQ(person.slipped(mug()), false);
  EXPECT_EQ(person.slipped(mug()), std::nullopt);
}

TEST(TerminalOperator, CanStopAndAClosedTerminalStopsToo) {
  std::istringstream answers("q\n");
  std::ostringstream questions;
  TerminalOperator person(answers, questions);
  EXPECT_THROW(person.place(mug()), Interrupted);
  EXPECT_THROW(person.take_what_is_held(), Interrupted);
  EXPECT_THROW(person.slipped(mug()), Interrupted);
}

}  // namespace
}  // namespace gripbench::hal

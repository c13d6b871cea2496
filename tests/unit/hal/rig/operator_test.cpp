#include "hal/rig/operator.h"

#include <array>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

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

/// A line to a person whose answers are known before.
class Answers {
 public:
  explicit Answers(const std::string& text) {
    EXPECT_EQ(pipe(ends_.data()), 0);
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  ~Answers() {
    close(ends_[0]);
    end();
  }
  /// No more will come.
  void end() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  TerminalOperator person(std::function<void()> stop_check = [] {}) {
    return {ends_[0], questions, std::move(stop_check)};
  }
  /// What the operator has not read.
  std::string left() {
    end();
    std::string rest(100, ' ');
    const ssize_t count = read(ends_[0], rest.data(), rest.size());
    rest.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return rest;
  }

  std::ostringstream questions;

 private:
  std::array<int, 2> ends_{-1, -1};
};

/// Somebody who loses patience.
std::function<void()> interrupted_after(int looks) {
  return [looks]() mutable {
    if (looks-- == 0) throw Interrupted("enough");
  };
}

int count_of(const std::string& part, const std::string& text) {
  int count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(TerminalOperator, IsToldWhatToPutWhereAndWhatComesThen) {
  Answers answers("\n");
  answers.person().place(mug());
  EXPECT_THAT(answers.questions.str(),
              AllOf(HasSubstr("espresso_mug/004"), HasSubstr("450.0 mm"), HasSubstr("-12.0 mm"),
                    HasSubstr("5.7 degrees"), HasSubstr("hands are off")));
}

TEST(TerminalOperator, IsAskedUntilTheAnswerIsUnderstood) {
  Answers answers("maybe\n\n  Y \nno\n");
  TerminalOperator person = answers.person();
  EXPECT_EQ(person.slipped(mug()), true);
  EXPECT_EQ(person.slipped(mug()), false);
  EXPECT_EQ(count_of("did 'espresso_mug' slip?", answers.questions.str()), 4);
}

TEST(TerminalOperator, OnlyABareEnterLetsAnythingMove) {
  Answers answers("no, my hand is in\nwait\n \n");
  answers.person().take_what_is_held();
  EXPECT_EQ(count_of("Take what they hold", answers.questions.str()), 3);
  Answers more("not yet\n\nyes\n\n");
  TerminalOperator person = more.person();
  person.stand_clear();
  EXPECT_EQ(count_of("go home", more.questions.str()), 2);
  person.place(mug());
  EXPECT_EQ(count_of("put 'espresso_mug'", more.questions.str()), 2);
}

TEST(TerminalOperator, CanStopAtEveryQuestionAndAClosedTerminalStopsToo) {
  Answers answers("q\nQ\n q \nq\n");
  TerminalOperator person = answers.person();
  EXPECT_THROW(person.take_what_is_held(), Interrupted);
  EXPECT_THROW(person.stand_clear(), Interrupted);
  EXPECT_THROW(person.place(mug()), Interrupted);
  EXPECT_THROW(person.slipped(mug()), Interrupted);
  answers.end();
  EXPECT_THROW(person.take_what_is_held(), Interrupted);
}

TEST(TerminalOperator, AWishToStopEndsTheWaitForAnAnswer) {
  Answers answers("");
  EXPECT_THROW(answers.person(interrupted_after(3)).place(mug()), Interrupted);
  EXPECT_THROW(answers.person(interrupted_after(0)).slipped(mug()), Interrupted);
}

TEST(TerminalOperator, AKeyPressedBeforeTheQuestionAnswersNothing) {
  int person_end = -1, program_end = -1;
  ASSERT_EQ(openpty(&person_end, &program_end, nullptr, nullptr, nullptr), 0);
  ASSERT_EQ(write(person_end, "\n", 1), 1);
  std::ostringstream questions;
  TerminalOperator person(program_end, questions, interrupted_after(5));
  EXPECT_THROW(person.place(mug()), Interrupted) << "the key pressed twice was taken for an answer";
  close(program_end);
  close(person_end);
}

}  // namespace
}  // namespace gripbench::hal

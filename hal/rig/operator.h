#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>

#include "hal/stage.h"

namespace gripbench::hal {

/// The person who puts objects before a real arm and says what became of them. Nothing moves while
/// one is asked; from each answer to the next question arm and jaws may move.
///
/// Each question throws Interrupted if the operator gives up.
class Operator {
 public:
  virtual ~Operator() = default;

  /// The jaws are about to open and may hold something: returns when somebody has hold of it.
  virtual void take_what_is_held() = 0;

  /// The jaws have opened and the arm is about to go home: returns when nobody is in its way. A
  /// program has no hand there.
  virtual void stand_clear() {}

  /// Asks to put the object down as planned; returns when it stands there.
  virtual void place(const Placement& placement) = 0;

  /// The lift is about to begin: what slips from here on counts. A person looks anyway.
  virtual void watch() {}

  /// Whether the object slipped in the lift just made; nothing if the operator does not know.
  virtual std::optional<bool> slipped(const Placement& placement) = 0;
};

/// What a person is asked, without how to answer.
std::string question_to_take();
std::string question_to_stand_clear();
std::string question_to_place(const Placement& placement);
std::string question_whether_slipped(const Placement& placement);

/// Asks at a terminal. Answers that cannot be understood are asked for again, and "q" to any
/// question gives up. What was typed before a question answers nothing: a key pressed twice must
/// not send the arm off.
class TerminalOperator final : public Operator {
 public:
  /// Reads lines from the file descriptor; waiting for them, it calls `stop_check` twenty times a
  /// second, which may throw Interrupted. The stream must outlive the operator.
  TerminalOperator(int answers, std::ostream& questions, std::function<void()> stop_check);

  void take_what_is_held() override;
  void stand_clear() override;
  void place(const Placement& placement) override;
  std::optional<bool> slipped(const Placement& placement) override;

 private:
  /// In lower case, without space around it. @throws Interrupted also when no answer can come any
  /// more.
  std::string ask(const std::string& question);
  /// Asks until the answer is an empty line.
  void ask_for_enter(const std::string& question);
  std::string next_line();

  const int answers_;
  std::ostream& questions_;
  const std::function<void()> stop_check_;
  /// Of the next line.
  std::string begun_;
};

}  // namespace gripbench::hal

#pragma once

#include <istream>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

#include "hal/stage.h"

namespace gripbench::hal {

/// The person who puts objects before a real arm and says what became of them. Nothing moves while
/// one is asked.
class Operator {
 public:
  virtual ~Operator() = default;

  /// The jaws are about to open and may hold something: returns when somebody has hold of it.
  virtual void take_what_is_held() = 0;

  /// Asks to put the object down as planned; returns when it stands there.
  /// @throws Interrupted if the operator gives up.
  virtual void place(const Placement& placement) = 0;

  /// The lift is about to begin: what slips from here on counts. A person looks anyway.
  virtual void watch() {}

  /// Whether the object slipped in the lift just made; nothing if the operator does not know.
  virtual std::optional<bool> slipped(const Placement& placement) = 0;
};

/// What a person is asked, without how to answer.
std::string question_to_take();
std::string question_to_place(const Placement& placement);
std::string question_whether_slipped(const Placement& placement);

/// Asks at a terminal. Answers that cannot be understood are asked for again.
class TerminalOperator final : public Operator {
 public:
  /// Both must outlive the operator.
  TerminalOperator(std::istream& answers, std::ostream& questions)
      : answers_(answers), questions_(questions) {}

  void take_what_is_held() override;
  void place(const Placement& placement) override;
  std::optional<bool> slipped(const Placement& placement) override;

 private:
  /// @throws Interrupted when no answer can come any more.
  std::string ask(const std::string& question);

  std::istream& answers_;
  std::ostream& questions_;
};

}  // namespace gripbench::hal

#include "hal/rig/operator.h"

#include <algorithm>
#include <cctype>
#include <numbers>

#include <fmt/format.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string question_to_take() {
  return "The jaws are about to open. Take what they hold, if anything";
}

std::string question_to_place(const Placement& placement) {
  return fmt::format("{}: put '{}' at x {:.1f} mm, y {:.1f} mm, turned {:.1f} degrees",
                     placement.grasp, placement.object, 1e3 * placement.position.x(),
                     1e3 * placement.position.y(), placement.yaw * 180.0 / std::numbers::pi);
}

std::string question_whether_slipped(const Placement& placement) {
  return fmt::format("{}: did '{}' slip?", placement.grasp, placement.object);
}

std::string TerminalOperator::ask(const std::string& question) {
  questions_ << question << std::flush;
  std::string answer;
  if (!std::getline(answers_, answer)) {
    throw Interrupted(
        "nobody answers at the terminal; run the same command again to go on from "
        "here");
  }
  const auto first = answer.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return lower_case(answer.substr(first, answer.find_last_not_of(" \t\r") - first + 1));
}

void TerminalOperator::take_what_is_held() { ask(question_to_take() + ", and press Enter: "); }

void TerminalOperator::place(const Placement& placement) {
  if (ask(question_to_place(placement) + ". Enter when it stands, q to stop: ") == "q") {
    throw Interrupted("stopped as asked; run the same command again to go on from here");
  }
}

std::optional<bool> TerminalOperator::slipped(const Placement& placement) {
  const std::string question =
      question_whether_slipped(placement) + " y, n, or ? if you cannot tell: ";
  while (true) {
    const std::string answer = ask(question);
    if (answer == "y" || answer == "yes") return true;
    if (answer == "n" || answer == "no") return false;
    if (answer == "?") return std::nullopt;
  }
}

}  // namespace gripbench::hal

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

void TerminalOperator::take_what_is_held() {
  ask("The jaws are about to open. Take what they hold, if anything, and press Enter: ");
}

void TerminalOperator::place(const Placement& placement) {
  const std::string question = fmt::format(
      "{}: put '{}' at x {:.1f} mm, y {:.1f} mm, turned {:.1f} degrees. Enter when it stands, q to "
      "stop: ",
      placement.grasp, placement.object, 1e3 * placement.position.x(), 1e3 * placement.position.y(),
      placement.yaw * 180.0 / std::numbers::pi);
  if (ask(question) == "q") {
    throw Interrupted("stopped as asked; run the same command again to go on from here");
  }
}

std::optional<bool> TerminalOperator::slipped(const Placement& placement) {
  const std::string question = fmt::format(
      "{}: did '{}' slip? y, n, or ? if you cannot tell: ", placement.grasp, placement.object);
  while (true) {
    const std::string answer = ask(question);
    if (answer == "y" || answer == "yes") return true;
    if (answer == "n" || answer == "no") return false;
    if (answer == "?") return std::nullopt;
  }
}

}  // namespace gripbench::hal

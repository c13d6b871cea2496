#include "hal/rig/operator.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <numbers>
#include <utility>

#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

/// How soon a wish to stop is heard (ms).
constexpr int kBetweenChecks = 50;
/// Bytes of an answer; who types more does not answer.
constexpr std::size_t kLongestLine = 65536;

}  // namespace

std::string question_to_take() {
  return "The jaws are about to open. Take what they hold, if anything";
}

std::string question_to_stand_clear() { return "The arm is about to go home"; }

std::string question_to_place(const Placement& placement) {
  return fmt::format("{}: put '{}' at x {:.1f} mm, y {:.1f} mm, turned {:.1f} degrees",
                     placement.grasp, placement.object, 1e3 * placement.position.x(),
                     1e3 * placement.position.y(), placement.yaw * 180.0 / std::numbers::pi);
}

std::string question_whether_slipped(const Placement& placement) {
  return fmt::format("{}: did '{}' slip?", placement.grasp, placement.object);
}

TerminalOperator::TerminalOperator(int answers, std::ostream& questions,
                                   std::function<void()> stop_check)
    : answers_(answers), questions_(questions), stop_check_(std::move(stop_check)) {}

std::string TerminalOperator::ask(const std::string& question) {
  if (isatty(answers_) != 0) {
    tcflush(answers_, TCIFLUSH);
    begun_.clear();
  }
  questions_ << question << std::flush;
  const std::string answer = trimmed(lower_case(next_line()));
  if (answer != "q") return answer;
  throw Interrupted("stopped as asked; run the same command again to go on from here");
}

void TerminalOperator::ask_for_enter(const std::string& question) {
  while (!ask(question).empty()) {
  }
}

std::string TerminalOperator::next_line() {
  while (true) {
    if (const std::size_t end = begun_.find('\n'); end != std::string::npos) {
      const std::string line = begun_.substr(0, end);
      begun_.erase(0, end + 1);
      return line;
    }
    stop_check_();
    pollfd wanted{answers_, POLLIN, 0};
    if (poll(&wanted, 1, kBetweenChecks) <= 0) continue;
    std::array<char, 256> bytes;
    const ssize_t count = read(answers_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0 || begun_.size() > kLongestLine) {
      throw Interrupted(
          "nobody answers at the terminal; run the same command again to go on from here");
    }
    begun_.append(bytes.data(), static_cast<std::size_t>(count));
  }
}

void TerminalOperator::take_what_is_held() {
  ask_for_enter(question_to_take() + ", and press Enter; q to stop: ");
}

void TerminalOperator::stand_clear() {
  ask_for_enter(question_to_stand_clear() + ". Enter when nobody is in its way; q to stop: ");
}

void TerminalOperator::place(const Placement& placement) {
  ask_for_enter(question_to_place(placement) +
                ". Enter when it stands and hands are off, for arm and jaws then move until the "
                "next question; q to stop: ");
}

std::optional<bool> TerminalOperator::slipped(const Placement& placement) {
  const std::string question = question_whether_slipped(placement) +
                               " y or n, and hands off: what is held is put down then, the jaws "
                               "open, the arm goes home; q to stop: ";
  while (true) {
    const std::string answer = ask(question);
    if (answer == "y" || answer == "yes") return true;
    if (answer == "n" || answer == "no") return false;
  }
}

}  // namespace gripbench::hal

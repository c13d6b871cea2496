#include "hal/emulator/control_server.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "hal/errors.h"
#include "hal/net/line_reader.h"

namespace gripbench::hal {
namespace {

constexpr Duration kLookUp{0.05};
constexpr double kLongestDelay = 60.0;
constexpr double kMostGarbled = 1e6;

}  // namespace

double number_word(const ControlServer::Words& words, std::size_t place, double least,
                   double most) {
  if (place >= words.size()) throw InputError("a number is missing");
  const std::string& word = words[place];
  double number = 0.0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool whole = error == std::errc() && end == word.data() + word.size();
  if (!whole || !(number >= least && number <= most)) {
    throw InputError(fmt::format("expected a number from {} to {}, got '{}'", least, most, word));
  }
  return number;
}

ControlServer::ControlServer(FaultBoard& board) : board_(board) {
  add("delay", "LINE SECONDS", "what is sent leaves later; 0 ends it", [this](const Words& words) {
    line_named(words).delay = number_word(words, 1, 0.0, kLongestDelay);
    return "";
  });
  add("garble", "LINE COUNT", "so many packages are garbled", [this](const Words& words) {
    line_named(words).garble = static_cast<int>(number_word(words, 1, 0.0, kMostGarbled));
    return "";
  });
  add("drop", "LINE", "drops all connections", [this](const Words& words) {
    ++line_named(words).drops;
    return "";
  });
  add("freeze", "LINE", "sends nothing until thawed", [this](const Words& words) {
    line_named(words).frozen = true;
    return "";
  });
  add("thaw", "LINE", "ends a freeze", [this](const Words& words) {
    line_named(words).frozen = false;
    return "";
  });
  add("cut", "LINE", "nothing passes until mended; what is sent to it comes then",
      [this](const Words& words) {
        line_named(words).cut = true;
        return "";
      });
  add("mend", "LINE", "ends a cut", [this](const Words& words) {
    line_named(words).cut = false;
    return "";
  });
  add("help", "", "this", [this](const Words&) {
    std::vector<std::string> lines;
    for (const auto& [line, faults] : board_.lines()) lines.push_back(line);
    std::string text = fmt::format("lines: {}", fmt::join(lines, " "));
    for (const auto& [name, command] : commands_) {
      text += fmt::format("; {}{}{}: {}", name, command.usage.empty() ? "" : " ", command.usage,
                          command.help);
    }
    return text;
  });
}

void ControlServer::add(const std::string& command, const std::string& usage,
                        const std::string& help, Run run) {
  commands_[command] = {usage, help, std::move(run)};
}

void ControlServer::listen(const ListenOn& where) {
  server_ = std::make_unique<TcpServer>(
      where, [this](TcpConnection& connection, std::stop_token stop) { serve(connection, stop); });
}

LineFaults& ControlServer::line_named(const Words& words) const {
  const std::string name = words.empty() ? "" : words.front();
  LineFaults* faults = board_.find(name);
  if (faults == nullptr) throw InputError("there is no line '" + name + "'; see help");
  return *faults;
}

std::string ControlServer::answer(const std::string& line) const {
  std::istringstream stream(line);
  std::string command;
  stream >> command;
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  const auto found = commands_.find(command);
  if (found == commands_.end()) return "error: unknown command '" + command + "'; see help";
  try {
    const std::string said = found->second.run(words);
    return said.empty() ? "ok" : "ok " + said;
  } catch (const Error& error) {
    return std::string("error: ") + error.what();
  }
}

void ControlServer::serve(TcpConnection& connection, std::stop_token stop) const {
  LineReader reader;
  while (!stop.stop_requested()) {
    reader.append(connection.receive(kLookUp));
    while (const std::optional<std::string> line = reader.next()) {
      connection.send(answer(*line) + "\n");
    }
  }
}

}  // namespace gripbench::hal

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hal/emulator/line_faults.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// The emulator's own port, by which tests and operators make things go wrong: lines of words, each
/// answered by a line, "ok" with what there is to say, or "error: " and why.
///
/// It knows the faults of every line on the board:
///   delay LINE SECONDS     what is sent leaves later; 0 ends it
///   garble LINE COUNT      so many packages are garbled
///   drop LINE              all connections are dropped
///   freeze LINE            nothing is sent until `thaw LINE`
///   cut LINE               nothing passes either way until `mend LINE`
/// and `help`. Devices add their own commands.
class ControlServer {
 public:
  using Words = std::vector<std::string>;
  /// Gets the words after the command's own; its text follows "ok". What it throws is the error.
  using Run = std::function<std::string(const Words&)>;

  explicit ControlServer(FaultBoard& board);

  /// Adds a command before `listen`. `usage` names its words, e.g. "SECONDS".
  void add(const std::string& command, const std::string& usage, const std::string& help, Run run);

  /// @throws InputError when it cannot listen.
  void listen(const ListenOn& where);
  /// Ends it; to be called before any device that added a command goes.
  void close() { server_.reset(); }
  std::uint16_t port() const { return server_->port(); }

  /// The answer to one line, without its end.
  std::string answer(const std::string& line) const;

 private:
  struct Command {
    std::string usage;
    std::string help;
    Run run;
  };

  void serve(TcpConnection& connection, std::stop_token stop) const;
  LineFaults& line_named(const Words& words) const;

  FaultBoard& board_;
  std::map<std::string, Command> commands_;
  std::unique_ptr<TcpServer> server_;
};

/// A number among a command's words.
/// @throws InputError naming the word, if it is missing or not between `least` and `most`.
double number_word(const ControlServer::Words& words, std::size_t place, double least, double most);

}  // namespace gripbench::hal

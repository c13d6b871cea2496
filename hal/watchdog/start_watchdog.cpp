#include "hal/watchdog/start_watchdog.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <optional>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hal/errors.h"
#include "hal/net/line_reader.h"

namespace gripbench::hal {
namespace {

constexpr const char* kDevice = "watchdog";
constexpr std::string_view kGreeting = "gripbench-watchdog ";
constexpr Duration kAnswerTime{2.0};
constexpr Duration kLookUp{0.05};
/// It connects to the arm before it answers (s).
constexpr int kStartTime_ms = 20000;
constexpr std::chrono::milliseconds kBetweenLooks{20};
constexpr int kMostLooks = 150;

/// What a file descriptor gives up to the end of a line.
std::string read_line(int descriptor) {
  std::string line;
  pollfd ready{descriptor, POLLIN, 0};
  for (char c = 0; ::poll(&ready, 1, kStartTime_ms) > 0;) {
    const ssize_t got = ::read(descriptor, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || c == '\n') break;
    line += c;
  }
  return line;
}

WatchdogProcess start(const std::filesystem::path& program, const std::filesystem::path& workcell,
                      std::uint16_t port) {
  const std::string port_text = std::to_string(port);
  const std::vector<const char*> argv{program.c_str(),    "watchdog", "--workcell",
                                      workcell.c_str(),   "--port",   port_text.c_str(),
                                      "--started-by-run", nullptr};
  int line[2];
  if (::pipe2(line, O_CLOEXEC) != 0) {
    throw DeviceError(kDevice, fmt::format("no pipe to it: {}", std::strerror(errno)));
  }
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, line[1], STDOUT_FILENO);
  // It must not keep alive what the run has open.
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  pid_t id = 0;
  const int failure = ::posix_spawn(&id, program.c_str(), &files, &attributes,
                                    const_cast<char* const*>(argv.data()), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  ::close(line[1]);
  const std::string said = failure == 0 ? read_line(line[0]) : "";
  ::close(line[0]);
  if (failure != 0) {
    throw DeviceError(kDevice, fmt::format("{}: cannot be started: {}", program.string(),
                                           std::strerror(failure)));
  }
  WatchdogProcess started{0, static_cast<int>(id)};
  if (said.starts_with(kWatchdogFailed)) {
    wait_for_end(started);
    throw_complaint(said.substr(kWatchdogFailed.size()));
  }
  const char* end = said.data() + said.size();
  if (std::from_chars(said.data(), end, started.port).ptr != end || started.port == 0) {
    ::waitpid(id, nullptr, WNOHANG);
    throw DeviceError(kDevice, "it did not start; what it said stands above");
  }
  return started;
}

/// What a watchdog says of itself; nothing if nobody listens.
std::optional<std::string> greeting(std::uint16_t port) {
  try {
    TcpConnection::connect("127.0.0.1", port, kAnswerTime);
  } catch (const WireError&) {
    return std::nullopt;
  }
  return ask_watchdog(port, "hello");
}

struct Greeting {
  std::vector<std::string> watched;
  std::string state;
};

Greeting parse_greeting(const std::string& said, std::uint16_t port) {
  const std::size_t end = said.find("; ");
  if (!said.starts_with(kGreeting) || end == std::string::npos) {
    throw DeviceError(kDevice, fmt::format("port {} is taken by '{}'; give another as "
                                           "watchdog.port",
                                           port, said));
  }
  Greeting greeting;
  greeting.state = said.substr(end + 2);
  for (std::size_t at = kGreeting.size(); at < end;) {
    const std::size_t comma = std::min(said.find(", ", at), end);
    greeting.watched.push_back(said.substr(at, comma - at));
    at = comma + 2;
  }
  return greeting;
}

/// One of another rig, or of this one as its file was before, would stop the wrong arm or too late.
void demand_same(const std::vector<std::string>& theirs, const std::vector<std::string>& mine,
                 std::uint16_t port) {
  const auto [other, own] = std::mismatch(theirs.begin(), theirs.end(), mine.begin(), mine.end());
  if (other == theirs.end() && own == mine.end()) return;
  const std::string there = other == theirs.end() ? "nothing of it" : *other;
  const std::string here = own == mine.end() ? "nothing of it" : *own;
  if (own == mine.begin()) {
    throw DeviceError(kDevice, fmt::format("port {} is taken by that of another rig ({}; here {}); "
                                           "give another as watchdog.port",
                                           port, there, here));
  }
  throw DeviceError(kDevice,
                    fmt::format("the one that an earlier run left at port {} has {}, this run's "
                                "file says {}; take hold of the part, then 'gripbench watchdog "
                                "release --port {}', and run again",
                                port, there, here, port));
}

}  // namespace

void throw_complaint(const std::string& complaint) {
  const std::size_t colon = complaint.find(": ");
  const std::string device = complaint.substr(0, colon);
  const bool named = colon != std::string::npos && device.find(' ') == std::string::npos;
  if (!named) throw DeviceError(kDevice, complaint);
  throw DeviceError(device, complaint.substr(colon + 2));
}

std::string ask_watchdog(std::uint16_t port, const std::string& line) {
  try {
    TcpConnection connection = TcpConnection::connect("127.0.0.1", port, kAnswerTime);
    connection.send(line + "\n");
    LineReader reader;
    const auto deadline = std::chrono::steady_clock::now() + kAnswerTime;
    while (std::chrono::steady_clock::now() < deadline) {
      if (const std::optional<std::string> answer = reader.next()) {
        if (answer->starts_with(kWatchdogFailed))
          throw_complaint(answer->substr(kWatchdogFailed.size()));
        return answer->starts_with("ok ") ? answer->substr(3) : "";
      }
      reader.append(connection.receive(kLookUp));
    }
    throw DeviceError(kDevice, fmt::format("nothing answers at port {}", port));
  } catch (const WireError& error) {
    throw DeviceError(kDevice, error.what());
  }
}

WatchdogProcess find_or_start_watchdog(const std::filesystem::path& program,
                                       const std::filesystem::path& workcell,
                                       const WatchdogSettings& settings) {
  const std::uint16_t port = settings.port;
  if (port == 0) return start(program, workcell, port);
  for (int look = 0; look < kMostLooks; ++look) {
    const std::optional<std::string> said = greeting(port);
    if (!said) return start(program, workcell, port);
    const Greeting there = parse_greeting(*said, port);
    // One that is about to end is waited for.
    if (!there.state.starts_with("done")) {
      demand_same(there.watched, watched_by(settings), port);
      return {port, 0};
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  throw DeviceError(kDevice, fmt::format("the one at port {} does not end", port));
}

void wait_for_end(const WatchdogProcess& watchdog) {
  if (watchdog.id == 0) return;
  for (int look = 0; look < kMostLooks; ++look) {
    if (::waitpid(watchdog.id, nullptr, WNOHANG) != 0) return;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace gripbench::hal

#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "hal/emulator/line_faults.h"
#include "hal/emulator/ur_controller.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// How to read a variable of rtde_output from an image; variables that the emulator has no quantity
/// for read as zero. Nothing for a name that firmware `version` does not know.
using RtdeGetter = std::function<RtdeValue(const UrImage&)>;
std::optional<RtdeGetter> rtde_getter(std::string_view name, const ControllerVersion& version);

/// The emulated controller's RTDE port: protocol 2, one output recipe per connection at 1 to 125
/// Hz, input recipes with one writer per variable. A controller older than 3.4 refuses protocol 2.
class RtdeServer {
 public:
  /// Controller and faults must outlive the server.
  /// @throws InputError when it cannot listen.
  RtdeServer(UrController& controller, const ListenOn& where, LineFaults& faults);

  std::uint16_t port() const { return server_.port(); }

 private:
  class Conversation;
  /// Input variables that some connection writes.
  struct Claims {
    std::mutex mutex;
    std::set<std::string> names;
  };

  UrController& controller_;
  LineFaults& faults_;
  Claims claims_;
  TcpServer server_;
};

}  // namespace gripbench::hal

#pragma once

#include <string>

#include "hal/emulator/line_faults.h"
#include "hal/emulator/ur_controller.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// The emulated controller's dashboard port: lines of text. Answers are those of a CB3 controller.
class DashboardServer {
 public:
  /// Controller and faults must outlive the server.
  /// @throws InputError when it cannot listen.
  DashboardServer(UrController& controller, const ListenOn& where, LineFaults& faults);

  std::uint16_t port() const { return server_.port(); }

 private:
  void serve(TcpConnection& connection, std::stop_token stop);

  UrController& controller_;
  LineFaults& faults_;
  TcpServer server_;
};

/// The answer to one line.
std::string answer_dashboard(UrController& controller, const std::string& command);

}  // namespace gripbench::hal

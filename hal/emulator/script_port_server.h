#pragma once

#include "hal/emulator/line_faults.h"
#include "hal/emulator/ur_controller.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// What a script port pushes to its clients besides taking their programs.
enum class ScriptPort {
  kPrimary,    ///< 30001: state at 10 Hz and every message
  kSecondary,  ///< 30002: state at 10 Hz and the version message
  kRealtime,   ///< 30003: state at 125 Hz
};

/// One of the emulated controller's three ports that push state and take UR script.
class ScriptPortServer {
 public:
  /// Controller and faults must outlive the server.
  /// @throws InputError when it cannot listen.
  ScriptPortServer(ScriptPort kind, UrController& controller, const ListenOn& where,
                   LineFaults& faults);

  std::uint16_t port() const { return server_.port(); }

 private:
  void serve(TcpConnection& connection, std::stop_token stop);

  const ScriptPort kind_;
  UrController& controller_;
  LineFaults& faults_;
  TcpServer server_;
};

}  // namespace gripbench::hal

#pragma once

#include "hal/emulator/control_server.h"
#include "hal/emulator/line_faults.h"
#include "hal/emulator/wsg_device.h"
#include "hal/net/tcp_server.h"

namespace gripbench::hal {

/// An emulated WSG 50 with its port, for one client at a time; whoever comes while another is there
/// is sent away. It adds the line "wsg" to the board, and its commands to the control interface:
/// jam_jaws, free_jaws.
class WsgServer {
 public:
  /// Workcell, board and control interface must outlive the server; the interface listens after and
  /// is closed before it goes.
  /// @throws InputError if it cannot listen.
  WsgServer(LiveWorkcell& workcell, const ListenOn& where, WsgDeviceOptions options,
            FaultBoard& board, ControlServer& control);

  WsgDevice& device() { return device_; }
  std::uint16_t port() const { return server_.port(); }

 private:
  void serve(TcpConnection& connection, std::stop_token stop);
  void talk(TcpConnection& connection, std::stop_token stop);

  WsgDevice device_;
  LineFaults& faults_;
  TcpServer server_;
};

}  // namespace gripbench::hal

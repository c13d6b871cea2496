#pragma once

#include <cstdint>
#include <thread>

#include "hal/emulator/control_server.h"
#include "hal/emulator/line_faults.h"
#include "hal/emulator/live_workcell.h"
#include "hal/net/tcp_server.h"
#include "hal/net/udp_socket.h"
#include "hal/netft/netft_calibration.h"

namespace gripbench::hal {

struct NetFtServerOptions {
  /// Records per second.
  double rate = 500.0;
  NetFtCalibration calibration{};
};

/// A Net F/T box with a live workcell's wrench: RDT over UDP to whoever asked last, and its
/// /netftapi2.xml over HTTP. A workcell without a sensor at the wrist shows as a box whose sensor
/// is not plugged in. It adds the line "netft" to the board.
class NetFtServer {
 public:
  /// Workcell and board must outlive the server. @throws InputError if it cannot listen.
  NetFtServer(LiveWorkcell& workcell, const ListenOn& rdt, const ListenOn& http,
              NetFtServerOptions options, FaultBoard& board);

  std::uint16_t rdt_port() const { return rdt_port_; }
  std::uint16_t http_port() const { return pages_.port(); }

 private:
  class Box;

  RdtRecord measure() const;
  void serve_page(TcpConnection& connection, std::stop_token stop);

  LiveWorkcell& workcell_;
  const NetFtServerOptions options_;
  LineFaults& faults_;
  std::uint16_t rdt_port_ = 0;
  TcpServer pages_;
  std::jthread thread_;
};

}  // namespace gripbench::hal

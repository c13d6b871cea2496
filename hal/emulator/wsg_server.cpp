#include "hal/emulator/wsg_server.h"

#include "hal/emulator/faulty_line.h"

namespace gripbench::hal {
namespace {

/// Between two looks at the device: a fifth of the shortest period of its updates.
constexpr Duration kTick{0.002};

}  // namespace

WsgServer::WsgServer(LiveWorkcell& workcell, const ListenOn& where, WsgDeviceOptions options,
                     FaultBoard& board, ControlServer& control)
    : device_(workcell, options),
      faults_(board.add("wsg")),
      server_(where, [this](TcpConnection& connection, std::stop_token stop) {
        serve(connection, stop);
      }) {
  control.add("jam_jaws", "", "something blocks the gripper's jaws", [this](const auto&) {
    device_.block_jaws(true);
    return "";
  });
  control.add("free_jaws", "", "nothing blocks them any more", [this](const auto&) {
    device_.block_jaws(false);
    return "";
  });
}

void WsgServer::serve(TcpConnection& connection, std::stop_token stop) {
  if (!device_.attach()) return;
  try {
    talk(connection, stop);
  } catch (const WireError&) {
    // The client went away, or a fault drops it.
  }
  device_.detach();
}

void WsgServer::talk(TcpConnection& connection, std::stop_token stop) {
  FaultyLine line(connection, faults_);
  WsgFramer framer;
  while (!stop.stop_requested()) {
    framer.append(line.receive(kTick));
    while (const std::optional<WsgFrame> request = framer.next()) {
      for (const WsgFrame& answer : device_.handle(*request)) line.send(encode(answer));
    }
    for (const WsgFrame& news : device_.step()) line.send(encode(news));
  }
}

}  // namespace gripbench::hal

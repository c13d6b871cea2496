#pragma once

#include <vector>

#include "hal/wsg/wsg_client.h"

namespace gripbench::hal {

/// One connection of a WsgClient, from its opening to its end.
class WsgClient::Session {
 public:
  /// Connects, checks who is there, and asks for automatic updates.
  /// @throws WireError saying what was expected and what came; SilenceError.
  explicit Session(const WsgOptions& options);

  const WsgIdentity& identity() const { return identity_; }
  const WsgHardwareLimits& hardware() const { return hardware_; }
  std::uint64_t garbled() const { return framer_.garbled(); }

  /// The frames that have come, waiting up to `timeout` for some. @throws WireError if the
  /// connection is broken.
  std::vector<WsgFrame> receive(Duration timeout);

  /// Safe from any thread.
  void send(const WsgFrame& frame) { connection_.send(encode(frame)); }
  void request_updates();

 private:
  WsgAnswer ask(const WsgFrame& request);
  void introduce();
  void leave();
  void check_identity();

  const WsgOptions& options_;
  TcpConnection connection_;
  WsgFramer framer_;
  bool spoke_wsg_ = false;
  WsgIdentity identity_;
  WsgHardwareLimits hardware_;
};

}  // namespace gripbench::hal

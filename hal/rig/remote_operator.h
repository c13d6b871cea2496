#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hal/net/line_reader.h"
#include "hal/net/tcp_connection.h"
#include "hal/rig/operator.h"

namespace gripbench::hal {

/// An operator who is a program, asked by lines of text over TCP: each is answered by a line, "ok"
/// with what there is to say, or "error: " and why. The emulator answers so for its twin.
///   take                                      nothing to say
///   present OBJECT X Y YAW GRASP SEED         m, rad; answered when the object stands
///   watch                                     what slips from here on counts
///   slipped                                   yes, no or unknown, and why
class RemoteOperator final : public Operator {
 public:
  /// Connects. @throws DeviceError, TimeoutError about "operator".
  RemoteOperator(const std::string& host, std::uint16_t port);

  void take_what_is_held() override;
  void place(const Placement& placement) override;
  void watch() override;
  std::optional<bool> slipped(const Placement& placement) override;

 private:
  std::string ask(const std::string& line);
  std::string next_line();

  TcpConnection connection_;
  LineReader reader_;
};

}  // namespace gripbench::hal

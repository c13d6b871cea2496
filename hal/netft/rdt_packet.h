#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "hal/net/bytes.h"

namespace gripbench::hal {

/// Packages of ATI's Raw Data Transfer, over which a Net F/T box streams forces and torques by UDP.
/// All numbers are big-endian. Source: ATI Industrial Automation, "Network Force/Torque Sensor
/// System: Installation and Operation Manual" (9620-05-NET FT), chapter 10. Parsers throw
/// WireError.

enum class RdtCommand : std::uint16_t {
  kStop = 0x0000,
  kStartRealTime = 0x0002,
  kStartBuffered = 0x0003,
  kResetLatch = 0x0041,
  kSetBias = 0x0042,
};

struct RdtRequest {
  RdtCommand command = RdtCommand::kStop;
  /// Records to send; 0 until stopped.
  std::uint32_t count = 0;
};
inline constexpr std::size_t kRdtRequestSize = 8;
Bytes encode(const RdtRequest& request);
RdtRequest parse_rdt_request(ByteView package);

struct RdtRecord {
  /// Counts the records since the request, from 1.
  std::uint32_t rdt_sequence = 0;
  /// Counts the sensor's own samples.
  std::uint32_t ft_sequence = 0;
  std::uint32_t status = 0;
  /// Fx, Fy, Fz, Tx, Ty, Tz in counts.
  std::array<std::int32_t, 6> counts{};
};
inline constexpr std::size_t kRdtRecordSize = 36;
Bytes encode(const RdtRecord& record);
RdtRecord parse_rdt_record(ByteView package);

/// What a Net F/T's status says, in words; empty if it is healthy or only its latch of monitored
/// conditions is set. Manual section 18.2; the small Axia sensors number their bits otherwise.
std::string explain_netft_status(std::uint32_t status);

inline constexpr std::uint32_t kNetFtError = 0x80000000;
inline constexpr std::uint32_t kNetFtSaturated = 0x00020000;
inline constexpr std::uint32_t kNetFtNoSensor = 0x00000010;

}  // namespace gripbench::hal

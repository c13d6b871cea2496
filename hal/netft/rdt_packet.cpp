#include "hal/netft/rdt_packet.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

constexpr std::uint16_t kHeader = 0x1234;

struct StatusBit {
  std::uint32_t mask;
  std::string_view words;
};

constexpr std::array<StatusBit, 28> kStatusBits = {{
    {0x00020000, "the sensor is saturated: take the load off"},
    {0x00000010, "no data from the sensor: check its cable"},
    {0x40000000, "processor or memory error"},
    {0x20000000, "digital board error"},
    {0x10000000, "analog board error"},
    {0x08000000, "error on the link to the sensor"},
    {0x04000000, "program memory error"},
    {0x02000000, "halted because of its configuration"},
    {0x01000000, "a setting is invalid"},
    {0x00800000, "the configuration does not fit the calibration"},
    {0x00400000, "network failure"},
    {0x00200000, "CAN error"},
    {0x00100000, "RDT error"},
    {0x00080000, "EtherNet/IP failure"},
    {0x00040000, "DeviceNet failure"},
    {0x00004000, "watchdog timeout"},
    {0x00002000, "stack error"},
    {0x00001000, "EEPROM failure"},
    {0x00000800, "flash memory failure"},
    {0x00000400, "watchdog timeout of the analog board"},
    {0x00000200, "gage current too high: check the sensor's cable"},
    {0x00000100, "gage current too low: check the sensor's cable"},
    {0x00000080, "analog ground out of range"},
    {0x00000040, "supply of the analog board too high"},
    {0x00000020, "supply of the analog board too low"},
    {0x00000008, "reference voltage or supply error"},
    {0x00000004, "temperature out of range"},
    {0x00000002, "HTTP failure"},
}};

/// The summary, and the latch of conditions that the user set up on the box's web page.
constexpr std::uint32_t kNoFaults = kNetFtError | 0x00010000;

}  // namespace

Bytes encode(const RdtRequest& request) {
  return BigEndianWriter()
      .number(kHeader)
      .number(static_cast<std::uint16_t>(request.command))
      .number(request.count)
      .bytes();
}

RdtRequest parse_rdt_request(ByteView package) {
  if (package.size() != kRdtRequestSize) {
    throw WireError(fmt::format("expected an RDT request of {} bytes, got {} of {}",
                                kRdtRequestSize, package.size(), describe_bytes(package)));
  }
  BigEndianReader reader(package);
  if (reader.number<std::uint16_t>() != kHeader) {
    throw WireError("expected an RDT request, got " + describe_bytes(package));
  }
  RdtRequest request;
  request.command = static_cast<RdtCommand>(reader.number<std::uint16_t>());
  request.count = reader.number<std::uint32_t>();
  return request;
}

Bytes encode(const RdtRecord& record) {
  BigEndianWriter writer;
  writer.number(record.rdt_sequence).number(record.ft_sequence).number(record.status);
  for (const std::int32_t counts : record.counts) writer.number(counts);
  return writer.bytes();
}

RdtRecord parse_rdt_record(ByteView package) {
  if (package.size() != kRdtRecordSize) {
    throw WireError(fmt::format("expected an RDT record of {} bytes, got {}: {}", kRdtRecordSize,
                                package.size(), describe_bytes(package)));
  }
  BigEndianReader reader(package);
  RdtRecord record;
  record.rdt_sequence = reader.number<std::uint32_t>();
  record.ft_sequence = reader.number<std::uint32_t>();
  record.status = reader.number<std::uint32_t>();
  for (std::int32_t& counts : record.counts) counts = reader.number<std::int32_t>();
  return record;
}

std::string explain_netft_status(std::uint32_t status) {
  std::string words;
  for (const StatusBit& bit : kStatusBits) {
    if ((status & bit.mask) == 0) continue;
    if (!words.empty()) words += "; ";
    words += bit.words;
    status &= ~bit.mask;
  }
  if ((status & ~kNoFaults) != 0) {
    words += fmt::format("{}status bits {:08x}", words.empty() ? "" : "; ", status & ~kNoFaults);
  }
  return words;
}

}  // namespace gripbench::hal

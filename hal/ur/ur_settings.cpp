#include "hal/ur/ur_settings.h"

#include <algorithm>

namespace gripbench::hal {
namespace {

constexpr Range kPort{1.0, 65535.0};
/// A UR5 carries 5 kg, the largest of its family 35.
constexpr Range kPayload{0.0, 35.0};
/// s; 0 for none.
constexpr Range kHeartbeat{0.0, 60.0};
/// Of the secondary interface: the same stream without what becomes of scripts.
constexpr std::uint16_t kSecondaryPort = 30002;

}  // namespace

UrSettings UrSettings::from(ConfigNode node) {
  UrSettings settings;
  const auto port = [&](const char* key, std::uint16_t otherwise) {
    return static_cast<std::uint16_t>(node.integer_or(key, otherwise, kPort));
  };
  settings.host = node.text("host");
  settings.rtde_port = port("rtde_port", settings.rtde_port);
  settings.primary_port = port("primary_port", settings.primary_port);
  if (settings.primary_port == kSecondaryPort) {
    node.fail("primary_port",
              "30002 is the secondary interface, which keeps the errors of scripts "
              "to itself; the primary one is 30001");
  }
  settings.dashboard_port = port("dashboard_port", settings.dashboard_port);
  settings.rate = node.number_or("rate", settings.rate, {1.0, 125.0});
  const std::vector<double> tcp = node.numbers("tcp", settings.flange_from_tcp.size());
  std::copy(tcp.begin(), tcp.end(), settings.flange_from_tcp.begin());
  settings.payload = node.number("payload", kPayload);
  settings.payload_centre = node.vector3("payload_centre");
  settings.marker_register =
      static_cast<int>(node.integer_or("marker_register", settings.marker_register, {0.0, 23.0}));
  settings.heartbeat_timeout =
      node.number_or("heartbeat_timeout", settings.heartbeat_timeout, kHeartbeat);
  settings.start_timeout = node.number_or("start_timeout", settings.start_timeout, kPositive);
  settings.stale_after = node.number_or("stale_after", settings.stale_after, kPositive);
  settings.answer_timeout = node.number_or("answer_timeout", settings.answer_timeout, kPositive);
  node.finish();
  return settings;
}

}  // namespace gripbench::hal

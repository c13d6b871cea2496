#include "hal/wsg/wsg_settings.h"

#include <algorithm>

namespace gripbench::hal {
namespace {

constexpr Range kPort{1.0, 65535.0};
/// Of a WSG 50 without overdrive, per pad (N).
constexpr Range kForceLimit{2.5, 40.0};
constexpr Range kAcceleration{0.1, 5.0};
constexpr Range kUpdatePeriod{0.01, 1.0};

}  // namespace

WsgSettings WsgSettings::from(ConfigNode node) {
  WsgSettings settings;
  WsgOptions& connection = settings.connection;
  connection.host = node.text("host");
  connection.port = static_cast<std::uint16_t>(node.integer_or("port", connection.port, kPort));
  connection.update_period =
      node.number_or("update_period", connection.update_period, kUpdatePeriod);
  connection.stale_after =
      Duration(node.number_or("stale_after", connection.stale_after.count(), kPositive));
  // A slow stream is not stale between two updates.
  connection.stale_after =
      std::max(connection.stale_after, Duration(5.0 * connection.update_period));
  connection.answer_timeout = std::max(connection.answer_timeout, connection.stale_after);
  settings.force_limit = node.number_or("force_limit", settings.force_limit, kForceLimit);
  settings.acceleration = node.number_or("acceleration", settings.acceleration, kAcceleration);
  settings.resolution = node.number_or("resolution", settings.resolution, kPositive);
  node.finish();
  return settings;
}

}  // namespace gripbench::hal

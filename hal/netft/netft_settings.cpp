#include <algorithm>

#include "hal/netft/netft_sensor.h"

namespace gripbench::hal {
namespace {

constexpr Range kPort{1.0, 65535.0};

NetFtCalibration calibration_from(ConfigNode node) {
  NetFtCalibration calibration;
  calibration.counts_per_force = node.number("counts_per_force", kPositive);
  calibration.counts_per_torque = node.number("counts_per_torque", kPositive);
  calibration.force_unit = node.text_or("force_unit", calibration.force_unit);
  calibration.torque_unit = node.text_or("torque_unit", calibration.torque_unit);
  const auto check = [&](const char* key, auto per_count) {
    try {
      (calibration.*per_count)();
    } catch (const WireError& error) {
      node.fail(key, error.what());
    }
  };
  check("force_unit", &NetFtCalibration::newtons_per_count);
  check("torque_unit", &NetFtCalibration::newton_metres_per_count);
  node.finish();
  return calibration;
}

}  // namespace

NetFtSettings NetFtSettings::from(ConfigNode node) {
  NetFtSettings settings;
  settings.host = node.text("host");
  settings.port = static_cast<std::uint16_t>(node.integer_or("port", settings.port, kPort));
  settings.http_port =
      static_cast<std::uint16_t>(node.integer_or("http_port", settings.http_port, kPort));
  if (auto calibration = node.optional_child("calibration")) {
    settings.calibration = calibration_from(*std::move(calibration));
  }
  node.finish();
  return settings;
}

}  // namespace gripbench::hal

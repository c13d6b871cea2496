#pragma once

#include <Eigen/Core>

namespace gripbench::hal {

/// Force (N) and torque (N·m) in the sensor's frame at `time` (s on the workcell's clock).
struct WrenchReading {
  double time = 0.0;
  Eigen::Vector3d force = Eigen::Vector3d::Zero();
  Eigen::Vector3d torque = Eigen::Vector3d::Zero();
};

/// A six-axis force/torque sensor.
class ForceTorqueSensor {
 public:
  virtual ~ForceTorqueSensor() = default;

  /// Newest reading, less the bias.
  /// @throws DeviceError if the sensor is silent or saturated.
  virtual WrenchReading read() = 0;

  /// Takes the present load as zero.
  virtual void bias() = 0;
};

}  // namespace gripbench::hal

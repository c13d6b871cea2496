#pragma once

#include <string>
#include <string_view>

#include <Eigen/Core>

#include "hal/force_torque_sensor.h"
#include "hal/netft/rdt_packet.h"

namespace gripbench::hal {

/// How a Net F/T box counts.
struct NetFtCalibration {
  double counts_per_force = 1e6;
  double counts_per_torque = 1e6;
  /// As the box writes them: lbf, N, klbf, kN, kgf; lbf-in, lbf-ft, N-m, N-mm, kgf-cm, kN-m.
  std::string force_unit = "N";
  std::string torque_unit = "N-m";

  /// Newtons and newton metres per count. @throws WireError for a unit that no box has, or counts
  /// that are not positive.
  double newtons_per_count() const;
  double newton_metres_per_count() const;
};

/// Force and torque of a record in SI units.
WrenchReading to_wrench(const RdtRecord& record, const NetFtCalibration& calibration, double time);
/// The record of a wrench, for the emulated box; counts that do not fit are clipped.
RdtRecord to_record(const WrenchReading& wrench, const NetFtCalibration& calibration);

/// What the box's `/netftapi2.xml` says.
struct NetFtDocument {
  /// "Net F/T", where it is given.
  std::string product;
  NetFtCalibration calibration;
};
/// Longest document that is looked at (bytes).
inline constexpr std::size_t kLongestNetFtDocument = 1 << 18;
/// @throws WireError naming what is missing or wrong.
NetFtDocument parse_netft_document(std::string_view xml);
std::string write_netft_document(const NetFtDocument& document);

}  // namespace gripbench::hal

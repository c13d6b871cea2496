#pragma once

#include <cstddef>
#include <deque>
#include <optional>

namespace gripbench::hal {

/// Puts a device's own time stamps onto the workcell's clock.
///
/// A frame arrives late by what the line and the thread add, which differs from frame to frame; the
/// device's stamps are regular, but count from another origin. The least difference of arrival and
/// stamp among the last frames is the origin plus the shortest way, so that stamp + least is the
/// time of exposure with a constant delay and without the jitter (Cristian 1989, "Probabilistic
/// clock synchronization": the fastest message knows best).
class StampFilter {
 public:
  /// When the frame was exposed, up to the shortest delay (s on the clock of `arrival`): from the
  /// device's stamp (s) if there is one, else `arrival` itself. Never later than `arrival`.
  double exposure(double arrival, std::optional<double> stamp);

 private:
  std::optional<double> last_stamp_;
  std::deque<double> differences_;
};

}  // namespace gripbench::hal

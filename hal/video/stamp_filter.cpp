#include "hal/video/stamp_filter.h"

#include <algorithm>
#include <cmath>

namespace gripbench::hal {
namespace {

/// Ten seconds at 20 Hz: quartz drifts by less than a millisecond in that time.
constexpr std::size_t kWindow = 200;
/// A stamp that jumps by more than that against the arrivals belongs to a clock that was set (s).
constexpr double kLongestWay = 2.0;

}  // namespace

double StampFilter::exposure(double arrival, std::optional<double> stamp) {
  if (!stamp || !std::isfinite(*stamp)) {
    last_stamp_.reset();
    differences_.clear();
    return arrival;
  }
  const double difference = arrival - *stamp;
  const bool jumped =
      !differences_.empty() && std::abs(difference - differences_.back()) > kLongestWay;
  if (jumped || (last_stamp_ && *stamp < *last_stamp_)) differences_.clear();
  last_stamp_ = stamp;
  differences_.push_back(difference);
  if (differences_.size() > kWindow) differences_.pop_front();
  const double least = *std::min_element(differences_.begin(), differences_.end());
  return std::min(*stamp + least, arrival);
}

}  // namespace gripbench::hal

#include "sim/trajectory.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace gripbench::sim {

SpeedProfile::SpeedProfile(double length, double speed, double acceleration, double smoothing)
    : smoothing_(smoothing), acceleration_(acceleration) {
  if (!(length >= 0.0) || !(speed > 0.0) || !(acceleration > 0.0) || !(smoothing >= 0.0)) {
    throw std::invalid_argument(
        "a speed profile needs a length and smoothing of at least 0, and positive speed and "
        "acceleration");
  }
  const double top_speed = std::min(speed, std::sqrt(length * acceleration));
  const double ramp_time = top_speed / acceleration;
  const double ramp_length = 0.5 * top_speed * ramp_time;
  const double cruise_time =
      top_speed > 0.0 ? std::max(0.0, (length - 2.0 * ramp_length) / top_speed) : 0.0;
  const double brake_start = ramp_time + cruise_time;
  set_stretches({{0.0, 0.0, 0.0, acceleration},
                 {ramp_time, ramp_length, top_speed, 0.0},
                 {brake_start, length - ramp_length, top_speed, -acceleration},
                 {brake_start + ramp_time, length, 0.0, 0.0}},
                brake_start + ramp_time);
}

void SpeedProfile::set_stretches(std::vector<Stretch> stretches, double end) {
  stretches_ = std::move(stretches);
  end_ = end;
  integrals_.assign(1, 0.0);
  for (std::size_t i = 1; i < stretches_.size(); ++i) {
    const Stretch& s = stretches_[i - 1];
    const double t = stretches_[i].start - s.start;
    integrals_.push_back(integrals_.back() +
                         t * (s.distance + t * (s.speed / 2.0 + t * s.acceleration / 6.0)));
  }
}

SpeedProfile::Raw SpeedProfile::raw_at(double time) const {
  if (stretches_.empty() || time <= 0.0) return {0.0, 0.0, 0.0};
  std::size_t i = stretches_.size() - 1;
  while (i > 0 && stretches_[i].start > time) --i;
  const Stretch& s = stretches_[i];
  const double t = time - s.start;
  return {s.distance + t * (s.speed + t * s.acceleration / 2.0), s.speed + t * s.acceleration,
          integrals_[i] + t * (s.distance + t * (s.speed / 2.0 + t * s.acceleration / 6.0))};
}

PathState SpeedProfile::at(double time) const {
  if (time >= duration()) return {length(), 0.0, 0.0};
  const Raw now = raw_at(time);
  if (smoothing_ == 0.0) {
    std::size_t i = 0;
    while (i + 1 < stretches_.size() && stretches_[i + 1].start <= time) ++i;
    const bool inside = !stretches_.empty() && time >= 0.0;
    return {now.distance, now.speed, inside ? stretches_[i].acceleration : 0.0};
  }
  const Raw before = raw_at(time - smoothing_);
  return {(now.integral - before.integral) / smoothing_,
          (now.distance - before.distance) / smoothing_, (now.speed - before.speed) / smoothing_};
}

double SpeedProfile::length() const {
  return stretches_.empty() ? 0.0 : stretches_.back().distance;
}

void SpeedProfile::brake(double time) {
  if (time >= end_) return;
  if (time <= 0.0) {
    set_stretches({{0.0, 0.0, 0.0, 0.0}}, 0.0);
    return;
  }
  const Raw now = raw_at(time);
  const double brake_time = now.speed / acceleration_;
  std::vector<Stretch> kept;
  for (const Stretch& s : stretches_) {
    if (s.start < time) kept.push_back(s);
  }
  kept.push_back({time, now.distance, now.speed, -acceleration_});
  kept.push_back({time + brake_time, now.distance + 0.5 * now.speed * brake_time, 0.0, 0.0});
  set_stretches(std::move(kept), time + brake_time);
}

StraightMotion::StraightMotion(const Eigen::Isometry3d& from, const Eigen::Isometry3d& to,
                               const hal::LinearMotionLimits& limits)
    : from_(from), translation_(to.translation() - from.translation()) {
  const Eigen::AngleAxisd turn(Eigen::Matrix3d(to.linear() * from.linear().transpose()));
  axis_ = turn.axis();
  angle_ = turn.angle();
  length_ = std::max(translation_.norm(), angle_ * kTurningRadius);
  profile_ = SpeedProfile(length_, limits.speed, limits.acceleration);
}

Eigen::Isometry3d StraightMotion::pose_at_share(double share) const {
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  pose.linear() = Eigen::AngleAxisd(share * angle_, axis_) * from_.linear();
  pose.translation() = from_.translation() + share * translation_;
  return pose;
}

Eigen::Matrix<double, 6, 1> StraightMotion::direction() const {
  Eigen::Matrix<double, 6, 1> direction;
  direction << translation_, angle_ * axis_;
  return direction;
}

Eigen::Isometry3d StraightMotion::pose(double time) const {
  return pose_at_share(share(profile_.at(time).distance));
}

Eigen::Matrix<double, 6, 1> StraightMotion::velocity(double time) const {
  return share(profile_.at(time).speed) * direction();
}

Eigen::Matrix<double, 6, 1> StraightMotion::acceleration(double time) const {
  return share(profile_.at(time).acceleration) * direction();
}

}  // namespace gripbench::sim

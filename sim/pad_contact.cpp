#include "sim/pad_contact.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "sim/gel_surface.h"

namespace gripbench::sim {

using Eigen::Isometry3d;

namespace {

/// The foundation law has a pole at d = h; closer than this share of h it goes on as its tangent.
constexpr double kMaxCompression = 0.9;

/// A ray for the penetration starts this far behind the deepest node (m), and surfaces steeper than
/// this cosine against the pad's normal count as that steep.
constexpr double kRayMargin = 5e-5;
constexpr double kLeastSlope = 0.2;
/// A surface is level whose place along the ray is known to this share of the deepest penetration.
constexpr double kLevel = 1e-4;
/// Waves of the relief of this many node pitches are not seen by the nodes; those of twice as many
/// are (see the header).
constexpr double kUnseenWave = 4.0;

/// Pressure of the gel without damping and its slope, for an indentation d > 0.
struct Foundation {
  double pressure;
  double stiffness;
};

Foundation foundation(double d, double k, double h) {
  const double limit = kMaxCompression * h;
  const double at = std::min(d, limit);
  const double growth = h / (h - at);
  const double stiffness = k * growth * growth;
  return {k * at * growth + stiffness * (d - at), stiffness};
}

/// Indentation of the gel when gel and object surface, k_o per area, share a penetration d:
/// k g/(1 - g/h) = k_o (d - g), the smaller root of its quadratic.
double gel_part(double d, double k, double h, double k_o) {
  const double a = k_o / h;
  const double b = k + k_o + k_o * d / h;
  const double c = k_o * d;
  return 2.0 * c / (b + std::sqrt(b * b - 4.0 * a * c));
}

/// Sums over nodes of a stiffness and its first and second moments.
struct Moments {
  double one = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  static Moments of(const double* weight, const double* px, const double* py, std::size_t count) {
    Moments m;
    for (std::size_t i = 0; i < count; ++i) {
      const double wx = weight[i] * px[i];
      const double wy = weight[i] * py[i];
      m.one += weight[i];
      m.x += wx;
      m.y += wy;
      m.xx += wx * px[i];
      m.xy += wx * py[i];
      m.yy += wy * py[i];
    }
    return m;
  }
};

/// ln(1 + r) for r >= 0 without a call, to 1e-7, in two parts, so that the division may be shared:
/// exponent and mantissa m in [sqrt(1/2), sqrt(2)), and the series of 2 artanh((m - 1)/(m + 1)).
struct LogOnePlus {
  double exponent, m;

  explicit LogOnePlus(double r) {
    constexpr std::uint64_t kHalfRoot = 0x3fe6a09e667f3bcdULL;  // sqrt(1/2)
    constexpr std::uint64_t kMantissa = 0x000fffffffffffffULL;
    const auto bits = std::bit_cast<std::uint64_t>(1.0 + r) - kHalfRoot;
    exponent = static_cast<double>(static_cast<std::int64_t>(bits) >> 52);
    m = std::bit_cast<double>((bits & kMantissa) + kHalfRoot);
  }
  double divisor() const { return m + 1.0; }
  double value(double per_divisor) const {
    constexpr double kLn2 = 0.69314718055994531;
    const double t = (m - 1.0) * per_divisor;
    const double t2 = t * t;
    return exponent * kLn2 +
           2.0 * t * (1.0 + t2 * (1.0 / 3 + t2 * (1.0 / 5 + t2 * (1.0 / 7 + t2 * (1.0 / 9)))));
  }
};

/// The greatest value, or 0, in lanes since a compiler may not reorder a plain reduction.
double greatest(std::span<const double> values) {
  constexpr std::size_t kLanes = 16;
  std::array<double, kLanes> lane{};
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t k = 0; k < kLanes; ++k) lane[k] = std::max(lane[k], values[i + k]);
  }
  for (; i < values.size(); ++i) lane[0] = std::max(lane[0], values[i]);
  return *std::ranges::max_element(lane);
}

/// sum J' diag(t, t, n) J with J the velocity of the point (x, y, 0) per twist.
Eigen::Matrix<double, 6, 6> assemble(const Moments& n, const Moments& t) {
  Eigen::Matrix<double, 6, 6> m = Eigen::Matrix<double, 6, 6>::Zero();
  m(0, 0) = m(1, 1) = t.one;
  m(0, 5) = m(5, 0) = -t.y;
  m(1, 5) = m(5, 1) = t.x;
  m(5, 5) = t.xx + t.yy;
  m(2, 2) = n.one;
  m(2, 3) = m(3, 2) = n.y;
  m(2, 4) = m(4, 2) = -n.x;
  m(3, 3) = n.yy;
  m(3, 4) = m(4, 3) = -n.xy;
  m(4, 4) = n.xx;
  return m;
}

}  // namespace

PadContact::PadContact(const PadProfile& profile) : profile_(profile) {
  const PadGrid& grid = profile_.grid;
  const auto n = static_cast<std::size_t>(grid.size());
  node_area_ = grid.pitch * grid.pitch;
  x_.resize(n);
  y_.resize(n);
  z_.assign(n, 0.0);
  for (int j = 0; j < grid.ny; ++j) {
    for (int i = 0; i < grid.nx; ++i) {
      x_[j * grid.nx + i] = grid.x(i);
      y_[j * grid.nx + i] = grid.y(j);
    }
  }
  reach_ = std::hypot(std::ranges::max(x_), std::ranges::max(y_));
  for (auto* field : {&penetration_, &bristle_x_, &bristle_y_, &slip_x_, &slip_y_, &pressure_,
                      &traction_x_, &traction_y_, &indentation_, &normal_slope_, &normal_viscosity_,
                      &tangential_slope_, &tangential_viscosity_, &sticking_}) {
    field->resize(n);
  }
  for (auto* field : {&probe_.x, &probe_.y, &probe_.z, &probe_.depth, &probe_.first, &probe_.second,
                      &probe_.lowered, &probe_.tilted_x, &probe_.tilted_y}) {
    field->resize(n);
  }
  probe_.node.resize(n);
  probe_.tilted.resize(n);
  all_nodes_.resize(n);
  std::iota(all_nodes_.begin(), all_nodes_.end(), 0);
  reset();
}

void PadContact::reset() {
  for (auto* field : {&bristle_x_, &bristle_y_, &slip_x_, &slip_y_, &pressure_, &traction_x_,
                      &traction_y_, &indentation_}) {
    std::fill(field->begin(), field->end(), 0.0);
  }
  std::fill(sticking_.begin(), sticking_.end(), 0);
  contact_nodes_ = 0;
  last_slip_ = {};
}

/// Lets go of the whole contact; the slip counted so far stays.
void PadContact::release() {
  for (auto* field : {&bristle_x_, &bristle_y_, &pressure_, &traction_x_, &traction_y_,
                      &indentation_, &sticking_}) {
    std::fill(field->begin(), field->end(), 0.0);
  }
  contact_nodes_ = 0;
}

/// Fills `penetration_`; false if no node is inside the object.
///
/// A node inside the object is reached by a ray along +z from behind the deepest point: the first
/// step of the ray is the distance itself, exact where the surface faces the pad, and a secant step
/// then makes good for its tilt.
bool PadContact::find_penetrations(const ObjectShape& shape, const Isometry3d& object_from_pad) {
  const Ball pad{Eigen::Vector3d::Zero(), reach_};
  // Of the nodes outside it matters only that they are.
  shape.signed_distance(object_from_pad, {x_, y_, z_, pad}, 0.0, penetration_);
  for (double& p : penetration_) p = -p;
  const double deepest = greatest(penetration_);
  if (deepest <= 0.0) return false;
  const std::size_t count = gather_inside();

  const double start = -(1.5 * deepest + kRayMargin);
  const auto head = [count](std::vector<double>& values) { return std::span(values).first(count); };
  std::fill_n(probe_.z.begin(), count, start);
  PointsView rays{head(probe_.x), head(probe_.y), head(probe_.z)};
  const Ball touched = count == penetration_.size() ? pad : bounding_ball(rays);
  const Ball ways{{touched.centre.x(), touched.centre.y(), 0.5 * start},
                  touched.radius - 0.5 * start};
  rays.within = ways;
  // No place on a ray is farther from the object than the ray's start is from its node.
  const double cutoff = -start;
  shape.signed_distance(object_from_pad, rays, cutoff, head(probe_.first));
  const std::size_t tilted = gather_tilted(count, start, deepest);
  if (tilted > 0) {
    const auto rest = [tilted](std::vector<double>& v) { return std::span(v).first(tilted); };
    shape.signed_distance(object_from_pad,
                          {rest(probe_.tilted_x), rest(probe_.tilted_y), rest(probe_.z), ways},
                          cutoff, rest(probe_.second));
    take_secant_step(tilted, start);
  }
  if (shape.has_relief()) lower_by_relief(shape, object_from_pad, count);
  if (count == penetration_.size()) {
    std::ranges::copy(probe_.depth, penetration_.begin());
  } else {
    for (std::size_t n = 0; n < count; ++n) penetration_[probe_.node[n]] = probe_.depth[n];
  }
  return greatest(std::span(probe_.depth).first(count)) > 0.0;
}

/// Gathers the nodes inside the object as probes; how many these are.
std::size_t PadContact::gather_inside() {
  const double *const x = x_.data(), *const y = y_.data(), *const p = penetration_.data();
  const std::size_t nodes = penetration_.size();
  std::size_t inside = 0;
  for (std::size_t i = 0; i < nodes; ++i) inside += p[i] > 0.0 ? 1 : 0;
  if (inside == nodes) {
    std::ranges::copy(x_, probe_.x.begin());
    std::ranges::copy(y_, probe_.y.begin());
    std::ranges::copy(penetration_, probe_.depth.begin());
    return nodes;
  }
  int* const node = probe_.node.data();
  double *const px = probe_.x.data(), *const py = probe_.y.data(),
                *const depth = probe_.depth.data();
  // Every node is written and only those inside are counted: a jump per node costs more.
  std::size_t count = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    node[count] = static_cast<int>(i);
    px[count] = x[i];
    py[count] = y[i];
    depth[count] = p[i];
    count += p[i] > 0.0 ? 1 : 0;
  }
  return count;
}

/// Takes the first step of the first `count` probes' rays from `start`. Where the distance falls
/// from there to the node as fast as the ray goes on, the surface is level and its place known; the
/// others are gathered for the second step. How many these are.
std::size_t PadContact::gather_tilted(std::size_t count, double start, double deepest) {
  const double *const first = probe_.first.data(), *const x = probe_.x.data(),
                      *const y = probe_.y.data();
  double *const depth = probe_.depth.data(), *const reached = probe_.z.data(),
                *const tilt = probe_.second.data();
  const double least_tilt = kLevel * deepest;
  std::size_t all = 0;
  for (std::size_t n = 0; n < count; ++n) {
    const double way = std::min(std::max(first[n], 0.0), -start);
    tilt[n] = std::abs(way + depth[n] + start);
    all += tilt[n] >= least_tilt ? 1 : 0;
    depth[n] = -(start + way);
    reached[n] = start + way;
  }
  double *const tx = probe_.tilted_x.data(), *const ty = probe_.tilted_y.data();
  if (all == count) {
    std::copy_n(x, count, tx);
    std::copy_n(y, count, ty);
    std::copy_n(all_nodes_.data(), count, probe_.tilted.data());
    return count;
  }
  int* const index = probe_.tilted.data();
  std::size_t tilted = 0;
  for (std::size_t n = 0; n < count; ++n) {
    index[tilted] = static_cast<int>(n);
    tx[tilted] = x[n];
    ty[tilted] = y[n];
    reached[tilted] = reached[n];
    tilted += tilt[n] >= least_tilt ? 1 : 0;
  }
  return tilted;
}

/// The second step of the tilted probes' rays.
void PadContact::take_secant_step(std::size_t tilted, double start) {
  const double *const z = probe_.z.data(), *const second = probe_.second.data();
  double* const found = probe_.first.data();
  const double deepest_found = -start;
  for (std::size_t t = 0; t < tilted; ++t) {
    const double first = z[t] - start;
    const double fall = second[t] / std::max(first, kRayMargin);  // 1 + d(distance)/dz
    const double gain = std::max(first > kRayMargin ? 1.0 - fall : 1.0, kLeastSlope);
    found[t] = std::min(std::max(-(z[t] + second[t] / gain), 0.0), deepest_found);
  }
  double* const depth = probe_.depth.data();
  const int* const index = probe_.tilted.data();
  for (std::size_t t = 0; t < tilted; ++t) depth[index[t]] = found[t];
}

/// Lowers the depths of the first `count` probes, which are those of the smooth surface, by the
/// relief's valleys.
void PadContact::lower_by_relief(const ObjectShape& shape, const Isometry3d& object_from_pad,
                                 std::size_t count) {
  const BearingCurve& bearing = shape.bearing_curve();
  const double waves = shape.relief_wavelength() / (kUnseenWave * profile_.grid.pitch) - 1.0;
  const double seen = std::clamp(waves, 0.0, 1.0);
  double* const depth = probe_.depth.data();
  if (seen <= 0.0) {
    for (std::size_t n = 0; n < count; ++n) depth[n] = bearing(depth[n]);
    return;
  }
  double *const lowered = probe_.lowered.data(), *const height = probe_.second.data();
  for (std::size_t n = 0; n < count; ++n) probe_.z[n] = -depth[n];
  std::fill_n(lowered, count, 0.0);
  // Two places on a diagonal of the node's square: along both axes twice as fine as the nodes.
  const double quarter = 0.25 * profile_.grid.pitch;
  const auto head = [count](const std::vector<double>& values) {
    return std::span(values).first(count);
  };
  for (const double side : {-1.0, 1.0}) {
    const Isometry3d object_from_places =
        object_from_pad * Eigen::Translation3d(side * quarter, side * quarter, 0.0);
    shape.relief(object_from_places, {head(probe_.x), head(probe_.y), head(probe_.z)},
                 {height, count});
    for (std::size_t n = 0; n < count; ++n) {
      lowered[n] += 0.5 * seen * std::max(depth[n] + height[n], 0.0);
    }
  }
  if (seen < 1.0) {
    for (std::size_t n = 0; n < count; ++n) lowered[n] += (1.0 - seen) * bearing(depth[n]);
  }
  std::copy_n(lowered, count, depth);
}

PadForce PadContact::step(const ObjectShape& shape, const ContactPair& pair,
                          const Isometry3d& object_from_pad, const Twist& object_twist, double dt) {
  const bool was_touching = touching();
  if (!find_penetrations(shape, object_from_pad)) {
    if (was_touching) {
      last_slip_ = fit_slip();
      last_slip_.contact_area = last_slip_.stick_area = 0.0;
      last_slip_.force.setZero();
      last_slip_.torque = 0.0;
      release();
    }
    return {};
  }

  press(pair, object_twist);
  rub(pair, object_twist, dt);
  return collect();
}

/// Normal part: indentation, pressure and their slopes from the penetrations.
///
/// Here and in `rub` all nodes take the same path, those out of contact with nothing to do, so that
/// the loops become vector code.
void PadContact::press(const ContactPair& pair, const Twist& twist) {
  const double k = profile_.normal_stiffness;
  const double h = profile_.thickness;
  const double c_n = profile_.normal_damping;
  const bool soft = pair.object_stiffness.has_value();
  const double k_o = soft ? *pair.object_stiffness : 0.0;
  const double w = twist[2];
  const double turn_x = twist[3];
  const double turn_y = twist[4];
  const int nodes = profile_.grid.size();
  const double* penetration = penetration_.data();
  const double* x = x_.data();
  const double* y = y_.data();
  double* indentation = indentation_.data();
  double* pressure = pressure_.data();
  double* slope = normal_slope_.data();
  double* viscosity = normal_viscosity_.data();
  for (int i = 0; i < nodes; ++i) indentation[i] = std::max(penetration[i], 0.0);
  if (soft) {
    for (int i = 0; i < nodes; ++i) indentation[i] = gel_part(indentation[i], k, h, k_o);
  }
  // No array overlaps another; GCC would need more run-time checks of it than it allows itself.
#pragma GCC ivdep
  for (int i = 0; i < nodes; ++i) {
    const double d = indentation[i];
    const Foundation gel = foundation(d, k, h);
    const double share = soft ? k_o / (k_o + gel.stiffness) : 1.0;
    const double away = w + turn_x * y[i] - turn_y * x[i];
    const double p = d > 0.0 ? gel.pressure - c_n * share * away : 0.0;
    pressure[i] = std::max(p, 0.0);
    slope[i] = p > 0.0 ? gel.stiffness * share : 0.0;
    viscosity[i] = p > 0.0 ? c_n * share : 0.0;
  }
}

/// Tangential part: bristles, traction, slip and the traction's slopes from the pressures.
void PadContact::rub(const ContactPair& pair, const Twist& twist, double dt) {
  const double k_t = profile_.tangential_stiffness;
  const double c_t = profile_.tangential_damping;
  const double drag = c_t / dt;
  const double mu = pair.friction;
  const double beta = profile_.friction_slope;
  const double v0 = profile_.friction_speed;
  const double per_v0 = 1.0 / v0;
  // The slider carries q; the bristle behind it follows k_t s + c_t s' = q implicitly.
  const double bristle_gain = 1.0 / (k_t + drag);
  const double u = twist[0];
  const double v = twist[1];
  const double turn = twist[5];
  const int nodes = profile_.grid.size();
  const double* x = x_.data();
  const double* y = y_.data();
  const double* indentation = indentation_.data();
  const double* pressure = pressure_.data();
  double* bristle_x = bristle_x_.data();
  double* bristle_y = bristle_y_.data();
  double* slip_x = slip_x_.data();
  double* slip_y = slip_y_.data();
  double* traction_x = traction_x_.data();
  double* traction_y = traction_y_.data();
  double* slope = tangential_slope_.data();
  double* viscosity = tangential_viscosity_.data();
  double* sticking = sticking_.data();
#pragma GCC ivdep
  for (int i = 0; i < nodes; ++i) {
    const double vx = u - turn * y[i];
    const double vy = v + turn * x[i];
    const double speed = std::sqrt(vx * vx + vy * vy);
    const double trial_x = bristle_x[i] + vx * dt;
    const double trial_y = bristle_y[i] + vy * dt;
    const double pull_x = k_t * trial_x + c_t * vx;
    const double pull_y = k_t * trial_y + c_t * vy;
    const double pull = std::sqrt(pull_x * pull_x + pull_y * pull_y);
    const double grip = mu * pressure[i];
    const LogOnePlus log(speed * per_v0);
    // One division for two: 1/a = b/(ab) and 1/b = a/(ab).
    const double a = v0 + speed;
    const double b = log.divisor();
    const double per_ab = 1.0 / (a * b);
    const double limit = grip * (1.0 + beta * log.value(a * per_ab));
    const double scale = pull <= limit ? 1.0 : limit / pull;
    const double qx = pull_x * scale;
    const double qy = pull_y * scale;
    const double sx = pull <= limit ? trial_x : (qx + drag * bristle_x[i]) * bristle_gain;
    const double sy = pull <= limit ? trial_y : (qy + drag * bristle_y[i]) * bristle_gain;
    const double rise = grip * beta * (b * per_ab);
    // As numbers, not truth values: GCC 12 gives up on loops that combine those.
    const double touches = indentation[i] > 0.0 ? 1.0 : 0.0;
    const double sticks = pull <= limit ? touches : 0.0;
    slip_x[i] += touches * (trial_x - sx);
    slip_y[i] += touches * (trial_y - sy);
    bristle_x[i] = touches * sx;
    bristle_y[i] = touches * sy;
    traction_x[i] = touches * qx;
    traction_y[i] = touches * qy;
    sticking[i] = sticks;
    slope[i] = sticks * k_t;
    viscosity[i] = sticks * c_t + (touches - sticks) * rise;
  }
}

/// Sums the nodes' pressures and tractions to the wrench on the object, and their slopes.
///
/// Plain loops: Eigen's sums begin at the first aligned address, so that their rounding would
/// depend on where the memory lies.
PadForce PadContact::collect() {
  const int nodes = profile_.grid.size();
  const double* x = x_.data();
  const double* y = y_.data();
  const double* p = pressure_.data();
  const double* qx = traction_x_.data();
  const double* qy = traction_y_.data();
  double touching = 0, fx = 0, fy = 0, fz = 0, tx = 0, ty = 0, tz = 0;
  for (int i = 0; i < nodes; ++i) {
    touching += indentation_[i] > 0.0 ? 1.0 : 0.0;
    fx -= qx[i];
    fy -= qy[i];
    fz += p[i];
    tx += y[i] * p[i];
    ty -= x[i] * p[i];
    tz += y[i] * qx[i] - x[i] * qy[i];
  }
  contact_nodes_ = static_cast<int>(touching);
  PadForce result;
  result.wrench << fx, fy, fz, tx, ty, tz;
  result.wrench *= node_area_;
  const auto moments = [&](const std::vector<double>& weight) {
    return Moments::of(weight.data(), x, y, weight.size());
  };
  result.stiffness = node_area_ * assemble(moments(normal_slope_), moments(tangential_slope_));
  result.damping =
      node_area_ * assemble(moments(normal_viscosity_), moments(tangential_viscosity_));
  return result;
}

void PadContact::zero_slip() {
  std::fill(slip_x_.begin(), slip_x_.end(), 0.0);
  std::fill(slip_y_.begin(), slip_y_.end(), 0.0);
  last_slip_ = {};
}

hal::PadSlip PadContact::slip() const { return touching() ? fit_slip() : last_slip_; }

/// Least squares of slip = translation + rotation * (-y, x) over the nodes in contact.
hal::PadSlip PadContact::fit_slip() const {
  hal::PadSlip fit;
  double n = 0, mx = 0, my = 0, ux = 0, uy = 0, distance = 0, stick = 0;
  const int nodes = profile_.grid.size();
  for (int i = 0; i < nodes; ++i) {
    if (indentation_[i] <= 0.0) continue;
    n += 1;
    mx += x_[i];
    my += y_[i];
    ux += slip_x_[i];
    uy += slip_y_[i];
    distance += std::hypot(slip_x_[i], slip_y_[i]);
    stick += sticking_[i];
    fit.force += Eigen::Vector3d(traction_x_[i], traction_y_[i], pressure_[i]) * node_area_;
    fit.torque += (x_[i] * traction_y_[i] - y_[i] * traction_x_[i]) * node_area_;
  }
  if (n == 0) return fit;
  mx /= n;
  my /= n;
  ux /= n;
  uy /= n;
  double turn = 0, inertia = 0;
  for (int i = 0; i < nodes; ++i) {
    if (indentation_[i] <= 0.0) continue;
    const double rx = x_[i] - mx;
    const double ry = y_[i] - my;
    turn += rx * (slip_y_[i] - uy) - ry * (slip_x_[i] - ux);
    inertia += rx * rx + ry * ry;
  }
  fit.translation = {ux, uy};
  fit.rotation = inertia > 0.0 ? turn / inertia : 0.0;
  fit.mean_distance = distance / n;
  fit.contact_area = n * node_area_;
  fit.stick_area = stick * node_area_;
  return fit;
}

void PadContact::imprint(GelImprint& out) const {
  const auto n = indentation_.size();
  out.grid = profile_.grid;
  out.indentation.assign(indentation_.begin(), indentation_.end());
  out.displacement_x.resize(n);
  out.displacement_y.resize(n);
  if (!touching()) {
    std::fill(out.displacement_x.begin(), out.displacement_x.end(), 0.0F);
    std::fill(out.displacement_y.begin(), out.displacement_y.end(), 0.0F);
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    out.displacement_x[i] = static_cast<float>(bristle_x_[i]);
    out.displacement_y[i] = static_cast<float>(bristle_y_[i]);
  }
  drag_surroundings(out, profile_.layer_length);
}

}  // namespace gripbench::sim

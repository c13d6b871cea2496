#include "sim/pad_contact.h"

#include <algorithm>
#include <cmath>

#include "sim/gel_surface.h"

namespace gripbench::sim {

using Eigen::Isometry3d;

namespace {

/// Beyond this distance from the pad the object's exact distance does not matter (m).
constexpr double kDistanceCutoff = 2e-3;
/// The foundation law has a pole at d = h; closer than this share of h it goes on as its tangent.
constexpr double kMaxCompression = 0.9;

/// A ray for the penetration starts this far behind the deepest node (m), and surfaces steeper than
/// this cosine against the pad's normal count as that steep.
constexpr double kRayMargin = 5e-5;
constexpr double kLeastSlope = 0.2;

/// Pressure of the gel without damping and its slope, for an indentation d > 0.
struct Foundation {
  double pressure;
  double stiffness;
};

Foundation foundation(double d, double k, double h) {
  const double limit = kMaxCompression * h;
  const double at = std::min(d, limit);
  const double free_share = 1.0 - at / h;
  const double stiffness = k / (free_share * free_share);
  return {k * at / free_share + stiffness * (d - at), stiffness};
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
  void add(double weight, double px, double py) {
    one += weight;
    x += weight * px;
    y += weight * py;
    xx += weight * px * px;
    xy += weight * px * py;
    yy += weight * py * py;
  }
};

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
  for (auto* field : {&penetration_, &bristle_x_, &bristle_y_, &slip_x_, &slip_y_, &pressure_,
                      &traction_x_, &traction_y_, &indentation_}) {
    field->resize(n);
  }
  for (auto* field : {&probe_.x, &probe_.y, &probe_.z, &probe_.first, &probe_.second}) {
    field->resize(n);
  }
  probe_.node.resize(n);
  sticking_.resize(n);
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

void PadContact::release(int node) {
  bristle_x_[node] = bristle_y_[node] = 0.0;
  pressure_[node] = traction_x_[node] = traction_y_[node] = 0.0;
  indentation_[node] = 0.0;
  sticking_[node] = 0;
}

/// Fills `penetration_`; false if no node is inside the object.
///
/// A node inside the object is reached by a ray along +z from behind the deepest point: the first
/// step of the ray is the distance itself, exact where the surface faces the pad, and a secant step
/// then makes good for its tilt.
bool PadContact::find_penetrations(const ObjectShape& shape, const Isometry3d& object_from_pad) {
  shape.signed_distance(object_from_pad, {x_, y_, z_}, kDistanceCutoff, penetration_);
  std::size_t count = 0;
  double deepest = 0.0;
  for (std::size_t i = 0; i < penetration_.size(); ++i) {
    penetration_[i] = -penetration_[i];
    if (penetration_[i] <= 0.0) continue;
    deepest = std::max(deepest, penetration_[i]);
    probe_.node[count] = static_cast<int>(i);
    probe_.x[count] = x_[i];
    probe_.y[count] = y_[i];
    ++count;
  }
  if (count == 0) return false;

  const double start = -(1.5 * deepest + kRayMargin);
  const auto head = [count](std::vector<double>& values) { return std::span(values).first(count); };
  const PointsView rays{head(probe_.x), head(probe_.y), head(probe_.z)};
  std::fill_n(probe_.z.begin(), count, start);
  shape.signed_distance(object_from_pad, rays, kDistanceCutoff, head(probe_.first));
  for (std::size_t n = 0; n < count; ++n) probe_.z[n] = start + std::max(probe_.first[n], 0.0);
  shape.signed_distance(object_from_pad, rays, kDistanceCutoff, head(probe_.second));
  for (std::size_t n = 0; n < count; ++n) {
    const double first = std::max(probe_.first[n], 0.0);
    const double gain = first > 0.0 ? 1.0 - probe_.second[n] / first : 1.0;  // -d(distance)/dz
    const double hit = probe_.z[n] + probe_.second[n] / std::max(gain, kLeastSlope);
    penetration_[probe_.node[n]] = std::clamp(-hit, 0.0, -start);
  }
  return true;
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
      for (int i = 0; i < profile_.grid.size(); ++i) release(i);
      contact_nodes_ = 0;
    }
    return {};
  }

  const double k = profile_.normal_stiffness;
  const double h = profile_.thickness;
  const double c_n = profile_.normal_damping;
  const double k_t = profile_.tangential_stiffness;
  const double c_t = profile_.tangential_damping;
  const double beta = profile_.friction_slope;
  const double v0 = profile_.friction_speed;
  const double bristle_gain = 1.0 / (k_t + c_t / dt);

  PadForce result;
  Moments normal_k, normal_c, tangential_k, tangential_c;
  contact_nodes_ = 0;
  const int nodes = profile_.grid.size();
  for (int i = 0; i < nodes; ++i) {
    const double penetration = penetration_[i];
    if (penetration <= 0.0) {
      if (pressure_[i] > 0.0 || indentation_[i] > 0.0) release(i);
      continue;
    }
    ++contact_nodes_;
    const double x = x_[i];
    const double y = y_[i];
    const double vx = object_twist[0] - object_twist[5] * y;
    const double vy = object_twist[1] + object_twist[5] * x;
    const double vz = object_twist[2] + object_twist[3] * y - object_twist[4] * x;

    double d = penetration;
    double share = 1.0;
    if (pair.object_stiffness) {
      d = gel_part(penetration, k, h, *pair.object_stiffness);
    }
    const Foundation gel = foundation(d, k, h);
    if (pair.object_stiffness) {
      share = *pair.object_stiffness / (*pair.object_stiffness + gel.stiffness);
    }
    const double p = std::max(0.0, gel.pressure - c_n * share * vz);
    indentation_[i] = d;
    pressure_[i] = p;
    if (p > 0.0) {
      normal_k.add(gel.stiffness * share, x, y);
      normal_c.add(c_n * share, x, y);
    }

    const double trial_x = bristle_x_[i] + vx * dt;
    const double trial_y = bristle_y_[i] + vy * dt;
    double qx = k_t * trial_x + c_t * vx;
    double qy = k_t * trial_y + c_t * vy;
    const double speed = std::sqrt(vx * vx + vy * vy);
    const double limit =
        pair.friction * p * (beta > 0.0 ? 1.0 + beta * std::log1p(speed / v0) : 1.0);
    const double trial = std::sqrt(qx * qx + qy * qy);
    if (trial <= limit) {
      sticking_[i] = 1;
      bristle_x_[i] = trial_x;
      bristle_y_[i] = trial_y;
      tangential_k.add(k_t, x, y);
      tangential_c.add(c_t, x, y);
    } else {
      sticking_[i] = 0;
      const double scale = limit / trial;
      qx *= scale;
      qy *= scale;
      // The slider carries q; the bristle behind it follows k_t s + c_t s' = q implicitly.
      const double sx = (qx + c_t / dt * bristle_x_[i]) * bristle_gain;
      const double sy = (qy + c_t / dt * bristle_y_[i]) * bristle_gain;
      slip_x_[i] += trial_x - sx;
      slip_y_[i] += trial_y - sy;
      bristle_x_[i] = sx;
      bristle_y_[i] = sy;
      tangential_c.add(pair.friction * p * beta / (v0 + speed), x, y);
    }
    traction_x_[i] = qx;
    traction_y_[i] = qy;

    const double fx = -qx;
    const double fy = -qy;
    result.wrench[0] += fx;
    result.wrench[1] += fy;
    result.wrench[2] += p;
    result.wrench[3] += y * p;
    result.wrench[4] -= x * p;
    result.wrench[5] += x * fy - y * fx;
  }
  result.wrench *= node_area_;
  result.stiffness = node_area_ * assemble(normal_k, tangential_k);
  result.damping = node_area_ * assemble(normal_c, tangential_c);
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

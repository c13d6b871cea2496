#include "sim/ur5_kinematics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <Eigen/SVD>

namespace gripbench::sim {
namespace {

constexpr double kPi = 3.141592653589793;

// Universal Robots, "DH parameters for calculations of kinematics and dynamics", UR5.
constexpr double kD1 = 0.089159;
constexpr double kA2 = -0.42500;
constexpr double kA3 = -0.39225;
constexpr double kD4 = 0.10915;
constexpr double kD5 = 0.09465;
constexpr double kD6 = 0.0823;

struct DhRow {
  double a, d, alpha;
};
constexpr std::array<DhRow, 6> kDh = {{{0.0, kD1, kPi / 2},
                                       {kA2, 0.0, 0.0},
                                       {kA3, 0.0, 0.0},
                                       {0.0, kD4, kPi / 2},
                                       {0.0, kD5, -kPi / 2},
                                       {0.0, kD6, 0.0}}};

/// Rot_z(theta) Trans_z(d) Trans_x(a) Rot_x(alpha); alpha is a multiple of a quarter turn here, so
/// its sine and cosine are exact.
Eigen::Isometry3d dh_transform(const DhRow& row, double theta) {
  const double ct = std::cos(theta), st = std::sin(theta);
  const double sa = row.alpha > 0.0 ? 1.0 : (row.alpha < 0.0 ? -1.0 : 0.0);
  const double ca = row.alpha == 0.0 ? 1.0 : 0.0;
  Eigen::Isometry3d t = Eigen::Isometry3d::Identity();
  t.matrix().topRows<3>() << ct, -st * ca, st * sa, row.a * ct,  //
      st, ct * ca, -ct * sa, row.a * st,                         //
      0.0, sa, ca, row.d;
  return t;
}

double wrapped(double angle) { return std::remainder(angle, 2.0 * kPi); }

/// acos that forgives rounding at the edge of reach, and says nothing beyond it.
std::optional<double> safe_acos(double cosine) {
  if (std::abs(cosine) > 1.0 + 1e-9) return std::nullopt;
  return std::acos(std::clamp(cosine, -1.0, 1.0));
}

/// Shoulder, elbow and wrist 1 once the other three are known: two links in a plane.
void append_planar_solutions(const Eigen::Isometry3d& base_from_flange, double q1, double q5,
                             double q6, std::vector<JointVector>& solutions) {
  const Eigen::Isometry3d link1_from_link4 = dh_transform(kDh[0], q1).inverse() * base_from_flange *
                                             dh_transform(kDh[5], q6).inverse() *
                                             dh_transform(kDh[4], q5).inverse();
  const double x = link1_from_link4.translation().x();
  const double y = link1_from_link4.translation().y();
  const std::optional<double> bend =
      safe_acos((x * x + y * y - kA2 * kA2 - kA3 * kA3) / (2.0 * kA2 * kA3));
  if (!bend) return;
  const double sum = std::atan2(link1_from_link4(1, 0), link1_from_link4(0, 0));
  for (const double q3 : {*bend, -*bend}) {
    const double q2 = std::atan2(y, x) - std::atan2(kA3 * std::sin(q3), kA2 + kA3 * std::cos(q3));
    JointVector q;
    q << wrapped(q1), wrapped(q2), wrapped(q3), wrapped(sum - q2 - q3), wrapped(q5), wrapped(q6);
    solutions.push_back(q);
    if (*bend == 0.0) break;
  }
}

/// The angle plus whole turns, within the joint's limits, that is nearest to `seed`.
double nearest_turn(double angle, double seed) {
  double best = angle;
  for (const double turn : {-2.0 * kPi, 0.0, 2.0 * kPi}) {
    const double candidate = angle + turn;
    if (std::abs(candidate) > kJointLimit) continue;
    if (std::abs(candidate - seed) < std::abs(best - seed)) best = candidate;
  }
  return best;
}

}  // namespace

Eigen::Isometry3d ur5_forward(const JointVector& joints) {
  Eigen::Isometry3d pose = dh_transform(kDh[0], joints[0]);
  for (int i = 1; i < 6; ++i) pose = pose * dh_transform(kDh[i], joints[i]);
  return pose;
}

Eigen::Matrix<double, 6, 6> ur5_jacobian(const JointVector& joints,
                                         const Eigen::Vector3d& point_in_flange) {
  std::array<Eigen::Vector3d, 6> axis, origin;
  Eigen::Isometry3d pose = Eigen::Isometry3d::Identity();
  for (int i = 0; i < 6; ++i) {
    axis[i] = pose.linear().col(2);
    origin[i] = pose.translation();
    pose = pose * dh_transform(kDh[i], joints[i]);
  }
  const Eigen::Vector3d point = pose * point_in_flange;
  Eigen::Matrix<double, 6, 6> jacobian;
  for (int i = 0; i < 6; ++i) {
    jacobian.col(i) << axis[i].cross(point - origin[i]), axis[i];
  }
  return jacobian;
}

std::vector<JointVector> ur5_inverse(const Eigen::Isometry3d& base_from_flange,
                                     double free_wrist_3) {
  std::vector<JointVector> solutions;
  const Eigen::Matrix3d rotation = base_from_flange.linear();
  const Eigen::Vector3d flange = base_from_flange.translation();
  const Eigen::Vector3d wrist = flange - kD6 * rotation.col(2);

  // The wrist's centre lies at d4 beside the plane that joint 1 turns.
  const double radius = std::hypot(wrist.x(), wrist.y());
  if (radius < 1e-9) return solutions;
  const std::optional<double> spread = safe_acos(kD4 / radius);
  if (!spread) return solutions;
  for (const double side : {1.0, -1.0}) {
    const double q1 = std::atan2(wrist.y(), wrist.x()) + side * *spread + kPi / 2;
    const Eigen::Vector3d normal(std::sin(q1), -std::cos(q1), 0.0);
    // In the flange frame the plane's normal is (s5 c6, -s5 s6, c5).
    const std::optional<double> tilt = safe_acos((flange.dot(normal) - kD4) / kD6);
    if (!tilt) continue;
    for (const double q5 : {*tilt, -*tilt}) {
      const double s5 = std::sin(q5);
      double q6 = free_wrist_3;
      if (std::abs(s5) > 1e-7) {
        q6 = std::atan2(-rotation.col(1).dot(normal) / s5, rotation.col(0).dot(normal) / s5);
      }
      append_planar_solutions(base_from_flange, q1, q5, q6, solutions);
      if (std::abs(s5) <= 1e-7) break;
    }
  }
  return solutions;
}

std::optional<JointVector> ur5_inverse_nearest(const Eigen::Isometry3d& base_from_flange,
                                               const JointVector& seed) {
  std::optional<JointVector> best;
  double best_travel = std::numeric_limits<double>::infinity();
  for (JointVector& q : ur5_inverse(base_from_flange, wrapped(seed[5]))) {
    for (int i = 0; i < 6; ++i) q[i] = nearest_turn(q[i], seed[i]);
    const double travel = (q - seed).lpNorm<Eigen::Infinity>();
    if (travel < best_travel) {
      best_travel = travel;
      best = q;
    }
  }
  return best;
}

double ur5_dexterity(const JointVector& joints, const Eigen::Vector3d& point_in_flange) {
  constexpr double kLever = 0.25;
  Eigen::Matrix<double, 6, 6> jacobian = ur5_jacobian(joints, point_in_flange);
  jacobian.bottomRows<3>() *= kLever;
  return Eigen::JacobiSVD<Eigen::Matrix<double, 6, 6>>(jacobian).singularValues()[5];
}

}  // namespace gripbench::sim

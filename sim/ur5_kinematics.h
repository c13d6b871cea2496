#pragma once

#include <optional>
#include <vector>

#include <Eigen/Geometry>

namespace gripbench::sim {

/// Angles of the six joints from base to wrist (rad), or their rates.
using JointVector = Eigen::Matrix<double, 6, 1>;

/// Limits of every joint of a UR5 (Universal Robots, UR5 user manual CB3, technical
/// specifications).
inline constexpr double kJointLimit = 6.283185307179586;       ///< rad, both ways
inline constexpr double kJointSpeedLimit = 3.141592653589793;  ///< rad/s

/// Pose of the flange in the arm's base frame by the published Denavit-Hartenberg table; z points
/// out of the flange. Units: rad in, m out.
Eigen::Isometry3d ur5_forward(const JointVector& joints);

/// Geometric Jacobian of a point fixed to the flange: base-frame linear velocity (m/s) over angular
/// velocity (rad/s), per joint rate. `point_in_flange` in m.
Eigen::Matrix<double, 6, 6> ur5_jacobian(const JointVector& joints,
                                         const Eigen::Vector3d& point_in_flange);

/// All joint angles, each in [-pi, pi], that put the flange at `base_from_flange`: up to 8, none
/// when it is out of reach. Where the wrist is singular (joint 5 straight) joint 6 is free and is
/// set to `free_wrist_3`.
std::vector<JointVector> ur5_inverse(const Eigen::Isometry3d& base_from_flange,
                                     double free_wrist_3 = 0.0);

/// Of all solutions, with whole turns added within the joint limits, the one nearest to `seed`
/// (smallest largest joint travel); nothing when the pose is out of reach.
std::optional<JointVector> ur5_inverse_nearest(const Eigen::Isometry3d& base_from_flange,
                                               const JointVector& seed);

/// How far from a singular posture: the smallest singular value of the Jacobian with angular rates
/// weighed at 0.25 m (m/rad); zero where some motion of the flange is impossible.
double ur5_dexterity(const JointVector& joints, const Eigen::Vector3d& point_in_flange);

}  // namespace gripbench::sim

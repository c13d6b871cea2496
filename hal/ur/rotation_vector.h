#pragma once

#include <array>

#include <Eigen/Geometry>

namespace gripbench::hal {

/// A pose as UR controllers write it, p[x, y, z, rx, ry, rz]: m, and the rotation's axis times its
/// angle (rad).
using UrPose = std::array<double, 6>;

UrPose to_ur_pose(const Eigen::Isometry3d& pose);
Eigen::Isometry3d from_ur_pose(const UrPose& pose);

}  // namespace gripbench::hal

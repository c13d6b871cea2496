#include "hal/ur/rotation_vector.h"

namespace gripbench::hal {

UrPose to_ur_pose(const Eigen::Isometry3d& pose) {
  const Eigen::AngleAxisd turn(pose.linear());
  const Eigen::Vector3d axis = turn.axis() * turn.angle();
  const Eigen::Vector3d p = pose.translation();
  return {p.x(), p.y(), p.z(), axis.x(), axis.y(), axis.z()};
}

Eigen::Isometry3d from_ur_pose(const UrPose& pose) {
  const Eigen::Vector3d vector(pose[3], pose[4], pose[5]);
  const double angle = vector.norm();
  Eigen::Isometry3d result = Eigen::Isometry3d::Identity();
  if (angle > 0.0) result.linear() = Eigen::AngleAxisd(angle, vector / angle).toRotationMatrix();
  result.translation() << pose[0], pose[1], pose[2];
  return result;
}

}  // namespace gripbench::hal

#include "sim/grip_coupling.h"

#include <stdexcept>
#include <string>

#include <Eigen/Dense>

namespace gripbench::sim {
namespace {

using Eigen::Isometry3d;
using Eigen::Matrix3d;
using Eigen::Vector3d;
using RowMatrix3d = Eigen::Matrix<double, 3, 3, Eigen::RowMajor>;

/// Components of a twist that move nodes along the pad's normal.
constexpr std::array<int, 3> kNormal = {2, 3, 4};

/// K_n u: what the normal part of the force gains per time by the present motion.
Wrench normal_rate(const Eigen::Matrix<double, 6, 6>& stiffness, const Twist& twist) {
  Wrench rate = Wrench::Zero();
  for (const int i : kNormal) {
    for (const int j : kNormal) rate[i] += stiffness(i, j) * twist[j];
  }
  return rate;
}

int find(const mjModel& model, mjtObj type, const char* name) {
  const int id = mj_name2id(&model, type, name);
  if (id < 0) throw std::invalid_argument(std::string("the model has no '") + name + "'");
  return id;
}

Vector3d vector_at(const mjtNum* array, int index) {
  return Eigen::Map<const Vector3d>(array + 3 * index);
}

Matrix3d matrix_at(const mjtNum* array, int index) {
  return Eigen::Map<const RowMatrix3d>(array + 9 * index);
}

Matrix3d cross_matrix(const Vector3d& v) {
  Matrix3d m;
  m << 0, -v.z(), v.y(), v.z(), 0, -v.x(), -v.y(), v.x(), 0;
  return m;
}

/// Velocity of a body's or site's own point in the world: linear, then angular.
Twist world_twist(const mjModel& model, const mjData& data, mjtObj type, int id) {
  mjtNum velocity[6];
  mj_objectVelocity(&model, &data, type, id, velocity, 0);
  Twist twist;
  twist << velocity[3], velocity[4], velocity[5], velocity[0], velocity[1], velocity[2];
  return twist;
}

}  // namespace

GripCoupling::GripCoupling(const mjModel& model, const PadProfile& tactile, const PadProfile& plain)
    : sides_{Side{PadContact(tactile), {}, 0, 0, 0}, Side{PadContact(plain), {}, 0, 0, 0}} {
  const std::array<std::string, 2> names = {"tactile", "plain"};
  for (int i = 0; i < 2; ++i) {
    sides_[i].site = find(model, mjOBJ_SITE, ("pad_" + names[i]).c_str());
    sides_[i].finger = find(model, mjOBJ_BODY, ("finger_" + names[i]).c_str());
    sides_[i].flex_joint = find(model, mjOBJ_JOINT, ("flex_" + names[i]).c_str());
  }
  object_ = find(model, mjOBJ_BODY, "object");
  const int joint = model.body_jntadr[object_];
  if (joint < 0 || model.jnt_type[joint] != mjJNT_FREE) {
    throw std::invalid_argument("the model's 'object' has no free joint");
  }
  object_dof_ = model.jnt_dofadr[joint];
}

void GripCoupling::set_object(const ObjectShape& shape, const ContactPair& tactile,
                              const ContactPair& plain) {
  shape_ = &shape;
  sides_[0].pair = tactile;
  sides_[1].pair = plain;
  reset();
}

void GripCoupling::reset() {
  for (Side& side : sides_) side.contact.reset();
}

Isometry3d GripCoupling::world_from_site(const mjData& data, int site) const {
  Isometry3d pose = Isometry3d::Identity();
  pose.linear() = matrix_at(data.site_xmat, site);
  pose.translation() = vector_at(data.site_xpos, site);
  return pose;
}

/// Forces other than the pads' on the object (about its mass centre, in the world) and on the two
/// flexing fingers. Constraint forces (the table's) are those of the step before.
GripCoupling::Vector8 GripCoupling::external_force(const mjModel& model, const mjData& data) const {
  const auto generalized = [&](int dof) {
    return data.qfrc_passive[dof] - data.qfrc_bias[dof] + data.qfrc_constraint[dof];
  };
  Vector3d force;
  Vector3d local_torque;
  for (int k = 0; k < 3; ++k) {
    force[k] = generalized(object_dof_ + k);
    local_torque[k] = generalized(object_dof_ + 3 + k);
  }
  const Vector3d arm = vector_at(data.xipos, object_) - vector_at(data.xpos, object_);
  Vector8 result;
  result << force, matrix_at(data.xmat, object_) * local_torque - arm.cross(force), 0.0, 0.0;
  for (int i = 0; i < 2; ++i) {
    const int dof = model.jnt_dofadr[sides_[i].flex_joint];
    result[6 + i] = generalized(dof);
  }
  return result;
}

void GripCoupling::apply(const mjModel& model, mjData& data) {
  const double dt = model.opt.timestep;
  Isometry3d world_from_object = Isometry3d::Identity();
  world_from_object.linear() = matrix_at(data.xmat, object_);
  world_from_object.translation() = vector_at(data.xpos, object_);
  const Vector3d centre = vector_at(data.xipos, object_);
  const Twist object_twist = world_twist(model, data, mjOBJ_XBODY, object_);

  std::array<PadForce, 2> forces;
  std::array<Eigen::Matrix<double, 6, 6>, 2> changes;
  std::array<Matrix68, 2> jacobians;
  std::array<Isometry3d, 2> world_from_pad;
  for (int i = 0; i < 2; ++i) {
    Side& side = sides_[i];
    world_from_pad[i] = world_from_site(data, side.site);
    const Matrix3d pad_from_world = world_from_pad[i].linear().transpose();
    const Vector3d origin = world_from_pad[i].translation();
    const Twist pad_twist = world_twist(model, data, mjOBJ_SITE, side.site);
    const Vector3d omega = object_twist.tail<3>();
    const Vector3d velocity =
        object_twist.head<3>() + omega.cross(origin - world_from_object.translation());
    Twist twist;
    twist.head<3>() = pad_from_world * (velocity - pad_twist.head<3>());
    twist.tail<3>() = pad_from_world * (omega - pad_twist.tail<3>());
    forces[i] = side.contact.step(*shape_, side.pair,
                                  world_from_object.inverse() * world_from_pad[i], twist, dt);
    forces[i].wrench -= dt * normal_rate(forces[i].stiffness, twist);

    Matrix68& jacobian = jacobians[i];
    jacobian.setZero();
    jacobian.block<3, 3>(0, 0) = pad_from_world;
    jacobian.block<3, 3>(0, 3) = -pad_from_world * cross_matrix(origin - centre);
    jacobian.block<3, 3>(3, 3) = pad_from_world;
    jacobian.block<3, 1>(0, 6 + i) = -pad_from_world * vector_at(data.xaxis, side.flex_joint);
  }

  mjtNum* on_object = data.xfrc_applied + 6 * object_;
  std::fill(on_object, on_object + 6, 0.0);
  for (const Side& side : sides_) {
    mjtNum* on_finger = data.xfrc_applied + 6 * side.finger;
    std::fill(on_finger, on_finger + 6, 0.0);
  }
  if (!sides_[0].contact.touching() && !sides_[1].contact.touching()) return;

  Eigen::Matrix<double, 8, 8> system = Eigen::Matrix<double, 8, 8>::Zero();
  Vector8 impulse = external_force(model, data);
  const Matrix3d inertia_axes = matrix_at(data.ximat, object_);
  system.diagonal().head<3>().setConstant(model.body_mass[object_]);
  system.block<3, 3>(3, 3) =
      inertia_axes * vector_at(model.body_inertia, object_).asDiagonal() * inertia_axes.transpose();
  for (int i = 0; i < 2; ++i) {
    const int joint = sides_[i].flex_joint;
    const int dof = model.jnt_dofadr[joint];
    system(6 + i, 6 + i) = model.dof_M0[dof] + dt * model.dof_damping[dof];
    changes[i] = forces[i].damping + dt * forces[i].stiffness;
    system.noalias() += dt * jacobians[i].transpose() * changes[i] * jacobians[i];
    impulse.noalias() += jacobians[i].transpose() * forces[i].wrench;
  }
  const Vector8 du = system.ldlt().solve(dt * impulse);

  for (int i = 0; i < 2; ++i) {
    if (!sides_[i].contact.touching()) continue;
    Wrench wrench =
        forces[i].wrench - (forces[i].damping + dt * forces[i].stiffness) * (jacobians[i] * du);
    if (wrench[2] <= 0.0) continue;  // a pad never pulls
    const Matrix3d world_from_axes = world_from_pad[i].linear();
    const Vector3d force = world_from_axes * wrench.head<3>();
    const Vector3d torque = world_from_axes * wrench.tail<3>();
    const Vector3d origin = world_from_pad[i].translation();
    const auto add = [&](int body, double sign) {
      const Vector3d about = torque + (origin - vector_at(data.xipos, body)).cross(force);
      mjtNum* applied = data.xfrc_applied + 6 * body;
      for (int k = 0; k < 3; ++k) {
        applied[k] += sign * force[k];
        applied[3 + k] += sign * about[k];
      }
    };
    add(object_, 1.0);
    add(sides_[i].finger, -1.0);
  }
}

void GripCoupling::imprint(int index, const mjData& data, GelImprint& out) const {
  const Side& side = sides_[index];
  side.contact.imprint(out);
  Isometry3d world_from_object = Isometry3d::Identity();
  world_from_object.linear() = matrix_at(data.xmat, object_);
  world_from_object.translation() = vector_at(data.xpos, object_);
  out.shape = shape_;
  out.object_from_pad = world_from_object.inverse() * world_from_site(data, side.site);
  const auto& object_stiffness = side.pair.object_stiffness;
  out.gel_share =
      object_stiffness
          ? *object_stiffness / (*object_stiffness + side.contact.profile().normal_stiffness)
          : 1.0;
}

}  // namespace gripbench::sim

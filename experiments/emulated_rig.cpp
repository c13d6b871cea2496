#include "experiments/emulated_rig.h"

#include <variant>

#include "experiments/workcell_factory.h"
#include "hal/net/http_client.h"
#include "hal/ur/rotation_vector.h"
#include "sim/ur5_kinematics.h"

namespace gripbench::experiments {
namespace {

/// The twin's arm at a stand tells how the tool sits on its flange.
hal::UrControllerOptions controller_of(const hal::ArmState& arm) {
  hal::UrControllerOptions options;
  options.body = hal::UrBody{[](const auto& joints) { return sim::ur5_forward(joints); }};
  const Eigen::Isometry3d base_from_flange = sim::ur5_forward(arm.joint_positions);
  options.flange_from_tcp = hal::to_ur_pose(base_from_flange.inverse() * arm.base_from_tcp);
  return options;
}

/// A gripper with the twin's jaws: it tells its clients how far they open.
hal::WsgDeviceOptions gripper_of(hal::LiveWorkcell& workcell) {
  hal::GripperLimits jaws;
  workcell.call([&](hal::Workcell& cell) { jaws = cell.gripper().limits(); });
  hal::WsgDeviceOptions options;
  options.limits.stroke = static_cast<float>(1e3 * jaws.max_width);
  options.limits.min_speed = static_cast<float>(1e3 * jaws.min_speed);
  options.limits.max_speed = static_cast<float>(1e3 * jaws.max_speed);
  return options;
}

}  // namespace

RigPorts RigPorts::from(std::uint16_t first) {
  std::uint16_t next = first;
  const auto take = [&] { return first == 0 ? std::uint16_t{0} : next++; };
  RigPorts ports;
  ports.control = take();
  ports.ur = {take(), take(), take(), take(), take()};
  ports.wsg = take();
  ports.tactile = take();
  ports.camera = take();
  ports.netft_http = take();
  ports.netft = take();
  return ports;
}

RigPorts RigPorts::of(const hal::RigSettings& rig) {
  RigPorts ports;
  ports.ur.primary = rig.arm.primary_port;
  ports.ur.rtde = rig.arm.rtde_port;
  ports.ur.dashboard = rig.arm.dashboard_port;
  ports.wsg = rig.gripper.connection.port;
  const auto take_port = [](const hal::VideoSettings& video, std::uint16_t& port) {
    const auto* http = std::get_if<hal::HttpVideo>(&video.source);
    if (http != nullptr) port = hal::HttpAddress::from(http->url).port;
  };
  take_port(rig.tactile, ports.tactile);
  take_port(rig.camera, ports.camera);
  if (rig.force_torque) {
    ports.netft = rig.force_torque->port;
    ports.netft_http = rig.force_torque->http_port;
  }
  if (rig.operator_control) ports.control = rig.operator_control->port;
  return ports;
}

std::vector<std::pair<std::string, std::uint16_t>> RigPorts::list() const {
  return {{"control", control},
          {"primary", ur.primary},
          {"secondary", ur.secondary},
          {"realtime", ur.realtime},
          {"rtde", ur.rtde},
          {"dashboard", ur.dashboard},
          {"wsg", wsg},
          {"tactile", tactile},
          {"camera", camera},
          {"netft_http", netft_http},
          {"netft", netft}};
}

EmulatedRig::EmulatedRig(const EmulationOptions& options)
    : workcell_([&] { return make_twin(options.workcell); }),
      operator_(workcell_, options.label, options.first, control_),
      ur_(workcell_, options.address, options.ports.ur, controller_of(workcell_.state().arm),
          board_, control_),
      wsg_(workcell_, {options.address, options.ports.wsg}, gripper_of(workcell_), board_,
           control_),
      tactile_(workcell_, hal::LiveCamera::kTactile, {options.address, options.ports.tactile},
               board_, control_),
      camera_(workcell_, hal::LiveCamera::kExternal, {options.address, options.ports.camera},
              board_, control_),
      netft_(workcell_, {options.address, options.ports.netft},
             {options.address, options.ports.netft_http}, {}, board_) {
  control_.listen({options.address, options.ports.control});
}

EmulatedRig::~EmulatedRig() { control_.close(); }

RigPorts EmulatedRig::ports() const {
  RigPorts ports;
  ports.control = control_.port();
  ports.ur = ur_.ports();
  ports.wsg = wsg_.port();
  ports.tactile = tactile_.port();
  ports.camera = camera_.port();
  ports.netft_http = netft_.http_port();
  ports.netft = netft_.rdt_port();
  return ports;
}

}  // namespace gripbench::experiments

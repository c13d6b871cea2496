#include "hal/emulator/realtime_packet.h"

#include <algorithm>
#include <utility>

namespace gripbench::hal {
namespace {

/// Offsets of the quantities in the package (bytes).
enum Offset : std::size_t {
  kTime = 4,
  kTargetJoints = 12,
  kTargetJointSpeeds = 60,
  kJoints = 252,
  kJointSpeeds = 300,
  kTcpPose = 444,
  kTcpSpeed = 492,
  kTcpForce = 540,
  kTargetTcpPose = 588,
  kTargetTcpSpeed = 636,
  kRobotMode = 756,
  kJointModes = 764,
  kSafetyMode = 812,
  kSpeedScaling = 940,
  kProgramState = 1052,
  kSafetyStatus = 1108,
};

constexpr double kJointRunning = 253.0;

/// Puts numbers where the package has them; those beyond its end are left out.
class Plane {
 public:
  explicit Plane(std::size_t size) : bytes_(size, 0) {}

  void put(std::size_t offset, double number) { place(offset, BigEndianWriter().number(number)); }
  void put(std::size_t offset, const std::array<double, 6>& numbers) {
    for (std::size_t i = 0; i < numbers.size(); ++i) put(offset + i * sizeof(double), numbers[i]);
  }
  void put_size() { place(0, BigEndianWriter().number(static_cast<std::int32_t>(bytes_.size()))); }
  Bytes take() { return std::move(bytes_); }

 private:
  void place(std::size_t offset, const BigEndianWriter& writer) {
    if (offset + writer.bytes().size() > bytes_.size()) return;
    std::copy(writer.bytes().begin(), writer.bytes().end(), bytes_.begin() + offset);
  }

  Bytes bytes_;
};

}  // namespace

std::int32_t realtime_size(const ControllerVersion& version) {
  if (version.minor < 2) return 1044;
  if (version.minor < 5) return 1060;
  if (version.minor < 10) return 1108;
  return 1116;
}

Bytes encode_realtime(const UrImage& image, const ControllerVersion& version) {
  Plane plane(realtime_size(version));
  plane.put_size();
  plane.put(kTime, image.timestamp);
  plane.put(kTargetJoints, image.joints);
  plane.put(kTargetJointSpeeds, image.joint_speeds);
  plane.put(kJoints, image.joints);
  plane.put(kJointSpeeds, image.joint_speeds);
  plane.put(kTcpPose, image.tcp_pose);
  plane.put(kTcpSpeed, image.tcp_speed);
  plane.put(kTcpForce, image.tcp_force);
  plane.put(kTargetTcpPose, image.tcp_pose);
  plane.put(kTargetTcpSpeed, image.tcp_speed);
  plane.put(kRobotMode, static_cast<double>(image.robot_mode));
  std::array<double, 6> modes;
  modes.fill(kJointRunning);
  plane.put(kJointModes, modes);
  plane.put(kSafetyMode, static_cast<double>(image.safety_mode));
  plane.put(kSpeedScaling, 1.0);
  plane.put(kProgramState, static_cast<double>(image.runtime_state));
  plane.put(kSafetyStatus, static_cast<double>(image.safety_mode));
  return plane.take();
}

}  // namespace gripbench::hal

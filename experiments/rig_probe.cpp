#include "experiments/rig_probe.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "experiments/file_io.h"
#include "experiments/wait.h"
#include "hal/errors.h"
#include "hal/rig/remote_operator.h"
#include "hal/rig_clock.h"
#include "hal/ur/ur_arm.h"
#include "hal/video/video_camera.h"
#include "hal/wsg/wsg_gripper.h"

namespace gripbench::experiments {
namespace fs = std::filesystem;
namespace {

/// Between two looks at a device (s): half of the shortest time between two states.
constexpr double kBetweenLooks = 0.004;
/// A device may be so much slower than it should be.
constexpr double kSlowest = 0.8;
/// Share of records that a network may lose.
constexpr double kMostLost = 0.01;

/// When the values of a device came while it was watched.
struct Arrivals {
  std::vector<double> times;
  double watched = 0.0;

  double rate() const {
    if (times.size() < 2) return 0.0;
    return static_cast<double>(times.size() - 1) / (times.back() - times.front());
  }
  double longest_gap() const {
    double longest = 0.0;
    for (std::size_t i = 1; i < times.size(); ++i) {
      longest = std::max(longest, times[i] - times[i - 1]);
    }
    return longest;
  }
  std::string text() const {
    return fmt::format("{:.1f} values/s, longest gap {:.0f} ms", rate(), 1e3 * longest_gap());
  }
};

class Probe {
 public:
  Probe(const hal::RigSettings& settings, const ProbeOptions& options)
      : settings_(settings), options_(options), stop_{options.stop} {}

  DeviceReport arm();
  DeviceReport gripper();
  DeviceReport camera(const hal::VideoSettings& settings);
  DeviceReport force_torque();
  DeviceReport person();

 private:
  /// Runs `look`; a device that fails in it is reported, not thrown.
  template <typename Look>
  DeviceReport look_at(const std::string& device, Look look);
  /// Notes every new time that `newest_time` shows.
  template <typename NewestTime>
  Arrivals watch(NewestTime newest_time);
  void judge_rate(DeviceReport& report, double rate, double expected);

  const hal::RigSettings& settings_;
  const ProbeOptions& options_;
  const StopRequest stop_;
  hal::RigClock clock_;
};

template <typename Look>
DeviceReport Probe::look_at(const std::string& device, Look look) {
  stop_.check();
  DeviceReport report{device, {}, {}};
  try {
    look(report);
  } catch (const hal::DeviceError& error) {
    report.faults.push_back(std::string(error.what()).substr(error.device().size() + 2));
  }
  return report;
}

template <typename NewestTime>
Arrivals Probe::watch(NewestTime newest_time) {
  Arrivals arrivals;
  const double end = clock_.now() + options_.watch;
  while (clock_.now() < end) {
    stop_.check();
    const double time = newest_time();
    if (arrivals.times.empty() || time > arrivals.times.back()) arrivals.times.push_back(time);
    clock_.sleep_until(clock_.now() + kBetweenLooks);
  }
  return arrivals;
}

void Probe::judge_rate(DeviceReport& report, double rate, double expected) {
  if (rate >= kSlowest * expected) return;
  report.faults.push_back(
      fmt::format("expected {:.1f} values/s, got {:.1f}; cable, network, or a "
                  "busy computer",
                  expected, rate));
}

DeviceReport Probe::arm() {
  return look_at(settings_.arm.device, [&](DeviceReport& report) {
    hal::UrArm arm(settings_.arm, clock_);
    report.facts.push_back("firmware " + hal::describe(arm.status().version));
    for (const std::string& field : arm.rtde().replaced_fields()) report.facts.push_back(field);
    const Arrivals states = watch([&] { return arm.read().time; });
    report.facts.push_back(states.text());
    const Eigen::Vector3d tool = arm.read().base_from_tcp.translation();
    report.facts.push_back(
        fmt::format("tool at ({:.4f}, {:.4f}, {:.4f}) m, as the controller now "
                    "knows the tool; speed slider {:.0f}%",
                    tool.x(), tool.y(), tool.z(), 100.0 * arm.status().speed_scaling));
    const double asked = clock_.now();
    const std::string software = arm.dashboard().polyscope_version();
    report.facts.push_back(
        fmt::format("dashboard answers in {:.0f} ms: {}", 1e3 * (clock_.now() - asked), software));
    // It lags the state by half a second; both say the same on an arm at rest.
    report.facts.push_back(
        fmt::format("robot mode {}, safety {} (by the dashboard {}, {})",
                    hal::name_of(arm.status().robot_mode), hal::name_of(arm.status().safety_mode),
                    arm.dashboard().robot_mode(), arm.dashboard().safety_status()));
    judge_rate(report, states.rate(), settings_.arm.rate);
    const std::string held = arm.status().held_because;
    if (!held.empty()) report.faults.push_back(held);
  });
}

DeviceReport Probe::gripper() {
  return look_at(settings_.gripper.connection.device, [&](DeviceReport& report) {
    hal::WsgGripper gripper(settings_.gripper, clock_);
    if (options_.acknowledge) {
      gripper.acknowledge();
      report.facts.push_back("acknowledged");
    }
    const hal::WsgIdentity identity = gripper.identity();
    report.facts.push_back(fmt::format("{}, firmware {}, serial number {}",
                                       hal::describe_kind(identity.kind),
                                       hal::describe_firmware(identity.firmware), identity.serial));
    const hal::GripperLimits limits = gripper.limits();
    report.facts.push_back(fmt::format(
        "opens to {:.1f} mm, {:g} to {:g} mm/s, up to {:g} N per pad", 1e3 * limits.max_width,
        1e3 * limits.min_speed, 1e3 * limits.max_speed, limits.max_normal_force));
    const Arrivals states = watch([&] { return gripper.read().time; });
    report.facts.push_back(states.text());
    const hal::GripperState state = gripper.read();
    report.facts.push_back(
        fmt::format("jaws at {:.2f} mm, {:.1f} N per pad", 1e3 * state.width, state.normal_force));
    judge_rate(report, states.rate(), 1.0 / settings_.gripper.connection.update_period);
    gripper.check();
  });
}

DeviceReport Probe::camera(const hal::VideoSettings& settings) {
  return look_at(settings.device, [&](DeviceReport& report) {
    hal::VideoStream camera(settings, clock_);
    std::vector<double> ages;
    double last = camera.newest().time;
    const Arrivals frames = watch([&] {
      const std::optional<hal::Frame> next = camera.next_after(last);
      if (!next) return last;
      ages.push_back(clock_.now() - next->time);
      return last = next->time;
    });
    if (ages.empty()) {
      camera.check();
      throw hal::DeviceError(settings.device, "no frame came");
    }
    std::nth_element(ages.begin(), ages.begin() + ages.size() / 2, ages.end());
    const hal::VideoCounts counts = camera.counts();
    report.facts.push_back(fmt::format(
        "{} x {} pixels, {:.1f} frames/s; {} received, {} dropped, {} repeated, {} undecodable",
        settings.width_px, settings.height_px, frames.rate(), counts.received, counts.dropped,
        counts.repeated, counts.undecodable));
    report.facts.push_back(
        fmt::format("longest gap {:.0f} ms; a frame is {:.0f} ms old when it can be used (median)",
                    1e3 * frames.longest_gap(), 1e3 * ages[ages.size() / 2]));
    if (!options_.pictures.empty()) {
      const fs::path file = options_.pictures / (settings.device + ".png");
      std::vector<std::uint8_t> png;
      cv::imencode(".png", camera.newest().image, png);
      fs::create_directories(options_.pictures);
      write_file(file, {reinterpret_cast<const char*>(png.data()), png.size()});
      report.facts.push_back("picture: " + file.string());
    }
    judge_rate(report, frames.rate(), settings.rate_hz);
    camera.check();
  });
}

DeviceReport Probe::force_torque() {
  return look_at(settings_.force_torque->device, [&](DeviceReport& report) {
    hal::NetFtSensor sensor(*settings_.force_torque, clock_);
    const hal::NetFtCalibration& calibration = sensor.calibration();
    report.facts.push_back(fmt::format("{:g} counts per {}, {:g} counts per {}",
                                       calibration.counts_per_force, calibration.force_unit,
                                       calibration.counts_per_torque, calibration.torque_unit));
    const Arrivals readings = watch([&] { return sensor.read().time; });
    const hal::NetFtCounts counts = sensor.counts();
    report.facts.push_back(fmt::format("{} records in {:g} s, {} lost, {} late, {} malformed",
                                       counts.received, options_.watch, counts.lost, counts.late,
                                       counts.malformed));
    report.facts.push_back(readings.text());
    const auto sent = static_cast<double>(counts.received + counts.lost);
    if (static_cast<double>(counts.lost) > kMostLost * sent) {
      report.faults.push_back("loses records: its cable, or a network that others use too");
    }
    const Eigen::Vector3d force = sensor.read().force;
    report.facts.push_back(
        fmt::format("force ({:.2f}, {:.2f}, {:.2f}) N", force.x(), force.y(), force.z()));
  });
}

DeviceReport Probe::person() {
  return look_at("operator", [&](DeviceReport& report) {
    if (!settings_.operator_control) {
      report.facts.push_back("is asked at the terminal");
      return;
    }
    const hal::HostPort& control = *settings_.operator_control;
    const hal::RemoteOperator person(control.host, control.port);
    report.facts.push_back(fmt::format("a program listens at {}:{}", control.host, control.port));
  });
}

}  // namespace

void probe_rig(const hal::RigSettings& settings, const ProbeOptions& options,
               const std::function<void(const DeviceReport&)>& seen) {
  Probe probe(settings, options);
  seen(probe.arm());
  seen(probe.gripper());
  seen(probe.camera(settings.tactile));
  seen(probe.camera(settings.camera));
  if (settings.force_torque) seen(probe.force_torque());
  seen(probe.person());
}

}  // namespace gripbench::experiments

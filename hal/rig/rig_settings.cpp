#include "hal/rig/rig_settings.h"

#include <charconv>

#include <fmt/format.h>

namespace gripbench::hal {
namespace {

/// Shorter ones are the machine's own hiccups, longer ones help nobody (s).
constexpr Range kWatchTimeout{0.1, 60.0};

HostPort host_and_port(ConfigNode& node, const char* key) {
  const std::string text = node.text(key);
  const std::size_t colon = text.rfind(':');
  HostPort found{text.substr(0, colon), 0};
  const char* const end = text.data() + text.size();
  const char* const digits = colon == std::string::npos ? end : text.data() + colon + 1;
  const auto [rest, error] = std::from_chars(digits, end, found.port);
  if (found.host.empty() || error != std::errc() || rest != end || found.port == 0) {
    node.fail(key, "expected HOST:PORT, got '" + text + "'");
  }
  return found;
}

std::optional<HostPort> operator_from(ConfigNode& workcell) {
  if (!workcell.is_mapping("operator")) {
    workcell.choice("operator", {"terminal"});
    return std::nullopt;
  }
  ConfigNode node = workcell.child("operator");
  const HostPort control = host_and_port(node, "control");
  node.finish();
  return control;
}

/// What the file itself asks of the devices must keep its own limits.
void check_limits(const ConfigNode& workcell, const RigSettings& settings) {
  const SafetyLimits& limits = settings.safety;
  const RigStageSettings& stage = settings.stage;
  const auto at_most = [&](const char* key, const char* what, double value, double most) {
    if (value <= most) return;
    workcell.fail(
        key, fmt::format("{} of {:g} is beyond the {:g} that 'safety' allows", what, value, most));
  };
  at_most("gripper", "a force limit", settings.gripper.force_limit, limits.max_normal_force);
  at_most("stage", "a speed", stage.motion.speed, limits.max_speed);
  at_most("stage", "an acceleration", stage.motion.acceleration, limits.max_acceleration);
  at_most("stage", "a jaw speed", stage.jaw_speed, limits.max_jaw_speed);
  if (!limits.workspace.contains(stage.home)) {
    workcell.fail("stage", "home lies outside the workspace of 'safety'");
  }
}

}  // namespace

RigWatch RigWatch::from(ConfigNode node) {
  RigWatch watch;
  watch.port = static_cast<std::uint16_t>(node.integer_or("port", watch.port, {0.0, 65535.0}));
  WatchRules& rules = watch.rules;
  rules.beat_timeout = node.number_or("beat_timeout", rules.beat_timeout, kWatchTimeout);
  rules.camera_timeout = node.number_or("camera_timeout", rules.camera_timeout, kWatchTimeout);
  rules.hang_timeout = node.number_or("hang_timeout", rules.hang_timeout, kWatchTimeout);
  node.finish();
  return watch;
}

RigSettings RigSettings::from(ConfigNode workcell) {
  RigSettings settings;
  workcell.choice("backend", {"rig"});
  settings.arm = UrSettings::from(workcell.child("arm"));
  settings.gripper = WsgSettings::from(workcell.child("gripper"));
  ConfigNode tactile = workcell.child("tactile");
  settings.tactile = VideoSettings::from(tactile, "tactile");
  settings.pixel_pitch = tactile.number("pixel_pitch", kPositive);
  tactile.finish();
  ConfigNode camera = workcell.child("camera");
  settings.camera = VideoSettings::from(camera, "camera");
  camera.finish();
  if (auto force_torque = workcell.optional_child("force_torque")) {
    settings.force_torque = NetFtSettings::from(*std::move(force_torque));
  }
  settings.safety = SafetyLimits::from(workcell.child("safety"));
  settings.stage = RigStageSettings::from(workcell.child("stage"));
  check_limits(workcell, settings);
  if (auto watchdog = workcell.optional_child("watchdog")) {
    settings.watchdog = RigWatch::from(*std::move(watchdog));
  }
  settings.file = workcell.file();
  settings.operator_control = operator_from(workcell);
  // Only rehearsals and the emulator look at the twin, only the experiment at what to do.
  for (const char* key : {"twin", "protocol"}) {
    if (workcell.has(key)) workcell.path(key);
  }
  workcell.finish();
  return settings;
}

}  // namespace gripbench::hal

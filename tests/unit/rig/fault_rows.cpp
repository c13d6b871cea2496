#include "tests/unit/rig/fault_rows.h"

namespace gripbench::experiments {
namespace {

using enum Moment;

/// The controller may be first to notice that its client is gone.
constexpr const char* kBeatsMissed = "heard nothing of this computer";

std::map<Moment, Fault::Other> everywhere(Effect effect, const char* because) {
  std::map<Moment, Fault::Other> all;
  for (const Moment moment : kMoments) all[moment] = {effect, because};
  return all;
}

std::map<Moment, const char*> at(std::initializer_list<Moment> moments, const char* because) {
  std::map<Moment, const char*> all;
  for (const Moment moment : moments) all[moment] = because;
  return all;
}

std::map<Moment, const char*> everywhere(const char* because) {
  std::map<Moment, const char*> all;
  for (const Moment moment : kMoments) all[moment] = because;
  return all;
}

/// A primary interface that cannot be used for seconds.
Fault without_primary(const char* name, std::vector<std::string> inject,
                      std::vector<std::string> clear) {
  constexpr const char* kNothingSent = "nothing is sent to the arm until the grasp is made";
  return {
      .name = name,
      .inject = std::move(inject),
      .clear = std::move(clear),
      .devices = {"arm"},
      .says = {"cannot be sent"},
      .otherwise = {{kLift, {Effect::kNone, kNothingSent}}, {kEnd, {Effect::kNone, kNothingSent}}},
      .runs_on = everywhere("only the next motion needs the interface, and shows that it is "
                            "lost; the present one goes on as it was told")};
}

std::vector<std::string> on_all_lines(const std::string& command) {
  std::vector<std::string> lines;
  for (const char* line : {"rtde", "primary", "dashboard", "wsg", "tactile", "camera"}) {
    lines.push_back(command + " " + line);
  }
  return lines;
}

Fault stalled_camera(const char* name, const std::string& device, std::vector<std::string> inject,
                     std::vector<std::string> clear) {
  return {.name = name,
          .inject = std::move(inject),
          .clear = std::move(clear),
          .devices = {device},
          .says = {"no frame for"}};
}

/// Comes back after so long (s), and after the frames by which it settles.
Fault dropped_camera(const char* name, const std::string& device, double pause) {
  Fault fault = stalled_camera(name, device, {"drop " + device}, {});
  fault.rig = [pause](hal::RigSettings& rig) {
    rig.tactile.reconnect_pause = rig.camera.reconnect_pause = hal::Duration(pause);
  };
  return fault;
}

Fault seen_by_watchdog(const char* name, const std::string& device) {
  Fault fault = stalled_camera(name, device, {"freeze " + device}, {"thaw " + device});
  fault.devices = {"watchdog"};
  fault.says = {device + ": no frame for"};
  fault.watch = Watch::kImpatient;
  return fault;
}

Fault lost_network() {
  Fault fault{.name = "network lost",
              .inject = on_all_lines("cut"),
              .clear = on_all_lines("mend"),
              .devices = {"arm", "gripper"},
              .says = {"no state for", "expected an answer"}};
  fault.runs_on = at({kClosing, kOpening}, "nobody can reach the jaws, which have no heartbeat");
  fault.watchdog_warns = "THE ARM COULD NOT BE STOPPED";
  fault.rigs = 3;
  return fault;
}

}  // namespace

const std::vector<Fault>& arm_faults() {
  static const std::vector<Fault> all = [] {
    Fault back_soon{.name = "primary interface dropped",
                    .inject = {"drop primary"},
                    .devices = {"arm"},
                    .otherwise = everywhere(Effect::kNone,
                                            "it is there again half a second later, before "
                                            "anything else is sent to the arm"),
                    .rigs = 3};
    Fault deaf{.name = "protective stop and no dashboard",
               // A line that is only to be dropped may still take the stop.
               .inject = {"cut dashboard", "protective_stop"},
               .clear = {"mend dashboard"},
               .devices = {"arm"},
               .says = {"protective stop"},
               .at_once = true,
               .warns = "THE ARM MAY STILL MOVE"};
    return std::vector<Fault>{
        {.name = "protective stop",
         .inject = {"protective_stop"},
         .devices = {"arm"},
         .says = {"protective stop"},
         .at_once = true},
        {.name = "emergency stop",
         .inject = {"emergency_stop"},
         .clear = {"release_emergency_stop"},
         .devices = {"arm"},
         .says = {"emergency stop"},
         .at_once = true},
        {.name = "safeguard",
         .inject = {"safeguard_open"},
         .clear = {"safeguard_close"},
         .devices = {"arm"},
         .says = {"safeguard stop"},
         .at_once = true},
        {.name = "state stream dropped",
         .inject = {"drop rtde", "freeze rtde"},
         .clear = {"thaw rtde"},
         .devices = {"arm"},
         .says = {"no state for", kBeatsMissed}},
        {.name = "all of the arm's lines dropped",
         .inject = {"drop rtde", "freeze rtde", "drop primary"},
         .clear = {"thaw rtde"},
         .devices = {"arm"},
         .says = {"no state for", "cannot be sent", kBeatsMissed}},
        {.name = "states delayed",
         .inject = {"delay rtde 3"},
         .clear = {"delay rtde 0"},
         .devices = {"arm"},
         .says = {"no state for"}},
        {.name = "states corrupted",
         .inject = {"garble rtde 1000"},
         .clear = {"garble rtde 0"},
         .devices = {"arm"},
         .says = {"no state for"}},
        std::move(back_soon),
        without_primary("primary interface lost", {"drop primary", "freeze primary"},
                        {"thaw primary"}),
        without_primary("primary interface corrupted", {"garble primary 1000"},
                        {"garble primary 0"}),
        without_primary("primary interface delayed", {"delay primary 3"}, {"delay primary 0"}),
        {.name = "dashboard lost",
         .inject = {"drop dashboard", "freeze dashboard"},
         .clear = {"thaw dashboard"},
         .devices = {"arm"},
         .otherwise = everywhere(Effect::kNone,
                                 "only a stop that cannot be sent by the primary interface, or "
                                 "that finds a paused program, needs it"),
         .rigs = 3},
        std::move(deaf),
        lost_network(),
    };
  }();
  return all;
}

const std::vector<Fault>& gripper_faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> rows = {
        {.name = "gripper's frames corrupted",
         .inject = {"garble wsg 5000"},
         .clear = {"garble wsg 0"},
         .devices = {"gripper"},
         .says = {"no width for", "expected an answer"}},
        {.name = "gripper's frames delayed",
         .inject = {"delay wsg 3"},
         .clear = {"delay wsg 0"},
         .devices = {"gripper"},
         .says = {"no width for", "expected an answer"}},
        {.name = "gripper frozen",
         .inject = {"freeze wsg"},
         .clear = {"thaw wsg"},
         .devices = {"gripper"},
         .says = {"no width for", "expected an answer"}},
        {.name = "gripper's connection dropped",
         .inject = {"drop wsg"},
         .devices = {"gripper"},
         .says = {"in fast stop", "has let go", "no width for"},
         .lets_go = true},
        {.name = "jaws blocked",
         .inject = {"jam_jaws"},
         .clear = {"free_jaws"},
         .devices = {"gripper"},
         .says = {"look for what blocks them"},
         .otherwise = {{kRest, {Effect::kNone, "the jaws have closed"}},
                       {kLift, {Effect::kNone, "the jaws have closed"}},
                       {kEnd, {Effect::kNone, "the jaws have closed"}}},
         .runs_on = at({kApproach, kRising, kLowering},
                       "nobody asks the jaws, which may have opened far enough, for anything "
                       "meanwhile")},
    };
    const std::size_t watched = rows.size();
    for (std::size_t i = 0; i < watched; ++i) {
      if (rows[i].name == std::string("jaws blocked")) continue;
      Fault alone = rows[i];
      alone.watch = Watch::kNobody;
      rows.push_back(std::move(alone));
    }
    Fault cut = lost_network();
    cut.watch = Watch::kNobody;
    cut.watchdog_warns.clear();
    rows.push_back(std::move(cut));
    rows.push_back({.name = "run killed",
                    .inject = {},
                    .devices = {"run"},
                    .kills_run = true,
                    .at_once = true});
    return rows;
  }();
  return all;
}

const std::vector<Fault>& sensor_faults() {
  static const std::vector<Fault> all = [] {
    std::vector<Fault> rows;
    for (const std::string device : {"camera", "tactile"}) {
      const bool outside = device == "camera";
      rows.push_back(stalled_camera(outside ? "camera frozen" : "tactile sensor frozen", device,
                                    {"freeze " + device}, {"thaw " + device}));
      rows.push_back(stalled_camera(outside ? "camera slow" : "tactile sensor slow", device,
                                    {"slow_" + device + " 4"}, {"slow_" + device + " 0"}));
      rows.push_back(stalled_camera(outside ? "camera corrupted" : "tactile sensor corrupted",
                                    device, {"garble " + device + " 5000"},
                                    {"garble " + device + " 0"}));
      rows.push_back(stalled_camera(outside ? "camera delayed" : "tactile sensor delayed", device,
                                    {"delay " + device + " 3"}, {"delay " + device + " 0"}));
      rows.push_back(stalled_camera(outside ? "camera lost" : "tactile sensor lost", device,
                                    {"freeze " + device, "drop " + device}, {"thaw " + device}));
      rows.push_back(dropped_camera(
          outside ? "camera dropped, and back late" : "tactile sensor dropped, and back late",
          device, 2.0));
      Fault soon = dropped_camera(
          outside ? "camera dropped, and back soon" : "tactile sensor dropped, and back soon",
          device, 0.05);
      soon.otherwise = everywhere(Effect::kNone, "it is back before it counts as stalled");
      soon.rigs = 3;
      soon.otherwise[kLift] = {Effect::kAgain, "pictures of the lift are missing"};
      rows.push_back(std::move(soon));
      rows.push_back(seen_by_watchdog(outside ? "camera frozen, seen by the watchdog"
                                              : "tactile sensor frozen, seen by the watchdog",
                                      device));
    }
    const auto force_torque = [&](const char* name, std::vector<std::string> inject,
                                  std::vector<std::string> clear) {
      rows.push_back({.name = name,
                      .inject = std::move(inject),
                      .clear = std::move(clear),
                      .devices = {"force_torque"},
                      .says = {"no reading for", "the sensor is saturated"}});
    };
    force_torque("force sensor frozen", {"freeze netft"}, {"thaw netft"});
    force_torque("force sensor cut off", {"cut netft"}, {"mend netft"});
    force_torque("force sensor delayed", {"delay netft 3"}, {"delay netft 0", "drop netft"});
    force_torque("force sensor corrupted", {"garble netft 5000"}, {"garble netft 0"});
    return rows;
  }();
  return all;
}

}  // namespace gripbench::experiments

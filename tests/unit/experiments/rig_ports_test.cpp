#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "experiments/emulated_rig.h"

namespace gripbench::experiments {
namespace {

hal::RigSettings rig_of(const std::string& name) {
  return hal::RigSettings::from(hal::ConfigNode::load(std::filesystem::path(GRIPBENCH_SOURCE_DIR) /
                                                      "assets/workcells" / name));
}

std::map<std::string, std::uint16_t> by_name(const RigPorts& ports) {
  const auto list = ports.list();
  return {list.begin(), list.end()};
}

TEST(RigPorts, AreThoseAtWhichARigsFileExpectsItsDevices) {
  hal::RigSettings rig = rig_of("loopback.yaml");
  const std::map<std::string, std::uint16_t> expected{
      {"control", 30100}, {"primary", 30001},   {"secondary", 30002}, {"realtime", 30003},
      {"rtde", 30004},    {"dashboard", 29999}, {"wsg", 10000},       {"tactile", 8081},
      {"camera", 8082},   {"netft_http", 8083}, {"netft", 49152}};
  EXPECT_EQ(by_name(RigPorts::of(rig)), expected);
  rig.arm.rtde_port = 1;
  rig.arm.primary_port = 2;
  rig.arm.dashboard_port = 3;
  rig.gripper.connection.port = 4;
  rig.tactile.source = hal::HttpVideo{"http://127.0.0.1:5/stream"};
  rig.camera.source = hal::HttpVideo{"http://127.0.0.1:6/stream"};
  rig.force_torque->port = 7;
  rig.force_torque->http_port = 8;
  rig.operator_control->port = 9;
  const std::map<std::string, std::uint16_t> moved{
      {"control", 9}, {"primary", 2},    {"secondary", 30002}, {"realtime", 30003},
      {"rtde", 1},    {"dashboard", 3},  {"wsg", 4},           {"tactile", 5},
      {"camera", 6},  {"netft_http", 8}, {"netft", 7}};
  EXPECT_EQ(by_name(RigPorts::of(rig)), moved);
}

TEST(RigPorts, WhatAFileDoesNotServeOverANetworkKeepsItsOwnPort) {
  hal::RigSettings rig = rig_of("loopback.yaml");
  rig.tactile.source = hal::DeviceVideo{"/dev/video0", {}, {}, {}, {}};
  rig.camera.source = hal::FileVideo{"film.avi"};
  rig.force_torque.reset();
  rig.operator_control.reset();
  const auto ports = by_name(RigPorts::of(rig)), usual = by_name(RigPorts());
  for (const char* name : {"tactile", "camera", "netft_http", "netft", "control"}) {
    EXPECT_EQ(ports.at(name), usual.at(name)) << name;
  }
}

TEST(RigPorts, OneAfterTheOtherOrAnyFree) {
  std::uint16_t next = 5000;
  std::map<std::uint16_t, std::string> seen;
  for (const auto& [name, port] : RigPorts::from(next).list()) {
    EXPECT_GE(port, next);
    EXPECT_LT(port, next + 11);
    EXPECT_TRUE(seen.emplace(port, name).second) << name << " has the port of " << seen[port];
  }
  for (const auto& [name, port] : RigPorts::from(0).list()) EXPECT_EQ(port, 0) << name;
}

}  // namespace
}  // namespace gripbench::experiments

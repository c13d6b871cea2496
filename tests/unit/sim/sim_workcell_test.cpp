#include "sim/sim_workcell.h"

#include <array>
#include <cmath>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <opencv2/core.hpp>

#include "hal/errors.h"
#include "hal/objects.h"

namespace gripbench::sim {
namespace {

const std::string kWorkcellFile = GRIPBENCH_SOURCE_DIR "/assets/workcells/sim.yaml";

std::unique_ptr<hal::Workcell> workcell() {
  return make_workcell(hal::ConfigNode::load(kWorkcellFile));
}

hal::Placement spray_can(std::uint64_t seed) {
  hal::Placement placement;
  placement.object = "spray_can";
  placement.position = {0.5, 0.0};
  placement.seed = seed;
  placement.grasp = "spray_can/000";
  return placement;
}

void run_until_still(hal::Workcell& cell) {
  const double deadline = cell.clock().now() + 8.0;
  while ((cell.arm().moving() || cell.gripper().moving()) && cell.clock().now() < deadline) {
    cell.clock().sleep_until(cell.clock().now() + 0.01);
  }
  ASSERT_LT(cell.clock().now(), deadline);
}

/// Goes down to the can, grips it to `width` and lifts it by 20 mm.
void grasp_and_lift(hal::Workcell& cell, double width) {
  Eigen::Isometry3d pose = cell.arm().read().base_from_tcp;
  pose.translation() = Eigen::Vector3d(0.5, 0.0, 0.08);
  cell.arm().start_move(pose, {0.25, 1.2});
  run_until_still(cell);
  cell.gripper().start_move(width, 0.02);
  run_until_still(cell);
  cell.clock().sleep_until(cell.clock().now() + 0.2);
  cell.stage().zero_slip();
  pose.translation().z() += 0.02;
  cell.arm().start_move(pose, {0.04, 1.2});
  run_until_still(cell);
}

TEST(SimWorkcell, LiftsACanThatIsGrippedHardByFrictionAlone) {
  auto cell = workcell();
  cell->stage().present(spray_can(1));
  cell->force_torque().bias();
  grasp_and_lift(*cell, 0.0430);
  cell->clock().sleep_until(cell->clock().now() + 0.5);
  const hal::SlipTruth truth = *cell->stage().slip_truth();
  EXPECT_FALSE(truth.object_lost);
  EXPECT_LT(truth.pads[0].mean_distance, 0.3e-3);
  // The pads' shear carries the can and the wrist feels its weight: 0.22 kg by the catalogue.
  const double mass = hal::load_object(GRIPBENCH_SOURCE_DIR "/assets/objects/spray_can.yaml").mass;
  EXPECT_NEAR(truth.pads[0].force.y() + truth.pads[1].force.y(), mass * 9.81, 0.03 * mass * 9.81);
  EXPECT_NEAR(cell->force_torque().read().force.norm(), mass * 9.81, 0.05 * mass * 9.81);
}

TEST(SimWorkcell, LosesGripOnACanThatIsBarelyTouched) {
  auto cell = workcell();
  cell->stage().present(spray_can(1));
  grasp_and_lift(*cell, 0.0449);
  const hal::SlipTruth truth = *cell->stage().slip_truth();
  EXPECT_GT(truth.pads[0].mean_distance, 3e-3);
}

// What the maps show node by node is what the truth sums up.
TEST(SimWorkcell, MapsOfThePadsAddUpToTheTruth) {
  auto cell = workcell();
  cell->stage().present(spray_can(1));
  grasp_and_lift(*cell, 0.0448);  // between holding and slipping: both kinds of nodes
  const hal::SlipTruth truth = *cell->stage().slip_truth();
  const std::array<hal::PadMap, 2> maps = *cell->stage().pad_maps();
  for (int side = 0; side < 2; ++side) {
    const hal::PadMap& map = maps[side];
    const hal::PadSlip& pad = truth.pads[side];
    ASSERT_EQ(map.sticking.size(), static_cast<std::size_t>(map.size()));
    ASSERT_GT(pad.contact_area, 0.0);
    Eigen::Vector3d force = Eigen::Vector3d::Zero();
    double torque = 0, slip = 0, contact = 0, stick = 0, dragged = 0;
    for (int j = 0; j < map.ny; ++j) {
      for (int i = 0; i < map.nx; ++i) {
        const int n = j * map.nx + i;
        dragged += std::hypot(map.displacement_x[n], map.displacement_y[n]);
        if (!map.in_contact(n)) {
          EXPECT_EQ(map.pressure[n], 0.0);
          EXPECT_EQ(map.sticking[n], 0);
          continue;
        }
        contact += 1;
        stick += map.sticking[n];
        slip += std::hypot(map.slip_x[n], map.slip_y[n]);
        force += Eigen::Vector3d(map.traction_x[n], map.traction_y[n], map.pressure[n]);
        torque += map.x(i) * map.traction_y[n] - map.y(j) * map.traction_x[n];
      }
    }
    EXPECT_LT((force * map.node_area() - pad.force).norm(), 1e-9 * pad.force.norm());
    EXPECT_NEAR(torque * map.node_area(), pad.torque, 1e-9 * pad.force.norm());
    EXPECT_NEAR(slip / contact, pad.mean_distance, 1e-12);
    EXPECT_NEAR(contact * map.node_area(), pad.contact_area, 1e-12);
    EXPECT_NEAR(stick * map.node_area(), pad.stick_area, 1e-12);
    EXPECT_GT(pad.mean_distance, 0.0);
    EXPECT_GT(dragged, 0.0);
  }
}

TEST(SimWorkcell, WebcamAndGelDeliverTwentyFramesASecondOfTheDocumentedSize) {
  auto cell = workcell();
  cell->stage().present(spray_can(3));
  cell->clock().sleep_until(1.0);
  int tactile = 0;
  double time = 0.0;
  while (const auto frame = cell->tactile().next_after(time)) {
    if (tactile > 0) {
      EXPECT_NEAR(frame->time - time, 0.05, 1.01e-3);
    }
    time = frame->time;
    ++tactile;
  }
  EXPECT_EQ(tactile, 16);
  const hal::Frame gel = cell->tactile().newest();
  const hal::Frame scene = cell->camera().newest();
  EXPECT_EQ(gel.image.size(), cv::Size(640, 480));
  EXPECT_EQ(scene.image.size(), cv::Size(640, 480));
  EXPECT_EQ(gel.image.type(), CV_8UC3);
  EXPECT_LE(gel.time, 1.0);
  EXPECT_GT(gel.time, 0.95 - 1e-9);
}

// A grasp depends on its placement alone: not on what the workcell did before, nor on its thread.
TEST(SimWorkcell, RepeatsAGraspByteForByte) {
  struct Outcome {
    cv::Mat gel, scene;
    double slip;
  };
  const auto make = [](hal::Workcell& cell) {
    cell.stage().present(spray_can(5));
    grasp_and_lift(cell, 0.0446);
    return Outcome{cell.tactile().newest().image.clone(), cell.camera().newest().image.clone(),
                   cell.stage().slip_truth()->pads[0].mean_distance};
  };
  auto first = workcell();
  const Outcome fresh = make(*first);
  hal::Placement other = spray_can(8);
  other.object = "tuna_can";
  first->stage().present(other);
  first->clock().sleep_until(0.3);
  const Outcome again = make(*first);
  Outcome elsewhere;
  std::thread([&] {
    auto second = workcell();
    elsewhere = make(*second);
  }).join();
  for (const Outcome* outcome : {&again, static_cast<const Outcome*>(&elsewhere)}) {
    EXPECT_EQ(fresh.slip, outcome->slip);
    EXPECT_EQ(cv::norm(fresh.gel, outcome->gel, cv::NORM_INF), 0.0);
    EXPECT_EQ(cv::norm(fresh.scene, outcome->scene, cv::NORM_INF), 0.0);
  }
}

// A server draws while physics goes on.
TEST(SimWorkcell, FramesDrawnOnAnotherThreadAreTheSameToTheByte) {
  auto cell = workcell();
  cell->stage().present(spray_can(6));
  cell->clock().sleep_until(0.3);
  for (hal::Camera* camera : {static_cast<hal::Camera*>(&cell->tactile()), &cell->camera()}) {
    const auto draw = camera->next_after_to_draw(0.1);
    ASSERT_TRUE(draw);
    hal::Frame apart;
    std::thread drawing([&] { apart = (*draw)(); });
    cell->clock().sleep_until(cell->clock().now() + 0.1);
    drawing.join();
    const hal::Frame here = camera->next_after(0.1).value();
    EXPECT_EQ(apart.time, here.time);
    EXPECT_EQ(apart.sequence, here.sequence);
    EXPECT_EQ(cv::norm(apart.image, here.image, cv::NORM_INF), 0.0);
  }
  const auto late = cell->tactile().next_after_to_draw(0.1);
  cell->stage().present(spray_can(7));
  EXPECT_THROW((*late)(), hal::DeviceError) << "the grasp is over";
}

TEST(SimWorkcell, NamesAnUnknownObject) {
  auto cell = workcell();
  hal::Placement placement = spray_can(1);
  placement.object = "unicorn";
  EXPECT_THROW(cell->stage().present(placement), hal::InputError);
}

TEST(SimWorkcell, RefusesToReadBeforeAnythingWasPresented) {
  auto cell = workcell();
  EXPECT_THROW(cell->arm().read(), hal::DeviceError);
  EXPECT_THROW(cell->clock().sleep_until(1.0), hal::DeviceError);
}

}  // namespace
}  // namespace gripbench::sim

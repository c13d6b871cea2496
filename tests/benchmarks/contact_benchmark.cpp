// Cost of the gel mechanics: one contact step of both pads (budget 25 us), and a whole grasp's
// physics against real time (budget 10 times).
#include <benchmark/benchmark.h>

#include "sim/mesh_object.h"
#include "sim/sim_workcell.h"
#include "tests/physics/pinch_rig.h"
#include "tests/tools/meshes.h"

namespace gripbench::sim {
namespace {

void hold(benchmark::State& state, const hal::ObjectDescription& object, double half_width) {
  testing::PinchRig::Setup setup;
  setup.object = object;
  setup.object.mass = 0.2;
  setup.half_width = half_width;
  setup.pad.normal_damping = 6e5;
  setup.pad.tangential_damping = 1.3e5;
  setup.pad.friction_slope = 0.05;
  testing::PinchRig rig(setup);
  rig.grip_and_load(4.0);
  for (auto _ : state) rig.coupling().apply(rig.model(), rig.data());
  state.counters["nodes"] = rig.coupling().pad(0).slip().contact_area / 0.25e-6;
}

void BM_ContactStepBlock(benchmark::State& state) {
  hold(state, testing::box({20e-3, 30e-3, 30e-3}), 10e-3);
}
BENCHMARK(BM_ContactStepBlock)->Unit(benchmark::kMicrosecond);

/// The same block as a mesh, whose distance is read from samples.
void BM_ContactStepMesh(benchmark::State& state) {
  hal::ObjectDescription object = testing::box({20e-3, 30e-3, 30e-3});
  object.parts[0].kind = hal::ShapePart::Kind::kMesh;
  object.parts[0].mesh = std::make_shared<const hal::MeshSolid>(
      sampled_solid(testing::box_surface(object.parts[0].size)));
  hold(state, object, 10e-3);
}
BENCHMARK(BM_ContactStepMesh)->Unit(benchmark::kMicrosecond);

void BM_ContactStepSphere(benchmark::State& state) { hold(state, testing::sphere(20e-3), 20e-3); }
BENCHMARK(BM_ContactStepSphere)->Unit(benchmark::kMicrosecond);

void BM_ContactStepCatalogueObject(benchmark::State& state, const char* name, double half_width) {
  hal::ObjectDescription object =
      hal::load_object(std::string(GRIPBENCH_SOURCE_DIR "/assets/objects/") + name + ".yaml");
  for (hal::ShapePart& part : object.parts) {
    part.position.z() -= 0.5 * (object.bounds_min.z() + object.bounds_max.z());
  }
  hold(state, object, half_width);
}
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, spray_can, "spray_can", 22.5e-3)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, soap_box, "soap_box", 16e-3)
    ->Unit(benchmark::kMicrosecond);
// A tube, a prism, and the objects with the most parts near the grip.
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, espresso_mug, "espresso_mug", 32e-3)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, honey_jar, "honey_jar", 29e-3)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, bell_pepper, "bell_pepper", 32.5e-3)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, plush_rabbit, "plush_rabbit", 27e-3)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_ContactStepCatalogueObject, puzzle_cube, "puzzle_cube", 28.5e-3)
    ->Unit(benchmark::kMicrosecond);

/// One second of a gripped object being lifted, without pictures.
void BM_SecondOfLifting(benchmark::State& state) {
  auto cell =
      make_workcell(hal::ConfigNode::load(GRIPBENCH_SOURCE_DIR "/assets/workcells/sim.yaml"));
  hal::Placement placement;
  placement.object = "spray_can";
  placement.position = {0.5, 0.0};
  cell->stage().present(placement);
  Eigen::Isometry3d pose = cell->arm().read().base_from_tcp;
  pose.translation() = Eigen::Vector3d(0.5, 0.0, 0.08);
  cell->arm().start_move(pose, {0.25, 1.2});
  cell->clock().sleep_until(2.0);
  cell->gripper().start_move(0.0440, 0.05);
  cell->clock().sleep_until(3.0);
  for (auto _ : state) {
    state.PauseTiming();
    pose.translation().z() = pose.translation().z() > 0.09 ? 0.08 : 0.10;
    cell->arm().start_move(pose, {0.04, 1.2});
    state.ResumeTiming();
    cell->clock().sleep_until(cell->clock().now() + 1.0);
  }
}
BENCHMARK(BM_SecondOfLifting)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gripbench::sim

BENCHMARK_MAIN();

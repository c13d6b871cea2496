// Cost of the gel mechanics: one contact step of both pads (budget 25 us), and a whole grasp's
// physics against real time (budget 10 times).
#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

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

/// Where a line along the jaws at height `z` through the mass centre enters and leaves the object.
std::pair<double, double> surface_along_jaws(const hal::ObjectDescription& object, double z) {
  const ObjectShape shape(object);
  const double y = object.mass_centre.y(), step = 0.05e-3;
  const auto outside = [&](double x) {
    return shape.signed_distance(Eigen::Vector3d(x, y, z)) > 0;
  };
  double left = object.bounds_min.x(), right = object.bounds_max.x();
  while (left < right && outside(left)) left += step;
  while (left < right && outside(right)) right -= step;
  return {left, right};
}

/// An object of the catalogue, gripped where the protocols grip at the lowest.
void BM_ContactStepCatalogueObject(benchmark::State& state, const std::filesystem::path& file) {
  hal::ObjectDescription object = hal::load_object(file);
  const double z = std::max(0.018, 0.45 * object.bounds_max.z());
  const auto [left, right] = surface_along_jaws(object, z);
  if (!(right - left > 2e-3)) return state.SkipWithError("there is nothing at this height");
  for (hal::ShapePart& part : object.parts) {
    part.position -= Eigen::Vector3d(0.5 * (left + right), object.mass_centre.y(), z);
  }
  hold(state, object, 0.5 * (right - left));
}

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

int main(int argc, char** argv) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(GRIPBENCH_SOURCE_DIR "/assets/objects")) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    benchmark::RegisterBenchmark(("BM_ContactStepCatalogueObject/" + file.stem().string()).c_str(),
                                 [file](benchmark::State& state) {
                                   gripbench::sim::BM_ContactStepCatalogueObject(state, file);
                                 })
        ->Unit(benchmark::kMicrosecond);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
}

// What a GelSight frame costs, whole and by stage. Budget: 4 ms for 640 x 480 on one core.

#include <filesystem>
#include <memory>
#include <numbers>
#include <optional>

#include <benchmark/benchmark.h>

#include "sim/gel_surface.h"
#include "sim/gelsight_image.h"
#include "tests/unit/sim/gel_test_scene.h"

namespace gripbench::sim {
namespace {

using Kind = hal::ShapePart::Kind;
using Texture = hal::SurfaceTexture;

/// The same press of 0.3 mm by different objects, from nothing to a textured face over the whole
/// view.
class Scene {
 public:
  explicit Scene(long which)
      : profile(SensorProfile::load(std::filesystem::path(GRIPBENCH_SOURCE_DIR) /
                                    "assets/sensors/gelsight2018.yaml")) {
    const PadGrid& grid = profile.pad.grid;
    const Eigen::Matrix3d lying =
        Eigen::AngleAxisd(std::numbers::pi / 2, Eigen::Vector3d::UnitX()).toRotationMatrix();
    constexpr double kDepth = 0.3e-3;
    switch (which) {
      case 0:
        imprint = untouched_gel(grid);
        name = "untouched";
        break;
      case 1:
        shape.emplace(solid(Kind::kSphere, {0.005, 0, 0}));
        imprint = pressed_by(*shape, grid, {0, 0, 0.005 - kDepth});
        name = "ball";
        break;
      case 2:
        shape.emplace(
            solid(Kind::kCylinder, {0.03, 0.1, 0}, {Texture::Kind::kWoven, 0.08e-3, 0.6e-3}));
        imprint = pressed_by(*shape, grid, {0, 0, 0.03 - kDepth}, lying);
        name = "woven cylinder";
        break;
      default:
        shape.emplace(
            solid(Kind::kBox, {0.05, 0.05, 0.05}, {Texture::Kind::kEmbossed, 0.1e-3, 3e-3}));
        imprint = pressed_by(*shape, grid, {0.022, 0, 0.025 - kDepth});
        name = "embossed box over all";
    }
  }

  /// From the pad's state to what the camera is given, as `PadContact::imprint` does it.
  void take_imprint(GelImprint& out) const {
    out = imprint;
    if (shape) drag_surroundings(out, profile.pad.layer_length);
  }

  SensorProfile profile;
  std::optional<ObjectShape> shape;
  GelImprint imprint;
  const char* name = "";
};

void gel_frame(benchmark::State& state) {
  Scene scene(state.range(0));
  GelSightImage camera(scene.profile.optics, 7);
  cv::Mat image;
  std::uint64_t seed = 0;
  GelImprint imprint;
  for (auto _ : state) {
    scene.take_imprint(imprint);
    camera.render(imprint, seed++, image);
    benchmark::DoNotOptimize(image.data);
  }
  state.SetLabel(scene.name);
}
BENCHMARK(gel_frame)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

/// The same with a calibrated table in the lamps' place.
void gel_frame_table(benchmark::State& state) {
  Scene scene(state.range(0));
  auto table = std::make_shared<ShadingTable>();
  table->tilts = 48;
  table->directions = 73;
  table->bins.resize(48 * 73);
  for (int i = 0; i < table->tilts; ++i) {
    for (int j = 0; j < table->directions; ++j) {
      for (auto& term : table->at(i, j)) term = {0.3f * i, -0.2f * i, 0.1f * j};
    }
  }
  scene.profile.optics.shading = ShadingModel::kTable;
  scene.profile.optics.table = table;
  GelSightImage camera(scene.profile.optics, 7);
  cv::Mat image;
  std::uint64_t seed = 0;
  GelImprint imprint;
  for (auto _ : state) {
    scene.take_imprint(imprint);
    camera.render(imprint, seed++, image);
    benchmark::DoNotOptimize(image.data);
  }
  state.SetLabel(scene.name);
}
BENCHMARK(gel_frame_table)->DenseRange(1, 3)->Unit(benchmark::kMillisecond);

void gel_height_field(benchmark::State& state) {
  Scene scene(state.range(0));
  GelHeightField field(scene.profile.optics);
  for (auto _ : state) field.build(scene.imprint);
  state.SetLabel(scene.name);
}
BENCHMARK(gel_height_field)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

void gel_shading(benchmark::State& state) {
  Scene scene(state.range(0));
  GelHeightField field(scene.profile.optics);
  field.build(scene.imprint);
  GelShading shading(scene.profile.optics);
  GelShading::Planes planes = shading.background();
  for (auto _ : state) shading.shade(field, planes);
  state.SetLabel(scene.name);
}
BENCHMARK(gel_shading)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

void gel_markers(benchmark::State& state) {
  Scene scene(state.range(0));
  GelMarkers markers(scene.profile.optics, 7);
  for (auto _ : state) markers.draw(scene.imprint);
  state.SetLabel(scene.name);
}
BENCHMARK(gel_markers)->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gripbench::sim

BENCHMARK_MAIN();

// What a picture of the outside camera costs: drawing by quality, and the effects of the image.
// The budget of a finished 640x480 picture is 20 ms (wall time; the software rasteriser uses as
// many threads as there are cores).

#include <benchmark/benchmark.h>

#include "sim/camera_renderer.h"
#include "sim/image_effects.h"
#include "tests/unit/sim/webcam_scene.h"

namespace {

using gripbench::sim::CameraRenderer;
using gripbench::sim::RenderOptions;

const char kRig[] = GRIPBENCH_SOURCE_DIR "/assets/mjcf/rig.xml";

// Arguments: shadow map in pixels (0: no shadows), samples per pixel.
void draw_picture(benchmark::State& state) {
  gripbench::sim::WebcamScene scene(kRig);
  RenderOptions options;
  options.shadows = state.range(0) > 0;
  if (options.shadows) options.shadow_map_px = static_cast<int>(state.range(0));
  options.samples = static_cast<int>(state.range(1));
  CameraRenderer renderer(options);
  renderer.load(scene.model());
  const int camera = gripbench::sim::camera_id(scene.model(), "webcam");
  cv::Mat image;
  for (auto _ : state) {
    renderer.render(scene.model(), scene.data(), camera, image);
    benchmark::DoNotOptimize(image.data);
  }
}
BENCHMARK(draw_picture)
    ->ArgNames({"shadow_map", "samples"})
    ->ArgsProduct({{0, 256, 512, 1024, 4096}, {0, 4}})
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void load_model(benchmark::State& state) {
  gripbench::sim::WebcamScene scene(kRig);
  CameraRenderer renderer;
  for (auto _ : state) renderer.load(scene.model());
}
BENCHMARK(load_model)->Unit(benchmark::kMillisecond);

void finish_picture(benchmark::State& state) {
  cv::Mat image(480, 640, CV_8UC3, cv::Scalar(200, 190, 180));
  gripbench::sim::ImageVariation variation;
  variation.read_noise = 1.5;
  variation.shot_noise = 0.02;
  variation.blur_px = 0.7;
  variation.vibration_px = 0.3;
  std::uint64_t frame = 0;
  for (auto _ : state) {
    gripbench::sim::finish_camera_image(image, variation, frame++);
    benchmark::DoNotOptimize(image.data);
  }
}
BENCHMARK(finish_picture)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();

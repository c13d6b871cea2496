// What a pad's 768 nodes pay for an object's signed distance, and the gel's camera for its relief.
// The contact step of both pads has 25 us; a distance to two parts should stay under 6 us.

#include <benchmark/benchmark.h>

#include "sim/mesh_object.h"
#include "sim/object_shape.h"
#include "tests/tools/meshes.h"

namespace {

using gripbench::hal::ObjectDescription;
using gripbench::hal::ShapePart;
using gripbench::hal::SurfaceTexture;
using gripbench::sim::ObjectShape;

ShapePart part(ShapePart::Kind kind, const Eigen::Vector3d& size, double rounding) {
  ShapePart result;
  result.kind = kind;
  result.size = size;
  result.rounding = rounding;
  result.rotation = {0.1, 0.2, 0.3};
  return result;
}

ObjectDescription two_parts(bool boxes) {
  using Kind = ShapePart::Kind;
  ObjectDescription object;
  if (boxes) {
    object.parts = {part(Kind::kBox, {0.03, 0.04, 0.05}, 0.003),
                    part(Kind::kCylinder, {0.015, 0.05, 0.0}, 0.002)};
  } else {
    object.parts = {part(Kind::kCone, {0.02, 0.01, 0.05}, 0.002),
                    part(Kind::kEllipsoid, {0.03, 0.03, 0.05}, 0.0)};
  }
  return object;
}

/// 32 by 24 nodes of a pad that presses on the object's +x side.
struct Pad {
  std::vector<double> x, y, z, value;
  Eigen::Isometry3d object_from_pad = Eigen::Isometry3d::Identity();
  Pad() {
    for (int j = 0; j < 24; ++j) {
      for (int i = 0; i < 32; ++i) {
        x.push_back((i - 15.5) * 5e-4);
        y.push_back((j - 11.5) * 5e-4);
        z.push_back(0.0);
      }
    }
    value.resize(x.size());
    object_from_pad.translate(Eigen::Vector3d(0.015, 0.0, 0.0));
    object_from_pad.rotate(Eigen::AngleAxisd(1.57, Eigen::Vector3d::UnitY()));
  }
};

// Argument: 1 for a box and a cylinder, 0 for a cone and an ellipsoid.
void distance_to_two_parts(benchmark::State& state) {
  const ObjectShape shape(two_parts(state.range(0) != 0));
  Pad pad;
  for (auto _ : state) {
    shape.signed_distance(pad.object_from_pad, {pad.x, pad.y, pad.z}, 3e-3, pad.value);
    benchmark::DoNotOptimize(pad.value.data());
  }
}
BENCHMARK(distance_to_two_parts)->Arg(1)->Arg(0)->Unit(benchmark::kMicrosecond);

// A mesh's distance is read from its samples: over a facetted sphere that fills the pad, and over a
// flat side.
void distance_to_a_mesh(benchmark::State& state) {
  using namespace gripbench::sim;
  const TriangleSurface surface = state.range(0) != 0 ? testing::box_surface({0.03, 0.03, 0.05})
                                                      : testing::icosphere(0.0155, 4);
  ObjectDescription object;
  ShapePart mesh = part(ShapePart::Kind::kMesh, {0.03, 0.03, 0.05}, 0.0);
  mesh.mesh = std::make_shared<const gripbench::hal::MeshSolid>(sampled_solid(surface));
  object.parts = {mesh};
  object.parts[0].rotation.setZero();
  const ObjectShape shape(object);
  Pad pad;
  for (auto _ : state) {
    shape.signed_distance(pad.object_from_pad, {pad.x, pad.y, pad.z}, 3e-3, pad.value);
    benchmark::DoNotOptimize(pad.value.data());
  }
}
BENCHMARK(distance_to_a_mesh)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

// Argument: SurfaceTexture::Kind.
void relief_around_a_cone(benchmark::State& state) {
  ObjectDescription object = two_parts(false);
  object.texture = {static_cast<SurfaceTexture::Kind>(state.range(0)), 1e-4, 1e-3};
  const ObjectShape shape(object);
  Pad pad;
  for (auto _ : state) {
    shape.relief(pad.object_from_pad, {pad.x, pad.y, pad.z}, pad.value);
    benchmark::DoNotOptimize(pad.value.data());
  }
}
BENCHMARK(relief_around_a_cone)->DenseRange(1, 6)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();

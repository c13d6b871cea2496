// Contact steps and gel frames take no memory from the heap: every call of malloc and its kin in
// this program is counted, that of operator new, OpenCV and Eigen too.
#include <cerrno>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>
#include <malloc.h>

#include "sim/gelsight_image.h"
#include "sim/mesh_object.h"
#include "tests/physics/pinch_rig.h"
#include "tests/tools/meshes.h"
#include "tests/unit/sim/gel_test_scene.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define GRIPBENCH_COUNTS_ALLOCATIONS 0
#else
#define GRIPBENCH_COUNTS_ALLOCATIONS 1
#endif

namespace {
thread_local long allocations = 0;
}  // namespace

#if GRIPBENCH_COUNTS_ALLOCATIONS
// The GNU C library lets a program put its own functions in these places, and offers its own under
// these names; memory is freed by its free as ever.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(memory, size);
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  *memory = __libc_memalign(alignment, size);
  return *memory == nullptr ? ENOMEM : 0;
}
}
#endif

namespace gripbench::sim {
namespace {

using Kind = hal::ShapePart::Kind;
using Texture = hal::SurfaceTexture;

/// How often the heap was asked for memory while `work` ran.
template <typename Work>
long allocations_of(const Work& work) {
  const long before = allocations;
  work();
  return allocations - before;
}

class SteadyMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!GRIPBENCH_COUNTS_ALLOCATIONS) {
      GTEST_SKIP() << "a sanitizer, or another C library than GNU's, keeps the heap to itself";
    }
  }
};

TEST_F(SteadyMemory, CountsWhatNewAndOpenCvTake) {
  EXPECT_GT(allocations_of([] { EXPECT_NE(std::string(100, 'x').data(), nullptr); }), 0);
  EXPECT_GT(allocations_of([] { EXPECT_FALSE(cv::Mat(9, 9, CV_32F).empty()); }), 0);
  EXPECT_GT(allocations_of([] { EXPECT_EQ(Eigen::VectorXd::Zero(64).eval().size(), 64); }), 0);
}

struct Held {
  const char* name;
  hal::ObjectDescription object;
  double half_width;
};

std::vector<Held> held_objects() {
  std::vector<Held> out;
  const Eigen::Vector3d extents(20e-3, 30e-3, 30e-3);
  out.push_back({"box", testing::box(extents), 10e-3});
  out.push_back({"sphere", testing::sphere(20e-3), 20e-3});
  out.push_back({"capsule", testing::single_part(Kind::kCapsule, {10e-3, 60e-3, 0}), 10e-3});
  out.push_back(
      {"ellipsoid", testing::single_part(Kind::kEllipsoid, {15e-3, 25e-3, 25e-3}), 15e-3});
  out.push_back({"cylinder", testing::punch(15e-3, 60e-3), 15e-3});
  Held soft{"soft box", testing::box(extents), 10e-3};
  soft.object.surface_stiffness = 1e8;
  out.push_back(soft);
  for (const auto kind : {Texture::Kind::kWoven, Texture::Kind::kRibbed, Texture::Kind::kKnurled,
                          Texture::Kind::kFuzzy, Texture::Kind::kEmbossed}) {
    Held textured{"textured cylinder", testing::punch(15e-3, 60e-3), 15e-3};
    textured.object.texture = {kind, 0.1e-3, kind == Texture::Kind::kEmbossed ? 5e-3 : 1.2e-3};
    out.push_back(textured);
  }
  Held mesh{"mesh", testing::box(extents), 10e-3};
  mesh.object.parts[0].kind = Kind::kMesh;
  mesh.object.parts[0].mesh =
      std::make_shared<const hal::MeshSolid>(sampled_solid(testing::box_surface(extents)));
  out.push_back(mesh);
  return out;
}

// Pressed, loaded until it slides, let go: from the first step on, in whatever regime. The engine's
// own step has its own memory and is not looked at.
TEST_F(SteadyMemory, ContactStepsTakeNone) {
  for (Held& held : held_objects()) {
    testing::PinchRig::Setup setup;
    setup.object = held.object;
    setup.object.mass = 0.2;
    setup.half_width = held.half_width;
    setup.pad.normal_damping = 6e5;
    setup.pad.tangential_damping = 1.3e5;
    setup.pad.friction_slope = 0.05;
    testing::PinchRig rig(setup);
    rig.set_acceleration(-testing::PinchRig::kGravity);
    long taken = 0;
    double slid = 0.0;
    const auto run = [&](double force, int steps) {
      for (int i = 0; i < steps; ++i) {
        rig.set_grip(force);
        mj_step1(&rig.model(), &rig.data());
        taken += allocations_of([&] { rig.coupling().apply(rig.model(), rig.data()); });
        mj_step2(&rig.model(), &rig.data());
      }
      slid = std::max(slid, rig.coupling().pad(0).slip().mean_distance);
    };
    run(4.0, 200);
    EXPECT_TRUE(rig.coupling().pad(0).touching()) << held.name;
    rig.coupling().pad(0).zero_slip();
    rig.set_acceleration(0.0);
    run(4.0, 100);
    run(0.5, 100);
    run(-2.0, 100);
    EXPECT_GT(slid, 0.1e-3) << held.name;
    EXPECT_FALSE(rig.coupling().pad(0).touching()) << held.name;
    EXPECT_EQ(taken, 0) << held.name;
  }
}

class SteadyMemoryOfFrames : public SteadyMemory,
                             public ::testing::WithParamInterface<ShadingModel> {};

// From a pad's state to the finished picture, whatever touches it, once one frame is drawn.
TEST_P(SteadyMemoryOfFrames, TakesNone) {
  SensorProfile profile =
      SensorProfile::load(std::string(GRIPBENCH_SOURCE_DIR) + "/assets/sensors/gelsight2018.yaml");
  profile.optics.shading = GetParam();
  if (GetParam() == ShadingModel::kTable) {
    auto table = std::make_shared<ShadingTable>();
    table->tilts = table->directions = 8;
    table->bins.resize(64);
    for (ShadingTable::Bin& bin : table->bins) bin[5] = {10.0F, -5.0F, 3.0F};
    profile.optics.table = table;
  }
  GelSightImage camera(profile.optics, 7);
  camera.set_condition({{1.0, 0.98, 1.02}, 0.1, 0.2});
  PadContact pad(profile.pad);
  GelImprint imprint = untouched_gel(profile.pad.grid);
  cv::Mat picture;
  camera.render(imprint, 0, picture);
  pad.imprint(imprint);

  const ObjectShape shapes[] = {
      solid(Kind::kSphere, {0.01, 0, 0}),
      solid(Kind::kBox, {0.05, 0.05, 0.02}, {Texture::Kind::kEmbossed, 0.1e-3, 3e-3})};
  std::uint64_t seed = 1;
  for (const ObjectShape& shape : shapes) {
    Eigen::Isometry3d object_from_pad = Eigen::Isometry3d::Identity();
    Twist twist = Twist::Zero();
    twist[1] = 0.02;
    const long taken = allocations_of([&] {
      for (int i = 0; i < 20; ++i) {
        object_from_pad.translation() = Eigen::Vector3d(0, -2e-5 * i, -(0.01 - 0.3e-3));
        pad.step(shape, {0.5, std::nullopt}, object_from_pad, twist, 1e-3);
        pad.imprint(imprint);
        imprint.shape = &shape;
        imprint.object_from_pad = object_from_pad;
        camera.render(imprint, seed++, picture);
      }
    });
    EXPECT_TRUE(pad.touching());
    EXPECT_EQ(taken, 0);
    pad.reset();
  }
}

INSTANTIATE_TEST_SUITE_P(Shadings, SteadyMemoryOfFrames,
                         ::testing::Values(ShadingModel::kRatio, ShadingModel::kDifference,
                                           ShadingModel::kTable));

}  // namespace
}  // namespace gripbench::sim

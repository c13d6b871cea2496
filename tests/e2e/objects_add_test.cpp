// `gripbench objects add` from outside: what it writes, and that it writes nothing when it refuses.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hal/objects.h"
#include "tests/tools/meshes.h"

namespace {

namespace fs = std::filesystem;
using namespace gripbench;
using ::testing::AllOf;
using ::testing::HasSubstr;

struct Ended {
  int code;
  std::string output;
};

class ObjectsAdd : public ::testing::Test {
 protected:
  ObjectsAdd()
      : root_(fs::path(::testing::TempDir()) /
              ("objects_add_" + std::to_string(getpid()) + "_" +
               ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::create_directories(root_);
  }
  ~ObjectsAdd() override { fs::remove_all(root_); }

  fs::path write(const std::string& name, const std::string& bytes) const {
    sim::testing::write_bytes(root_ / name, bytes);
    return root_ / name;
  }

  /// Adds `file` to the catalogue "objects"; both streams of the program together.
  Ended add(const fs::path& file, const std::string& more) const {
    const std::string command = std::string(GRIPBENCH_PROGRAM) + " objects add '" + file.string() +
                                "' --out '" + (root_ / "objects").string() + "' " + more + " 2>&1";
    Ended ended;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[512];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) ended.output += buffer;
    ended.code = WEXITSTATUS(pclose(pipe));
    return ended;
  }

  /// Expects a refusal in one line that holds `part`, and nothing written.
  void expect_refusal(const Ended& ended, const std::string& part) const {
    EXPECT_EQ(ended.code, 2) << ended.output;
    EXPECT_THAT(ended.output, AllOf(::testing::StartsWith("gripbench: "), HasSubstr(part)));
    EXPECT_EQ(std::ranges::count(ended.output, '\n'), 1) << ended.output;
    EXPECT_TRUE(!fs::exists(root_ / "objects") || fs::is_empty(root_ / "objects"));
  }

  fs::path root_;
};

const std::string kBlock = "--name block --mass 0.1 --friction-gel 0.6 --friction-rubber 0.5";

TEST_F(ObjectsAdd, WritesAnObjectThatLoads) {
  const auto surface = sim::testing::scaled(sim::testing::box_surface({0.03, 0.04, 0.06}), 1000.0);
  const fs::path stl = write("Block.STL", sim::testing::binary_stl(surface));
  const Ended ended = add(stl, kBlock + " --scale 0.001 --color 0.2,0.4,0.6");
  ASSERT_EQ(ended.code, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("30.0 x 40.0 x 60.0 mm, 72.0 cm^3, 12 triangles"));
  for (const char* name : {"block.yaml", "block.mesh", "block.stl"}) {
    EXPECT_TRUE(fs::exists(root_ / "objects" / name)) << name;
  }
  const hal::ObjectDescription object = hal::ObjectCatalogue(root_ / "objects").load("block");
  EXPECT_EQ(object.friction_rubber, 0.5);
  EXPECT_NEAR(object.mass_centre.z(), 0.03, 1e-8);
  EXPECT_LT((object.bounds_max - Eigen::Vector3d(0.015, 0.02, 0.06)).norm(), 1e-8);
  // Not over what is there, unless told to.
  EXPECT_EQ(add(stl, kBlock + " --scale 0.001").code, 2);
  EXPECT_EQ(add(stl, kBlock + " --scale 0.001 --replace").code, 0);
  EXPECT_EQ(std::distance(fs::directory_iterator(root_ / "objects"), {}), 3);
}

TEST_F(ObjectsAdd, RefusesInOneLineAndWritesNothing) {
  auto surface = sim::testing::box_surface({0.03, 0.04, 0.06});
  const fs::path whole = write("whole.obj", sim::testing::obj_text(surface));
  expect_refusal(add(whole, "--name block --mass 0.1"), "--friction-gel is missing");
  expect_refusal(add(whole, "--name Block! --mass 0.1 --friction 0.5"), "small letters");
  expect_refusal(add(whole, "--name block --mass -1 --friction 0.5"), "--mass");
  expect_refusal(add(root_ / "none.obj", kBlock), "none.obj: cannot be read");
  expect_refusal(add(whole, kBlock + " --scale 1000"), "largest extent is 60 m");
  expect_refusal(add(whole, kBlock + " --mass-centre 0.1,0,0.03"), "would not stand");
  const auto wide = sim::testing::box_surface({0.13, 0.04, 0.06});
  expect_refusal(add(write("wide.obj", sim::testing::obj_text(wide)), kBlock), "jaws' reach");
  surface.triangles.pop_back();
  expect_refusal(add(write("open.obj", sim::testing::obj_text(surface)), kBlock), "has holes");
  expect_refusal(add(write("a.stl", std::string(100, '\xff')), kBlock), "4294967295 triangles");
}

}  // namespace

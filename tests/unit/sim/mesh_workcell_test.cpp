// An object made from a user's mesh in the simulated workcell: it stands, it is gripped and lifted,
// as the same shape made of a part is.
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "hal/errors.h"
#include "sim/mesh_object.h"
#include "sim/object_inertia.h"
#include "sim/sim_workcell.h"
#include "tests/tools/meshes.h"

namespace gripbench::sim {
namespace {

namespace fs = std::filesystem;
using Eigen::Vector3d;

constexpr double kRadius = 22.5e-3, kHeight = 0.12, kMass = 0.2;

class MeshInWorkcell : public ::testing::Test {
 protected:
  MeshInWorkcell()
      : folder_(fs::temp_directory_path() / fmt::format("gripbench_mesh_workcell_{}", getpid())) {
    fs::create_directories(folder_ / "objects");
    const fs::path stl = folder_ / "can.stl";
    testing::write_bytes(stl, testing::binary_stl(testing::scaled(
                                  testing::cylinder_surface(kRadius, kHeight, 256), 1000.0)));
    MeshObjectOptions options;
    options.scale = 1e-3;
    options.mass = kMass;
    options.sampling.jobs = 2;
    const MeshObject object = make_mesh_object(stl, options);
    const std::string mesh = hal::encode_mesh_solid(object.solid);
    testing::write_bytes(folder_ / "objects/mesh_can.mesh", mesh);
    write_object(
        "mesh_can",
        fmt::format("{{kind: mesh, file: mesh_can.mesh, checksum: \"{}\", position: [{}, {}, "
                    "{}]}}",
                    hal::mesh_checksum(mesh), object.position.x(), object.position.y(),
                    object.position.z()));
    write_object("part_can",
                 fmt::format("{{kind: cylinder, radius: {}, height: {}, position: [0, 0, "
                             "{}]}}",
                             kRadius, kHeight, 0.5 * kHeight));
    write_workcell();
  }
  ~MeshInWorkcell() override { fs::remove_all(folder_); }

  void write_object(const std::string& name, const std::string& part) const {
    testing::write_bytes(
        folder_ / "objects" / (name + ".yaml"),
        fmt::format("title: can\nsource: a test\nmass: {}\nmass_centre: [0, 0, {}]\n"
                    "friction: {{gel: 0.6, rubber: 0.6}}\nparts:\n  - {}\n"
                    "texture: {{kind: smooth}}\n"
                    "appearance: {{print: checks, color: [0.6, 0.2, 0.2], second_color: [0.9, 0.9, "
                    "0.9], pitch: 0.01, gloss: 0.3}}\n",
                    kMass, 0.5 * kHeight, part));
  }

  /// The repository's own workcell with this test's objects.
  void write_workcell() const {
    std::ostringstream text;
    text << std::ifstream(GRIPBENCH_SOURCE_DIR "/assets/workcells/sim.yaml").rdbuf();
    std::string yaml = text.str();
    const auto replace_all = [&](const std::string& from, const std::string& to) {
      for (std::size_t at = 0; (at = yaml.find(from, at)) != std::string::npos; at += to.size()) {
        yaml.replace(at, from.size(), to);
      }
    };
    replace_all(": ../objects", ": " + (folder_ / "objects").string());
    replace_all(": ../", ": " GRIPBENCH_SOURCE_DIR "/assets/");
    testing::write_bytes(folder_ / "sim.yaml", yaml);
  }

  hal::ObjectDescription object(const std::string& name) const {
    return hal::load_object(folder_ / "objects" / (name + ".yaml"));
  }

  hal::SlipTruth grasp_and_lift(const std::string& name) const {
    auto cell = make_workcell(hal::ConfigNode::load(folder_ / "sim.yaml"));
    hal::Placement placement;
    placement.object = name;
    placement.position = {0.5, 0.0};
    placement.seed = 1;
    placement.grasp = "mesh/000";
    cell->stage().present(placement);
    Eigen::Isometry3d pose = cell->arm().read().base_from_tcp;
    pose.translation() = Vector3d(0.5, 0.0, 0.08);
    cell->arm().start_move(pose, {0.25, 1.2});
    wait_for(*cell);
    cell->gripper().start_move(0.0430, 0.02);
    wait_for(*cell);
    cell->stage().zero_slip();
    pose.translation().z() += 0.02;
    cell->arm().start_move(pose, {0.04, 1.2});
    wait_for(*cell);
    cell->clock().sleep_until(cell->clock().now() + 0.5);
    EXPECT_FALSE(cell->camera().newest().image.empty());
    EXPECT_FALSE(cell->tactile().newest().image.empty());
    return *cell->stage().slip_truth();
  }

  static void wait_for(hal::Workcell& cell) {
    const double deadline = cell.clock().now() + 8.0;
    do {
      cell.clock().sleep_until(cell.clock().now() + 0.01);
    } while ((cell.arm().moving() || cell.gripper().moving()) && cell.clock().now() < deadline);
  }

  fs::path folder_;
};

TEST_F(MeshInWorkcell, IsGraspedAndLiftedLikeTheShapeItStandsFor) {
  const hal::SlipTruth mesh = grasp_and_lift("mesh_can"), part = grasp_and_lift("part_can");
  for (const hal::SlipTruth* truth : {&mesh, &part}) {
    EXPECT_FALSE(truth->object_lost);
    EXPECT_LT(truth->pads[0].mean_distance, 0.3e-3);
    EXPECT_NEAR(truth->pads[0].force.y() + truth->pads[1].force.y(), kMass * 9.81,
                0.03 * kMass * 9.81);
  }
  for (int pad = 0; pad < 2; ++pad) {
    EXPECT_NEAR(mesh.pads[pad].force.z(), part.pads[pad].force.z(),
                0.03 * part.pads[pad].force.z());
  }
}

// A solid cylinder: m r^2 / 2 about its axis, m (3 r^2 + h^2) / 12 across it.
TEST_F(MeshInWorkcell, HasTheInertiaOfItsClosedForm) {
  const MassProperties m = mass_properties(object("mesh_can"));
  EXPECT_NEAR(m.inertia(2, 2), 0.5 * kMass * kRadius * kRadius, 1e-3 * m.inertia(2, 2));
  EXPECT_NEAR(m.inertia(0, 0), kMass * (3 * kRadius * kRadius + kHeight * kHeight) / 12,
              1e-3 * m.inertia(0, 0));
  EXPECT_LT(std::abs(m.inertia(0, 1)) + std::abs(m.inertia(0, 2)), 1e-6 * m.inertia(0, 0));
}

TEST_F(MeshInWorkcell, RefusesAMeshThatItsDescriptionDoesNotVouchFor) {
  const hal::MeshSolid other = sampled_solid(testing::box_surface({0.02, 0.02, 0.02}));
  testing::write_bytes(folder_ / "objects/mesh_can.mesh", hal::encode_mesh_solid(other));
  EXPECT_THROW(object("mesh_can"), hal::ConfigError);
  fs::remove(folder_ / "objects/mesh_can.mesh");
  EXPECT_THROW(object("mesh_can"), hal::ConfigError);
}

}  // namespace
}  // namespace gripbench::sim

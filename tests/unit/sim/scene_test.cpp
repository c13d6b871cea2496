#include "sim/scene.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::sim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::filesystem::path kRig =
    std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets/mjcf/rig.xml";

ObjectAssets block() {
  ObjectAssets object;
  object.body_xml =
      "<body name='object' pos='0.45 0 0.03'><freejoint name='object_free'/>"
      "<inertial pos='0 0 0' mass='0.3' diaginertia='2e-4 2e-4 2e-4'/>"
      "<geom name='object_geom' type='box' size='0.02 0.02 0.03'/></body>";
  return object;
}

template <typename Exception, typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Exception& error) {
    return error.what();
  }
  return "(nothing thrown)";
}

TEST(BuildScene, CompilesTheRigAloneWithTheStepGiven) {
  const MujocoModel model = build_scene(kRig, nullptr, 5e-4);
  EXPECT_EQ(model->opt.timestep, 5e-4);
  EXPECT_EQ(model->nv, 10);
}

TEST(BuildScene, AddsAnObjectWithFilesFromMemory) {
  ObjectAssets object;
  object.asset_xml = "<mesh name='wedge' file='wedge.obj'/>";
  object.body_xml =
      "<body name='object'><freejoint name='object_free'/>"
      "<inertial pos='0 0 0.01' mass='0.1' diaginertia='1e-4 1e-4 1e-4'/>"
      "<geom type='mesh' mesh='wedge'/></body>";
  const std::string obj =
      "v 0 0 0\nv 0.02 0 0\nv 0 0.02 0\nv 0 0 0.02\nf 1 3 2\nf 1 2 4\nf 2 3 4\nf 1 4 3\n";
  object.files["wedge.obj"].assign(obj.begin(), obj.end());
  const MujocoModel model = build_scene(kRig, &object, 1e-3);
  EXPECT_GE(mj_name2id(model.get(), mjOBJ_BODY, "object"), 0);
  EXPECT_GE(mj_name2id(model.get(), mjOBJ_MESH, "wedge"), 0);
  EXPECT_EQ(model->nv, 16);
}

TEST(BuildScene, ObjectStandsOnTheTable) {
  const ObjectAssets object = block();
  const MujocoModel model = build_scene(kRig, &object, 1e-3);
  const MujocoData data = make_data(model.get());
  const int body = require_id(model.get(), mjOBJ_BODY, "object");
  for (int i = 0; i < 500; ++i) mj_step(model.get(), data.get());
  EXPECT_NEAR(data->xpos[3 * body + 2], 0.03, 5e-5);
  EXPECT_NO_THROW(check_stable(data.get()));
}

TEST(BuildScene, SaysWhyASceneDoesNotCompile) {
  ObjectAssets object = block();
  object.body_xml.replace(object.body_xml.find("type='box'"), 10, "type='egg'");
  EXPECT_THAT(message_of<hal::InputError>([&] { build_scene(kRig, &object, 1e-3); }),
              AllOf(HasSubstr("rig.xml"), HasSubstr("does not compile"), HasSubstr("egg")));
  ObjectAssets lacking;
  lacking.asset_xml = "<mesh name='gone' file='gone.stl'/>";
  EXPECT_THAT(message_of<hal::InputError>([&] { build_scene(kRig, &lacking, 1e-3); }),
              HasSubstr("gone.stl"));
}

TEST(BuildScene, RefusesAMissingFileAndABadStep) {
  EXPECT_THAT(message_of<hal::InputError>([] { build_scene("nowhere/rig.xml", nullptr, 1e-3); }),
              HasSubstr("nowhere/rig.xml"));
  EXPECT_THROW(build_scene(kRig, nullptr, 0.0), std::invalid_argument);
}

TEST(RequireId, NamesWhatIsMissing) {
  const MujocoModel model = build_scene(kRig, nullptr, 1e-3);
  EXPECT_THAT(
      message_of<hal::InputError>([&] { require_id(model.get(), mjOBJ_SITE, "elsewhere"); }),
      AllOf(HasSubstr("site"), HasSubstr("elsewhere")));
}

TEST(MujocoHandlers, FatalErrorBecomesAnException) {
  install_mujoco_handlers();
  EXPECT_THAT(message_of<hal::Error>([] { mju_error("out of luck"); }), HasSubstr("out of luck"));
}

TEST(MujocoHandlers, DivergenceIsReportedAndLeavesNoLogFile) {
  const std::filesystem::path log = "MUJOCO_LOG.TXT";
  std::filesystem::remove(log);
  const ObjectAssets object = block();
  const MujocoModel model = build_scene(kRig, &object, 1e-3);
  const MujocoData data = make_data(model.get());
  EXPECT_NO_THROW(check_stable(data.get()));
  data->qvel[0] = std::nan("");
  mj_step(model.get(), data.get());
  EXPECT_THAT(message_of<hal::DeviceError>([&] { check_stable(data.get()); }),
              AllOf(HasSubstr("simulation"), HasSubstr("velocity")));
  EXPECT_FALSE(std::filesystem::exists(log));
}

}  // namespace
}  // namespace gripbench::sim

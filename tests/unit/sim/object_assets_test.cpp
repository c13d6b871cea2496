#include "sim/object_assets.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mujoco/mujoco.h>
#include <opencv2/imgcodecs.hpp>

#include <Eigen/Eigenvalues>

#include "sim/object_inertia.h"
#include "sim/object_print.h"
#include "sim/scene.h"

namespace gripbench::sim {
namespace {

using Kind = hal::ShapePart::Kind;
using Eigen::Matrix3d;
using Eigen::Vector3d;

const std::filesystem::path kCatalogue =
    std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets" / "objects";

hal::ObjectDescription standing(Kind kind, const Vector3d& size, double height) {
  hal::ObjectDescription object;
  object.mass = 0.3;
  hal::ShapePart part;
  part.kind = kind;
  part.size = size;
  part.position = {0.0, 0.0, 0.5 * height};
  object.parts = {part};
  const double radius = kind == Kind::kBox ? 0.0 : size[0];
  const Vector3d half(kind == Kind::kBox ? 0.5 * size.x() : radius,
                      kind == Kind::kBox ? 0.5 * size.y() : radius, 0.5 * height);
  object.bounds_min = part.position - half;
  object.bounds_max = part.position + half;
  object.mass_centre = part.position;
  return object;
}

TEST(MassProperties, BoxAndCylinderAgreeWithClosedForms) {
  const MassProperties box = mass_properties(standing(Kind::kBox, {0.03, 0.05, 0.08}, 0.08));
  const double m = 0.3;
  const Vector3d expected_box =
      m / 12.0 *
      Vector3d(0.05 * 0.05 + 0.08 * 0.08, 0.03 * 0.03 + 0.08 * 0.08, 0.03 * 0.03 + 0.05 * 0.05);
  EXPECT_TRUE(box.inertia.isApprox(Matrix3d(expected_box.asDiagonal()), 2e-3)) << box.inertia;
  const MassProperties can = mass_properties(standing(Kind::kCylinder, {0.03, 0.07, 0}, 0.07));
  const double across = m * (3.0 * 0.03 * 0.03 + 0.07 * 0.07) / 12.0;
  const Vector3d expected_can(across, across, 0.5 * m * 0.03 * 0.03);
  EXPECT_TRUE(can.inertia.isApprox(Matrix3d(expected_can.asDiagonal()), 3e-3)) << can.inertia;
  EXPECT_DOUBLE_EQ(can.mass, m);
}

TEST(MassProperties, OverlapsCountOnceAndTurnsTurnTheTensor) {
  hal::ObjectDescription object = standing(Kind::kBox, {0.03, 0.05, 0.08}, 0.08);
  const Matrix3d once = mass_properties(object).inertia;
  object.parts.push_back(object.parts[0]);
  EXPECT_TRUE(mass_properties(object).inertia.isApprox(once, 1e-12));

  hal::ObjectDescription turned = standing(Kind::kBox, {0.03, 0.05, 0.08}, 0.08);
  turned.parts[0].rotation = {0.4, -0.3, 0.7};
  turned.parts[0].position.setZero();
  turned.bounds_min.setConstant(-0.05);
  turned.bounds_max.setConstant(0.05);
  const Matrix3d r = hal::object_from_part(turned.parts[0]).linear();
  EXPECT_TRUE(mass_properties(turned).inertia.isApprox(r * once * r.transpose(), 5e-3));
}

TEST(PrintTile, RepeatsWholeTilesAndIsTheSameEachTime) {
  hal::Appearance appearance;
  appearance.pitch = 0.01;
  using Print = hal::Appearance::Print;
  for (const Print print : {Print::kStripes, Print::kChecks, Print::kLabel, Print::kSpeckled}) {
    appearance.print = print;
    const PrintTile a = print_tile(appearance, 0.123, 0.06),
                    b = print_tile(appearance, 0.123, 0.06);
    EXPECT_EQ(cv::norm(a.image, b.image), 0.0);
    EXPECT_EQ(a.repeats, print == Print::kLabel ? Eigen::Vector2i(1, 1) : Eigen::Vector2i(12, 6));
    // Both colours are to be seen.
    cv::Mat grey;
    cv::reduce(a.image.reshape(1, 1), grey, 1, cv::REDUCE_MAX);
    EXPECT_GT(grey.at<unsigned char>(0), 200);
  }
  appearance.print = Print::kPlain;
  appearance.color = {1.0, 0.5, 0.0};
  EXPECT_EQ(print_tile(appearance, 0.1, 0.1).image.at<cv::Vec3b>(0, 0), cv::Vec3b(0, 128, 255));
}

/// A table under gravity with one object, compiled as the rig is.
class OnTable {
 public:
  OnTable(const hal::ObjectDescription& object, const std::string& table) {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string name = std::string("gripbench_") + info->test_suite_name() + info->name() + ".xml";
    std::ranges::replace(name, '/', '_');
    const std::filesystem::path file = std::filesystem::temp_directory_path() / name;
    std::ofstream(file) << "<mujoco><option cone=\"elliptic\" impratio=\"10\"/><asset/>"
                        << "<worldbody><geom name=\"table\" " << table << "/></worldbody></mujoco>";
    const ObjectAssets assets = object_assets(object);
    model_ = build_scene(file, &assets, 1e-3);
    std::filesystem::remove(file);
    data_ = make_data(model_.get());
    body_ = require_id(model_.get(), mjOBJ_BODY, "object");
    require_id(model_.get(), mjOBJ_JOINT, "object_free");
    mj_forward(model_.get(), data_.get());
  }
  void run(double seconds) {
    while (data_->time < seconds - 1e-9) mj_step(model_.get(), data_.get());
  }
  Vector3d position() const { return Vector3d(data_->xpos + 3 * body_); }
  /// Angle of the object's z axis to the vertical (rad).
  double tilt() const { return std::acos(std::min(1.0, data_->xmat[9 * body_ + 8])); }
  const mjModel& model() const { return *model_; }
  mjData& data() { return *data_; }
  int body() const { return body_; }

 private:
  MujocoModel model_;
  MujocoData data_;
  int body_ = 0;
};

constexpr char kBoxTable[] = "type=\"box\" size=\"0.5 0.5 0.02\" pos=\"0 0 -0.02\"";
constexpr char kPlaneTable[] = "type=\"plane\" size=\"0.5 0.5 0.02\"";

class CatalogueObject : public ::testing::TestWithParam<std::string> {
 protected:
  hal::ObjectDescription object_ = hal::ObjectCatalogue(kCatalogue).load(GetParam());
};

TEST_P(CatalogueObject, StandsStillOnATable) {
  for (const char* table : {kBoxTable, kPlaneTable}) {
    OnTable scene(object_, table);
    scene.run(1.0);
    EXPECT_LT(scene.position().head<2>().norm(), 0.1e-3) << scene.position().transpose();
    // As deep as the mat gives.
    EXPECT_LT(scene.position().z(), -0.1e-3);
    EXPECT_GT(scene.position().z(), -0.45e-3);
    // The mat gives more where an object is heavier.
    EXPECT_LT(scene.tilt(), 0.3 * std::numbers::pi / 180.0);
    const Vector3d angular(scene.data().qvel + 3);
    EXPECT_LT(angular.norm(), 1e-3);
  }
}

TEST_P(CatalogueObject, MassCentreLiesWellInsideTheFootprint) {
  OnTable scene(object_, kPlaneTable);
  double nearest_rim = 1.0;
  for (double angle = 0.0; angle < 6.2; angle += 0.1) {
    double reach = -1.0;
    for (int g = 0; g < scene.model().ngeom; ++g) {
      const double* p = scene.model().geom_pos + 3 * g;
      const bool foot = scene.model().geom_type[g] == mjGEOM_SPHERE && p[2] < 1.01e-3;
      if (!foot) continue;
      reach = std::max(reach, std::cos(angle) * (p[0] - object_.mass_centre.x()) +
                                  std::sin(angle) * (p[1] - object_.mass_centre.y()));
    }
    nearest_rim = std::min(nearest_rim, reach);
  }
  // From the vertical through the mass centre to the footprint's rim: room to stand a push.
  EXPECT_GT(nearest_rim, 3e-3);
  EXPECT_GT(nearest_rim / object_.mass_centre.z(), 0.05);
}

TEST_P(CatalogueObject, StaysOnTheTableAfterAFall) {
  OnTable scene(object_, kBoxTable);
  double* q = scene.data().qpos;
  // Turned by 0.7 rad about x, above the table wherever it reaches to.
  q[2] = 0.03 + std::sin(0.7) * object_.bounds_max.y();
  q[3] = std::cos(0.35);
  q[4] = std::sin(0.35);
  scene.run(2.0);
  // Lying in whatever way, no part of its bounds' shortest side is below the table by a pad's dent.
  const Vector3d extent = object_.bounds_max - object_.bounds_min;
  const double* com = scene.data().xipos + 3 * scene.body();
  EXPECT_GT(com[2], 0.3 * 0.5 * extent.minCoeff());
  EXPECT_LT(Vector3d(scene.data().qvel).norm(), 0.3);
}

TEST_P(CatalogueObject, HasTheDescribedMassAndASaneInertia) {
  OnTable scene(object_, kPlaneTable);
  const mjModel& model = scene.model();
  EXPECT_NEAR(model.body_mass[scene.body()], object_.mass, 1e-6);
  const Vector3d centre(model.body_ipos + 3 * scene.body());
  EXPECT_TRUE(centre.isApprox(object_.mass_centre, 1e-6)) << centre.transpose();
  // Radii of gyration of a solid lie between those of a thin rod and of its bounds' shell.
  const Vector3d moments(model.body_inertia + 3 * scene.body());
  const Vector3d half = 0.5 * (object_.bounds_max - object_.bounds_min);
  EXPECT_LT(moments.maxCoeff(), object_.mass * half.squaredNorm());
  EXPECT_GT(moments.minCoeff(), 0.1 * object_.mass * half.minCoeff() * half.minCoeff());
  EXPECT_LE(moments.maxCoeff(), moments.sum() - moments.maxCoeff());
}

TEST_P(CatalogueObject, ItsPicturesCanBeRead) {
  for (const auto& [name, bytes] : object_assets(object_).files) {
    if (!name.ends_with(".png")) continue;
    EXPECT_FALSE(cv::imdecode(bytes, cv::IMREAD_COLOR).empty()) << name;
  }
}

// Whether the pads meet it is tests/unit/experiments/catalogue_grip_test.cpp's matter.
TEST_P(CatalogueObject, HasFiguresOfAThingThatIsLifted) {
  const double width = object_.bounds_max.x() - object_.bounds_min.x();
  const double height = object_.bounds_max.z();
  EXPECT_GE(width, 0.012);
  EXPECT_LE(width, 0.070);
  EXPECT_GE(height, 0.024);
  EXPECT_LE(height, 0.235);
  EXPECT_GE(object_.mass, 0.020);
  EXPECT_LE(object_.mass, 1.500);
  EXPECT_GE(object_.friction_gel, 0.3);
  EXPECT_LE(object_.friction_gel, 1.1);
  EXPECT_GE(object_.friction_rubber, 0.3);
  EXPECT_LE(object_.friction_rubber, 1.0);
  EXPECT_GT(object_.source.size(), 60u) << "say where the figures come from";
}

INSTANTIATE_TEST_SUITE_P(All, CatalogueObject,
                         ::testing::ValuesIn(hal::ObjectCatalogue(kCatalogue).names()),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace gripbench::sim

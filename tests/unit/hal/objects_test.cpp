#include "hal/objects.h"

#include <fstream>
#include <numbers>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hal/errors.h"

namespace gripbench::hal {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class ObjectsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::temp_directory_path() / (std::string("gripbench_objects_") + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = folder_ / (name + ".yaml");
    std::ofstream(file) << text;
    return file;
  }

  /// A valid object, with `from` replaced by `to`.
  static std::string block_with(const std::string& from = "", const std::string& to = "") {
    std::string text =
        "title: Block\n"
        "source: test\n"
        "mass: 0.2\n"
        "mass_centre: [0.0, 0.0, 0.03]\n"
        "friction: {gel: 0.6, rubber: 0.5, spread: 0.1}\n"
        "parts:\n"
        "  - {kind: box, extents: [0.04, 0.05, 0.06], rounding: 0.002, position: [0, 0, 0.03]}\n"
        "texture: {kind: ribbed, depth: 1.0e-4, pitch: 2.0e-3}\n"
        "appearance: {print: plain, color: [0.5, 0.4, 0.3], gloss: 0.2}\n";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return text;
  }

  template <typename Function>
  static std::string message_of(Function function) {
    try {
      function();
    } catch (const InputError& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  std::string refusal(const std::string& from, const std::string& to) {
    const std::filesystem::path file = write("block", block_with(from, to));
    return message_of([&] { load_object(file); });
  }

  std::filesystem::path folder_;
};

TEST_F(ObjectsTest, ReadsEveryField) {
  const ObjectDescription block = load_object(write("block", block_with()));
  EXPECT_EQ(block.name, "block");
  EXPECT_EQ(block.title, "Block");
  EXPECT_DOUBLE_EQ(block.mass, 0.2);
  EXPECT_DOUBLE_EQ(block.friction_gel, 0.6);
  EXPECT_DOUBLE_EQ(block.friction_rubber, 0.5);
  EXPECT_DOUBLE_EQ(block.friction_spread, 0.1);
  EXPECT_FALSE(block.surface_stiffness.has_value());
  ASSERT_EQ(block.parts.size(), 1u);
  EXPECT_EQ(block.parts[0].kind, ShapePart::Kind::kBox);
  EXPECT_DOUBLE_EQ(block.parts[0].rounding, 0.002);
  EXPECT_EQ(block.texture.kind, SurfaceTexture::Kind::kRibbed);
  EXPECT_DOUBLE_EQ(block.texture.pitch, 2e-3);
  EXPECT_TRUE(block.bounds_min.isApprox(Eigen::Vector3d(-0.02, -0.025, 0.0), 1e-12));
  EXPECT_TRUE(block.bounds_max.isApprox(Eigen::Vector3d(0.02, 0.025, 0.06), 1e-12));
}

TEST_F(ObjectsTest, RefusesImpossibleValuesWithLineAndKey) {
  EXPECT_THAT(refusal("mass: 0.2", "mass: -0.2"),
              AllOf(HasSubstr("block.yaml:3"), HasSubstr("'mass'")));
  EXPECT_THAT(refusal("gel: 0.6", "gel: -0.6"),
              AllOf(HasSubstr("block.yaml:5"), HasSubstr("friction.gel")));
  EXPECT_THAT(refusal("[0.0, 0.0, 0.03]", "[0.0, 0.0, 0.07]"),
              AllOf(HasSubstr("block.yaml:4"), HasSubstr("mass_centre"), HasSubstr("bounds")));
  EXPECT_THAT(refusal("position: [0, 0, 0.03]", "position: [0, 0, 0.02]"),
              AllOf(HasSubstr("'parts'"), HasSubstr("10.000 mm below the table")));
  EXPECT_THAT(refusal("position: [0, 0, 0.03]", "position: [0, 0, 0.035]"),
              HasSubstr("5.000 mm above the table"));
  EXPECT_THAT(
      refusal("rounding: 0.002", "rounding: 0.021"),
      AllOf(HasSubstr("block.yaml:7"), HasSubstr("rounding"), HasSubstr("smallest extent")));
  EXPECT_THAT(refusal("kind: box", "kind: boxx"),
              AllOf(HasSubstr("parts[0].kind"), HasSubstr("cylinder")));
  EXPECT_THAT(refusal("kind: ribbed", "kind: rough"),
              AllOf(HasSubstr("block.yaml:8"), HasSubstr("woven")));
  EXPECT_THAT(refusal("pitch: 2.0e-3", "pitch: 2.0"), HasSubstr("texture.pitch"));
  EXPECT_THAT(refusal("gloss: 0.2", "gloss: 1.2"), HasSubstr("appearance.gloss"));
  EXPECT_THAT(refusal("title: Block\n", ""), HasSubstr("title"));
  EXPECT_THAT(refusal("mass: 0.2", "mass: 0.2\nweight: 2"),
              AllOf(HasSubstr("weight"), HasSubstr("not known here")));
}

TEST_F(ObjectsTest, RefusesCapsulesAndConesThatAreNone) {
  const std::string box = "kind: box, extents: [0.04, 0.05, 0.06], rounding: 0.002";
  EXPECT_THAT(refusal(box, "kind: capsule, radius: 0.02, height: 0.03"),
              HasSubstr("twice the radius"));
  EXPECT_THAT(refusal(box, "kind: cone, bottom_radius: 0, top_radius: 0, height: 0.06"),
              HasSubstr("above zero"));
  EXPECT_THAT(
      refusal(box,
              "kind: cone, bottom_radius: 0.02, top_radius: 0.001, height: 0.06, rounding: 0.002"),
      HasSubstr("smallest extent"));
  EXPECT_THAT(refusal(box, "kind: sphere, radius: 0.03, rounding: 0.001"),
              HasSubstr("not known here"));
}

TEST_F(ObjectsTest, RefusesRingsTubesAndPrismsThatAreNone) {
  const std::string box = "kind: box, extents: [0.04, 0.05, 0.06], rounding: 0.002";
  EXPECT_THAT(refusal(box, "kind: torus, ring_radius: 0.02, radius: 0.02"), HasSubstr("no hole"));
  EXPECT_THAT(refusal(box, "kind: torus, ring_radius: 0.02, radius: 0.01, sweep_deg: 400"),
              HasSubstr("sweep_deg"));
  EXPECT_THAT(refusal(box, "kind: tube, inner_radius: 0.02, outer_radius: 0.02, height: 0.06"),
              HasSubstr("smaller than outer_radius"));
  EXPECT_THAT(refusal(box,
                      "kind: tube, inner_radius: 0.018, outer_radius: 0.02, height: 0.06, "
                      "rounding: 0.002"),
              HasSubstr("smallest extent"));
  const auto prism = [](const std::string& outline) {
    return "kind: prism, height: 0.06, outline: [" + outline + "]";
  };
  EXPECT_THAT(refusal(box, prism("0, 0, 0.03, 0")), HasSubstr("3 to 8 corners"));
  EXPECT_THAT(refusal(box, prism("0, 0, 0.03, 0, 0")), HasSubstr("3 to 8 corners"));
  EXPECT_THAT(refusal(box, prism("0, 0, 0, 0.04, 0.03, 0")), HasSubstr("anticlockwise"));
  EXPECT_THAT(refusal(box, prism("0, 0, 0.03, 0, 0.01, 0.01, 0, 0.04")), HasSubstr("convex"));
  EXPECT_THAT(refusal(box, prism("0, 0, 0.03, 0, 0, 0.04") + ", rounding: 0.0101"),
              HasSubstr("smallest extent"));
}

TEST_F(ObjectsTest, PartsMayLookDifferent) {
  const std::string box = "rounding: 0.002, position: [0, 0, 0.03]}";
  const ObjectDescription plain = load_object(write("plain", block_with()));
  EXPECT_FALSE(plain.parts[0].appearance.has_value());
  const ObjectDescription capped = load_object(
      write("capped",
            block_with(box,
                       "rounding: 0.002, position: [0, 0, 0.03], appearance: {print: plain, color: "
                       "[1.0, 0.0, 0.25], gloss: 0.9}}")));
  ASSERT_TRUE(capped.parts[0].appearance.has_value());
  EXPECT_EQ(capped.parts[0].appearance->color, Eigen::Vector3d(1.0, 0.0, 0.25));
  EXPECT_DOUBLE_EQ(capped.parts[0].appearance->gloss, 0.9);
  EXPECT_THAT(refusal("position: [0, 0, 0.03]}",
                      "position: [0, 0, 0.03], appearance: {print: plain, gloss: 0.9}}"),
              AllOf(HasSubstr("parts[0].appearance"), HasSubstr("color")));
}

/// Rims, corners or a mesh of points whose hull, grown by `rounding`, is the solid in question.
struct GrownHull {
  std::string yaml;
  std::vector<Eigen::Vector3d> points;
  double rounding;

  double reach(const Eigen::Vector3d& direction) const {
    double farthest = -1.0;
    for (const Eigen::Vector3d& p : points) farthest = std::max(farthest, direction.dot(p));
    return farthest + rounding;
  }
};

void add_rim(std::vector<Eigen::Vector3d>& points, double rx, double ry, double z) {
  for (int k = 0; k < 3600; ++k) {
    const double angle = k * std::numbers::pi / 1800.0;
    points.emplace_back(rx * std::cos(angle), ry * std::sin(angle), z);
  }
}

std::vector<GrownHull> solids() {
  GrownHull box{"kind: box, extents: [0.02, 0.03, 0.05], rounding: 0.004", {}, 0.004};
  for (const double x : {-0.006, 0.006}) {
    for (const double y : {-0.011, 0.011}) {
      for (const double z : {-0.021, 0.021}) box.points.emplace_back(x, y, z);
    }
  }
  GrownHull cylinder{"kind: cylinder, radius: 0.012, height: 0.05, rounding: 0.003", {}, 0.003};
  for (const double z : {-0.022, 0.022}) add_rim(cylinder.points, 0.009, 0.009, z);
  GrownHull capsule{
      "kind: capsule, radius: 0.01, height: 0.05", {{0, 0, -0.015}, {0, 0, 0.015}}, 0.01};
  GrownHull sphere{"kind: sphere, radius: 0.015", {{0, 0, 0}}, 0.015};
  GrownHull ellipsoid{"kind: ellipsoid, extents: [0.02, 0.03, 0.05]", {}, 0.0};
  for (int j = -450; j <= 450; ++j) {
    const double latitude = j * std::numbers::pi / 900.0;
    const double c = std::cos(latitude);
    add_rim(ellipsoid.points, 0.010 * c, 0.015 * c, 0.025 * std::sin(latitude));
  }
  GrownHull cone{
      "kind: cone, bottom_radius: 0.02, top_radius: 0.008, height: 0.04, rounding: 0.002",
      {},
      0.002};
  // The side falls by 0.3; moved inwards by 2 mm along its normal it loses this much radius.
  const double inset = 0.002 * std::sqrt(1.0 + 0.3 * 0.3);
  add_rim(cone.points, 0.0194 - inset, 0.0194 - inset, -0.018);
  add_rim(cone.points, 0.0086 - inset, 0.0086 - inset, 0.018);
  GrownHull arc{"kind: torus, ring_radius: 0.02, radius: 0.004, sweep_deg: 200", {}, 0.004};
  for (int k = -1000; k <= 1000; ++k) {
    const double angle = k * std::numbers::pi / 1800.0;
    arc.points.emplace_back(0.02 * std::cos(angle), 0.02 * std::sin(angle), 0.0);
  }
  GrownHull ring{"kind: torus, ring_radius: 0.02, radius: 0.004", {}, 0.004};
  add_rim(ring.points, 0.02, 0.02, 0.0);
  GrownHull tube{
      "kind: tube, inner_radius: 0.008, outer_radius: 0.012, height: 0.05, rounding: 0.001",
      {},
      0.001};
  for (const double z : {-0.024, 0.024}) add_rim(tube.points, 0.011, 0.011, z);
  // The 3-4-5 triangle about its right angle, moved inwards by a fifth of its inscribed circle.
  GrownHull prism{
      "kind: prism, outline: [0, 0, 0.03, 0, 0, 0.04], height: 0.02, rounding: 0.002", {}, 0.002};
  for (const double z : {-0.008, 0.008}) {
    prism.points.emplace_back(0.002, 0.002, z);
    prism.points.emplace_back(0.026, 0.002, z);
    prism.points.emplace_back(0.002, 0.034, z);
  }
  return {box, cylinder, capsule, sphere, ellipsoid, cone, arc, ring, tube, prism};
}

TEST_F(ObjectsTest, BoundsHoldTurnedPartsTightly) {
  const std::string block =
      "kind: box, extents: [0.04, 0.05, 0.06], rounding: 0.002, position: [0, 0, 0.03]";
  ShapePart turned;
  turned.rotation = Eigen::Vector3d(30, 40, 50) * std::numbers::pi / 180.0;
  const Eigen::Matrix3d part_from_object = object_from_part(turned).linear().transpose();
  for (const GrownHull& solid : solids()) {
    SCOPED_TRACE(solid.yaml);
    const double height = solid.reach(-part_from_object.col(2));
    const std::string part =
        fmt::format("{}, rotation_deg: [30, 40, 50], position: [0, 0, {:.9f}]", solid.yaml, height);
    std::string text = block_with(block, part);
    text.replace(text.find("[0.0, 0.0, 0.03]"), 16, "[0.0, 0.0, 0.01]");
    const ObjectDescription object = load_object(write("turned", text));
    for (int axis = 0; axis < 3; ++axis) {
      const Eigen::Vector3d along = part_from_object.col(axis);
      const double middle = axis == 2 ? height : 0.0;
      EXPECT_NEAR(object.bounds_max[axis], middle + solid.reach(along), 1e-6);
      EXPECT_NEAR(object.bounds_min[axis], middle - solid.reach(-along), 1e-6);
    }
  }
}

TEST_F(ObjectsTest, TurnsAboutTheObjectsAxesInTurn) {
  ShapePart part;
  part.rotation = {0.5 * std::numbers::pi, 0.0, 0.5 * std::numbers::pi};
  // The part's z goes to -y by the turn about x, then to x by the turn about z.
  EXPECT_TRUE((object_from_part(part).linear() * Eigen::Vector3d::UnitZ())
                  .isApprox(Eigen::Vector3d::UnitX(), 1e-12));
}

TEST_F(ObjectsTest, CatalogueListsAndSuggests) {
  for (const char* name : {"torch", "soap_box", "spray_can", "tuna_can"}) write(name, block_with());
  const ObjectCatalogue catalogue(folder_);
  EXPECT_THAT(catalogue.names(),
              ::testing::ElementsAre("soap_box", "spray_can", "torch", "tuna_can"));
  EXPECT_EQ(catalogue.load("torch").name, "torch");
  EXPECT_THAT(
      message_of([&] { catalogue.load("sprai_can"); }),
      AllOf(HasSubstr("'sprai_can'"), HasSubstr("nearest: spray_can"), Not(HasSubstr("torch"))));
  EXPECT_THAT(message_of([&] { catalogue.load("../torch"); }), HasSubstr("is not in"));
  EXPECT_THAT(message_of([&] { ObjectCatalogue(folder_ / "absent"); }), HasSubstr("no folder"));
}

}  // namespace
}  // namespace gripbench::hal

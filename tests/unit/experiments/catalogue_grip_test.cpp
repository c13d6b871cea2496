// What the grasp protocol needs of every object of the catalogue, wherever it may grip it: by the
// objects' distance functions alone.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "experiments/grasp_plan.h"
#include "experiments/grasp_protocol.h"
#include "experiments/grasp_script.h"
#include "hal/objects.h"
#include "sim/object_shape.h"

namespace gripbench::experiments {
namespace {

const std::filesystem::path kAssets = std::filesystem::path(GRIPBENCH_SOURCE_DIR) / "assets";

/// The pads' faces (m) and every second of their nodes.
constexpr double kPadWidth = 16e-3, kPadHeight = 12e-3, kNodePitch = 1e-3;
/// How far a pad presses: a quarter of the gel's thickness; where the object yields, the
/// millimetres that it takes to hold it (m).
constexpr double kPressed = 0.5e-3, kPressedSoft = 3e-3;
/// How much nearer to the tactile finger than to the other the object's surface may be (m). Turned
/// by 0.08 rad, whatever is gripped 12 mm beside its middle is nearer by 2 mm to one of them.
constexpr double kMostLead = 2e-3;
/// The jaws' stroke, and the force per pad that they can keep up (m, N).
constexpr double kStroke = 80e-3, kMostForce = 40.0;

/// The nodes of a pad on their way to the object, which comes along -x of the pads' frame.
struct PadNodes {
  std::vector<double> x, y, z;
  explicit PadNodes(double start) {
    const int across = static_cast<int>(kPadWidth / kNodePitch);
    const int along = static_cast<int>(kPadHeight / kNodePitch);
    for (int j = 0; j < along; ++j) {
      for (int i = 0; i < across; ++i) {
        x.push_back(start);
        y.push_back((i + 0.5 - 0.5 * across) * kNodePitch);
        z.push_back((j + 0.5 - 0.5 * along) * kNodePitch);
      }
    }
  }
};

/// One pad's meeting with the object.
struct Meeting {
  /// Distance of the pad's face from the jaws' middle when it first touches (m).
  double reach = 0.0;
  /// Nodes that have touched when the pad is pressed further.
  int nodes = 0;
  /// Mean normal of the object there, in the pads' frame.
  Eigen::Vector3d normal = Eigen::Vector3d::Zero();
};

/// Closes a pad onto the object along -x of `object_from_pad`, each node by the distance that is
/// free (sphere tracing).
Meeting close_pad(const sim::ObjectShape& shape, const Eigen::Isometry3d& object_from_pad,
                  double start, double pressed) {
  PadNodes nodes(start);
  std::vector<double> distance(nodes.x.size());
  for (int step = 0; step < 60; ++step) {
    shape.signed_distance(object_from_pad, {nodes.x, nodes.y, nodes.z}, 0.2, distance);
    for (std::size_t i = 0; i < distance.size(); ++i) nodes.x[i] -= 0.95 * distance[i];
  }
  Meeting meeting;
  meeting.reach = *std::ranges::max_element(nodes.x);
  for (std::size_t i = 0; i < distance.size(); ++i) {
    if (nodes.x[i] < meeting.reach - pressed) continue;
    ++meeting.nodes;
    Eigen::Vector3d gradient;
    const Eigen::Vector3d p(nodes.x[i], nodes.y[i], nodes.z[i]);
    for (int axis = 0; axis < 3; ++axis) {
      const Eigen::Vector3d h = 1e-6 * Eigen::Vector3d::Unit(axis);
      gradient[axis] = shape.signed_distance(Eigen::Vector3d(object_from_pad * (p + h))) -
                       shape.signed_distance(Eigen::Vector3d(object_from_pad * (p - h)));
    }
    meeting.normal += gradient.normalized();
  }
  meeting.normal.normalize();
  return meeting;
}

/// Both pads' meetings at a grip, the tactile one's first.
std::array<Meeting, 2> close_jaws(const sim::ObjectShape& shape, const GripPosition& grip,
                                  double pressed) {
  Eigen::Isometry3d base_from_object = Eigen::Isometry3d::Identity();
  base_from_object.translate(Eigen::Vector3d(grip.stand.x(), grip.stand.y(), 0.0));
  base_from_object.rotate(Eigen::AngleAxisd(grip.yaw, Eigen::Vector3d::UnitZ()));
  std::array<Meeting, 2> meetings;
  for (int pad = 0; pad < 2; ++pad) {
    Eigen::Isometry3d base_from_pad = Eigen::Isometry3d::Identity();
    base_from_pad.translate(grip.grip);
    if (pad == 1) base_from_pad.rotate(Eigen::AngleAxisd(M_PI, Eigen::Vector3d::UnitZ()));
    meetings[pad] = close_pad(shape, base_from_object.inverse() * base_from_pad,
                              0.5 * grip.extent + 4e-3, pressed);
  }
  return meetings;
}

/// Grips over the whole range that the protocol draws from.
std::vector<GripPosition> extreme_grips(const GraspProtocol& protocol,
                                        const hal::ObjectDescription& object) {
  const PositionRules& rules = protocol.positions;
  const double half_depth = 0.5 * (object.bounds_max.y() - object.bounds_min.y());
  std::vector<GripPosition> grips;
  for (const double t : {0.0, 0.33, 0.67, 1.0}) {
    const double fraction =
        rules.height_fraction[0] + t * (rules.height_fraction[1] - rules.height_fraction[0]);
    for (const double share : rules.side_offset_fraction) {
      for (const double yaw : rules.yaw) {
        grips.push_back(place_grip(protocol, object, 0, grip_height(rules, object, fraction),
                                   share * half_depth, yaw));
      }
    }
  }
  return grips;
}

class CatalogueGrip : public ::testing::Test {
 protected:
  GraspProtocol protocol_ = load_protocol(kAssets / "protocols" / "quick.yaml");
  hal::ObjectCatalogue catalogue_{kAssets / "objects"};
};

TEST_F(CatalogueGrip, BothPadsMeetEveryObjectWhereverItIsGripped) {
  for (const std::string& name : catalogue_.names()) {
    const hal::ObjectDescription object = catalogue_.load(name);
    const sim::ObjectShape shape(object);
    const double pressed = object.surface_stiffness ? kPressedSoft : kPressed;
    for (const GripPosition& grip : extreme_grips(protocol_, object)) {
      SCOPED_TRACE(fmt::format("{} at {:.0f} mm, {:+.0f} mm aside, {:+.2f} rad", name,
                               1e3 * grip.height, 1e3 * grip.offset, grip.yaw));
      ASSERT_LE(grip.extent + 3e-3, kStroke) << "no room for the jaws to come down around it";
      const auto [tactile, plain] = close_jaws(shape, grip, pressed);
      EXPECT_GT(tactile.reach + plain.reach, 5e-3) << "the pads meet one another";
      // The object may be pushed over to the tactile finger, not away from it: what that finger
      // feels first would be no grip.
      EXPECT_LT(tactile.reach - plain.reach, kMostLead);
      for (const Meeting& meeting : {tactile, plain}) {
        EXPECT_GE(meeting.nodes, 6) << "hardly anything to press on";
        // Pressed at a steeper slope than friction holds, the object would shoot out of the grip.
        const double friction = std::min(object.friction_gel, object.friction_rubber);
        EXPECT_LT(meeting.normal.tail<2>().norm(), friction * meeting.normal.x());
      }
    }
  }
}

TEST_F(CatalogueGrip, TheJawsCanHoldEveryObject) {
  for (const std::string& name : catalogue_.names()) {
    const hal::ObjectDescription object = catalogue_.load(name);
    const double force = holding_force(object, protocol_.lift.motion.acceleration);
    EXPECT_GE(force, 0.35) << name << " is too light for the jaws to find its edge of slipping";
    EXPECT_LE(1.6 * force, kMostForce) << name;
    // The fingers come down over the object: palm and webcam stay above it.
    EXPECT_LE(object.bounds_max.z(), 0.235) << name;
  }
}

TEST_F(CatalogueGrip, HoldsNinetyFourObjectsThatDiffer) {
  std::set<std::string> titles, sources;
  std::set<std::vector<double>> figures;
  int soft = 0, off_centre = 0, thin = 0, light = 0, heavy = 0;
  std::map<hal::SurfaceTexture::Kind, int> textures;
  for (const std::string& name : catalogue_.names()) {
    const hal::ObjectDescription object = catalogue_.load(name);
    titles.insert(object.title);
    sources.insert(object.source);
    const Eigen::Vector3d size = object.bounds_max - object.bounds_min;
    figures.insert({object.mass, size.x(), size.y(), size.z()});
    soft += object.surface_stiffness.has_value();
    off_centre += std::abs(object.mass_centre.y()) >= 3e-3;
    thin += size.x() < 0.021;
    light += object.mass < 0.080;
    heavy += object.mass > 0.500;
    ++textures[object.texture.kind];
  }
  // Whoever adds objects has more; no two are the same thing.
  const std::size_t count = catalogue_.names().size();
  EXPECT_GE(count, 94u);
  EXPECT_EQ(titles.size(), count);
  EXPECT_EQ(sources.size(), count);
  EXPECT_EQ(figures.size(), count);
  EXPECT_EQ(textures.size(), 7u);
  for (const auto& [kind, objects] : textures) EXPECT_GE(objects, 5) << static_cast<int>(kind);
  EXPECT_GE(soft, 10);
  EXPECT_GE(off_centre, 10);
  EXPECT_GE(thin, 5);
  EXPECT_GE(light, 5);
  EXPECT_GE(heavy, 8);
}

}  // namespace
}  // namespace gripbench::experiments

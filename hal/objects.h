#pragma once

#include <filesystem>
#include <memory>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Geometry>

#include "hal/mesh_solid.h"

namespace gripbench::hal {

/// What the outside camera sees.
struct Appearance {
  enum class Print { kPlain, kStripes, kChecks, kLabel, kSpeckled };
  Print print = Print::kPlain;
  /// Red, green, blue in [0, 1].
  Eigen::Vector3d color = {0.5, 0.5, 0.5};
  Eigen::Vector3d second_color = {0.9, 0.9, 0.9};
  /// Repeat length of the print (m).
  double pitch = 0.02;
  /// 0 matt to 1 mirror-like.
  double gloss = 0.2;
};

/// A solid that an object is put together from, in its own frame: origin in its middle, z its axis.
struct ShapePart {
  enum class Kind {
    kBox,
    kCylinder,
    kSphere,
    kCapsule,
    kEllipsoid,
    kCone,
    kTorus,
    kTube,
    kPrism,
    kMesh
  };
  Kind kind = Kind::kBox;
  /// Box: full extents x, y, z. Cylinder and capsule: radius, height (a capsule's with its caps).
  /// Sphere: radius. Ellipsoid: full extents. Cone: radius at the bottom, at the top, height.
  /// Torus: radius of the ring's middle line, radius of its bar. Tube: inner radius, outer radius,
  /// height. Prism, mesh: extents x, y, z. (m)
  Eigen::Vector3d size = Eigen::Vector3d::Zero();
  /// Radius of the rounded edges (m), within the size.
  double rounding = 0.0;
  /// A torus's arc (rad), its middle on the x axis; an arc short of the full turn has round ends.
  double sweep = 2.0 * std::numbers::pi;
  /// Corners of a prism's convex base, anticlockwise, edges rounded or not (m): 3 to 8.
  std::vector<Eigen::Vector2d> outline{};
  /// Pose in the object's frame: position (m), then turns about x, y, z of the object (rad).
  Eigen::Vector3d position = Eigen::Vector3d::Zero();
  Eigen::Vector3d rotation = Eigen::Vector3d::Zero();
  /// A mesh's triangles and distances, shared and never changed; null for other kinds. A mesh is
  /// never turned.
  std::shared_ptr<const MeshSolid> mesh;
  /// Where it differs from that of the object.
  std::optional<Appearance> appearance{};
};

/// Most corners of a prism's base.
inline constexpr std::size_t kMostPrismCorners = 8;

/// Pose of a part in its object: turned about the object's x, then y, then z axis, then moved.
Eigen::Isometry3d object_from_part(const ShapePart& part);

/// The core of a part: what is left when its surface is moved inwards by the rounding; moved
/// outwards by it again, the core becomes the part. Half extents of a box, ellipsoid or mesh;
/// radius and half height of a cylinder; radius and half length of the axis of a capsule; radius of
/// a sphere; radius at the bottom, at the top and half height of a cone; radius of a torus's middle
/// line and of its bar; radius of the middle of a tube's wall, half the wall and half height;
/// nothing twice and half height of a prism (m).
Eigen::Vector3d core_size(const ShapePart& part);

/// The base of a prism's core: its outline, each edge moved inwards by the rounding (m).
std::vector<Eigen::Vector2d> core_outline(const ShapePart& part);

/// The fine relief of a surface, as the gel feels it.
struct SurfaceTexture {
  enum class Kind { kSmooth, kBrushed, kWoven, kKnurled, kRibbed, kEmbossed, kFuzzy };
  Kind kind = Kind::kSmooth;
  /// Height from valley to crest, and repeat length (m).
  double depth = 0.0;
  double pitch = 0.0;
};

/// An object of the catalogue. Its frame stands on the table: origin in the middle of its
/// footprint, z up, x along the jaws when it is presented with yaw 0.
struct ObjectDescription {
  std::string name;
  /// What a person would call it, and where its figures come from.
  std::string title;
  std::string source;
  double mass = 0.0;  ///< kg
  Eigen::Vector3d mass_centre = Eigen::Vector3d::Zero();
  std::vector<ShapePart> parts;
  /// Static friction with the gel's membrane and with the plain finger's rubber.
  double friction_gel = 0.0;
  double friction_rubber = 0.0;
  /// Relative half width of the range that either lies in from grasp to grasp: a surface is not
  /// equally clean, dry and worn everywhere.
  double friction_spread = 0.0;
  /// Stiffness of the object's own surface per area (N/m^3); nothing for a rigid one.
  std::optional<double> surface_stiffness;
  SurfaceTexture texture;
  Appearance appearance;
  /// Corners of the box around all parts, in the object's frame (m).
  Eigen::Vector3d bounds_min = Eigen::Vector3d::Zero();
  Eigen::Vector3d bounds_max = Eigen::Vector3d::Zero();
};

/// Reads one object's file.
/// @throws ConfigError with file, line and key for anything missing, unknown or impossible (an
/// object below the table, a mass centre outside its bounds, a negative friction).
ObjectDescription load_object(const std::filesystem::path& file);

/// The objects of a folder, each in `NAME.yaml`.
class ObjectCatalogue {
 public:
  explicit ObjectCatalogue(std::filesystem::path folder);

  /// @throws InputError naming the nearest known names if there is no such object.
  ObjectDescription load(const std::string& name) const;
  /// Names in alphabetical order.
  std::vector<std::string> names() const;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

}  // namespace gripbench::hal

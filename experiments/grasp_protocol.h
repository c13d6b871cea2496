#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <Eigen/Core>

#include "experiments/slip_label.h"
#include "hal/arm.h"
#include "hal/objects.h"

namespace gripbench::experiments {

/// Lower and upper end of what may be drawn.
using Span = std::array<double, 2>;

/// Where objects stand and where on them the grips lie.
struct PositionRules {
  int per_object = 2;
  /// Where the object's origin is put on the table: x, y in the arm's base frame, and the height of
  /// the table's top there (m).
  Eigen::Vector3d place = Eigen::Vector3d::Zero();
  /// Height of the grip above the table as a fraction of the object's height; then kept at least
  /// `minimum_height` above the table and at most `maximum_depth` below the object's top (m).
  Span height_fraction = {0.4, 0.75};
  double minimum_height = 0.0;
  double maximum_depth = 0.0;
  /// Side offset from the mass centre, across the jaws, as a fraction of half the object's depth.
  Span side_offset_fraction = {0.0, 0.0};
  /// Turn of the object about the vertical (rad).
  Span yaw = {0.0, 0.0};
};

/// The way to the grip.
struct ApproachRules {
  /// Height of the tool above the object's top before it goes down (m).
  double clearance = 0.0;
  hal::LinearMotionLimits motion;
  /// The jaws come down opened this much wider (m) than the object by its catalogue or, once it is
  /// known, than the width of the first touch; they take that width at `jaw_speed` (m/s).
  double jaw_clearance = 0.0;
  double jaw_speed = 0.0;
};

/// How "barely touching" is seen in tactile images: pixels that changed against the open gel.
struct TouchRules {
  /// Change of a pixel that counts, in levels of 0 to 255, after blurring over `blur_px`.
  double pixel_difference = 0.0;
  double blur_px = 0.0;
  /// Share of changed pixels that begins a touch, and the lower one that ends it.
  double share_on = 0.0;
  double share_off = 0.0;
  /// Steps of the jaws: until the first touch, then back and on again (m).
  double coarse_step = 0.0;
  double fine_step = 0.0;
  /// Rest after each step, for the gel to come to a stand (s).
  double settle = 0.0;
};

/// How squeezes are chosen around the edge between slipping and holding.
///
/// A picture shows a touch only once the gel is a little indented, so depth is counted from
/// `first_contact` before the width of the touch: squeeze = depth - first_contact. Depth, unlike
/// squeeze, is positive for every grip and can be scaled.
struct SqueezeRules {
  double first_contact = 0.0;
  /// Depths between which the edge is searched (m), and the most lifts spent on it.
  Span depth = {0.0, 0.0};
  int trial_lifts = 0;
  /// Depth of a grasp over the depth at the edge: from below 1 to above 1.
  Span factor = {0.5, 1.6};
};

struct LiftRules {
  /// Jaw speed to the grip (m/s), and the rest before the lift (s).
  double jaw_speed = 0.0;
  double settle = 0.0;
  /// Way up (m) and how.
  double distance = 0.0;
  hal::LinearMotionLimits motion;
  /// Upward speed of the tool that says the arm has begun to lift (m/s).
  double onset_speed = 0.0;
  /// Rate of the trace (Hz).
  double trace_rate = 0.0;
};

/// Longest waits on the workcell's clock (s).
struct Patience {
  double motion = 0.0;
  double frame = 0.0;
};

/// The grasp experiment as a file describes it: nothing in it depends on what rig runs it, but for
/// the place on the table.
struct GraspProtocol {
  std::filesystem::path file;
  /// The file's bytes: a data set keeps them and refuses others.
  std::string text;
  std::filesystem::path catalogue;
  std::vector<std::string> train_objects;
  std::vector<std::string> test_objects;
  /// Grasps in all on the train and on the test objects; shared out among the objects of each side
  /// as evenly as whole grasps can be, the first ones getting one more.
  int train_grasps = 0;
  int test_grasps = 0;
  std::uint64_t seed = 0;
  PositionRules positions;
  ApproachRules approach;
  TouchRules touch;
  SqueezeRules squeeze;
  LiftRules lift;
  LabelThresholds label;
  Patience patience;

  /// Train, then test objects.
  std::vector<std::string> objects() const;
  /// Number of grasps on each object, in that order.
  std::vector<int> grasp_counts() const;
};

/// @throws InputError if the file cannot be read; ConfigError with file, line and key for anything
/// missing, unknown or out of range, and for an object on both sides.
GraspProtocol load_protocol(const std::filesystem::path& file);

/// The protocol's objects from its catalogue, in its order.
/// @throws InputError for an unknown object, ConfigError for a wrong one.
std::vector<hal::ObjectDescription> load_objects(const GraspProtocol& protocol);

/// SHA-256 over the files of the protocol's objects.
std::string catalogue_hash(const GraspProtocol& protocol);

}  // namespace gripbench::experiments

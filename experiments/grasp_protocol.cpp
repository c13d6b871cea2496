#include "experiments/grasp_protocol.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "experiments/file_io.h"
#include "experiments/sha256.h"
#include "hal/config.h"
#include "hal/errors.h"

namespace gripbench::experiments {
namespace {

using hal::ConfigNode;
using hal::kNonNegative;
using hal::kPositive;

Span read_span(ConfigNode& node, const std::string& key, hal::Range range) {
  const std::vector<double> ends = node.numbers(key, 2, range);
  if (ends[0] > ends[1]) {
    node.fail(key, fmt::format("the lower end {} is above the upper end {}", ends[0], ends[1]));
  }
  return {ends[0], ends[1]};
}

hal::LinearMotionLimits read_motion(ConfigNode& node) {
  return {.speed = node.number("speed", kPositive),
          .acceleration = node.number("acceleration", kPositive)};
}

/// Grasps in all on `objects` objects. Names of grasps have three digits.
int read_grasps(ConfigNode& node, const std::string& key, std::size_t objects) {
  const double most = 999.0 * static_cast<double>(objects);
  const long grasps = node.integer(key, {0.0, most});
  if (grasps < static_cast<long>(objects)) {
    node.fail(key, fmt::format("{} grasps are too few for {} objects; each needs at least one",
                               grasps, objects));
  }
  return static_cast<int>(grasps);
}

PositionRules read_positions(ConfigNode node) {
  PositionRules rules;
  rules.per_object = static_cast<int>(node.integer("per_object", {1, 99}));
  rules.place = node.vector3("place");
  rules.height_fraction = read_span(node, "height_fraction", {0.0, 1.0});
  rules.minimum_height = node.number("minimum_height", kPositive);
  rules.maximum_depth = node.number("maximum_depth", kPositive);
  rules.side_offset_fraction = read_span(node, "side_offset_fraction", {-1.0, 1.0});
  rules.yaw = read_span(node, "yaw", {-3.15, 3.15});
  node.finish();
  return rules;
}

ApproachRules read_approach(ConfigNode node) {
  ApproachRules rules;
  rules.clearance = node.number("clearance", kPositive);
  rules.motion = read_motion(node);
  rules.jaw_clearance = node.number("jaw_clearance", kPositive);
  rules.jaw_speed = node.number("jaw_speed", kPositive);
  node.finish();
  return rules;
}

TouchRules read_touch(ConfigNode node) {
  TouchRules rules;
  rules.pixel_difference = node.number("pixel_difference", {1.0, 255.0});
  rules.blur_px = node.number("blur_px", kPositive);
  rules.share_on = node.number("share_on", {1e-6, 1.0});
  rules.share_off = node.number("share_off", {0.0, 1.0});
  if (rules.share_off >= rules.share_on) {
    node.fail("share_off", fmt::format("must be below share_on ({})", rules.share_on));
  }
  rules.coarse_step = node.number("coarse_step", kPositive);
  rules.fine_step = node.number_or("fine_step", 0.0001, kPositive);
  if (rules.fine_step > rules.coarse_step) {
    node.fail("fine_step", fmt::format("must not exceed coarse_step ({})", rules.coarse_step));
  }
  rules.settle = node.number("settle", kNonNegative);
  node.finish();
  return rules;
}

SqueezeRules read_squeeze(ConfigNode node) {
  SqueezeRules rules;
  rules.first_contact = node.number("first_contact", kNonNegative);
  rules.depth = read_span(node, "depth", kPositive);
  if (rules.depth[0] == rules.depth[1]) node.fail("depth", "the two ends must differ");
  rules.trial_lifts = static_cast<int>(node.integer("trial_lifts", {1, 20}));
  rules.factor = read_span(node, "factor", kPositive);
  if (rules.factor[0] >= 1.0 || rules.factor[1] <= 1.0) {
    node.fail("factor", "must reach from below 1 (slips) to above 1 (holds)");
  }
  node.finish();
  return rules;
}

LiftRules read_lift(ConfigNode node) {
  LiftRules rules;
  rules.jaw_speed = node.number("jaw_speed", kPositive);
  rules.settle = node.number("settle", kNonNegative);
  rules.distance = node.number("distance", kPositive);
  rules.motion = read_motion(node);
  rules.onset_speed = node.number("onset_speed", kPositive);
  if (rules.onset_speed >= rules.motion.speed) {
    node.fail("onset_speed", "must be below the speed of the lift");
  }
  rules.trace_rate = node.number("trace_rate", {100.0, 1000.0});
  node.finish();
  return rules;
}

LabelThresholds read_label(ConfigNode node) {
  LabelThresholds thresholds;
  thresholds.slip_distance = node.number("slip_distance", kPositive);
  thresholds.translation = node.number("translation", kPositive);
  thresholds.rotation = node.number("rotation", kPositive);
  node.finish();
  return thresholds;
}

/// Names become folders of the data set.
void check_names(const ConfigNode& node, const std::string& key,
                 const std::vector<std::string>& names, std::set<std::string>& seen) {
  for (const std::string& name : names) {
    const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) || c == '_' || c == '-';
    });
    if (!plain) {
      node.fail(key, fmt::format("'{}' is no object's name; use letters, digits, _ and -", name));
    }
    if (!seen.insert(name).second) {
      node.fail(key, fmt::format("'{}' stands here twice; no object may be both trained on and "
                                 "tested on",
                                 name));
    }
  }
}

}  // namespace

std::vector<std::string> GraspProtocol::objects() const {
  std::vector<std::string> all = train_objects;
  all.insert(all.end(), test_objects.begin(), test_objects.end());
  return all;
}

std::vector<int> GraspProtocol::grasp_counts() const {
  std::vector<int> counts;
  const auto share_out = [&counts](int grasps, std::size_t objects) {
    for (std::size_t i = 0; i < objects; ++i) {
      const int count = static_cast<int>(objects);
      counts.push_back(grasps / count + (static_cast<int>(i) < grasps % count ? 1 : 0));
    }
  };
  share_out(train_grasps, train_objects.size());
  share_out(test_grasps, test_objects.size());
  return counts;
}

GraspProtocol load_protocol(const std::filesystem::path& file) {
  ConfigNode root = ConfigNode::load(file);
  GraspProtocol protocol;
  protocol.file = file;
  protocol.text = read_file(file);
  protocol.catalogue = root.path("catalogue");
  ConfigNode objects = root.child("objects");
  std::set<std::string> seen;
  protocol.train_objects = objects.texts("train");
  check_names(objects, "train", protocol.train_objects, seen);
  protocol.test_objects = objects.texts("test");
  check_names(objects, "test", protocol.test_objects, seen);
  objects.finish();
  if (seen.empty()) root.fail("objects", "names no object at all");
  ConfigNode grasps = root.child("grasps");
  protocol.train_grasps = read_grasps(grasps, "train", protocol.train_objects.size());
  protocol.test_grasps = read_grasps(grasps, "test", protocol.test_objects.size());
  grasps.finish();
  protocol.seed = static_cast<std::uint64_t>(root.integer("seed", {0, 1e15}));
  protocol.positions = read_positions(root.child("positions"));
  protocol.approach = read_approach(root.child("approach"));
  protocol.touch = read_touch(root.child("touch"));
  protocol.squeeze = read_squeeze(root.child("squeeze"));
  protocol.lift = read_lift(root.child("lift"));
  protocol.label = read_label(root.child("label"));
  ConfigNode patience = root.child("patience");
  protocol.patience = {.motion = patience.number("motion", kPositive),
                       .frame = patience.number("frame", kPositive)};
  patience.finish();
  root.finish();
  return protocol;
}

std::vector<hal::ObjectDescription> load_objects(const GraspProtocol& protocol) {
  const hal::ObjectCatalogue catalogue(protocol.catalogue);
  std::vector<hal::ObjectDescription> objects;
  for (const std::string& name : protocol.objects()) objects.push_back(catalogue.load(name));
  return objects;
}

std::string catalogue_hash(const GraspProtocol& protocol) {
  Sha256 hash;
  for (const std::string& name : protocol.objects()) {
    hash.update(name + "\n" + sha256(read_file(protocol.catalogue / (name + ".yaml"))) + "\n");
  }
  return hash.hex_digest();
}

}  // namespace gripbench::experiments

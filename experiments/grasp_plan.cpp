#include "experiments/grasp_plan.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include <Eigen/Geometry>

#include "hal/errors.h"
#include "hal/seed.h"

namespace gripbench::experiments {
namespace {

GripPosition plan_position(const GraspProtocol& protocol, const hal::ObjectDescription& object,
                           int index) {
  const PositionRules& rules = protocol.positions;
  const std::uint64_t seed = hal::split_seed(protocol.seed, object.name + "/position", index);
  hal::SeededDraw draw(seed);

  // Positions share the range out among themselves, so that two are never the same grip.
  const double share = (index + draw.uniform()) / rules.per_object;
  const double height = grip_height(
      rules, object,
      rules.height_fraction[0] + share * (rules.height_fraction[1] - rules.height_fraction[0]));
  const double half_depth = 0.5 * (object.bounds_max.y() - object.bounds_min.y());
  const double offset =
      draw.uniform(rules.side_offset_fraction[0], rules.side_offset_fraction[1]) * half_depth;
  const double yaw = draw.uniform(rules.yaw[0], rules.yaw[1]);
  GripPosition position = place_grip(protocol, object, index, height, offset, yaw);
  position.seed = seed;
  return position;
}

/// Depth factors of the grasps of one position, in order of rank.
std::vector<double> plan_factors(const GraspProtocol& protocol, const std::string& object,
                                 int position, int count) {
  hal::SeededDraw draw(hal::split_seed(protocol.seed, object + "/factors", position));
  const int below = (count + position % 2) / 2;
  const double low = std::log(protocol.squeeze.factor[0]);
  const double high = std::log(protocol.squeeze.factor[1]);
  std::vector<double> factors;
  for (int i = 0; i < below; ++i) {
    factors.push_back(std::exp(low * (1.0 - (i + draw.uniform()) / below)));
  }
  for (int i = 0; i < count - below; ++i) {
    factors.push_back(std::exp(high * (i + draw.uniform()) / (count - below)));
  }
  draw.shuffle(factors);
  return factors;
}

}  // namespace

double grip_height(const PositionRules& rules, const hal::ObjectDescription& object,
                   double fraction) {
  const double tall = object.bounds_max.z();
  return std::max({fraction * tall, tall - rules.maximum_depth, rules.minimum_height});
}

GripPosition place_grip(const GraspProtocol& protocol, const hal::ObjectDescription& object,
                        int index, double height, double offset, double yaw) {
  const PositionRules& rules = protocol.positions;
  GripPosition position{.object = object.name, .index = index};
  position.height = height;
  position.offset = offset;
  position.yaw = yaw;

  const Eigen::Vector3d size = object.bounds_max - object.bounds_min;
  position.extent =
      std::abs(size.x() * std::cos(position.yaw)) + std::abs(size.y() * std::sin(position.yaw));

  // The jaws close about the object's middle; across them the grip is placed from the mass centre.
  const Eigen::Vector2d grip_on_object(0.5 * (object.bounds_min.x() + object.bounds_max.x()),
                                       object.mass_centre.y() + position.offset);
  position.stand = rules.place.head<2>();
  const Eigen::Vector2d grip = position.stand + Eigen::Rotation2Dd(position.yaw) * grip_on_object;
  position.grip << grip, rules.place.z() + position.height;
  position.above << grip, rules.place.z() + std::max(object.bounds_max.z(), position.height) +
                              protocol.approach.clearance;
  return position;
}

std::string GripPosition::name() const { return fmt::format("{}/position_{}", object, index); }

hal::Placement GripPosition::placement(const std::string& grasp_name,
                                       std::uint64_t grasp_seed) const {
  return {.object = object, .position = stand, .yaw = yaw, .grasp = grasp_name, .seed = grasp_seed};
}

std::vector<GripPosition> plan_positions(const GraspProtocol& protocol,
                                         const std::vector<hal::ObjectDescription>& objects) {
  std::vector<GripPosition> positions;
  for (const hal::ObjectDescription& object : objects) {
    for (int i = 0; i < protocol.positions.per_object; ++i) {
      positions.push_back(plan_position(protocol, object, i));
    }
  }
  return positions;
}

std::vector<GraspPlan> plan_grasps(const GraspProtocol& protocol) {
  const int positions = protocol.positions.per_object;
  std::vector<GraspPlan> grasps;
  const std::vector<std::string> objects = protocol.objects();
  const std::vector<int> counts = protocol.grasp_counts();
  for (std::size_t o = 0; o < objects.size(); ++o) {
    const std::string& object = objects[o];
    std::vector<std::vector<double>> factors;
    for (int p = 0; p < positions; ++p) {
      const int count = std::max(0, (counts[o] - p + positions - 1) / positions);
      factors.push_back(plan_factors(protocol, object, p, count));
    }
    for (int g = 0; g < counts[o]; ++g) {
      const std::uint64_t seed = hal::split_seed(protocol.seed, object + "/grasp", g);
      grasps.push_back(
          {.object = object,
           .grasp = fmt::format("{:03}", g),
           .position = g % positions,
           .seed = seed,
           .depth_factor = factors[g % positions][g / positions],
           .lift_phase = hal::SeededDraw(hal::split_seed(seed, "lift phase", 0)).uniform()});
    }
  }
  return grasps;
}

std::vector<GraspPlan> grasps_of_shard(const GraspProtocol& protocol, int shard, int shards) {
  std::map<std::pair<std::string, int>, std::size_t> turn_of_position;
  std::vector<GraspPlan> mine;
  for (GraspPlan& grasp : plan_grasps(protocol)) {
    const std::size_t turn =
        turn_of_position.try_emplace({grasp.object, grasp.position}, turn_of_position.size())
            .first->second;
    if (static_cast<int>(turn % shards) == shard) mine.push_back(std::move(grasp));
  }
  return mine;
}

void shuffle_objects(const GraspProtocol& protocol, std::vector<std::string>& objects) {
  hal::SeededDraw(hal::split_seed(protocol.seed, "order of objects", 0)).shuffle(objects);
}

void shuffle_grasps(const GraspProtocol& protocol, const std::string& object,
                    std::vector<GraspPlan>& grasps) {
  hal::SeededDraw(hal::split_seed(protocol.seed, object + "/order of grasps", 0)).shuffle(grasps);
}

void check_jaws_reach(const GripPosition& position, const hal::GripperLimits& limits) {
  if (position.extent <= limits.max_width) return;
  throw hal::InputError(
      fmt::format("{}: is out of the jaws' reach: it measures {:.1f} mm across them, they open to "
                  "{:g} mm; turn it or leave it out",
                  position.object, 1e3 * position.extent, 1e3 * limits.max_width));
}

double on_resolution(double width, double resolution) {
  return resolution > 0.0 ? std::round(width / resolution) * resolution : width;
}

double grip_width(double touch_width, double depth, const SqueezeRules& rules, double resolution) {
  return on_resolution(touch_width + rules.first_contact - depth, resolution);
}

}  // namespace gripbench::experiments

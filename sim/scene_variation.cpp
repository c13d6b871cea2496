#include "sim/scene_variation.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include <fmt/format.h>

#include <Eigen/Geometry>

#include "hal/errors.h"
#include "sim/camera_renderer.h"

namespace gripbench::sim {
namespace {

hal::Range range_or(hal::ConfigNode& node, std::string_view key, hal::Range otherwise,
                    hal::Range allowed) {
  const std::vector<double> pair = node.numbers_or(key, {otherwise.min, otherwise.max}, 2, allowed);
  if (pair[0] > pair[1]) node.fail(key, "the first number must not exceed the second");
  return {pair[0], pair[1]};
}

// Uniform numbers that are the same on every standard library.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : bits_(seed) {}

  double unit() { return std::ldexp(static_cast<double>(bits_() >> 11), -53); }
  double within(hal::Range range) { return range.min + (range.max - range.min) * unit(); }
  double around_zero(double largest) { return largest * (2.0 * unit() - 1.0); }
  Eigen::Vector3d vector_around_zero(double largest) {
    const double x = around_zero(largest);
    const double y = around_zero(largest);
    return {x, y, around_zero(largest)};
  }
  std::size_t index(const std::vector<double>& weights) {
    double left = unit() * std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
      if (left < weights[i]) return i;
      left -= weights[i];
    }
    return weights.size() - 1;
  }
  std::uint64_t seed() { return bits_(); }

 private:
  std::mt19937_64 bits_;
};

SceneVariation::Light draw_light(Draw& draw, const VariationRanges& ranges) {
  SceneVariation::Light light;
  light.turn.x() = draw.around_zero(ranges.light_turn);
  light.turn.y() = draw.around_zero(ranges.light_turn);
  const double gain = draw.within(ranges.light_gain);
  const double warmth = draw.around_zero(ranges.light_warmth);
  light.gain = gain * Eigen::Vector3d(1.0 + warmth, 1.0, 1.0 - warmth);
  return light;
}

ImageVariation draw_image(Draw& draw, const VariationRanges& ranges) {
  ImageVariation image;
  image.seed = draw.seed();
  const double exposure = draw.within(ranges.exposure);
  const double blue = 1.0 + draw.around_zero(ranges.white_balance);
  const double red = 1.0 + draw.around_zero(ranges.white_balance);
  image.gain = exposure * Eigen::Vector3d(blue, 1.0, red);
  image.vignette = draw.within(ranges.vignette);
  image.read_noise = draw.within(ranges.read_noise);
  image.shot_noise = draw.within(ranges.shot_noise);
  image.blur_px = draw.within(ranges.blur_px);
  image.vibration_px = draw.within(ranges.vibration_px);
  return image;
}

void scale_color(const float* from, const Eigen::Vector3d& gain, float* to) {
  for (int c = 0; c < 3; ++c) to[c] = static_cast<float>(from[c] * gain[c]);
}

// Turns a lamp around the point it shines at, so that it keeps shining there.
void turn_light(const mjModel& pristine, int light, const Eigen::Vector2d& turn, mjModel& model) {
  const Eigen::Map<const Eigen::Vector3d> position(pristine.light_pos + 3 * light);
  const Eigen::Map<const Eigen::Vector3d> direction(pristine.light_dir + 3 * light);
  const Eigen::Vector3d aim = direction.normalized();
  const double reach = aim.z() < -1e-3 ? std::max(0.0, position.z() / -aim.z()) : 0.0;
  const Eigen::Vector3d target = position + reach * aim;
  const Eigen::Matrix3d rotation = (Eigen::AngleAxisd(turn.x(), Eigen::Vector3d::UnitX()) *
                                    Eigen::AngleAxisd(turn.y(), Eigen::Vector3d::UnitY()))
                                       .toRotationMatrix();
  Eigen::Map<Eigen::Vector3d>(model.light_pos + 3 * light) =
      target + rotation * (position - target);
  Eigen::Map<Eigen::Vector3d>(model.light_dir + 3 * light) = rotation * aim;
}

void vary_lights(const SceneVariation& variation, const mjModel& pristine, mjModel& model) {
  int lamp = 0;
  for (int light = 0; light < pristine.nlight; ++light) {
    // Lamps on the gripper belong to its sensors and stay as they are.
    if (pristine.light_bodyid[light] != 0) continue;
    if (lamp == SceneVariation::kMaxLights) {
      throw hal::InputError(
          fmt::format("the scene has more than {} lamps; take some out of its "
                      "MJCF file",
                      SceneVariation::kMaxLights));
    }
    const SceneVariation::Light& drawn = variation.lights[lamp++];
    turn_light(pristine, light, drawn.turn, model);
    scale_color(pristine.light_diffuse + 3 * light, drawn.gain, model.light_diffuse + 3 * light);
    scale_color(pristine.light_specular + 3 * light, drawn.gain, model.light_specular + 3 * light);
    scale_color(pristine.light_ambient + 3 * light, drawn.gain, model.light_ambient + 3 * light);
  }
  const Eigen::Vector3d ambient = Eigen::Vector3d::Constant(variation.ambient_gain);
  scale_color(pristine.vis.headlight.ambient, ambient, model.vis.headlight.ambient);
  scale_color(pristine.vis.headlight.diffuse, ambient, model.vis.headlight.diffuse);
}

int material_id(const mjModel& model, const std::string& name) {
  const int id = mj_name2id(&model, mjOBJ_MATERIAL, name.c_str());
  if (id < 0) {
    throw hal::InputError(
        fmt::format("the scene has no material '{}' for its table; add it to the "
                    "MJCF file or take it out of 'table_materials'",
                    name));
  }
  return id;
}

void vary_table(const SceneVariation& variation, const mjModel& pristine, mjModel& model) {
  std::vector<int> candidates;
  for (const std::string& name : variation.table_materials) {
    candidates.push_back(material_id(pristine, name));
  }
  if (candidates.empty()) return;
  for (const int id : candidates) {
    std::copy_n(pristine.mat_rgba + 4 * id, 4, model.mat_rgba + 4 * id);
  }
  const int drawn = candidates.at(variation.table_material);
  scale_color(pristine.mat_rgba + 4 * drawn, variation.table_gain, model.mat_rgba + 4 * drawn);
  for (int geom = 0; geom < pristine.ngeom; ++geom) {
    const bool table = std::find(candidates.begin(), candidates.end(), pristine.geom_matid[geom]) !=
                       candidates.end();
    if (table) model.geom_matid[geom] = drawn;
  }
}

/// Colours of the body `object`, where there is one.
void vary_object(const SceneVariation& variation, const mjModel& pristine, mjModel& model) {
  const int object = mj_name2id(&pristine, mjOBJ_BODY, "object");
  if (object < 0) return;
  for (int geom = 0; geom < pristine.ngeom; ++geom) {
    const int material = pristine.geom_matid[geom];
    if (pristine.geom_bodyid[geom] != object || material < 0) continue;
    scale_color(pristine.mat_rgba + 4 * material, variation.object_gain,
                model.mat_rgba + 4 * material);
  }
}

void vary_camera(const SceneVariation& variation, const mjModel& pristine, mjModel& model,
                 const std::string& name) {
  const int id = camera_id(pristine, name);
  const mjtNum* q = pristine.cam_quat + 4 * id;
  const Eigen::Quaterniond body_from_camera(q[0], q[1], q[2], q[3]);
  const double angle = variation.camera_turn.norm();
  Eigen::Quaterniond turn = Eigen::Quaterniond::Identity();
  if (angle > 0.0) turn = Eigen::AngleAxisd(angle, variation.camera_turn / angle);
  const Eigen::Quaterniond turned = (body_from_camera * turn).normalized();
  const double coefficients[] = {turned.w(), turned.x(), turned.y(), turned.z()};
  std::copy_n(coefficients, 4, model.cam_quat + 4 * id);
  Eigen::Map<Eigen::Vector3d>(model.cam_pos + 3 * id) =
      Eigen::Map<const Eigen::Vector3d>(pristine.cam_pos + 3 * id) +
      body_from_camera * variation.camera_shift;
}

}  // namespace

VariationRanges VariationRanges::from(hal::ConfigNode node) {
  constexpr hal::Range kAngle{0.0, 0.5};
  constexpr hal::Range kGain{0.0, 3.0};
  constexpr hal::Range kRelative{0.0, 0.5};
  VariationRanges r;
  r.light_turn = node.number_or("light_turn", r.light_turn, kAngle);
  r.light_gain = range_or(node, "light_gain", r.light_gain, kGain);
  r.ambient_gain = range_or(node, "ambient_gain", r.ambient_gain, kGain);
  r.light_warmth = node.number_or("light_warmth", r.light_warmth, kRelative);
  const bool own_table = node.has("table_materials");
  if (own_table) r.table_materials = node.texts("table_materials");
  if (own_table) r.table_weights.assign(r.table_materials.size(), 1.0);
  r.table_weights = node.numbers_or("table_weights", r.table_weights, r.table_materials.size(),
                                    hal::kNonNegative);
  if (!r.table_weights.empty() &&
      *std::max_element(r.table_weights.begin(), r.table_weights.end()) <= 0.0) {
    node.fail("table_weights", "at least one must be above 0");
  }
  r.table_gain = range_or(node, "table_gain", r.table_gain, kGain);
  r.table_tint = node.number_or("table_tint", r.table_tint, kRelative);
  r.object_gain = range_or(node, "object_gain", r.object_gain, kGain);
  r.object_tint = node.number_or("object_tint", r.object_tint, kRelative);
  r.camera_turn = node.number_or("camera_turn", r.camera_turn, kAngle);
  r.camera_shift = node.number_or("camera_shift", r.camera_shift, {0.0, 0.05});
  r.delay = range_or(node, "delay", r.delay, {0.0, 0.05});
  r.exposure = range_or(node, "exposure", r.exposure, kGain);
  r.white_balance = node.number_or("white_balance", r.white_balance, kRelative);
  r.vignette = range_or(node, "vignette", r.vignette, {0.0, 1.0});
  r.read_noise = range_or(node, "read_noise", r.read_noise, {0.0, 50.0});
  r.shot_noise = range_or(node, "shot_noise", r.shot_noise, {0.0, 5.0});
  r.blur_px = range_or(node, "blur_px", r.blur_px, {0.0, 1.2});
  r.vibration_px = range_or(node, "vibration_px", r.vibration_px, {0.0, 1.0});
  node.finish();
  return r;
}

SceneVariation draw_scene_variation(std::uint64_t seed, const VariationRanges& ranges) {
  Draw draw(seed);
  SceneVariation v;
  for (SceneVariation::Light& light : v.lights) light = draw_light(draw, ranges);
  v.ambient_gain = draw.within(ranges.ambient_gain);
  v.table_materials = ranges.table_materials;
  if (!ranges.table_weights.empty()) v.table_material = draw.index(ranges.table_weights);
  v.table_gain = draw.within(ranges.table_gain) *
                 (Eigen::Vector3d::Ones() + draw.vector_around_zero(ranges.table_tint));
  v.object_gain = draw.within(ranges.object_gain) *
                  (Eigen::Vector3d::Ones() + draw.vector_around_zero(ranges.object_tint));
  v.camera_turn = draw.vector_around_zero(ranges.camera_turn);
  v.camera_shift = draw.vector_around_zero(ranges.camera_shift);
  v.delay = draw.within(ranges.delay);
  v.image = draw_image(draw, ranges);
  return v;
}

void describe(const SceneVariation& variation, hal::Variation& description) {
  const auto mean = [](const Eigen::Vector3d& gain) { return gain.mean(); };
  description["lamp_gain"] = mean(variation.lights.front().gain);
  description["lamp_turn"] = variation.lights.front().turn.norm();
  description["ambient_gain"] = variation.ambient_gain;
  description["table_material"] = static_cast<double>(variation.table_material);
  description["table_gain"] = mean(variation.table_gain);
  description["object_gain"] = mean(variation.object_gain);
  description["camera_turn"] = variation.camera_turn.norm();
  description["camera_shift"] = variation.camera_shift.norm();
  description["camera_delay"] = variation.delay;
  description["camera_exposure"] = mean(variation.image.gain);
  description["camera_vignette"] = variation.image.vignette;
  description["camera_read_noise"] = variation.image.read_noise;
  description["camera_shot_noise"] = variation.image.shot_noise;
  description["camera_blur_px"] = variation.image.blur_px;
  description["camera_vibration_px"] = variation.image.vibration_px;
}

void apply(const SceneVariation& variation, const mjModel& pristine, mjModel& model,
           const std::string& camera) {
  vary_lights(variation, pristine, model);
  vary_table(variation, pristine, model);
  vary_object(variation, pristine, model);
  vary_camera(variation, pristine, model, camera);
}

}  // namespace gripbench::sim

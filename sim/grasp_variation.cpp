#include "sim/grasp_variation.h"

#include "hal/seed.h"

namespace gripbench::sim {
namespace {

/// Uniform in [-largest, largest].
double around_zero(hal::SeededDraw& draw, double largest) {
  return draw.uniform(-largest, largest);
}

double within_spread(hal::SeededDraw& draw, double friction, double spread) {
  return friction * (1.0 + around_zero(draw, spread));
}

}  // namespace

GraspVariationRanges GraspVariationRanges::from(hal::ConfigNode node) {
  GraspVariationRanges ranges;
  ranges.placement_shift = node.number_or("placement_shift", 0.0, {0.0, 0.02});
  ranges.placement_turn = node.number_or("placement_turn", 0.0, {0.0, 0.5});
  ranges.gel_light = node.number_or("gel_light", 0.0, {0.0, 0.5});
  ranges.dot_fade = node.number_or("dot_fade", 0.0, {0.0, 1.0});
  ranges.dot_shake_px = node.number_or("dot_shake_px", 0.0, {0.0, 2.0});
  node.finish();
  return ranges;
}

GraspVariation draw_grasp_variation(std::uint64_t seed, const GraspVariationRanges& ranges,
                                    const hal::ObjectDescription& object) {
  // A stream for each idea: a range that is widened leaves the others' draws as they were.
  GraspVariation variation;
  hal::SeededDraw placement(hal::split_seed(seed, "placement", 0));
  variation.placement_shift.x() = around_zero(placement, ranges.placement_shift);
  variation.placement_shift.y() = around_zero(placement, ranges.placement_shift);
  variation.placement_turn = around_zero(placement, ranges.placement_turn);

  hal::SeededDraw friction(hal::split_seed(seed, "friction", 0));
  variation.friction_gel = within_spread(friction, object.friction_gel, object.friction_spread);
  variation.friction_rubber =
      within_spread(friction, object.friction_rubber, object.friction_spread);

  hal::SeededDraw gel(hal::split_seed(seed, "gel", 0));
  for (double& gain : variation.gel.light_gain) gain = 1.0 + around_zero(gel, ranges.gel_light);
  variation.gel.dot_fade = gel.uniform(0.0, ranges.dot_fade);
  variation.gel.dot_shake_px = gel.uniform(0.0, ranges.dot_shake_px);
  return variation;
}

void describe(const GraspVariation& variation, hal::Variation& description) {
  description["placement_shift_x"] = variation.placement_shift.x();
  description["placement_shift_y"] = variation.placement_shift.y();
  description["placement_turn"] = variation.placement_turn;
  description["friction_gel"] = variation.friction_gel;
  description["friction_rubber"] = variation.friction_rubber;
  description["gel_light_blue"] = variation.gel.light_gain[0];
  description["gel_light_green"] = variation.gel.light_gain[1];
  description["gel_light_red"] = variation.gel.light_gain[2];
  description["dot_fade"] = variation.gel.dot_fade;
  description["dot_shake_px"] = variation.gel.dot_shake_px;
}

}  // namespace gripbench::sim

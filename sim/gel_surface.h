#pragma once

#include "sim/gel_imprint.h"

namespace gripbench::sim {

/// Extends the displacement of the gel's surface from the contact (nodes with indentation > 0,
/// whose values stay) to its surroundings, which are dragged along.
///
/// Outside the contact the surface is an unloaded two-parameter foundation (Pasternak 1954): shear
/// springs to the backing plus an in-plane layer, l^2 lap(u) = u, so that the motion decays over
/// `layer_length` l (m); the pad's edge is free (zero normal derivative).
void drag_surroundings(GelImprint& imprint, double layer_length);

}  // namespace gripbench::sim

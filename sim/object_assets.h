#pragma once

#include "hal/objects.h"
#include "sim/scene.h"

namespace gripbench::sim {

/// What MuJoCo needs of an object: a body with the described mass and a mesh per part.
///
/// The object is seen as its parts' meshes, which touch nothing. It touches the table with small
/// spheres just inside its surface: at the rim of its footprint, so that it stands like a stool,
/// and at its outermost points all around, so that it lies on the table after a fall. Spheres give
/// each engine version the same few exact contacts on a plane or a box. Names in the snippets begin
/// with "object".
/// @throws std::invalid_argument for an object without parts.
ObjectAssets object_assets(const hal::ObjectDescription& object);

}  // namespace gripbench::sim

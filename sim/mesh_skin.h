#pragma once

#include "sim/object_mesh.h"

namespace gripbench::sim {

/// What a camera sees of a mesh: its triangles, shaded smoothly except over creases sharper than 40
/// degrees, with the print laid around the z axis.
TriangleMesh mesh_skin(const hal::MeshSolid& solid);

}  // namespace gripbench::sim

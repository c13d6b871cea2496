#pragma once

#include <algorithm>

#include "sim/gel_imprint.h"
#include "sim/object_shape.h"
#include "sim/pad_profile.h"

namespace gripbench::sim {

/// A solid of one part, its origin in its middle.
inline ObjectShape solid(hal::ShapePart::Kind kind, const Eigen::Vector3d& size,
                         const hal::SurfaceTexture& texture = {}) {
  hal::ObjectDescription description;
  description.name = "solid";
  description.mass = 0.1;
  description.texture = texture;
  hal::ShapePart part;
  part.kind = kind;
  part.size = size;
  description.parts = {part};
  description.bounds_min = -size;
  description.bounds_max = size;
  return ObjectShape(description);
}

inline GelImprint untouched_gel(const PadGrid& grid) {
  GelImprint imprint;
  imprint.grid = grid;
  const std::size_t nodes = static_cast<std::size_t>(grid.size());
  imprint.indentation.assign(nodes, 0.0f);
  imprint.displacement_x.assign(nodes, 0.0f);
  imprint.displacement_y.assign(nodes, 0.0f);
  return imprint;
}

/// A rigid object whose origin lies at `origin` in the pad frame, its axes the pad's turned by
/// `turn`; it has not dragged the gel along. Keeps a pointer to `shape`.
inline GelImprint pressed_by(const ObjectShape& shape, const PadGrid& grid,
                             const Eigen::Vector3d& origin,
                             const Eigen::Matrix3d& turn = Eigen::Matrix3d::Identity()) {
  GelImprint imprint = untouched_gel(grid);
  imprint.shape = &shape;
  Eigen::Isometry3d pad_from_object = Eigen::Isometry3d::Identity();
  pad_from_object.translation() = origin;
  pad_from_object.linear() = turn;
  imprint.object_from_pad = pad_from_object.inverse();
  for (int j = 0; j < grid.ny; ++j) {
    for (int i = 0; i < grid.nx; ++i) {
      const Eigen::Vector3d node(grid.x(i), grid.y(j), 0.0);
      const double distance =
          shape.signed_distance(Eigen::Vector3d(imprint.object_from_pad * node));
      imprint.indentation[static_cast<std::size_t>(j) * grid.nx + i] =
          static_cast<float>(std::max(0.0, -distance));
    }
  }
  return imprint;
}

}  // namespace gripbench::sim

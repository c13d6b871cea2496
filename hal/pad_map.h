#pragma once

#include <cstdint>
#include <vector>

namespace gripbench::hal {

/// The truth about one pad at one instant, node by node.
///
/// Pad frame: origin in the middle of the face, x across the finger, y down the finger to its tip,
/// z out of the pad towards the object. Node (i, j) has index j * nx + i and lies at x(i), y(j).
/// Every list has one value per node.
struct PadMap {
  int nx = 0;
  int ny = 0;
  double pitch = 0.0;  ///< distance of neighbouring nodes (m)

  /// Normal pressure on the pad, and the traction that the object exerts on it along x and y (Pa).
  /// Their sums times `node_area()` are PadSlip::force.
  std::vector<double> pressure{};
  std::vector<double> traction_x{}, traction_y{};
  /// Slip of the object's surface over the pad since `Stage::zero_slip`, elastic stretch left out
  /// (m).
  std::vector<double> slip_x{}, slip_y{};
  /// Displacement of the pad's surface in its plane, in the contact and around it, and its
  /// indentation (m); a node is in contact where it is indented.
  std::vector<double> displacement_x{}, displacement_y{};
  std::vector<double> indentation{};
  /// 1 where a node is in contact and its traction is below the limit of friction, else 0.
  std::vector<std::uint8_t> sticking{};

  int size() const { return nx * ny; }
  double node_area() const { return pitch * pitch; }
  double x(int i) const { return (i - 0.5 * (nx - 1)) * pitch; }
  double y(int j) const { return (j - 0.5 * (ny - 1)) * pitch; }
  bool in_contact(int node) const { return indentation[node] > 0.0; }
};

}  // namespace gripbench::hal

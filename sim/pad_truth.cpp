#include "sim/pad_truth.h"

#include <span>
#include <vector>

namespace gripbench::sim {
namespace {

std::vector<double> copy_of(std::span<const double> values) {
  return {values.begin(), values.end()};
}

}  // namespace

hal::PadMap pad_map(const PadContact& contact) {
  const PadGrid& grid = contact.profile().grid;
  hal::PadMap map{.nx = grid.nx, .ny = grid.ny, .pitch = grid.pitch};
  map.pressure = copy_of(contact.pressure());
  map.traction_x = copy_of(contact.traction_x());
  map.traction_y = copy_of(contact.traction_y());
  map.slip_x = copy_of(contact.slip_x());
  map.slip_y = copy_of(contact.slip_y());
  map.indentation = copy_of(contact.indentation());
  map.sticking.assign(contact.sticking().begin(), contact.sticking().end());
  GelImprint surface;
  contact.imprint(surface);
  map.displacement_x.assign(surface.displacement_x.begin(), surface.displacement_x.end());
  map.displacement_y.assign(surface.displacement_y.begin(), surface.displacement_y.end());
  return map;
}

}  // namespace gripbench::sim

#include "sim/gel_height_field.h"

#include <cmath>
#include <span>

namespace gripbench::sim {
namespace {

constexpr int kRowsAtOnce = 4;
/// Beyond this distance no part of an object matters (m): gels are indented by less.
constexpr double kCutoff = 3e-3;
/// Slope of the distance above which the depth is traced, and its steps.
constexpr double kTracedSlope = 0.25;
constexpr int kTraceSteps = 3;
/// Jacobi sweeps at each resolution, coarsest last: the coarse ones carry the decay over its
/// length, the fine ones only mend the rim. Against the converged solution this leaves errors of a
/// few percent of the indentation (checked in the tests).
constexpr int kSweeps[] = {6, 10, 24};
/// Share of the contact's depth below which the membrane may have lifted off before the sweeps.
constexpr float kLiftedShare = 0.5f;
/// Further ones at the finest resolution, to round the rims of a relief.
constexpr int kReliefSweeps = 4;

/// The contact at half the resolution: a pixel is in it if half of its four parts are, at their
/// mean depth. `held` is what the membrane is held at there: a pixel that touches all over has its
/// middle half a pixel inside of the rim, where the membrane's own decay, gone on inwards, would be
/// higher by `half_pixel_rise`.
void halve_contact(const GelPlane& in, const PixelRegion& region, float half_pixel_rise,
                   GelPlane& out, GelPlane& held) {
  for (int y = region.y0; y < region.y1; ++y) {
    const float* a = in.row(2 * y);
    const float* b = in.row(2 * y + 1);
    float* o = out.row(y);
    float* h = held.row(y);
    for (int x = region.x0; x < region.x1; ++x) {
      const float parts[] = {a[2 * x], a[2 * x + 1], b[2 * x], b[2 * x + 1]};
      float sum = 0.0f, touching = 0.0f;
      for (const float part : parts) {
        sum += part;
        touching += part > 0.0f ? 1.0f : 0.0f;
      }
      o[x] = touching >= 2.0f ? sum / touching : 0.0f;
      h[x] = o[x] * (1.0f + (0.5f * touching - 1.0f) * half_pixel_rise);
    }
  }
}

/// What sweeps begin with: the contact where it is, the coarser solution elsewhere, and also in
/// the contact where that lies higher, up to `lifted`: on the flanks of round objects, where the
/// membrane lifts off. (Nearer to the top it lies higher only by its own coarseness.)
void impose_contact(const GelPlane& held, const PixelRegion& region, float lifted,
                    GelPlane& height) {
  for (int y = region.y0; y < region.y1; ++y) {
    const float* c = held.row(y);
    float* h = height.row(y);
    for (int x = region.x0; x < region.x1; ++x) {
      h[x] = c[x] > 0.0f ? std::max(c[x], std::min(h[x], lifted)) : h[x];
    }
  }
}

}  // namespace

GelHeightField::GelHeightField(const OpticsProfile& optics)
    : pitch_(2.0 * optics.pixel_pitch),
      x0_(optics.field_x(0)),
      y0_(optics.field_y(0)),
      membrane_length_(optics.membrane_length),
      steepest_(optics.membrane_steepest),
      upsampler_(optics.field_width()) {
  if (optics.shadow_strength > 0.0) {
    for (const GelLight& light : optics.lights) {
      const double away = light.position.head<2>().norm();
      shadow_reach_ = std::max(shadow_reach_, away / -light.position.z());
    }
  }
  int width = optics.field_width(), height = optics.field_height();
  const std::size_t points = static_cast<std::size_t>(kRowsAtOnce) * width;
  for (Level& level : levels_) {
    level.contact = level.held = level.height = level.next = GelPlane(width, height);
    width /= 2;
    height /= 2;
  }
  for (auto* buffer : {&x_, &y_, &z_, &value_}) buffer->assign(points, 0.0);
  pixels_.assign(points, nullptr);
}

void GelHeightField::build(const GelImprint& imprint) {
  for (Level& level : levels_) {
    level.contact.fill(0.0f);
    level.height.fill(0.0f);
    level.next.fill(0.0f);
  }
  const PixelRegion bounds = contact_bounds(imprint);
  region_ = {};
  if (bounds.empty()) return;
  evaluate_contact(imprint, bounds);

  const double reach = std::max(4.0 * membrane_length_, shadow_reach_ * deepest_);
  const int margin = static_cast<int>(std::ceil(reach / pitch_));
  const GelPlane& finest = levels_[0].height;
  region_ = {std::max(0, (bounds.x0 - margin) / 4 * 4), std::max(0, (bounds.y0 - margin) / 4 * 4),
             std::min(finest.width, (bounds.x1 + margin + 3) / 4 * 4),
             std::min(finest.height, (bounds.y1 + margin + 3) / 4 * 4)};

  const PixelRegion regions[] = {region_, region_.halved(), region_.halved().halved()};
  for (int l = 1; l <= 2; ++l) {
    const double rise = std::expm1(l * pitch_ / membrane_length_);  // half a pixel of this level
    halve_contact(levels_[l - 1].contact, regions[l], static_cast<float>(std::min(rise, 1.0)),
                  levels_[l].contact, levels_[l].held);
  }
  relax(levels_[2], levels_[2].held, regions[2], 4.0 * pitch_, kSweeps[2], Hold::kFromBelow);
  for (int l = 1; l >= 0; --l) {
    for (int y = regions[l].y0; y < regions[l].y1; ++y) {
      upsampler_.read(levels_[l + 1].height, y, regions[l].x0, regions[l].x1,
                      levels_[l].height.row(y));
    }
    relax(levels_[l], l == 0 ? levels_[0].contact : levels_[l].held, regions[l], (l + 1.0) * pitch_,
          kSweeps[l], Hold::kFromBelow);
  }
  if (imprint.shape->has_relief()) print_relief(imprint, bounds);
}

PixelRegion GelHeightField::contact_bounds(const GelImprint& imprint) const {
  if (imprint.shape == nullptr) return {};
  const PadGrid& grid = imprint.grid;
  int i0 = grid.nx, i1 = -1, j0 = grid.ny, j1 = -1;
  for (int j = 0; j < grid.ny; ++j) {
    for (int i = 0; i < grid.nx; ++i) {
      if (imprint.indentation[static_cast<std::size_t>(j) * grid.nx + i] > 0.0f) {
        i0 = std::min(i0, i);
        i1 = std::max(i1, i);
        j0 = std::min(j0, j);
        j1 = std::max(j1, j);
      }
    }
  }
  if (i1 < 0) return {};
  // The contact ends somewhere before the next node that it does not reach.
  const GelPlane& plane = levels_[0].contact;
  const auto pixel = [this](double position, double first) { return (position - first) / pitch_; };
  return {std::max(0, static_cast<int>(std::floor(pixel(grid.x(i0 - 1), x0_)))),
          std::max(0, static_cast<int>(std::floor(pixel(grid.y(j0 - 1), y0_)))),
          std::min(plane.width, static_cast<int>(std::ceil(pixel(grid.x(i1 + 1), x0_))) + 1),
          std::min(plane.height, static_cast<int>(std::ceil(pixel(grid.y(j1 + 1), y0_))) + 1)};
}

void GelHeightField::evaluate_contact(const GelImprint& imprint, const PixelRegion& bounds) {
  measure_distance(imprint, bounds);
  turn_distance_to_depth(imprint, bounds);
  const float share = static_cast<float>(imprint.gel_share);
  deepest_ *= share;
  for (int y = bounds.y0; y < bounds.y1; ++y) {
    float* row = levels_[0].contact.row(y);
    for (int x = bounds.x0; x < bounds.x1; ++x) row[x] *= share;
  }
  free_steep_places(bounds, levels_[0].height);
  std::swap(levels_[0].contact.data, levels_[0].height.data);
}

void GelHeightField::measure_distance(const GelImprint& imprint, const PixelRegion& bounds) {
  GelPlane& contact = levels_[0].contact;
  const int width = bounds.width();
  std::fill(z_.begin(), z_.end(), 0.0);
  for (int y0 = bounds.y0; y0 < bounds.y1; y0 += kRowsAtOnce) {
    const int rows = std::min(kRowsAtOnce, bounds.y1 - y0);
    const std::size_t count = static_cast<std::size_t>(rows) * width;
    for (int r = 0; r < rows; ++r) {
      for (int i = 0; i < width; ++i) {
        x_[r * width + i] = x_of(bounds.x0 + i);
        y_[r * width + i] = y_of(y0 + r);
      }
    }
    imprint.shape->signed_distance(imprint.object_from_pad,
                                   {{x_.data(), count}, {y_.data(), count}, {z_.data(), count}},
                                   kCutoff, {value_.data(), count});
    for (int r = 0; r < rows; ++r) {
      float* out = contact.row(y0 + r) + bounds.x0;
      const double* distance = &value_[static_cast<std::size_t>(r) * width];
      for (int i = 0; i < width; ++i) out[i] = static_cast<float>(std::max(0.0, -distance[i]));
    }
  }
}

// From distance to depth along the pad's normal: where the surface is near level its angle is
// enough to know; beside an edge the distance is that to the object's side, far too little.
void GelHeightField::turn_distance_to_depth(const GelImprint& imprint, const PixelRegion& bounds) {
  GelPlane& depth = levels_[0].contact;
  deepest_ = 0.0f;
  for (int y = bounds.y0; y < bounds.y1; ++y) {
    const float* row = depth.row(y);
    deepest_ = std::max(deepest_, *std::max_element(row + bounds.x0, row + bounds.x1));
  }
  // Slopes are those of the distance, so the depths go to another plane.
  GelPlane& traced = levels_[0].height;
  std::size_t count = 0;
  for (int y = bounds.y0; y < bounds.y1; ++y) {
    const float* row = depth.row(y);
    float* out = traced.row(y);
    for (int x = bounds.x0; x < bounds.x1; ++x) {
      out[x] = row[x];
      if (row[x] <= 0.0f) continue;
      const double steepness = slope(depth, x, y);
      if (steepness < kTracedSlope) {
        // Of a plane at angle a to the pad, the distance has the slope sin a and is depth * cos a.
        out[x] = row[x] / static_cast<float>(std::sqrt(1.0 - steepness * steepness));
        continue;
      }
      x_[count] = x_of(x);
      y_[count] = y_of(y);
      z_[count] = -deepest_;
      pixels_[count] = &out[x];
      if (++count == pixels_.size()) {
        trace(imprint, count);
        count = 0;
      }
    }
  }
  trace(imprint, count);
  std::swap(depth.data, traced.data);
}

// From beyond the object back along the pad's normal to its surface, by the distance each time.
void GelHeightField::trace(const GelImprint& imprint, std::size_t count) {
  if (count == 0) return;
  for (int step = 0; step < kTraceSteps; ++step) {
    imprint.shape->signed_distance(imprint.object_from_pad,
                                   {{x_.data(), count}, {y_.data(), count}, {z_.data(), count}},
                                   kCutoff, {value_.data(), count});
    for (std::size_t k = 0; k < count; ++k) z_[k] += value_[k];
  }
  for (std::size_t k = 0; k < count; ++k) {
    *pixels_[k] = std::max(*pixels_[k], static_cast<float>(-z_[k]));
  }
}

// The relief prints where the membrane lies on the object. Unlike the shape it is too fine for the
// membrane's tension to hold the gel off its valleys.
void GelHeightField::print_relief(const GelImprint& imprint, const PixelRegion& bounds) {
  Level& fine = levels_[0];
  const float share = static_cast<float>(imprint.gel_share);
  const int width = bounds.width();
  const std::size_t count = static_cast<std::size_t>(width);
  for (int y = bounds.y0; y < bounds.y1; ++y) {
    const float* height = fine.height.row(y) + bounds.x0;
    float* contact = fine.contact.row(y) + bounds.x0;
    for (int i = 0; i < width; ++i) {
      x_[i] = x_of(bounds.x0 + i);
      y_[i] = y_of(y);
      z_[i] = -static_cast<double>(contact[i]) / share;
    }
    imprint.shape->relief(imprint.object_from_pad,
                          {{x_.data(), count}, {y_.data(), count}, {z_.data(), count}},
                          {value_.data(), count});
    for (int i = 0; i < width; ++i) {
      const bool touches = contact[i] > 0.0f && height[i] <= contact[i];
      contact[i] =
          touches ? std::max(0.0f, contact[i] + share * static_cast<float>(value_[i])) : 0.0f;
    }
  }
  free_steep_places(bounds, fine.next);
  for (int y = bounds.y0; y < bounds.y1; ++y) {
    std::copy(fine.next.row(y) + bounds.x0, fine.next.row(y) + bounds.x1,
              fine.contact.row(y) + bounds.x0);
  }
  relax(fine, fine.contact, region_, pitch_, kReliefSweeps, Hold::kFast);
}

// The gel bridges what is too steep: it cannot follow the side of a box.
void GelHeightField::free_steep_places(const PixelRegion& bounds, GelPlane& followed) const {
  const GelPlane& surface = levels_[0].contact;
  for (int y = bounds.y0; y < bounds.y1; ++y) {
    const float* row = surface.row(y);
    float* out = followed.row(y);
    for (int x = bounds.x0; x < bounds.x1; ++x) {
      out[x] = row[x] > 0.0f && gentler_slope(surface, x, y) <= steepest_ ? row[x] : 0.0f;
    }
  }
}

double GelHeightField::slope(const GelPlane& plane, int x, int y) const {
  const float* row = plane.row(y);
  const float dx = row[std::min(x + 1, plane.width - 1)] - row[std::max(x - 1, 0)];
  const float dy =
      plane.row(std::min(y + 1, plane.height - 1))[x] - plane.row(std::max(y - 1, 0))[x];
  return std::sqrt(dx * dx + dy * dy) / (2.0 * pitch_);
}

// At a step, the side of it that lies level: the rim of a sharp edge still touches.
double GelHeightField::gentler_slope(const GelPlane& plane, int x, int y) const {
  const float* row = plane.row(y);
  const float* above = plane.row(std::max(y - 1, 0));
  const float* below = plane.row(std::min(y + 1, plane.height - 1));
  const float left = row[std::max(x - 1, 0)], right = row[std::min(x + 1, plane.width - 1)];
  const float dx = std::min(std::abs(row[x] - left), std::abs(right - row[x]));
  const float dy = std::min(std::abs(row[x] - above[x]), std::abs(below[x] - row[x]));
  return std::sqrt(dx * dx + dy * dy) / pitch_;
}

void GelHeightField::relax(Level& level, const GelPlane& held_plane, const PixelRegion& region,
                           double pitch, int sweeps, Hold hold) {
  const double ratio = pitch / membrane_length_;
  const float weight = static_cast<float>(1.0 / (4.0 + ratio * ratio));
  impose_contact(held_plane, region, hold == Hold::kFast ? 0.0f : kLiftedShare * deepest_,
                 level.height);
  const int width = level.height.width, height = level.height.height;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    for (int y = region.y0; y < region.y1; ++y) {
      // Beyond the camera's view the surface goes on as at its rim.
      const float* above = level.height.row(std::max(y - 1, 0));
      const float* here = level.height.row(y);
      const float* below = level.height.row(std::min(y + 1, height - 1));
      const float* held = held_plane.row(y);
      float* out = level.next.row(y);
      const auto solve = [&](int x, int left, int right) {
        const float free = weight * (here[left] + here[right] + above[x] + below[x]);
        if (hold == Hold::kFast) {
          out[x] = held[x] > 0.0f ? held[x] : free;
        } else {
          out[x] = std::max(held[x], free);
        }
      };
      const int inner0 = std::max(region.x0, 1), inner1 = std::min(region.x1, width - 1);
      if (region.x0 == 0) solve(0, 0, 1);
      for (int x = inner0; x < inner1; ++x) solve(x, x - 1, x + 1);
      if (region.x1 == width) solve(width - 1, width - 2, width - 1);
    }
    std::swap(level.height.data, level.next.data);
  }
}

}  // namespace gripbench::sim

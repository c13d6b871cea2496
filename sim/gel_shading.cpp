#include "sim/gel_shading.h"

#include <algorithm>
#include <cmath>

namespace gripbench::sim {
namespace {

double polynomial(const std::array<double, 10>& c, double x, double y) {
  return c[0] + c[1] * x + c[2] * y + c[3] * x * x + c[4] * x * y + c[5] * y * y +
         c[6] * x * x * x + c[7] * x * x * y + c[8] * x * y * y + c[9] * y * y * y;
}

}  // namespace

GelShading::GelShading(const OpticsProfile& optics)
    : dome_radius_(optics.dome_radius),
      dome_flattening_(optics.dome_flattening),
      ambient_(optics.ambient),
      shadow_strength_(optics.shadow_strength),
      shadow_depth_(optics.shadow_depth),
      width_(optics.width / 2),
      height_(optics.height / 2),
      coarse_(width_ / 2, height_ / 2),
      upsampler_(width_) {
  const double pitch = 2.0 * optics.pixel_pitch;
  const double half_width = 0.5 * width_ * pitch;
  for (const GelLight& source : optics.lights) {
    LightField light;
    light.toward_x = light.toward_y = light.toward_z = GelPlane(width_, height_);
    light.shadow = light.horizon = GelPlane(width_ / 2, height_ / 2);
    for (int c = 0; c < 3; ++c) light.color[c] = static_cast<float>(source.color_bgr[c]);
    const double away = std::max(std::hypot(source.position.x(), source.position.y()), 1e-9);
    light.direction_x = source.position.x() / away;
    light.direction_y = source.position.y() / away;
    light.elevation = -source.position.z() / away;
    const double reference = source.position.norm();
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        const Eigen::Vector3d point((x - 0.5 * (width_ - 1)) * pitch,
                                    (y - 0.5 * (height_ - 1)) * pitch, 0.0);
        const Eigen::Vector3d to = source.position - point;
        const double weight = std::pow(reference / to.norm(), optics.falloff) / to.norm();
        light.toward_x.row(y)[x] = static_cast<float>(weight * to.x());
        light.toward_y.row(y)[x] = static_cast<float>(weight * to.y());
        light.toward_z.row(y)[x] = static_cast<float>(-weight * to.z());
      }
    }
    lights_.push_back(std::move(light));
  }
  for (auto* row : {&slope_x_, &slope_y_, &cosine_, &shadow_row_}) row->resize(width_);
  for (auto& row : sum_) row.resize(width_);

  // A gain of one first, to learn what the lights alone give on the untouched gel.
  for (int c = 0; c < 3; ++c) {
    gain_[c] = GelPlane(width_, height_, 1.0f);
    background_[c] = GelPlane(width_, height_);
  }
  const GelHeightField untouched(optics);
  Planes bare = background_;
  for (int y = 0; y < height_; ++y) shade_row(untouched, y, false, bare);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        const double value =
            polynomial(optics.background[c], (x - 0.5 * (width_ - 1)) * pitch / half_width,
                       (y - 0.5 * (height_ - 1)) * pitch / half_width);
        background_[c].row(y)[x] = static_cast<float>(std::clamp(value, 0.0, 255.0));
        gain_[c].row(y)[x] = background_[c].row(y)[x] / bare[c].row(y)[x];
      }
    }
  }
}

void GelShading::shade(const GelHeightField& field, Planes& planes) {
  const PixelRegion& region = field.region();
  if (region.empty()) return;
  const bool shadows = shadow_strength_ > 0.0;
  if (shadows) cast_shadows(field);
  for (int y = region.y0; y < region.y1; ++y) shade_row(field, y, shadows, planes);
}

void GelShading::shade_row(const GelHeightField& field, int y, bool shadows, Planes& planes) {
  const GelPlane& e = field.indentation();
  const double pitch = field.pitch();
  const int x0 = field.region().empty() ? 0 : field.region().x0;
  const int x1 = field.region().empty() ? width_ : field.region().x1;
  const float* above = e.row(std::max(y - 1, 0));
  const float* here = e.row(y);
  const float* below = e.row(std::min(y + 1, height_ - 1));
  const float per_pixel = static_cast<float>(0.5 / pitch);
  const float per_flattening = static_cast<float>(1.0 / dome_flattening_);
  const float dome_step = static_cast<float>(pitch / dome_radius_);
  const float middle = 0.5f * static_cast<float>(width_ - 1);
  const float dome_y = dome_step * (static_cast<float>(y) - 0.5f * static_cast<float>(height_ - 1));

  const auto slopes = [&](int x, int left, int right) {
    // The untouched gel is a dome, lower at its rim; an object that presses on it flattens it.
    const float dome = std::max(0.0f, 1.0f - here[x] * per_flattening);
    const float gx = per_pixel * (here[right] - here[left]) +
                     dome * dome_step * (static_cast<float>(x) - middle);
    const float gy = per_pixel * (below[x] - above[x]) + dome * dome_y;
    slope_x_[x] = gx;
    slope_y_[x] = gy;
    cosine_[x] = 1.0f / std::sqrt(1.0f + gx * gx + gy * gy);
  };
  if (x0 == 0) slopes(0, 0, 1);
  for (int x = std::max(x0, 1); x < std::min(x1, width_ - 1); ++x) slopes(x, x - 1, x + 1);
  if (x1 == width_) slopes(width_ - 1, width_ - 2, width_ - 1);

  float* const sum_b = sum_[0].data();
  float* const sum_g = sum_[1].data();
  float* const sum_r = sum_[2].data();
  std::fill(sum_b + x0, sum_b + x1, static_cast<float>(ambient_));
  std::fill(sum_g + x0, sum_g + x1, static_cast<float>(ambient_));
  std::fill(sum_r + x0, sum_r + x1, static_cast<float>(ambient_));
  for (const LightField& light : lights_) {
    if (shadows) {
      upsampler_.read(light.shadow, y, x0, x1, shadow_row_.data());
    } else {
      std::fill(shadow_row_.begin() + x0, shadow_row_.begin() + x1, 1.0f);
    }
    const float* tx = light.toward_x.row(y);
    const float* ty = light.toward_y.row(y);
    const float* tz = light.toward_z.row(y);
    const float* gx = slope_x_.data();
    const float* gy = slope_y_.data();
    const float* cosine = cosine_.data();
    const float* lit = shadow_row_.data();
    const float b = light.color[0], g = light.color[1], r = light.color[2];
    for (int x = x0; x < x1; ++x) {
      // The normal on the camera's side is (-gx, -gy, -1) / length.
      const float facing = std::max(0.0f, tz[x] - gx[x] * tx[x] - gy[x] * ty[x]);
      const float light_here = facing * cosine[x] * lit[x];
      sum_b[x] += b * light_here;
      sum_g[x] += g * light_here;
      sum_r[x] += r * light_here;
    }
  }
  for (int c = 0; c < 3; ++c) {
    const float* sum = sum_[c].data();
    const float* gain = gain_[c].row(y);
    float* out = planes[c].row(y);
    for (int x = x0; x < x1; ++x) out[x] = gain[x] * sum[x];
  }
}

void GelShading::cast_shadows(const GelHeightField& field) {
  const PixelRegion region = field.region().halved();
  const GelPlane& fine = field.indentation();
  for (int y = region.y0; y < region.y1; ++y) {
    const float* a = fine.row(2 * y);
    const float* b = fine.row(2 * y + 1);
    float* out = coarse_.row(y);
    for (int x = region.x0; x < region.x1; ++x) {
      out[x] = 0.25f * (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]);
    }
  }
  for (LightField& light : lights_) {
    light.shadow.fill(1.0f);
    sweep_shadow(light, region, 2.0 * field.pitch());
  }
}

// The horizon of a pixel is the height that hides the light from it. Going away from the light line
// by line, it is the last line's surface or horizon, whichever is higher, less what the ray falls
// between two lines.
void GelShading::sweep_shadow(LightField& light, const PixelRegion& region, double pitch) const {
  const bool along_x = std::abs(light.direction_x) > std::abs(light.direction_y);
  const double major = along_x ? light.direction_x : light.direction_y;
  const double minor = along_x ? light.direction_y : light.direction_x;
  const float shift = static_cast<float>(std::abs(minor / major));
  const int side = minor > 0.0 ? 1 : -1;
  const float drop = static_cast<float>(pitch / std::abs(major) * light.elevation);
  const float strength = static_cast<float>(shadow_strength_);
  const float per_depth = static_cast<float>(1.0 / shadow_depth_);

  const std::ptrdiff_t line_step = along_x ? 1 : coarse_.width;
  const std::ptrdiff_t item_step = along_x ? coarse_.width : 1;
  const int lines0 = along_x ? region.x0 : region.y0, lines1 = along_x ? region.x1 : region.y1;
  const int items0 = along_x ? region.y0 : region.x0, items1 = along_x ? region.y1 : region.x1;
  const float* surface = coarse_.data.data();
  float* horizon = light.horizon.data.data();
  float* shadow = light.shadow.data.data();
  const int from_light = major > 0.0 ? -1 : 1;
  const int first = from_light > 0 ? lines0 : lines1 - 1;
  for (int n = 0; n < lines1 - lines0; ++n) {
    const int line = first + n * from_light;
    for (int item = items0; item < items1; ++item) {
      const std::ptrdiff_t here = line * line_step + item * item_step;
      float hidden = 0.0f;
      if (n > 0) {
        const std::ptrdiff_t last = here - from_light * line_step;
        const int neighbour = item + side;
        const std::ptrdiff_t beside =
            neighbour < items0 || neighbour >= items1 ? last : last + side * item_step;
        hidden = (1.0f - shift) * std::max(surface[last], horizon[last]) +
                 shift * std::max(surface[beside], horizon[beside]) - drop;
      }
      horizon[here] = hidden;
      const float depth = (hidden - surface[here]) * per_depth;
      shadow[here] = 1.0f - strength * std::clamp(depth, 0.0f, 1.0f);
    }
  }
}

}  // namespace gripbench::sim

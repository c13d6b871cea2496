#include "sim/gel_shading.h"

#include <algorithm>
#include <cmath>

namespace gripbench::sim {
namespace {

/// Coefficients by rising degree, within a degree by falling power of x.
double polynomial(const std::vector<double>& coefficients, double x, double y) {
  double sum = 0.0;
  int degree = 0, of_y = 0;
  for (const double c : coefficients) {
    sum += c * std::pow(x, degree - of_y) * std::pow(y, of_y);
    if (of_y++ == degree) {
      ++degree;
      of_y = 0;
    }
  }
  return sum;
}

}  // namespace

GelShading::GelShading(const OpticsProfile& optics)
    : model_(optics.shading),
      dome_radius_(optics.dome_radius),
      dome_flattening_(optics.dome_flattening),
      ambient_(optics.ambient),
      shadow_strength_(optics.shadow_strength),
      shadow_depth_(optics.shadow_depth),
      width_(optics.field_width()),
      height_(optics.field_height()),
      coarse_(width_ / 2, height_ / 2),
      upsampler_(width_) {
  const double half_width = 0.5 * optics.width * optics.pixel_pitch;
  for (int x = 0; x < width_; ++x) {
    place_x_.push_back(static_cast<float>(optics.field_x(x) / half_width));
    dome_x_.push_back(dome_radius_ > 0 ? static_cast<float>(optics.field_x(x) / dome_radius_) : 0);
  }
  for (int y = 0; y < height_; ++y) {
    place_y_.push_back(static_cast<float>(optics.field_y(y) / half_width));
    dome_y_.push_back(dome_radius_ > 0 ? static_cast<float>(optics.field_y(y) / dome_radius_) : 0);
  }
  if (optics.table) table_ = ShadingGrid(*optics.table);
  for (const GelLight& source : optics.lights) lights_.push_back(make_light(source, optics));
  for (auto* row : {&slope_x_, &slope_y_, &cosine_, &shadow_row_}) row->resize(width_);
  for (auto& row : sum_) row.resize(width_);
  for (int c = 0; c < 3; ++c) {
    background_[c] = gain_[c] = bare_[c] = GelPlane(width_, height_);
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        const double value = polynomial(optics.background[c], place_x_[x], place_y_[y]);
        background_[c].row(y)[x] = static_cast<float>(std::clamp(value, 0.0, 255.0));
      }
    }
  }
  if (model_ != ShadingModel::kTable) light_untouched_gel(optics);
}

GelShading::LightField GelShading::make_light(const GelLight& source,
                                              const OpticsProfile& optics) const {
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
      const Eigen::Vector3d to =
          source.position - Eigen::Vector3d(optics.field_x(x), optics.field_y(y), 0.0);
      const double weight = std::pow(reference / to.norm(), optics.falloff) / to.norm();
      light.toward_x.row(y)[x] = static_cast<float>(weight * to.x());
      light.toward_y.row(y)[x] = static_cast<float>(weight * to.y());
      light.toward_z.row(y)[x] = static_cast<float>(-weight * to.z());
    }
  }
  return light;
}

void GelShading::light_untouched_gel(const OpticsProfile& optics) {
  const GelHeightField untouched(optics);
  for (int y = 0; y < height_; ++y) {
    find_slopes(untouched, y, 0, width_);
    add_lights(y, 0, width_, Light::kAll);
    for (int c = 0; c < 3; ++c) {
      std::copy(sum_[c].begin(), sum_[c].end(), bare_[c].row(y));
      for (int x = 0; x < width_; ++x) {
        gain_[c].row(y)[x] =
            model_ == ShadingModel::kRatio ? background_[c].row(y)[x] / bare_[c].row(y)[x] : 1.0f;
      }
    }
  }
}

void GelShading::shade(const GelHeightField& field, Planes& planes) {
  const PixelRegion& region = field.region();
  if (region.empty()) return;
  const bool shadows = shadow_strength_ > 0.0 && !lights_.empty();
  if (shadows) cast_shadows(field);
  for (int y = region.y0; y < region.y1; ++y) {
    find_slopes(field, y, region.x0, region.x1);
    if (model_ == ShadingModel::kTable) {
      add_table(y, region.x0, region.x1, planes);
      if (!shadows) continue;
      add_lights(y, region.x0, region.x1, Light::kLostToShadows);
      for (int c = 0; c < 3; ++c) {
        float* out = planes[c].row(y);
        for (int x = region.x0; x < region.x1; ++x) out[x] += sum_[c][x];
      }
      continue;
    }
    add_lights(y, region.x0, region.x1, shadows ? Light::kLessShadows : Light::kAll);
    for (int c = 0; c < 3; ++c) apply(c, y, region.x0, region.x1, planes[c].row(y));
  }
}

void GelShading::add_table(int y, int x0, int x1, Planes& planes) const {
  for (int c = 0; c < 3; ++c) {
    const float* row = background_[c].row(y);
    std::copy(row + x0, row + x1, planes[c].row(y) + x0);
  }
  table_.add(&slope_x_[x0], &slope_y_[x0], &place_x_[x0], place_y_[y], x1 - x0,
             planes[0].row(y) + x0, planes[1].row(y) + x0, planes[2].row(y) + x0);
}

void GelShading::apply(int channel, int y, int x0, int x1, float* out) const {
  const float* sum = sum_[channel].data();
  if (model_ == ShadingModel::kRatio) {
    const float* gain = gain_[channel].row(y);
    for (int x = x0; x < x1; ++x) out[x] = gain[x] * sum[x];
  } else {
    const float* background = background_[channel].row(y);
    const float* bare = bare_[channel].row(y);
    for (int x = x0; x < x1; ++x) out[x] = background[x] + sum[x] - bare[x];
  }
}

void GelShading::find_slopes(const GelHeightField& field, int y, int x0, int x1) {
  const GelPlane& e = field.indentation();
  const float* above = e.row(std::max(y - 1, 0));
  const float* here = e.row(y);
  const float* below = e.row(std::min(y + 1, height_ - 1));
  const float per_pixel = static_cast<float>(0.5 / field.pitch());
  const bool domed = dome_radius_ > 0.0;
  const float per_flattening = domed ? static_cast<float>(1.0 / dome_flattening_) : 0.0f;
  const float* const dome_x = dome_x_.data();
  const float dome_y = dome_y_[y];

  const auto slopes = [&](int x, int left, int right) {
    // The untouched gel is a dome, lower at its rim; an object that presses on it flattens it.
    const float dome = std::max(0.0f, 1.0f - here[x] * per_flattening);
    const float gx = per_pixel * (here[right] - here[left]) + dome * dome_x[x];
    const float gy = per_pixel * (below[x] - above[x]) + dome * dome_y;
    slope_x_[x] = gx;
    slope_y_[x] = gy;
    cosine_[x] = 1.0f / std::sqrt(1.0f + gx * gx + gy * gy);
  };
  if (x0 == 0) slopes(0, 0, 1);
  for (int x = std::max(x0, 1); x < std::min(x1, width_ - 1); ++x) slopes(x, x - 1, x + 1);
  if (x1 == width_) slopes(width_ - 1, width_ - 2, width_ - 1);
}

void GelShading::add_lights(int y, int x0, int x1, Light part) {
  float* const sum_b = sum_[0].data();
  float* const sum_g = sum_[1].data();
  float* const sum_r = sum_[2].data();
  std::fill(sum_b + x0, sum_b + x1, static_cast<float>(ambient_));
  std::fill(sum_g + x0, sum_g + x1, static_cast<float>(ambient_));
  std::fill(sum_r + x0, sum_r + x1, static_cast<float>(ambient_));
  for (const LightField& light : lights_) {
    if (part == Light::kAll) {
      std::fill(shadow_row_.begin() + x0, shadow_row_.begin() + x1, 1.0f);
    } else {
      upsampler_.read(light.shadow, y, x0, x1, shadow_row_.data());
      if (part == Light::kLostToShadows) {
        for (int x = x0; x < x1; ++x) shadow_row_[x] -= 1.0f;
      }
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

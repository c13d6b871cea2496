#include "sim/calibration/calibrated_profile.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numbers>
#include <system_error>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "hal/errors.h"
#include "sim/calibration/gel_statistics.h"
#include "sim/gel_height_field.h"
#include "sim/gel_shading.h"

namespace gripbench::sim {
namespace {

void set_dots(const ReferencePicture& reference, double pixel_pitch, MarkerProfile& markers) {
  const auto lattice = fit_dot_lattice(find_gel_dots(reference.picture), reference.picture.size());
  if (!lattice) {
    // A gel without dots; the rest of the base's dots does not matter then.
    markers.darkness = markers.darkness_jitter = 0.0;
    return;
  }
  markers.pitch = lattice->pitch * pixel_pitch;
  markers.angle = lattice->angle;
  markers.origin = {lattice->origin_x * pixel_pitch, lattice->origin_y * pixel_pitch};
  markers.bend = std::clamp(lattice->bend, -0.1, 0.3);
  markers.stretch = std::clamp(lattice->stretch, -0.2, 0.2);
  markers.diameter = std::min(lattice->diameter * pixel_pitch, 0.9 * markers.pitch);
  markers.diameter_jitter = std::min(lattice->diameter_deviation / lattice->diameter, 0.3);
  markers.position_jitter =
      std::min(lattice->position_deviation * pixel_pitch, 0.25 * markers.pitch);
  markers.softness = std::clamp(lattice->softness * pixel_pitch, 1e-6, markers.diameter);
  markers.darkness = std::clamp(lattice->darkness, 0.0, 1.0);
  markers.darkness_jitter = std::min(lattice->darkness_deviation, 0.3);
  markers.faded_share = markers.chipped_share = 0.0;
}

void set_shading(const OpticsFit& fit, double pixel_pitch, OpticsProfile& optics) {
  optics.lights.clear();
  optics.table.reset();
  optics.ambient = 0.0;
  optics.shadow_strength = 0.0;
  optics.dome_radius = 0.0;
  if (const auto* table = std::get_if<TableModel>(&fit.shading)) {
    optics.shading = ShadingModel::kTable;
    optics.table = std::make_shared<ShadingTable>(table->table());
    return;
  }
  const LampModel& model = std::get<LampModel>(fit.shading);
  const double unit = 0.5 * optics.width * pixel_pitch;
  optics.shading = ShadingModel::kDifference;
  optics.falloff = std::clamp(model.falloff, 0.0, 4.0);
  optics.dome_radius = 1e3;  // changes are against the untouched gel, whatever its shape
  optics.dome_flattening = 0.01;
  optics.shadow_depth = 1e-4;
  for (const LampModel::Lamp& lamp : model.lamps) {
    GelLight light;
    light.position = {std::clamp(lamp.x * unit, -0.2, 0.2), std::clamp(lamp.y * unit, -0.2, 0.2),
                      -std::clamp(lamp.height * unit, 2e-4, 0.2)};
    light.color_bgr = {lamp.color[0], lamp.color[1], lamp.color[2]};
    optics.lights.push_back(light);
  }
}

GelImprint ball_imprint(const OpticsProfile& optics, const ObjectShape& ball,
                        const Eigen::Vector3d& middle) {
  GelImprint imprint;
  imprint.grid.pitch = 0.25e-3;
  imprint.grid.nx = static_cast<int>(optics.width * optics.pixel_pitch / imprint.grid.pitch) + 3;
  imprint.grid.ny = static_cast<int>(optics.height * optics.pixel_pitch / imprint.grid.pitch) + 3;
  imprint.shape = &ball;
  imprint.object_from_pad.translation() = -middle;
  const std::size_t nodes = static_cast<std::size_t>(imprint.grid.size());
  imprint.indentation.assign(nodes, 0.0f);
  imprint.displacement_x.assign(nodes, 0.0f);
  imprint.displacement_y.assign(nodes, 0.0f);
  for (int j = 0; j < imprint.grid.ny; ++j) {
    for (int i = 0; i < imprint.grid.nx; ++i) {
      const Eigen::Vector3d node(imprint.grid.x(i), imprint.grid.y(j), 0.0);
      imprint.indentation[static_cast<std::size_t>(j) * imprint.grid.nx + i] =
          static_cast<float>(std::max(0.0, -ball.signed_distance(Eigen::Vector3d(node - middle))));
    }
  }
  return imprint;
}

ObjectShape ball_of(double radius) {
  hal::ObjectDescription description;
  description.name = "ball";
  description.mass = 0.1;
  hal::ShapePart part;
  part.kind = hal::ShapePart::Kind::kSphere;
  part.size = {radius, 0.0, 0.0};
  description.parts = {part};
  description.bounds_min = Eigen::Vector3d::Constant(-radius);
  description.bounds_max = Eigen::Vector3d::Constant(radius);
  return ObjectShape(description);
}

std::string number_list(const std::vector<double>& values) {
  std::string out;
  for (const double v : values) out += fmt::format("{}{:.2f}", out.empty() ? "" : ", ", v);
  return out;
}

std::string lamps_text(const OpticsProfile& o) {
  std::string out = "  lights:\n";
  for (const GelLight& light : o.lights) {
    out += fmt::format(
        "    - {{position: [{:.6g}, {:.6g}, {:.6g}], color: [{:.6g}, {:.6g}, {:.6g}]}}\n",
        light.position.x(), light.position.y(), light.position.z(), light.color_bgr[2],
        light.color_bgr[1], light.color_bgr[0]);
  }
  out += fmt::format("  falloff: {:.6g}\n", o.falloff);
  out += fmt::format("  shadow: {{strength: {:.6g}, depth: {:.6g}}}\n", o.shadow_strength,
                     o.shadow_depth);
  return out;
}

std::string shading_text(const OpticsProfile& o, const std::string& table_name) {
  if (o.shading == ShadingModel::kTable) {
    return fmt::format("  shading: table\n  table: {}\n", table_name) +
           (o.lights.empty() ? "" : lamps_text(o));
  }
  const std::string model = o.shading == ShadingModel::kRatio
                                ? fmt::format("  shading: ratio\n  ambient: {:.6g}\n", o.ambient)
                                : "  shading: difference\n";
  return model + lamps_text(o) +
         fmt::format("  dome: {{radius: {:.6g}, flattening: {:.6g}}}\n", o.dome_radius,
                     o.dome_flattening);
}

std::string profile_text(const SensorProfile& profile, const std::string& heading,
                         const std::string& table_name) {
  const PadProfile& p = profile.pad;
  const OpticsProfile& o = profile.optics;
  const MarkerProfile& m = o.markers;
  std::string out = "# ";
  for (const char c : heading) {
    out += c;
    if (c == '\n') out += "# ";
  }
  out += "\n\npad:\n";
  out += fmt::format("  grid: {{nx: {}, ny: {}, pitch: {:.6g}}}\n", p.grid.nx, p.grid.ny,
                     p.grid.pitch);
  for (const auto& [key, value] : {std::pair{"normal_stiffness", p.normal_stiffness},
                                   {"tangential_stiffness", p.tangential_stiffness},
                                   {"thickness", p.thickness},
                                   {"normal_damping", p.normal_damping},
                                   {"tangential_damping", p.tangential_damping},
                                   {"friction_slope", p.friction_slope},
                                   {"friction_speed", p.friction_speed},
                                   {"layer_length", p.layer_length}}) {
    out += fmt::format("  {}: {:.8g}\n", key, value);
  }
  out += "\noptics:\n";
  out += fmt::format("  image: {{width: {}, height: {}, pixel_pitch: {:.6g}}}\n", o.width, o.height,
                     o.pixel_pitch);
  out += fmt::format("  background:\n    blue: [{}]\n    green: [{}]\n    red: [{}]\n",
                     number_list(o.background[0]), number_list(o.background[1]),
                     number_list(o.background[2]));
  out += shading_text(o, table_name);
  out += fmt::format("  membrane: {{length: {:.6g}, steepest: {:.6g}}}\n", o.membrane_length,
                     o.membrane_steepest);
  out += fmt::format("  spread: {:.6g}\n  blur: {:.6g}\n  noise: {:.4g}\n  markers:\n", o.spread,
                     o.blur, o.noise);
  out += fmt::format("    pitch: {:.6g}\n    angle_deg: {:.5g}\n    origin: [{:.6g}, {:.6g}]\n",
                     m.pitch, m.angle * 180.0 / std::numbers::pi, m.origin.x(), m.origin.y());
  for (const auto& [key, value] : {std::pair{"bend", m.bend},
                                   {"stretch", m.stretch},
                                   {"diameter", m.diameter},
                                   {"diameter_jitter", m.diameter_jitter},
                                   {"position_jitter", m.position_jitter},
                                   {"roughness", m.roughness},
                                   {"softness", m.softness},
                                   {"darkness", m.darkness},
                                   {"darkness_jitter", m.darkness_jitter},
                                   {"faded_share", m.faded_share},
                                   {"chipped_share", m.chipped_share}}) {
    out += fmt::format("    {}: {:.6g}\n", key, value);
  }
  return out;
}

/// Removes what a failed write leaves.
class Leftovers {
 public:
  void add(std::filesystem::path file) { files_.push_back(std::move(file)); }
  void keep() { files_.clear(); }
  ~Leftovers() {
    std::error_code ignored;
    for (const auto& file : files_) std::filesystem::remove(file, ignored);
  }

 private:
  std::vector<std::filesystem::path> files_;
};

}  // namespace

void cover_view(SensorProfile& profile) {
  PadGrid& grid = profile.pad.grid;
  const OpticsProfile& o = profile.optics;
  grid.nx = std::max(2, static_cast<int>(std::ceil(o.width * o.pixel_pitch / grid.pitch)) + 1);
  grid.ny = std::max(2, static_cast<int>(std::ceil(o.height * o.pixel_pitch / grid.pitch)) + 1);
}

SensorProfile calibrated_profile(const SensorProfile& base, const ReferencePicture& reference,
                                 std::span<const BallPress> presses, const OpticsFit& fit,
                                 double pixel_pitch) {
  SensorProfile profile = base;
  OpticsProfile& optics = profile.optics;
  const double blur_pixels = base.optics.blur / base.optics.pixel_pitch;
  optics.width = reference.picture.cols;
  optics.height = reference.picture.rows;
  optics.pixel_pitch = pixel_pitch;
  optics.blur = blur_pixels * pixel_pitch;
  optics.background = fit_background(reference.picture, reference.dots);
  optics.membrane_length = fit.scale.membrane * pixel_pitch;
  double noise = 1e9;
  for (const BallPress& press : presses) noise = std::min(noise, press.far_deviation);
  optics.noise = std::min(noise / std::sqrt(2.0), 50.0);
  set_shading(fit, pixel_pitch, optics);
  set_dots(reference, pixel_pitch, optics.markers);
  cover_view(profile);
  return profile;
}

cv::Mat rendered_change(const OpticsProfile& optics, const OpticsFit& fit, const PressShape& shape,
                        double ball_radius) {
  const double pitch = optics.pixel_pitch;
  const PressProfile profile(shape.contact_radius, fit.scale, 10.0);
  const ObjectShape ball = ball_of(ball_radius);
  const double depth = profile.depth() / fit.scale.ball_radius * ball_radius;
  const Eigen::Vector3d middle((shape.x - 0.5 * (optics.width - 1)) * pitch,
                               (shape.y - 0.5 * (optics.height - 1)) * pitch, ball_radius - depth);
  GelHeightField field(optics);
  field.build(ball_imprint(optics, ball, middle));
  GelShading shading(optics);
  GelShading::Planes planes = shading.background();
  shading.shade(field, planes);
  std::vector<cv::Mat> channels;
  RowUpsampler upsampler(2 * optics.field_width());
  for (int c = 0; c < 3; ++c) {
    GelPlane change = planes[c];
    for (std::size_t k = 0; k < change.data.size(); ++k) {
      change.data[k] -= shading.background()[c].data[k];
    }
    cv::Mat full(2 * change.height, 2 * change.width, CV_32F);
    for (int y = 0; y < full.rows; ++y) upsampler.read(change, y, 0, full.cols, full.ptr<float>(y));
    channels.push_back(full(cv::Rect(0, 0, optics.width, optics.height)).clone());
    const double sigma = optics.blur / pitch;
    if (sigma > 0.0) cv::GaussianBlur(channels[c], channels[c], {}, sigma);
  }
  cv::Mat out;
  cv::merge(channels, out);
  return out;
}

PressError press_error(const BallPress& press, const cv::Mat& change, const PressShape& shape) {
  double sums[4] = {};
  double inside = 0.0, around = 0.0;
  for (const PressPixel& p : press.pixels) {
    const cv::Vec3f& c = change.at<cv::Vec3f>(static_cast<int>(p.y), static_cast<int>(p.x));
    double error = 0.0, unchanged = 0.0;
    for (int k = 0; k < 3; ++k) {
      // A picture ends at 0 and 255.
      const float shown = std::clamp(p.background[k] + c[k], 0.0f, 255.0f) - p.background[k];
      error += std::pow(shown - p.change[k], 2);
      unchanged += std::pow(p.change[k], 2);
    }
    sums[2] += error;
    sums[3] += unchanged;
    around += 3.0;
    if (std::hypot(p.x - shape.x, p.y - shape.y) < shape.contact_radius) {
      sums[0] += error;
      sums[1] += unchanged;
      inside += 3.0;
    }
  }
  inside = std::max(inside, 1.0);
  return {std::sqrt(sums[0] / inside), std::sqrt(sums[1] / inside), std::sqrt(sums[2] / around),
          std::sqrt(sums[3] / around)};
}

cv::Mat press_comparison(const BallPress& press, const ReferencePicture& reference,
                         const cv::Mat& change) {
  const int reach = static_cast<int>(press.reach);
  const cv::Rect view =
      cv::Rect(static_cast<int>(press.shape.x) - reach, static_cast<int>(press.shape.y) - reach,
               2 * reach + 1, 2 * reach + 1) &
      cv::Rect({0, 0}, press.picture.size());
  cv::Mat before, rendered, difference, real = press.picture(view);
  reference.picture(view).convertTo(before, CV_32FC3);
  // A dot takes its share of the light whatever the gel's colour is.
  const cv::Mat smooth = reference.smooth(view);
  cv::Mat share;
  cv::divide(before, cv::max(smooth, 1.0), share);
  cv::Mat(before + change(view).mul(cv::min(share, 1.2))).convertTo(rendered, CV_8UC3);
  cv::Mat a, b;
  real.convertTo(a, CV_32FC3);
  rendered.convertTo(b, CV_32FC3);
  cv::Mat((a - b) * 2.0 + cv::Scalar::all(128.0)).convertTo(difference, CV_8UC3);
  cv::Mat row;
  cv::hconcat(std::vector<cv::Mat>{real, rendered, difference}, row);
  cv::resize(row, row, {}, 4.0, 4.0, cv::INTER_CUBIC);
  return row;
}

void write_profile(const SensorProfile& profile, const std::string& heading,
                   const std::filesystem::path& file) {
  std::filesystem::path table = file, beside = file;
  table.replace_extension(".table");
  beside.replace_extension(".part.yaml");
  std::filesystem::path table_beside = beside;
  table_beside.replace_extension(".table");
  const bool tabled = profile.optics.shading == ShadingModel::kTable;
  Leftovers leftovers;
  const auto write = [&](const std::filesystem::path& path, const std::string& table_name) {
    leftovers.add(path);
    std::ofstream out(path);
    out << profile_text(profile, heading, table_name);
    if (!out.flush()) {
      throw hal::StorageError(path.string() + ": cannot be written; does its folder exist?");
    }
  };
  if (tabled) {
    leftovers.add(table_beside);
    profile.optics.table->save(table_beside);
  }
  write(beside, table_beside.filename().string());
  SensorProfile::load(beside);
  write(beside, table.filename().string());
  std::error_code failed;
  if (tabled) std::filesystem::rename(table_beside, table, failed);
  if (!failed) std::filesystem::rename(beside, file, failed);
  if (failed) throw hal::StorageError(file.string() + ": " + failed.message());
  leftovers.keep();
}

}  // namespace gripbench::sim

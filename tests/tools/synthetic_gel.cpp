#include "tests/tools/synthetic_gel.h"

#include <cmath>
#include <random>
#include <string>

#include <opencv2/imgproc.hpp>

namespace gripbench::tests {
namespace {

double uniform(std::mt19937_64& random, double low, double high) {
  return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
}

/// Smooth random relief with about unit standard deviation, larger than the picture.
cv::Mat relief(const SyntheticGel& gel) {
  cv::Mat height(gel.size.height * 2, gel.size.width * 2, CV_32F);
  cv::RNG random(gel.seed * 7919 + 11);
  random.fill(height, cv::RNG::NORMAL, 0.0, 1.0);
  cv::GaussianBlur(height, height, cv::Size(), gel.texture_wavelength_px / 5.0);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(height, mean, deviation);
  return (height - mean[0]) / deviation[0];
}

/// picture_from_object of a motion about the contact's centre.
cv::Mat affine(const SyntheticGel& gel, const RigidMotion& motion, cv::Point2d offset) {
  const double c = std::cos(motion.turn);
  const double s = std::sin(motion.turn);
  const cv::Point2d centre = gel.contact_centre;
  const cv::Point2d to = centre + motion.shift;
  const cv::Point2d from = centre + offset;
  return (cv::Mat_<double>(2, 3) << c, -s, to.x - c * from.x + s * from.y, s, c,
          to.y - s * from.x - c * from.y);
}

void add_relief(const SyntheticGel& gel, const RigidMotion& object, cv::Mat& picture) {
  const cv::Mat height = relief(gel);
  cv::Mat dx;
  cv::Mat dy;
  cv::Sobel(height, dx, CV_32F, 1, 0, 3);
  cv::Sobel(height, dy, CV_32F, 0, 1, 3);
  cv::Scalar mean;
  cv::Scalar deviation;
  cv::meanStdDev(dx, mean, deviation);
  const double gain = gel.texture_strength / deviation[0];
  const cv::Mat motion = affine(gel, object, {gel.size.width * 0.5, gel.size.height * 0.5});
  cv::Mat mask = cv::Mat::zeros(height.size(), CV_32F);
  cv::ellipse(mask,
              cv::Point2d(gel.contact_centre.x + gel.size.width * 0.5,
                          gel.contact_centre.y + gel.size.height * 0.5),
              cv::Size2d(gel.contact_axes.x, gel.contact_axes.y), 0, 0, 360, 1.0, -1);
  cv::GaussianBlur(mask, mask, cv::Size(), 6.0);
  cv::Mat layers[3];
  cv::Mat sources[3] = {dx.mul(mask) * gain, (dy - 0.3 * dx).mul(mask) * gain,
                        (0.2 * dy - dx).mul(mask) * gain};
  cv::Mat moved;
  for (int channel = 0; channel < 3; ++channel) {
    cv::warpAffine(sources[channel], layers[channel], motion, gel.size, cv::INTER_LINEAR);
  }
  cv::merge(layers, 3, moved);
  picture += moved;
}

void draw_marker(cv::Mat& picture, cv::Point2d at, double radius, double contrast) {
  const int reach = static_cast<int>(std::ceil(radius + 4.0));
  for (int y = static_cast<int>(at.y) - reach; y <= static_cast<int>(at.y) + reach + 1; ++y) {
    for (int x = static_cast<int>(at.x) - reach; x <= static_cast<int>(at.x) + reach + 1; ++x) {
      if (x < 0 || y < 0 || x >= picture.cols || y >= picture.rows) {
        continue;
      }
      const double distance = std::hypot(x - at.x, y - at.y);
      const double covered = 1.0 / (1.0 + std::exp((distance - radius) / (0.12 * radius)));
      picture.at<cv::Vec3f>(y, x) *= static_cast<float>(1.0 - contrast * covered);
    }
  }
}

}  // namespace

std::vector<cv::Point2d> marker_positions(const SyntheticGel& gel) {
  std::mt19937_64 random(gel.seed * 31 + 5);
  std::vector<cv::Point2d> positions;
  const double c = std::cos(gel.grid_turn);
  const double s = std::sin(gel.grid_turn);
  const int reach = static_cast<int>((gel.size.width + gel.size.height) / gel.marker_pitch_px);
  const double margin = 0.6 * gel.marker_diameter_px;
  for (int row = -reach; row <= reach; ++row) {
    for (int column = -reach; column <= reach; ++column) {
      const double u = (column + uniform(random, -0.04, 0.04)) * gel.marker_pitch_px;
      const double v = (row + uniform(random, -0.04, 0.04)) * gel.marker_pitch_px;
      const bool kept = uniform(random, 0.0, 1.0) >= gel.missing;
      const cv::Point2d at(gel.size.width * 0.5 + c * u - s * v,
                           gel.size.height * 0.5 + s * u + c * v);
      if (kept && at.x > margin && at.y > margin && at.x < gel.size.width - margin &&
          at.y < gel.size.height - margin) {
        positions.push_back(at);
      }
    }
  }
  return positions;
}

cv::Mat draw(const SyntheticGel& gel, const DisplacementField& field, const RigidMotion& object,
             std::uint64_t noise_seed) {
  std::mt19937_64 random(gel.seed);
  cv::Mat picture(gel.size, CV_32FC3);
  const double phase = uniform(random, 0.0, 6.28);
  for (int y = 0; y < picture.rows; ++y) {
    for (int x = 0; x < picture.cols; ++x) {
      const double u = static_cast<double>(x) / picture.cols - 0.5;
      const double v = static_cast<double>(y) / picture.rows - 0.5;
      picture.at<cv::Vec3f>(y, x) =
          cv::Vec3f(static_cast<float>(140 + 50 * std::sin(phase + 1.5 * u)),
                    static_cast<float>(140 + 40 * std::cos(phase + 1.7 * v)),
                    static_cast<float>(130 + 50 * std::sin(phase - 1.2 * u + 1.1 * v)));
    }
  }
  add_relief(gel, object, picture);
  for (const cv::Point2d& at : marker_positions(gel)) {
    draw_marker(picture, at + field(at), gel.marker_diameter_px / 2.0, gel.marker_contrast);
  }
  cv::Mat noise(gel.size, CV_32FC3);
  cv::RNG noise_random(noise_seed * 2654435761u + 17);
  noise_random.fill(noise, cv::RNG::NORMAL, 0.0, gel.noise);
  picture += noise;
  cv::Mat bytes;
  picture.convertTo(bytes, CV_8UC3);
  return bytes;
}

DisplacementField dragged(const SyntheticGel& gel, const RigidMotion& motion) {
  return [gel, motion](cv::Point2d at) {
    const cv::Point2d arm = at - gel.contact_centre;
    const double c = std::cos(motion.turn) - 1.0;
    const double s = std::sin(motion.turn);
    const cv::Point2d moved(c * arm.x - s * arm.y + motion.shift.x,
                            s * arm.x + c * arm.y + motion.shift.y);
    const double out = std::hypot(arm.x / gel.contact_axes.x, arm.y / gel.contact_axes.y) - 1.0;
    return moved * (out <= 0.0 ? 1.0 : std::exp(-3.0 * out));
  };
}

detectors::LabelledSequence synthetic_grasp(std::uint64_t seed, int group, bool slip, int frames,
                                            cv::Size size) {
  const double scale = size.width / 640.0;
  std::mt19937_64 of_group(static_cast<std::uint64_t>(group) * 977 + 3);
  SyntheticGel gel;
  gel.size = size;
  gel.marker_pitch_px *= scale;
  gel.marker_diameter_px *= scale;
  gel.texture_wavelength_px = uniform(of_group, 24.0, 60.0) * scale;
  gel.texture_strength = uniform(of_group, 12.0, 35.0);
  gel.contact_axes = {uniform(of_group, 110.0, 220.0) * scale,
                      uniform(of_group, 90.0, 180.0) * scale};
  gel.seed = static_cast<std::uint64_t>(group) + 100;

  std::mt19937_64 random(seed);
  gel.contact_centre = {size.width * uniform(random, 0.4, 0.6),
                        size.height * uniform(random, 0.4, 0.6)};
  const cv::Point2d total(uniform(random, -8.0, 8.0) * scale, uniform(random, 14.0, 40.0) * scale);
  const double total_turn = uniform(random, -0.05, 0.05);
  // Where the gel stops following a slipping object.
  const double hold = uniform(random, 0.15, 0.5);
  const int start = frames > 4 ? 2 : 1;

  detectors::LabelledSequence sequence;
  sequence.slip = slip;
  sequence.group = "group" + std::to_string(group);
  for (int i = 0; i < frames; ++i) {
    const double progress = std::max(0.0, (i - start + 1.0) / (frames - start));
    const RigidMotion object{total * progress, total_turn * progress};
    const double follow = slip ? std::min(progress, hold) : progress;
    const RigidMotion gel_motion{total * follow, total_turn * follow};
    detectors::FramePair pair;
    pair.time = 0.05 * i;
    pair.tactile = draw(gel, dragged(gel, gel_motion), object, random());
    // Outside, the object sinks against the fingers by what the gel did not follow, and a little by
    // the gel's own give.
    const RigidMotion seen{(object.shift - gel_motion.shift) + 0.2 * gel_motion.shift,
                           0.2 * object.turn};
    SyntheticGel outside = gel;
    outside.marker_contrast = 0.0;
    outside.texture_strength = 30.0;
    outside.texture_wavelength_px = 60.0 * scale;
    pair.external = draw(
        outside, [](cv::Point2d) { return cv::Point2d(); }, seen, random());
    sequence.frames.push_back(pair);
  }
  return sequence;
}

}  // namespace gripbench::tests

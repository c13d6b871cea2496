#include "sim/calibration/likeness.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "sim/calibration/ball_press.h"
#include "sim/calibration/gel_statistics.h"

namespace gripbench::sim {
namespace {

const char* const kChannels[] = {"blue", "green", "red"};
/// A contact is where the smoothed colour leaves the untouched gel's by this much, and no smaller
/// than this share of the view.
constexpr float kContactChange = 6.0f;
constexpr double kSmallestContact = 0.002;

double quantile(std::vector<float>& values, double share) {
  if (values.empty()) return 0.0;
  const auto at =
      values.begin() + static_cast<long>(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double v : values) sum += v;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

/// Largest of the channels.
cv::Mat largest(const cv::Mat& colors) {
  std::vector<cv::Mat> c;
  cv::split(colors, c);
  cv::Mat out;
  cv::max(c[0], c[1], out);
  cv::max(out, c[2], out);
  return out;
}

cv::Mat smoothed(const cv::Mat& bgr) {
  cv::Mat out;
  bgr.convertTo(out, CV_32FC3);
  cv::GaussianBlur(out, out, {}, bgr.cols / 160.0);
  return out;
}

/// How much structure a frame has outside of its dots: contacts add some.
double structure(const cv::Mat& bgr) {
  const cv::Mat smooth = smoothed(bgr);
  cv::Mat wide, mask = mask_dots(bgr);
  cv::GaussianBlur(smooth, wide, {}, bgr.cols / 25.0);
  const cv::Mat apart = largest(cv::abs(smooth - wide));
  return cv::mean(apart, mask == 0)[0];
}

cv::Mat calmest_of(const std::vector<cv::Mat>& frames) {
  const cv::Mat* calmest = nullptr;
  double lowest = 0.0;
  for (const cv::Mat& frame : frames) {
    const double value = structure(frame);
    if (calmest == nullptr || value < lowest) {
      lowest = value;
      calmest = &frame;
    }
  }
  return *calmest;
}

struct Noise {
  double moved = 0.0;
  std::array<double, 3> deviation{};
};

/// Between two frames, in all but the tenth of the blocks that changed most: motion does not
/// count.
Noise noise_between(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat x, y;
  a.convertTo(x, CV_32FC3);
  b.convertTo(y, CV_32FC3);
  const cv::Mat d = y - x;
  Noise noise;
  noise.moved = cv::mean(largest(cv::abs(d)))[0];
  constexpr int kBlock = 16;
  for (int c = 0; c < 3; ++c) {
    cv::Mat channel;
    cv::extractChannel(d, channel, c);
    std::vector<float> variances;
    for (int v = 0; v + kBlock <= d.rows; v += kBlock) {
      for (int u = 0; u + kBlock <= d.cols; u += kBlock) {
        cv::Scalar mean, deviation;
        cv::meanStdDev(channel(cv::Rect(u, v, kBlock, kBlock)), mean, deviation);
        variances.push_back(static_cast<float>(deviation[0] * deviation[0]));
      }
    }
    std::sort(variances.begin(), variances.end());
    variances.resize(std::max<std::size_t>(1, variances.size() * 9 / 10));
    double sum = 0.0;
    for (const float v : variances) sum += v;
    noise.deviation[c] = std::sqrt(0.5 * sum / static_cast<double>(variances.size()));
  }
  return noise;
}

/// Sums over sequences, turned to means at the end.
struct Sums {
  std::vector<double> dots, pitch, diameter, diameter_spread, position_spread, bend, stretch,
      darkness, softness;
  std::vector<double> share;
  std::array<std::vector<double>, 3> change;
  std::array<std::vector<double>, 2> gradient;
  std::vector<Noise> noise;
};

void measure_dots(const cv::Mat& frame, Sums& sums) {
  const std::vector<GelDot> dots = find_gel_dots(frame);
  sums.dots.push_back(static_cast<double>(dots.size()));
  const auto lattice = fit_dot_lattice(dots, frame.size());
  if (!lattice) return;
  sums.pitch.push_back(lattice->pitch);
  sums.diameter.push_back(lattice->diameter);
  sums.diameter_spread.push_back(lattice->diameter_deviation);
  sums.position_spread.push_back(lattice->position_deviation);
  sums.bend.push_back(lattice->bend);
  sums.stretch.push_back(lattice->stretch);
  sums.darkness.push_back(lattice->darkness);
  sums.softness.push_back(lattice->softness);
}

/// The change without its median, by channel: cameras change their exposure with what they see.
cv::Mat without_exposure(const cv::Mat& change, const cv::Mat& mask) {
  std::vector<cv::Mat> channels;
  cv::split(change, channels);
  for (cv::Mat& channel : channels) {
    std::vector<float> values;
    for (int y = 0; y < channel.rows; ++y) {
      for (int x = 0; x < channel.cols; ++x) {
        if (mask.at<std::uint8_t>(y, x) == 0) values.push_back(channel.at<float>(y, x));
      }
    }
    channel -= quantile(values, 0.5);
  }
  cv::Mat out;
  cv::merge(channels, out);
  return out;
}

/// Of a frame against the untouched gel. @returns the contact's share of the view.
double measure_contact(const cv::Mat& frame, const cv::Mat& calm, Sums& sums) {
  const cv::Mat now = smoothed(frame);
  cv::Mat mask, brightness, dx, dy;
  cv::bitwise_or(mask_dots(frame), mask_dots(calm), mask);
  const cv::Mat change = largest(cv::abs(without_exposure(now - smoothed(calm), mask)));
  cv::Mat contact = (change > kContactChange) & (mask == 0);
  cv::morphologyEx(contact, contact, cv::MORPH_OPEN, cv::Mat::ones(3, 3, CV_8U));
  const double share =
      cv::countNonZero(contact) / std::max(1.0, static_cast<double>(cv::countNonZero(mask == 0)));
  if (share < kSmallestContact) return share;
  cv::cvtColor(now, brightness, cv::COLOR_BGR2GRAY);
  cv::Sobel(brightness, dx, CV_32F, 1, 0, 3, 0.125);
  cv::Sobel(brightness, dy, CV_32F, 0, 1, 3, 0.125);
  std::vector<float> changes, gradients;
  for (int y = 0; y < contact.rows; ++y) {
    for (int x = 0; x < contact.cols; ++x) {
      if (contact.at<std::uint8_t>(y, x) == 0) continue;
      changes.push_back(change.at<float>(y, x));
      gradients.push_back(std::hypot(dx.at<float>(y, x), dy.at<float>(y, x)));
    }
  }
  sums.share.push_back(share);
  const double change_at[] = {0.5, 0.9, 0.99}, gradient_at[] = {0.5, 0.9};
  for (int k = 0; k < 3; ++k) sums.change[k].push_back(quantile(changes, change_at[k]));
  for (int k = 0; k < 2; ++k) sums.gradient[k].push_back(quantile(gradients, gradient_at[k]));
  return share;
}

void add_histogram(const cv::Mat& frame, GelLook& look) {
  for (int y = 0; y < frame.rows; ++y) {
    for (int x = 0; x < frame.cols; ++x) {
      const cv::Vec3b& p = frame.at<cv::Vec3b>(y, x);
      for (int c = 0; c < 3; ++c) look.histogram[c][p[c]] += 1.0;
    }
  }
}

double earth_movers(const std::array<double, 256>& a, const std::array<double, 256>& b) {
  double gap = 0.0, sum = 0.0;
  for (int k = 0; k < 256; ++k) {
    gap += a[k] - b[k];
    sum += std::abs(gap);
  }
  return sum;
}

}  // namespace

GelLook measure_look(const std::vector<GelSequence>& sequences) {
  GelLook look;
  Sums sums;
  double most = -1.0, least = 1e9;
  int count = 0;
  for (const GelSequence& sequence : sequences) {
    if (sequence.frames.empty()) continue;
    ++count;
    const cv::Mat calm =
        sequence.untouched.empty() ? calmest_of(sequence.frames) : sequence.untouched;
    add_histogram(calm, look);
    measure_dots(calm, sums);
    if (const double value = structure(calm); value < least) {
      least = value;
      look.calm = calm.clone();
    }
    for (std::size_t k = 0; k < sequence.frames.size(); ++k) {
      const double share = measure_contact(sequence.frames[k], calm, sums);
      if (share > most) {
        most = share;
        look.pressed = sequence.frames[k].clone();
      }
      if (k == 0) continue;
      // Recorders repeat frames; those tell nothing of noise.
      const Noise noise = noise_between(sequence.frames[k - 1], sequence.frames[k]);
      if (noise.moved > 0.0) sums.noise.push_back(noise);
    }
  }
  if (count == 0) throw std::invalid_argument("likeness: no frames to measure");
  for (int c = 0; c < 3; ++c) {
    double total = 0.0;
    for (const double n : look.histogram[c]) total += n;
    for (int k = 0; k < 256; ++k) {
      look.histogram[c][k] /= total;
      look.mean[c] += k * look.histogram[c][k];
    }
  }
  look.dots = mean_of(sums.dots);
  look.pitch = mean_of(sums.pitch);
  look.diameter = mean_of(sums.diameter);
  look.diameter_spread = mean_of(sums.diameter_spread);
  look.position_spread = mean_of(sums.position_spread);
  look.bend = mean_of(sums.bend);
  look.stretch = mean_of(sums.stretch);
  look.darkness = mean_of(sums.darkness);
  look.softness = mean_of(sums.softness);
  look.contact_share = mean_of(sums.share);
  for (int k = 0; k < 3; ++k) look.change[k] = mean_of(sums.change[k]);
  for (int k = 0; k < 2; ++k) look.gradient[k] = mean_of(sums.gradient[k]);
  // The least moved quarter of the pairs.
  std::sort(sums.noise.begin(), sums.noise.end(),
            [](const Noise& a, const Noise& b) { return a.moved < b.moved; });
  const std::size_t still = (sums.noise.size() + 3) / 4;
  for (std::size_t k = 0; k < still; ++k) {
    for (int c = 0; c < 3; ++c) {
      look.noise[c] += sums.noise[k].deviation[c] / static_cast<double>(still);
    }
  }
  return look;
}

std::vector<LikenessRow> compare_looks(const GelLook& real, const GelLook& simulated) {
  std::vector<LikenessRow> rows;
  const auto add = [&](const std::string& quantity, double r, double s, double striking) {
    rows.push_back({quantity, r, s, s - r, std::abs(s - r) / striking});
  };
  // A tenth of the range of colours, or a quarter of the real value, would strike the eye.
  const auto add_share = [&](const std::string& quantity, double r, double s) {
    add(quantity, r, s, 0.25 * std::max(std::abs(r), 1e-6));
  };
  for (int c = 0; c < 3; ++c) {
    const double apart = earth_movers(real.histogram[c], simulated.histogram[c]);
    rows.push_back({fmt::format("{}, untouched (mean; histograms apart)", kChannels[c]),
                    real.mean[c], simulated.mean[c], apart, apart / 25.0});
  }
  add_share("dots in view", real.dots, simulated.dots);
  add_share("pitch of dots (px)", real.pitch, simulated.pitch);
  add_share("diameter of dots (px)", real.diameter, simulated.diameter);
  add_share("spread of diameters (px)", real.diameter_spread, simulated.diameter_spread);
  add_share("dots off their places (px)", real.position_spread, simulated.position_spread);
  // A few percent of a dot's way from the middle are seen at the rim.
  add("bend of their lattice (%)", 100.0 * real.bend, 100.0 * simulated.bend, 5.0);
  add("stretch of their lattice (%)", 100.0 * real.stretch, 100.0 * simulated.stretch, 5.0);
  add_share("darkness of dots (share)", real.darkness, simulated.darkness);
  add_share("softness of dots (px)", real.softness, simulated.softness);
  for (int c = 0; c < 3; ++c) {
    // Below a grey level noise is not seen.
    add(fmt::format("noise, {}", kChannels[c]), real.noise[c], simulated.noise[c],
        0.25 * std::max(real.noise[c], 1.0));
  }
  add_share("change of colour in contact, median", real.change[0], simulated.change[0]);
  add_share("change of colour in contact, 90%", real.change[1], simulated.change[1]);
  add_share("change of colour in contact, 99%", real.change[2], simulated.change[2]);
  add_share("gradient in contact, median (per px)", real.gradient[0], simulated.gradient[0]);
  add_share("gradient in contact, 90% (per px)", real.gradient[1], simulated.gradient[1]);
  return rows;
}

}  // namespace gripbench::sim

#include "sim/calibration/gel_statistics.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include <opencv2/imgproc.hpp>

#include <Eigen/Cholesky>
#include <Eigen/LU>

namespace gripbench::sim {
namespace {

/// Share of the light below which a pixel may belong to a dot.
constexpr double kDarkness = 0.2;
constexpr int kSmallestArea = 12;
constexpr int kBackgroundDegree = 6, kBackgroundTerms = 28;

double median(std::vector<double> values) {
  if (values.empty()) return 0.0;
  const auto middle = values.begin() + static_cast<long>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Standard deviation as of a normal distribution with the same quartiles: deaf to freaks.
double robust_deviation(std::vector<double> values) {
  if (values.size() < 4) return 0.0;
  std::sort(values.begin(), values.end());
  return (values[values.size() * 3 / 4] - values[values.size() / 4]) / 1.349;
}

/// Share of the light that each pixel lacks against the brightness around it.
cv::Mat darkness_of(const cv::Mat& bgr) {
  std::vector<cv::Mat> channels;
  cv::split(bgr, channels);
  cv::Mat brightest, around;
  cv::max(channels[0], channels[1], brightest);
  cv::max(brightest, channels[2], brightest);
  brightest.convertTo(brightest, CV_32F);
  const int size = 2 * (bgr.cols / 26) + 1;
  cv::morphologyEx(brightest, around, cv::MORPH_CLOSE,
                   cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size}));
  cv::GaussianBlur(around, around, {}, bgr.cols / 40.0);
  cv::Mat darkness;
  cv::divide(brightest, cv::max(around, 1.0), darkness);
  return 1.0 - darkness;
}

GelDot measure_dot(const cv::Mat& darkness, const cv::Mat& labels, int label, const cv::Rect& box) {
  GelDot dot;
  std::vector<float> values;
  double sum = 0.0;
  for (int y = box.y; y < box.y + box.height; ++y) {
    for (int x = box.x; x < box.x + box.width; ++x) {
      if (labels.at<int>(y, x) != label) continue;
      const float d = darkness.at<float>(y, x);
      values.push_back(d);
      sum += d;
      dot.x += d * x;
      dot.y += d * y;
    }
  }
  dot.x /= sum;
  dot.y /= sum;
  std::sort(values.begin(), values.end());
  dot.darkness = values[values.size() * 95 / 100];
  int half = 0, soft = 0;
  const int margin = 3;
  for (int y = std::max(0, box.y - margin); y < std::min(labels.rows, box.y + box.height + margin);
       ++y) {
    for (int x = std::max(0, box.x - margin); x < std::min(labels.cols, box.x + box.width + margin);
         ++x) {
      const float d = darkness.at<float>(y, x) / static_cast<float>(dot.darkness);
      half += labels.at<int>(y, x) == label && d > 0.5f;
      soft += d > 0.1f && d < 0.9f;
    }
  }
  dot.diameter = 2.0 * std::sqrt(half / std::numbers::pi);
  dot.softness = soft / (std::numbers::pi * std::max(dot.diameter, 1.0));
  return dot;
}

using Complex = std::complex<double>;

/// A lattice as a camera shows it (MarkerProfile): node n stands at seen(origin + step * n), with
/// places from the picture's middle and `half` its half width.
struct SeenLattice {
  Complex origin, step;
  double bend = 0.0, stretch = 0.0, half = 1.0;

  Complex straight(Complex node) const { return origin + step * node; }
  Complex bent_by(Complex place) const { return place * std::norm(place / half); }
  Complex stretched_by(Complex place) const { return -0.5 * std::conj(place); }
  Complex seen(Complex place) const {
    return place + bend * bent_by(place) + stretch * stretched_by(place);
  }
  Complex unseen(Complex place) const {
    Complex guess = place;
    for (int k = 0; k < 6; ++k) guess += place - seen(guess);
    return guess;
  }
};

struct PlacedDot {
  Complex node, place;
};

/// Dots on the nodes that they are nearest to, without those that are far from any.
std::vector<PlacedDot> dots_on_nodes(const std::vector<Complex>& places,
                                     const SeenLattice& lattice) {
  std::vector<PlacedDot> out;
  for (const Complex& place : places) {
    const Complex exact = (lattice.unseen(place) - lattice.origin) / lattice.step;
    const Complex node{std::round(exact.real()), std::round(exact.imag())};
    if (std::abs(exact - node) <= 0.3) out.push_back({node, place});
  }
  return out;
}

/// Origin, step (one complex number, so that the lattice stays square) and, if wanted, bend and
/// stretch by linear least squares, with the changes of place as of the lattice given.
SeenLattice refit(const std::vector<PlacedDot>& dots, const SeenLattice& lattice, bool as_seen) {
  using Unknowns = Eigen::Vector<double, 6>;
  Eigen::Matrix<double, 6, 6> gram = Eigen::Matrix<double, 6, 6>::Zero();
  Unknowns right = Unknowns::Zero();
  const auto add = [&](const Unknowns& row, double value) {
    gram += row * row.transpose();
    right += row * value;
  };
  for (const PlacedDot& dot : dots) {
    const Complex place = lattice.straight(dot.node);
    const Complex bent = as_seen ? lattice.bent_by(place) : 0.0;
    const Complex stretched = as_seen ? lattice.stretched_by(place) : 0.0;
    const double i = dot.node.real(), j = dot.node.imag();
    add(Unknowns{{1.0, 0.0, i, -j, bent.real(), stretched.real()}}, dot.place.real());
    add(Unknowns{{0.0, 1.0, j, i, bent.imag(), stretched.imag()}}, dot.place.imag());
  }
  if (!as_seen) gram(4, 4) = gram(5, 5) = 1.0;
  const Unknowns x = gram.ldlt().solve(right);
  return {{x[0], x[1]}, {x[2], x[3]}, x[4], x[5], lattice.half};
}

/// Places the lattice, whose pitch and angle are roughly known, on the dots.
/// @returns false where fewer than 6 dots stand on it.
bool place_lattice(const std::vector<GelDot>& dots, const cv::Size& picture, DotLattice& lattice) {
  const Complex middle{0.5 * (picture.width - 1), 0.5 * (picture.height - 1)};
  std::vector<Complex> places;
  for (const GelDot& dot : dots) places.push_back(Complex{dot.x, dot.y} - middle);
  const Complex first = *std::min_element(
      places.begin(), places.end(),
      [](const Complex& a, const Complex& b) { return std::norm(a) < std::norm(b); });
  SeenLattice seen{first, std::polar(lattice.pitch, lattice.angle), 0.0, 0.0, 0.5 * picture.width};
  // A few dots do not tell a lens from their own irregularity.
  constexpr std::size_t kEnoughForLens = 24;
  constexpr int kRounds = 10, kStraightRounds = 4;
  std::vector<PlacedDot> placed;
  for (int round = 0; round < kRounds; ++round) {
    placed = dots_on_nodes(places, seen);
    if (placed.size() < 6) return false;
    seen = refit(placed, seen, round >= kStraightRounds && placed.size() >= kEnoughForLens);
  }
  std::vector<double> off;
  for (const PlacedDot& dot : placed) {
    const Complex apart = dot.place - seen.seen(seen.straight(dot.node));
    off.push_back(apart.real());
    off.push_back(apart.imag());
  }
  lattice.pitch = std::abs(seen.step);
  lattice.angle = std::arg(seen.step);
  lattice.origin_x = seen.origin.real();
  lattice.origin_y = seen.origin.imag();
  lattice.bend = seen.bend;
  lattice.stretch = seen.stretch;
  lattice.position_deviation = robust_deviation(off);
  return true;
}

}  // namespace

std::vector<GelDot> find_gel_dots(const cv::Mat& bgr) {
  const cv::Mat darkness = darkness_of(bgr);
  cv::Mat labels, stats, middles;
  const int count = cv::connectedComponentsWithStats(darkness > kDarkness, labels, stats, middles);
  std::vector<GelDot> dots;
  for (int k = 1; k < count; ++k) {
    const cv::Rect box(stats.at<int>(k, cv::CC_STAT_LEFT), stats.at<int>(k, cv::CC_STAT_TOP),
                       stats.at<int>(k, cv::CC_STAT_WIDTH), stats.at<int>(k, cv::CC_STAT_HEIGHT));
    const bool whole = box.x > 0 && box.y > 0 && box.br().x < bgr.cols && box.br().y < bgr.rows;
    const int area = stats.at<int>(k, cv::CC_STAT_AREA);
    if (!whole || area < kSmallestArea || area > static_cast<int>(bgr.total() / 50)) continue;
    dots.push_back(measure_dot(darkness, labels, k, box));
  }
  std::vector<double> diameters;
  for (const GelDot& dot : dots) diameters.push_back(dot.diameter);
  const double typical = median(diameters);
  std::erase_if(dots, [&](const GelDot& dot) {
    return dot.diameter < 0.4 * typical || dot.diameter > 2.0 * typical;
  });
  return dots;
}

std::optional<DotLattice> fit_dot_lattice(const std::vector<GelDot>& dots,
                                          const cv::Size& picture) {
  if (dots.size() < 6) return std::nullopt;
  std::vector<double> nearest;
  for (const GelDot& a : dots) {
    double closest = 1e9;
    for (const GelDot& b : dots) {
      if (&a != &b) closest = std::min(closest, std::hypot(a.x - b.x, a.y - b.y));
    }
    nearest.push_back(closest);
  }
  const double near = median(nearest);
  std::vector<double> distances;
  std::complex<double> turn = 0.0;
  for (const GelDot& a : dots) {
    for (const GelDot& b : dots) {
      const double d = std::hypot(a.x - b.x, a.y - b.y);
      if (&a == &b || d > 1.25 * near) continue;
      distances.push_back(d);
      turn += std::polar(1.0, 4.0 * std::atan2(b.y - a.y, b.x - a.x));
    }
  }
  if (distances.size() < 6) return std::nullopt;
  DotLattice lattice;
  lattice.pitch = median(distances);
  lattice.angle = std::arg(turn) / 4.0;

  if (!place_lattice(dots, picture, lattice)) return std::nullopt;
  std::vector<double> diameters, darkness, softness;
  for (const GelDot& dot : dots) {
    diameters.push_back(dot.diameter);
    darkness.push_back(dot.darkness);
    softness.push_back(dot.softness);
  }
  lattice.diameter = median(diameters);
  lattice.diameter_deviation = robust_deviation(diameters);
  lattice.darkness = median(darkness);
  lattice.darkness_deviation = robust_deviation(darkness);
  lattice.softness = median(softness);
  return lattice;
}

std::array<std::vector<double>, 3> fit_background(const cv::Mat& bgr, const cv::Mat& mask) {
  using Terms = Eigen::Matrix<double, kBackgroundTerms, 1>;
  using Gram = Eigen::Matrix<double, kBackgroundTerms, kBackgroundTerms>;
  using Channels = Eigen::Matrix<double, kBackgroundTerms, 3>;
  Gram gram = Gram::Zero();
  Channels right = Channels::Zero();
  for (int v = 0; v < bgr.rows; ++v) {
    for (int u = 0; u < bgr.cols; ++u) {
      if (mask.at<std::uint8_t>(v, u) != 0) continue;
      const double x = (u - 0.5 * (bgr.cols - 1)) / (0.5 * bgr.cols);
      const double y = (v - 0.5 * (bgr.rows - 1)) / (0.5 * bgr.cols);
      Terms terms;
      int k = 0;
      for (int degree = 0; degree <= kBackgroundDegree; ++degree) {
        for (int of_y = 0; of_y <= degree; ++of_y) {
          terms[k++] = std::pow(x, degree - of_y) * std::pow(y, of_y);
        }
      }
      gram += terms * terms.transpose();
      const cv::Vec3b& p = bgr.at<cv::Vec3b>(v, u);
      right += terms * Eigen::RowVector3d(p[0], p[1], p[2]);
    }
  }
  // What the picture does not tell, as beyond its masked corners, stays small.
  gram.diagonal().array() += 1e-6 * gram(0, 0);
  const Channels solved = gram.ldlt().solve(right);
  std::array<std::vector<double>, 3> out;
  for (int c = 0; c < 3; ++c) {
    for (int k = 0; k < kBackgroundTerms; ++k) out[c].push_back(solved(k, c));
  }
  return out;
}

}  // namespace gripbench::sim

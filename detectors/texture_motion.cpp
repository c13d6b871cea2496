#include "detectors/texture_motion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include <opencv2/imgproc.hpp>

namespace gripbench::detectors {
namespace {

constexpr int kReliefWidth = 160;

int odd(double value) { return 2 * static_cast<int>(std::lround((value - 1.0) / 2.0)) + 1; }

cv::Point2d to_small(cv::Point2d p, double factor) {
  return {(p.x + 0.5) / factor - 0.5, (p.y + 0.5) / factor - 0.5};
}

/// B - R and G - (B + R) / 2 of a small picture, with the mask of what is not a marker.
cv::Mat colour_differences(const cv::Mat& small, const MarkerField& markers, double factor) {
  cv::Mat mask(small.size(), CV_8U, cv::Scalar(1));
  for (const Marker& marker : markers.markers) {
    const cv::Point2d at = to_small(marker.position, factor);
    const double radius = 0.5 * std::max(marker.diameter_px, markers.scale.diameter_px) / factor;
    cv::circle(mask, cv::Point(cvRound(at.x), cvRound(at.y)), cvRound(1.15 * radius + 1.0), 0, -1);
  }
  cv::Mat detail(small.size(), CV_32FC3);
  for (int y = 0; y < small.rows; ++y) {
    const auto* p = small.ptr<cv::Vec3b>(y);
    const auto* m = mask.ptr<uchar>(y);
    auto* d = detail.ptr<cv::Vec3f>(y);
    for (int x = 0; x < small.cols; ++x) {
      const auto keep = static_cast<float>(m[x]);
      const float b = p[x][0];
      const float g = p[x][1];
      const float r = p[x][2];
      d[x] = cv::Vec3f((b - r) * keep, (g - 0.5f * (b + r)) * keep, keep);
    }
  }
  return detail;
}

/// Moments of two masked, weighted reliefs of one size: what a correlation is made of.
double correlation(const cv::Mat& a, const cv::Mat& b, const cv::Mat& weight) {
  double ab = 0.0;
  double aa = 1e-6;
  double bb = 1e-6;
  for (int y = 0; y < a.rows; ++y) {
    const auto* pa = a.ptr<cv::Vec3f>(y);
    const auto* pb = b.ptr<cv::Vec3f>(y);
    const auto* w = weight.ptr<float>(y);
    float row_ab = 0.0f;
    float row_aa = 0.0f;
    float row_bb = 0.0f;
    for (int x = 0; x < a.cols; ++x) {
      const float k = w[x] * pa[x][2] * pb[x][2];
      row_ab += k * (pa[x][0] * pb[x][0] + pa[x][1] * pb[x][1]);
      row_aa += k * (pa[x][0] * pa[x][0] + pa[x][1] * pa[x][1]);
      row_bb += k * (pb[x][0] * pb[x][0] + pb[x][1] * pb[x][1]);
    }
    ab += row_ab;
    aa += row_aa;
    bb += row_bb;
  }
  return std::clamp(ab / std::sqrt(aa * bb), 0.0, 1.0);
}

/// now, seen where the markers' motion and a rigid motion on top of it say.
cv::Mat warp_back(const cv::Mat& now, const cv::Matx23d& now_from_first) {
  cv::Mat warped;
  cv::warpAffine(now, warped, cv::Mat(now_from_first), now.size(),
                 cv::INTER_LINEAR | cv::WARP_INVERSE_MAP, cv::BORDER_CONSTANT, cv::Scalar::all(0));
  return warped;
}

/// One complex number per pixel, windowed, padded to a size that transforms fast.
cv::Mat spectrum(const cv::Mat& relief, const cv::Mat& weight) {
  cv::Mat values(cv::getOptimalDFTSize(relief.rows), cv::getOptimalDFTSize(relief.cols), CV_32FC2,
                 cv::Scalar::all(0));
  for (int y = 0; y < relief.rows; ++y) {
    const auto* p = relief.ptr<cv::Vec3f>(y);
    const auto* w = weight.ptr<float>(y);
    auto* v = values.ptr<cv::Vec2f>(y);
    for (int x = 0; x < relief.cols; ++x) {
      v[x] = cv::Vec2f(p[x][0] * w[x], p[x][1] * w[x]);
    }
  }
  cv::dft(values, values);
  return values;
}

/// Shift of b against a, from the peak of their half-whitened correlation within a quarter of the
/// picture: whitening sharpens the peak, all of it would let the noise of empty frequencies vote.
cv::Point2d correlate(const cv::Mat& a, const cv::Mat& b, const cv::Mat& weight) {
  const cv::Mat from = spectrum(a, weight);
  cv::Mat cross = spectrum(b, weight);
  cv::mulSpectrums(cross, from, cross, 0, /*conjB=*/true);
  for (int y = 0; y < cross.rows; ++y) {
    auto* c = cross.ptr<cv::Vec2f>(y);
    for (int x = 0; x < cross.cols; ++x) {
      const float power = std::sqrt(c[x][0] * c[x][0] + c[x][1] * c[x][1]);
      c[x] *= 1.0f / std::sqrt(power + 1e-9f);
    }
  }
  cv::dft(cross, cross, cv::DFT_INVERSE);
  float best = -1.0f;
  cv::Point at(0, 0);
  const int reach_x = cross.cols / 4;
  const int reach_y = cross.rows / 4;
  for (int dy = -reach_y; dy <= reach_y; ++dy) {
    const auto* c = cross.ptr<cv::Vec2f>((dy + cross.rows) % cross.rows);
    for (int dx = -reach_x; dx <= reach_x; ++dx) {
      const float value = c[(dx + cross.cols) % cross.cols][0];
      if (value > best) {
        best = value;
        at = {dx, dy};
      }
    }
  }
  return at;
}

/// A rigid motion about `centre`, in small pixels.
struct Rigid {
  cv::Point2d shift;
  double turn = 0.0;
};

/// markers after rigid, both in small pixels: where to look in the later picture.
cv::Matx23d compose(const AffineMotion& markers, const Rigid& rigid, cv::Point2d centre) {
  const double c = std::cos(rigid.turn);
  const double s = std::sin(rigid.turn);
  const cv::Matx22d turn(c, -s, s, c);
  const cv::Point2d moved = centre + rigid.shift;
  const cv::Point2d offset(moved.x - c * centre.x + s * centre.y,
                           moved.y - s * centre.x - c * centre.y);
  const cv::Matx22d linear = markers.linear * turn;
  const cv::Point2d shift = markers(offset);
  return {linear(0, 0), linear(0, 1), shift.x, linear(1, 0), linear(1, 1), shift.y};
}

/// Gauss-Newton on translation and turn, with the first picture's slopes: the Hessian stands.
class RigidAlignment {
 public:
  RigidAlignment(const cv::Mat& first, const cv::Mat& weight, cv::Point2d centre)
      : first_(first), weight_(weight), centre_(centre) {
    cv::Sobel(first, dx_, CV_32F, 1, 0, 1, 0.5);
    cv::Sobel(first, dy_, CV_32F, 0, 1, 1, 0.5);
  }

  /// The step that brings `warped` nearer to the first picture; false where slopes say too little.
  bool step(const cv::Mat& warped, Rigid& change) const {
    // Sums of products of the three slopes (along x, along y, turning) and of the residual.
    std::array<double, 9> total{};
    for (int y = 1; y + 1 < first_.rows; ++y) {
      const auto* f = first_.ptr<cv::Vec3f>(y);
      const auto* g = warped.ptr<cv::Vec3f>(y);
      const auto* sx = dx_.ptr<cv::Vec3f>(y);
      const auto* sy = dy_.ptr<cv::Vec3f>(y);
      const auto* w = weight_.ptr<float>(y);
      const auto ry = static_cast<float>(y - centre_.y);
      std::array<float, 9> row{};
      for (int x = 1; x + 1 < first_.cols; ++x) {
        // Slopes beside a marker are the mask's.
        const float k = w[x] * f[x][2] * g[x][2] * f[x - 1][2] * f[x + 1][2];
        const auto rx = static_cast<float>(x - centre_.x);
        for (int channel = 0; channel < 2; ++channel) {
          const float jx = sx[x][channel];
          const float jy = sy[x][channel];
          const float jt = rx * jy - ry * jx;
          const float residual = k * (g[x][channel] - f[x][channel]);
          row[0] += k * jx * jx;
          row[1] += k * jx * jy;
          row[2] += k * jx * jt;
          row[3] += k * jy * jy;
          row[4] += k * jy * jt;
          row[5] += k * jt * jt;
          row[6] += jx * residual;
          row[7] += jy * residual;
          row[8] += jt * residual;
        }
      }
      for (std::size_t i = 0; i < total.size(); ++i) {
        total[i] += static_cast<double>(row[i]);
      }
    }
    cv::Matx33d hessian(total[0], total[1], total[2], 0.0, total[3], total[4], 0.0, 0.0, total[5]);
    const cv::Vec3d gradient(total[6], total[7], total[8]);
    hessian(1, 0) = hessian(0, 1);
    hessian(2, 0) = hessian(0, 2);
    hessian(2, 1) = hessian(1, 2);
    for (int i = 0; i < 3; ++i) {
      hessian(i, i) += 1e-3 * hessian(i, i) + 1e-3;
    }
    cv::Vec3d solution;
    if (!cv::solve(hessian, gradient, solution, cv::DECOMP_CHOLESKY)) {
      return false;
    }
    change.shift = {solution[0], solution[1]};
    change.turn = solution[2];
    return true;
  }

 private:
  const cv::Mat& first_;
  const cv::Mat& weight_;
  cv::Point2d centre_;
  cv::Mat dx_;
  cv::Mat dy_;
};

}  // namespace

Relief extract_relief(const cv::Mat& picture, const MarkerField& markers) {
  if (picture.empty() || picture.type() != CV_8UC3) {
    throw std::invalid_argument("relief is looked for in 8-bit BGR pictures only");
  }
  Relief relief;
  relief.factor = std::max(1.0, std::round(static_cast<double>(picture.cols) / kReliefWidth));
  // Without markers, detail is what is finer than a tenth of the picture.
  relief.pitch_px = markers.scale.pitch_px > 0.0 ? markers.scale.pitch_px : 0.1 * picture.cols;
  cv::Mat small = picture;
  if (relief.factor > 1.0) {
    cv::resize(picture, small,
               {static_cast<int>(std::lround(picture.cols / relief.factor)),
                static_cast<int>(std::lround(picture.rows / relief.factor))},
               0, 0, cv::INTER_AREA);
  }
  relief.detail = colour_differences(small, markers, relief.factor);
  cv::Mat smooth;
  const int window = std::max(5, odd(1.1 * relief.pitch_px / relief.factor));
  cv::boxFilter(relief.detail, smooth, CV_32F, {window, window}, {-1, -1}, true,
                cv::BORDER_REFLECT_101);
  for (int y = 0; y < smooth.rows; ++y) {
    const auto* s = smooth.ptr<cv::Vec3f>(y);
    auto* d = relief.detail.ptr<cv::Vec3f>(y);
    for (int x = 0; x < smooth.cols; ++x) {
      const float known = std::max(s[x][2], 0.05f);
      d[x][0] = (d[x][0] - s[x][0] / known) * d[x][2];
      d[x][1] = (d[x][1] - s[x][1] / known) * d[x][2];
    }
  }
  return relief;
}

double ContactRegion::at(cv::Point2d place, double factor) const {
  const cv::Point2d p = to_small(place, factor);
  const int x = std::clamp(cvRound(p.x), 0, weight.cols - 1);
  const int y = std::clamp(cvRound(p.y), 0, weight.rows - 1);
  return weight.at<float>(y, x);
}

ContactRegion find_contact(const Relief& relief) {
  const int rows = relief.detail.rows;
  const int cols = relief.detail.cols;
  cv::Mat energy(rows, cols, CV_32FC2);
  for (int y = 0; y < rows; ++y) {
    const auto* d = relief.detail.ptr<cv::Vec3f>(y);
    auto* e = energy.ptr<cv::Vec2f>(y);
    for (int x = 0; x < cols; ++x) {
      e[x] = cv::Vec2f(d[x][0] * d[x][0] + d[x][1] * d[x][1], d[x][2]);
    }
  }
  const int window = odd(1.2 * relief.pitch_px / relief.factor);
  cv::boxFilter(energy, energy, CV_32F, {window, window}, {-1, -1}, true, cv::BORDER_REFLECT_101);
  std::vector<float> values;
  cv::Mat local(rows, cols, CV_32F);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < cols; ++x) {
      const auto e = energy.at<cv::Vec2f>(y, x);
      local.at<float>(y, x) = e[0] / std::max(e[1], 0.05f);
      if (x % 4 == 0 && y % 4 == 0) {
        values.push_back(local.at<float>(y, x));
      }
    }
  }
  const auto rank = [&values](double share) {
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(share * (values.size() - 1.0));
    std::nth_element(values.begin(), at, values.end());
    return static_cast<double>(*at);
  };
  const double quiet = rank(0.15) + 0.5;
  const double loud = rank(0.95);

  ContactRegion region;
  // Energy 4 times the quietest part's (relief twice as high) begins to count as contact.
  region.confidence = std::clamp(std::log(loud / quiet) / std::log(4.0) - 0.5, 0.0, 1.0);
  region.weight.create(rows, cols, CV_32F);
  double sum = 0.0;
  double sx = 0.0;
  double sy = 0.0;
  double energy_sum = 0.0;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < cols; ++x) {
      const double stands_out =
          std::clamp((local.at<float>(y, x) - 2.0 * quiet) / (0.5 * loud + quiet), 0.0, 1.0);
      const double u = 2.0 * (x + 0.5) / cols - 1.0;
      const double v = 2.0 * (y + 0.5) / rows - 1.0;
      const double middle = std::exp(-2.0 * (u * u + v * v));
      // The filters reach over the edge: what they say there counts less.
      const double edge = std::min(1.0, 8.0 * std::min(1.0 - std::abs(u), 1.0 - std::abs(v)));
      const double w =
          edge * (region.confidence * stands_out + 0.3 * (1.0 - region.confidence) * middle);
      region.weight.at<float>(y, x) = static_cast<float>(w);
      sum += w;
      sx += w * x;
      sy += w * y;
      energy_sum += w * local.at<float>(y, x);
    }
  }
  sum = std::max(sum, 1e-6);
  const cv::Point2d centre(sx / sum, sy / sum);
  double spread = 0.0;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < cols; ++x) {
      spread += region.weight.at<float>(y, x) *
                (std::pow(x - centre.x, 2.0) + std::pow(y - centre.y, 2.0));
    }
  }
  region.centre = {(centre.x + 0.5) * relief.factor - 0.5, (centre.y + 0.5) * relief.factor - 0.5};
  region.radius_px = relief.factor * std::sqrt(spread / sum);
  region.energy = energy_sum / sum;
  return region;
}

double energy_in(const Relief& relief, const ContactRegion& region) {
  double sum = 0.0;
  double weight = 1e-6;
  for (int y = 0; y < relief.detail.rows; ++y) {
    const auto* d = relief.detail.ptr<cv::Vec3f>(y);
    const auto* w = region.weight.ptr<float>(y);
    float row = 0.0f;
    float row_weight = 0.0f;
    for (int x = 0; x < relief.detail.cols; ++x) {
      row += w[x] * (d[x][0] * d[x][0] + d[x][1] * d[x][1]);
      row_weight += w[x] * d[x][2];
    }
    sum += row;
    weight += row_weight;
  }
  return sum / weight;
}

AffineMotion fit_markers_in_contact(std::span<const MarkerTrack> tracks,
                                    const ContactRegion& contact, double factor) {
  AffineMotion motion;
  if (tracks.empty()) {
    return motion;
  }
  double sum = 0.0;
  cv::Point2d mean_at;
  cv::Point2d mean_move;
  std::vector<double> weights;
  for (const MarkerTrack& track : tracks) {
    const double w = 0.01 + contact.at(track.at, factor);
    weights.push_back(w);
    sum += w;
    mean_at += w * track.at;
    mean_move += w * track.displacement;
  }
  mean_at /= sum;
  mean_move /= sum;
  if (tracks.size() >= 4) {
    // Ridge: a radius of the contact's size holds slopes down where few markers speak.
    const double ridge = 0.02 * sum * contact.radius_px * contact.radius_px + 1.0;
    cv::Matx22d spread(ridge, 0.0, 0.0, ridge);
    cv::Matx22d cross = cv::Matx22d::zeros();
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      const cv::Point2d a = tracks[i].at - mean_at;
      const cv::Point2d m = tracks[i].displacement - mean_move;
      spread += weights[i] * cv::Matx22d(a.x * a.x, a.x * a.y, a.x * a.y, a.y * a.y);
      cross += weights[i] * cv::Matx22d(m.x * a.x, m.x * a.y, m.y * a.x, m.y * a.y);
    }
    motion.linear += cross * spread.inv();
  }
  const cv::Matx22d slopes = motion.linear - cv::Matx22d::eye();
  motion.shift = mean_move - cv::Point2d(slopes(0, 0) * mean_at.x + slopes(0, 1) * mean_at.y,
                                         slopes(1, 0) * mean_at.x + slopes(1, 1) * mean_at.y);
  return motion;
}

RelativeMotion relative_texture_motion(const Relief& first, const Relief& now,
                                       const ContactRegion& contact, const AffineMotion& markers) {
  // Into small pixels, whose origin lies half a pixel from the picture's corner too.
  const double f = first.factor;
  AffineMotion small = markers;
  const double c = 0.5 * f - 0.5;
  small.shift = (markers({c, c}) - cv::Point2d(c, c)) / f;
  const cv::Point2d centre = to_small(contact.centre, f);

  RelativeMotion motion;
  const cv::Mat at_rest = warp_back(now.detail, compose(small, {}, centre));
  motion.correlation_at_rest = correlation(first.detail, at_rest, contact.weight);

  const auto align = [&](Rigid rigid) {
    const RigidAlignment alignment(first.detail, contact.weight, centre);
    cv::Mat warped = warp_back(now.detail, compose(small, rigid, centre));
    Rigid best = rigid;
    double best_correlation = correlation(first.detail, warped, contact.weight);
    for (int round = 0; round < 5; ++round) {
      Rigid change;
      if (!alignment.step(warped, change)) {
        break;
      }
      rigid.shift -= change.shift;
      rigid.turn -= change.turn;
      if (std::abs(rigid.turn) > 0.6 || std::hypot(rigid.shift.x, rigid.shift.y) > 60.0) {
        break;
      }
      warped = warp_back(now.detail, compose(small, rigid, centre));
      const double now_correlation = correlation(first.detail, warped, contact.weight);
      if (now_correlation > best_correlation) {
        best_correlation = now_correlation;
        best = rigid;
      }
      if (std::hypot(change.shift.x, change.shift.y) < 0.01) {
        break;
      }
    }
    return std::pair(best, best_correlation);
  };

  auto [rigid, fit] = align({});
  constexpr double kGoodFit = 0.9;
  if (fit < kGoodFit) {
    // A far move: Gauss-Newton does not reach it from rest.
    const auto [far, far_fit] = align({correlate(first.detail, at_rest, contact.weight), 0.0});
    if (far_fit > fit + 0.02) {
      rigid = far;
      fit = far_fit;
    }
  }
  motion.translation = rigid.shift * f;
  motion.rotation = rigid.turn;
  motion.confidence = fit;
  return motion;
}

}  // namespace gripbench::detectors

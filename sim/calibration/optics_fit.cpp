#include "sim/calibration/optics_fit.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <Eigen/Cholesky>

#include "sim/calibration/least_squares.h"

namespace gripbench::sim {
namespace {

/// Pixels per press that a fit looks at: neighbours tell the same.
constexpr std::size_t kPixelsPerPress = 1500;
constexpr int kLamps = 3;
/// Parameters: 3 per lamp, falloff, ln of the membrane's length and of the ball's radius (px), then
/// 3 per press.
constexpr int kFalloff = 3 * kLamps, kMembrane = kFalloff + 1, kBall = kFalloff + 2,
              kShapes = kFalloff + 3;
/// Weight of the lamps' starting places against the mean square error (grey levels per half width):
/// enough to hold what the presses do not tell, too little to pull.
constexpr double kPrior = 0.1;
/// Degree of the table in the normal's components, and the ridge on its coefficients (share of the
/// pixels): higher on those that depend on the place, which few presses tell.
constexpr int kDegree = 4;
constexpr double kRidge = 1e-5, kPlaceRidge = 1e-4;
constexpr int kTiltBins = 48, kDirectionBins = 73;

struct Sample {
  double x, y;  ///< px
  Eigen::Vector3d change;
};

std::vector<Sample> thinned(const BallPress& press) {
  const std::size_t stride = std::max<std::size_t>(1, press.pixels.size() / kPixelsPerPress);
  std::vector<Sample> samples;
  for (std::size_t k = 0; k < press.pixels.size(); k += stride) {
    const PressPixel& p = press.pixels[k];
    samples.push_back({p.x, p.y, {p.change[0], p.change[1], p.change[2]}});
  }
  return samples;
}

struct Slope {
  double x, y;
};

Slope slope_at(const PressShape& shape, const PressProfile& profile, double x, double y) {
  const double dx = x - shape.x, dy = y - shape.y;
  const double r = std::hypot(dx, dy) + 1e-9;
  const double s = profile.slope(r);
  return {-s * dx / r, -s * dy / r};
}

struct Place {
  double x, y;
};

Place place_at(const PictureFrame& frame, double x, double y) {
  return {(x - 0.5 * (frame.width - 1)) / (0.5 * frame.width),
          (y - 0.5 * (frame.height - 1)) / (0.5 * frame.width)};
}

/// What one lamp of colour 1 adds more than on the level surface.
double lamp_change(double lamp_x, double lamp_y, double height, double falloff, const Place& place,
                   const Slope& slope) {
  const double tx = lamp_x - place.x, ty = lamp_y - place.y;
  const double distance = std::sqrt(tx * tx + ty * ty + height * height);
  const double reference = std::sqrt(lamp_x * lamp_x + lamp_y * lamp_y + height * height);
  const double weight = std::pow(reference / distance, falloff) / distance;
  const double cosine = 1.0 / std::sqrt(1.0 + slope.x * slope.x + slope.y * slope.y);
  return weight * (std::max(0.0, height - slope.x * tx - slope.y * ty) * cosine - height);
}

/// Terms of the table: powers of the normal's components, then what depends on the place.
Eigen::VectorXd table_terms(const Slope& slope, const Place& place) {
  const double cosine = 1.0 / std::sqrt(1.0 + slope.x * slope.x + slope.y * slope.y);
  const double nx = slope.x * cosine, ny = slope.y * cosine;
  Eigen::VectorXd terms((kDegree + 1) * (kDegree + 2) / 2 - 1 + 6);
  int n = 0;
  for (int i = 0; i <= kDegree; ++i) {
    for (int j = 0; j <= kDegree - i; ++j) {
      if (i + j > 0) terms[n++] = std::pow(nx, i) * std::pow(ny, j);
    }
  }
  for (const double value : {nx, ny, 1.0 - cosine}) {
    terms[n++] = value * place.x;
    terms[n++] = value * place.y;
  }
  return terms;
}

constexpr int kPlaceTerms = 6;

PressScale scale_of(const Eigen::VectorXd& p) {
  return {std::exp(std::min(p[kBall], 12.0)), std::exp(std::clamp(p[kMembrane], -2.0, 8.0))};
}

PressShape shape_of(const Eigen::VectorXd& p, std::size_t press) {
  const Eigen::Index at = kShapes + 3 * static_cast<Eigen::Index>(press);
  return {p[at], p[at + 1], p[at + 2]};
}

class LampProblem {
 public:
  LampProblem(std::span<const BallPress> presses, const PictureFrame& frame) : frame_(frame) {
    for (const BallPress& press : presses) {
      samples_.push_back(thinned(press));
      reach_.push_back(press.reach);
      count_ += samples_.back().size();
    }
  }

  /// Their colours follow from the rest by linear least squares.
  LampModel model(const Eigen::VectorXd& p) const {
    const Eigen::MatrixXd a = design(p);
    return colored(p, a);
  }

  Eigen::VectorXd residuals(const Eigen::VectorXd& p, const Eigen::VectorXd& prior) const {
    const Eigen::MatrixXd a = design(p);
    const LampModel model = colored(p, a);
    Eigen::VectorXd out(3 * static_cast<Eigen::Index>(count_) + kFalloff + 1);
    const double weight = 1.0 / std::sqrt(static_cast<double>(count_));
    Eigen::Index row = 0, at = 0;
    for (const auto& samples : samples_) {
      for (const Sample& sample : samples) {
        for (int c = 0; c < 3; ++c) {
          double value = 0.0;
          for (int k = 0; k < kLamps; ++k) value += a(row, k) * model.lamps[k].color[c];
          out[at++] = weight * (value - sample.change[c]);
        }
        ++row;
      }
    }
    for (int k = 0; k <= kFalloff; ++k) out[at++] = kPrior * (p[k] - prior[k]);
    return out;
  }

 private:
  Eigen::MatrixXd design(const Eigen::VectorXd& p) const {
    Eigen::MatrixXd a(static_cast<Eigen::Index>(count_), kLamps);
    Eigen::Index row = 0;
    for (std::size_t n = 0; n < samples_.size(); ++n) {
      const PressShape shape = shape_of(p, n);
      const PressProfile profile(shape.contact_radius, scale_of(p), 1.3 * reach_[n]);
      for (const Sample& sample : samples_[n]) {
        const Slope slope = slope_at(shape, profile, sample.x, sample.y);
        const Place place = place_at(frame_, sample.x, sample.y);
        for (int k = 0; k < kLamps; ++k) {
          a(row, k) = lamp_change(p[3 * k], p[3 * k + 1], std::exp(std::min(p[3 * k + 2], 4.0)),
                                  p[kFalloff], place, slope);
        }
        ++row;
      }
    }
    return a;
  }

  LampModel colored(const Eigen::VectorXd& p, const Eigen::MatrixXd& a) const {
    Eigen::MatrixXd changes(a.rows(), 3);
    Eigen::Index row = 0;
    for (const auto& samples : samples_) {
      for (const Sample& sample : samples) changes.row(row++) = sample.change.transpose();
    }
    const Eigen::MatrixXd gram = a.transpose() * a, right = a.transpose() * changes;
    LampModel model;
    model.falloff = p[kFalloff];
    for (int k = 0; k < kLamps; ++k) {
      model.lamps[k].x = p[3 * k];
      model.lamps[k].y = p[3 * k + 1];
      model.lamps[k].height = std::exp(std::min(p[3 * k + 2], 4.0));
    }
    for (int c = 0; c < 3; ++c) {
      const Eigen::VectorXd color = nonnegative_squares(gram, right.col(c));
      for (int k = 0; k < kLamps; ++k) model.lamps[k].color[c] = color[k];
    }
    return model;
  }

  PictureFrame frame_;
  std::vector<std::vector<Sample>> samples_;
  std::vector<double> reach_;
  std::size_t count_ = 0;
};

/// Direction in which each channel brightens, from the change against the direction from the
/// middle of the press.
std::array<double, 3> brightening_directions(std::span<const BallPress> presses) {
  std::array<Eigen::Vector2d, 3> towards{Eigen::Vector2d::Zero(), Eigen::Vector2d::Zero(),
                                         Eigen::Vector2d::Zero()};
  for (const BallPress& press : presses) {
    for (const PressPixel& p : press.pixels) {
      const Eigen::Vector2d from(p.x - press.shape.x, p.y - press.shape.y);
      for (int c = 0; c < 3; ++c) towards[c] += p.change[c] * from / (from.norm() + 1.0);
    }
  }
  std::array<double, 3> angles{};
  for (int c = 0; c < 3; ++c) angles[c] = std::atan2(towards[c].y(), towards[c].x());
  return angles;
}

double rms_over(std::span<const BallPress> presses, const OpticsFit& fit,
                const PictureFrame& frame) {
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t n = 0; n < presses.size(); ++n) {
    const PressProfile profile(fit.shapes[n].contact_radius, fit.scale, 1.3 * presses[n].reach);
    for (const Sample& s : thinned(presses[n])) {
      const Slope slope = slope_at(fit.shapes[n], profile, s.x, s.y);
      const auto value = predict_change(fit.shading, frame, s.x, s.y, slope.x, slope.y);
      for (int c = 0; c < 3; ++c) sum += std::pow(value[c] - s.change[c], 2);
      count += 3;
    }
  }
  return std::sqrt(sum / static_cast<double>(count));
}

}  // namespace

OpticsFit fit_lamps(std::span<const BallPress> presses, const PictureFrame& frame,
                    std::optional<double> ball_radius_px) {
  const LampProblem problem(presses, frame);
  double widest = 0.0;
  for (const BallPress& press : presses) widest = std::max(widest, press.shape.contact_radius);

  Eigen::VectorXd start(kShapes + 3 * static_cast<Eigen::Index>(presses.size()));
  const std::array<double, 3> angles = brightening_directions(presses);
  for (int k = 0; k < kLamps; ++k) {
    start[3 * k] = 1.4 * std::cos(angles[k]);
    start[3 * k + 1] = 1.4 * std::sin(angles[k]);
    start[3 * k + 2] = std::log(0.9);
  }
  start[kFalloff] = 1.0;
  start[kMembrane] = std::log(0.3 * widest);
  start[kBall] = std::log(ball_radius_px.value_or(1.7 * widest));
  for (std::size_t n = 0; n < presses.size(); ++n) {
    const PressShape& s = presses[n].shape;
    start.segment<3>(kShapes + 3 * static_cast<Eigen::Index>(n)) << s.x, s.y, s.contact_radius;
  }
  // A given radius is no parameter: it is put back before each look.
  const double ball = start[kBall];
  const auto residuals = [&](const Eigen::VectorXd& p) {
    Eigen::VectorXd q = p;
    if (ball_radius_px) q[kBall] = ball;
    return problem.residuals(q, start);
  };
  Eigen::VectorXd best = minimize_squares(residuals, start, 60);
  if (ball_radius_px) best[kBall] = ball;

  OpticsFit fit;
  fit.scale = scale_of(best);
  fit.shading = problem.model(best);
  for (std::size_t n = 0; n < presses.size(); ++n) fit.shapes.push_back(shape_of(best, n));
  fit.rms = rms_over(presses, fit, frame);
  return fit;
}

OpticsFit fit_table(std::span<const BallPress> presses, const PictureFrame& frame,
                    const OpticsFit& lamps) {
  OpticsFit fit = lamps;
  const Eigen::Index terms = table_terms({0, 0}, {0, 0}).size();
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(terms, terms);
  Eigen::MatrixXd right = Eigen::MatrixXd::Zero(terms, 3);
  double count = 0.0, widest = 0.0;
  for (std::size_t n = 0; n < presses.size(); ++n) {
    widest = std::max(widest, fit.shapes[n].contact_radius);
    const PressProfile profile(fit.shapes[n].contact_radius, fit.scale, 1.3 * presses[n].reach);
    for (const PressPixel& p : presses[n].pixels) {
      const Eigen::VectorXd row =
          table_terms(slope_at(fit.shapes[n], profile, p.x, p.y), place_at(frame, p.x, p.y));
      gram.selfadjointView<Eigen::Lower>().rankUpdate(row);
      right += row * Eigen::RowVector3d(p.change[0], p.change[1], p.change[2]);
      count += 1.0;
    }
  }
  gram = Eigen::MatrixXd(gram.selfadjointView<Eigen::Lower>());
  for (Eigen::Index k = 0; k < terms; ++k) {
    gram(k, k) += count * (k >= terms - kPlaceTerms ? kPlaceRidge : kRidge);
  }
  fit.shading = TableModel{gram.ldlt().solve(right),
                           std::asin(std::min(0.98, widest / fit.scale.ball_radius))};
  fit.rms = rms_over(presses, fit, frame);
  return fit;
}

ShadingTable TableModel::table() const {
  ShadingTable out;
  out.tilts = kTiltBins;
  out.directions = kDirectionBins;
  out.bins.resize(static_cast<std::size_t>(kTiltBins) * kDirectionBins);
  for (int i = 0; i < kTiltBins; ++i) {
    // Steeper than the balls showed, the polynomial would run away.
    const double tilt =
        std::min((i + 0.5) * 0.5 * std::numbers::pi / (kTiltBins - 1), steepest_tilt);
    for (int j = 0; j < kDirectionBins; ++j) {
      const double direction =
          -std::numbers::pi + (j + 0.5) * 2.0 * std::numbers::pi / (kDirectionBins - 1);
      const Slope slope{std::tan(tilt) * std::cos(direction), std::tan(tilt) * std::sin(direction)};
      const auto at = [&](double x, double y) {
        return Eigen::RowVector3d(table_terms(slope, {x, y}).transpose() * coefficients);
      };
      const Eigen::RowVector3d middle = at(0, 0);
      const Eigen::RowVector3d by_x = at(1, 0) - middle, by_y = at(0, 1) - middle;
      for (int c = 0; c < 3; ++c) {
        out.at(i, j)[3][c] = static_cast<float>(by_x[c]);
        out.at(i, j)[4][c] = static_cast<float>(by_y[c]);
        out.at(i, j)[5][c] = static_cast<float>(middle[c]);
      }
    }
  }
  return out;
}

std::array<double, 3> predict_change(const ShadingFit& fit, const PictureFrame& frame, double x,
                                     double y, double slope_x, double slope_y) {
  const Place place = place_at(frame, x, y);
  std::array<double, 3> change{};
  if (const auto* table = std::get_if<TableModel>(&fit)) {
    const Eigen::RowVector3d value =
        table_terms({slope_x, slope_y}, place).transpose() * table->coefficients;
    for (int c = 0; c < 3; ++c) change[c] = value[c];
    return change;
  }
  const LampModel& model = std::get<LampModel>(fit);
  for (const LampModel::Lamp& lamp : model.lamps) {
    const double value =
        lamp_change(lamp.x, lamp.y, lamp.height, model.falloff, place, {slope_x, slope_y});
    for (int c = 0; c < 3; ++c) change[c] += lamp.color[c] * value;
  }
  return change;
}

PressShape locate_press(const BallPress& press, const OpticsFit& fit, const PictureFrame& frame) {
  const std::vector<Sample> samples = thinned(press);
  const auto residuals = [&](const Eigen::VectorXd& p) {
    const PressShape shape{p[0], p[1], p[2]};
    const PressProfile profile(shape.contact_radius, fit.scale, 1.3 * press.reach);
    Eigen::VectorXd out(3 * static_cast<Eigen::Index>(samples.size()));
    Eigen::Index at = 0;
    for (const Sample& s : samples) {
      const Slope slope = slope_at(shape, profile, s.x, s.y);
      const auto value = predict_change(fit.shading, frame, s.x, s.y, slope.x, slope.y);
      for (int c = 0; c < 3; ++c) out[at++] = value[c] - s.change[c];
    }
    return out;
  };
  const Eigen::VectorXd best = minimize_squares(
      residuals, Eigen::Vector3d(press.shape.x, press.shape.y, press.shape.contact_radius), 30);
  return {best[0], best[1], std::clamp(best[2], 2.0, 0.98 * fit.scale.ball_radius)};
}

}  // namespace gripbench::sim

#include "experiments/label_predictors.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <Eigen/Dense>

namespace gripbench::experiments {
namespace {

void require_both_classes(const std::vector<bool>& slip) {
  const auto slips = std::count(slip.begin(), slip.end(), true);
  if (slips == 0 || slips == static_cast<std::ptrdiff_t>(slip.size())) {
    throw std::invalid_argument("a fit needs both classes");
  }
}

/// One side of the data set.
std::vector<BlindGrasp> side(std::span<const BlindGrasp> grasps, bool test) {
  std::vector<BlindGrasp> chosen;
  std::copy_if(grasps.begin(), grasps.end(), std::back_inserter(chosen),
               [test](const BlindGrasp& grasp) { return grasp.test == test; });
  return chosen;
}

bool has_both_classes(const std::vector<BlindGrasp>& grasps) {
  const auto slips = std::count_if(grasps.begin(), grasps.end(),
                                   [](const BlindGrasp& grasp) { return grasp.slip; });
  return slips > 0 && slips < static_cast<std::ptrdiff_t>(grasps.size());
}

using Features = std::function<std::vector<double>(const BlindGrasp&)>;

/// Whether `of` tells any two of the grasps apart.
bool varies(const std::vector<BlindGrasp>& grasps, const Features& of) {
  return std::any_of(grasps.begin(), grasps.end(),
                     [&](const BlindGrasp& grasp) { return of(grasp) != of(grasps.front()); });
}

Decision decide(const BlindGrasp& grasp, bool said_slip) {
  return {grasp.object, grasp.grasp, grasp.slip, said_slip};
}

std::vector<bool> labels(const std::vector<BlindGrasp>& grasps) {
  std::vector<bool> slip;
  for (const BlindGrasp& grasp : grasps) slip.push_back(grasp.slip);
  return slip;
}

/// Squeeze and file sizes spread over decades.
double log_of(double value) { return std::log(std::max(value, 1e-9)); }

BlindPrediction by_features(std::span<const BlindGrasp> grasps, BlindPrediction about,
                            const Features& features, const BootstrapOptions& statistics) {
  const std::vector<BlindGrasp> train = side(grasps, false);
  const std::vector<BlindGrasp> test = side(grasps, true);
  if (!has_both_classes(train) || !has_both_classes(test)) {
    about.why_not = "needs both classes among training and among test objects";
    return about;
  }
  if (!varies(train, features)) {
    about.why_not = "is the same for all training grasps, or not known";
    return about;
  }
  std::vector<std::vector<double>> rows;
  for (const BlindGrasp& grasp : train) rows.push_back(features(grasp));
  std::function<bool(const BlindGrasp&)> says_slip;
  if (rows.front().size() == 1) {
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(row.front());
    says_slip = [fit = ThresholdFit(values, labels(train)), &features](const BlindGrasp& grasp) {
      return fit.says_slip(features(grasp).front());
    };
  } else {
    says_slip = [fit = LogisticFit(rows, labels(train)), &features](const BlindGrasp& grasp) {
      return fit.probability(features(grasp)) > 0.5;
    };
  }
  std::vector<Decision> decisions;
  for (const BlindGrasp& grasp : test) decisions.push_back(decide(grasp, says_slip(grasp)));
  about.balanced_accuracy = balanced_accuracy(decisions, statistics);
  return about;
}

/// Names the majority among the grasps of the same object, with or without the grasp itself.
BlindPrediction by_object(std::span<const BlindGrasp> grasps, BlindPrediction about,
                          bool with_itself, const BootstrapOptions& statistics) {
  const std::vector<BlindGrasp> all(grasps.begin(), grasps.end());
  if (!has_both_classes(all)) {
    about.why_not = "needs both classes";
    return about;
  }
  struct Counts {
    int slip = 0;
    int all = 0;
  };
  std::map<std::string, Counts> counts;
  for (const BlindGrasp& grasp : grasps) {
    counts[grasp.object].slip += grasp.slip ? 1 : 0;
    ++counts[grasp.object].all;
  }
  std::vector<Decision> decisions;
  for (const BlindGrasp& grasp : grasps) {
    Counts of = counts[grasp.object];
    if (!with_itself) {
      of.slip -= grasp.slip ? 1 : 0;
      --of.all;
    }
    decisions.push_back(decide(grasp, 2 * of.slip > of.all));
  }
  about.balanced_accuracy = balanced_accuracy(decisions, statistics);
  return about;
}

std::vector<double> all_sizes(const BlindGrasp& grasp) {
  std::vector<double> row;
  for (const auto* sizes : {&grasp.tactile_bytes, &grasp.external_bytes}) {
    const double mean = std::accumulate(sizes->begin(), sizes->end(), 0.0) /
                        std::max(1.0, static_cast<double>(sizes->size()));
    row.push_back(log_of(mean));
    row.push_back(sizes->empty() ? 0.0 : log_of(sizes->back()) - log_of(sizes->front()));
  }
  return row;
}

}  // namespace

LogisticFit::LogisticFit(const std::vector<std::vector<double>>& rows,
                         const std::vector<bool>& slip) {
  require_both_classes(slip);
  const auto n = static_cast<Eigen::Index>(rows.size());
  const auto width = static_cast<Eigen::Index>(rows.front().size());
  Eigen::MatrixXd x(n, width + 1);
  Eigen::VectorXd y(n);
  for (Eigen::Index i = 0; i < n; ++i) {
    const std::vector<double>& row = rows[static_cast<std::size_t>(i)];
    if (static_cast<Eigen::Index>(row.size()) != width) {
      throw std::invalid_argument("rows of different lengths");
    }
    x(i, 0) = 1.0;
    for (Eigen::Index j = 0; j < width; ++j) x(i, j + 1) = row[static_cast<std::size_t>(j)];
    y(i) = slip[static_cast<std::size_t>(i)] ? 1.0 : 0.0;
  }
  for (Eigen::Index j = 1; j <= width; ++j) {
    const double mean = x.col(j).mean();
    const double deviation =
        std::sqrt((x.col(j).array() - mean).square().sum() / static_cast<double>(n));
    const double scale = deviation > 0.0 ? deviation : 1.0;
    x.col(j) = (x.col(j).array() - mean) / scale;
    mean_.push_back(mean);
    scale_.push_back(scale);
  }
  const double slips = y.sum();
  const double stables = static_cast<double>(n) - slips;
  const Eigen::VectorXd weight = y.array() * (0.5 / slips) + (1.0 - y.array()) * (0.5 / stables);

  constexpr double kPenalty = 1e-3;
  constexpr int kSteps = 50;
  Eigen::VectorXd beta = Eigen::VectorXd::Zero(width + 1);
  Eigen::VectorXd penalty = Eigen::VectorXd::Constant(width + 1, kPenalty);
  penalty(0) = 0.0;
  for (int step = 0; step < kSteps; ++step) {
    const Eigen::ArrayXd p = 1.0 / (1.0 + (-(x * beta).array()).exp());
    const Eigen::VectorXd gradient =
        x.transpose() * (weight.array() * (p - y.array())).matrix() + penalty.cwiseProduct(beta);
    Eigen::MatrixXd hessian =
        x.transpose() * (weight.array() * p * (1.0 - p)).matrix().asDiagonal() * x;
    hessian.diagonal() += penalty;
    const Eigen::VectorXd change = hessian.ldlt().solve(gradient);
    beta -= change;
    if (change.norm() < 1e-10) break;
  }
  weights_.assign(beta.data(), beta.data() + beta.size());
}

double LogisticFit::probability(const std::vector<double>& row) const {
  double sum = weights_.front();
  for (std::size_t j = 0; j < mean_.size(); ++j) {
    sum += weights_[j + 1] * (row.at(j) - mean_[j]) / scale_[j];
  }
  return 1.0 / (1.0 + std::exp(-sum));
}

ThresholdFit::ThresholdFit(const std::vector<double>& values, const std::vector<bool>& slip) {
  require_both_classes(slip);
  std::vector<std::pair<double, bool>> in_order;
  for (std::size_t i = 0; i < values.size(); ++i) in_order.emplace_back(values[i], slip[i]);
  std::sort(in_order.begin(), in_order.end());
  const auto slips = static_cast<double>(std::count(slip.begin(), slip.end(), true));
  const double stables = static_cast<double>(slip.size()) - slips;
  double best = -1.0;
  double slips_below = 0.0;
  double stables_below = 0.0;
  for (std::size_t i = 0; i + 1 < in_order.size(); ++i) {
    (in_order[i].second ? slips_below : stables_below) += 1.0;
    if (in_order[i].first == in_order[i + 1].first) continue;
    // Balanced accuracy of "slip below".
    const double below = 0.5 * (slips_below / slips + 1.0 - stables_below / stables);
    const double score = std::max(below, 1.0 - below);
    if (score > best) {
      best = score;
      threshold = 0.5 * (in_order[i].first + in_order[i + 1].first);
      slip_above = below < 0.5;
    }
  }
}

std::vector<BlindPrediction> predict_blindly(std::span<const BlindGrasp> grasps,
                                             const BootstrapOptions& statistics) {
  const Features squeeze = [](const BlindGrasp& grasp) {
    return std::vector<double>{grasp.squeeze};
  };
  const Features first_sizes = [](const BlindGrasp& grasp) {
    std::vector<double> row;
    for (const auto* sizes : {&grasp.tactile_bytes, &grasp.external_bytes}) {
      row.push_back(sizes->empty() ? 0.0 : log_of(sizes->front()));
    }
    return row;
  };
  return {
      by_features(grasps,
                  {"squeeze, across objects",
                   "the best threshold on squeeze of the training objects, told on test objects; "
                   "50% means that squeeze gives nothing away"},
                  squeeze, statistics),
      by_features(grasps,
                  {"file sizes at T(-2), across objects",
                   "logistic fit on the first pictures' sizes, before any slip; 50% means no leak"},
                  first_sizes, statistics),
      by_features(grasps,
                  {"file sizes of all frames, across objects",
                   "logistic fit on mean sizes and their change; a lost object empties the "
                   "pictures, so a little over 50% is the slip itself"},
                  all_sizes, statistics),
      by_object(grasps,
                {"object, the other grasps' majority",
                 "names what most other grasps of the object did; leaving one out tips a balanced "
                 "object the wrong way, so under 50% is good; an unseen object gives it nothing: "
                 "50%"},
                false, statistics),
      by_object(grasps,
                {"object, its own majority",
                 "the same with the grasp itself counted: the most that knowing the object can "
                 "give"},
                true, statistics)};
}

}  // namespace gripbench::experiments

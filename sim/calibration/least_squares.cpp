#include "sim/calibration/least_squares.h"

#include <cmath>
#include <limits>
#include <vector>

#include <Eigen/Cholesky>

namespace gripbench::sim {
namespace {

constexpr double kDifference = 1e-4;
constexpr double kEnough = 1e-7;

}  // namespace

Eigen::VectorXd minimize_squares(
    const std::function<Eigen::VectorXd(const Eigen::VectorXd&)>& residuals, Eigen::VectorXd start,
    int steps) {
  Eigen::VectorXd best = std::move(start);
  Eigen::VectorXd error = residuals(best);
  double cost = error.squaredNorm(), damping = 1e-3;
  const Eigen::Index n = best.size();
  Eigen::MatrixXd jacobian(error.size(), n);
  bool moved = true;
  for (int step = 0; step < steps; ++step) {
    if (moved) {
      for (Eigen::Index k = 0; k < n; ++k) {
        Eigen::VectorXd probe = best;
        const double h = kDifference * std::max(1.0, std::abs(best[k]));
        probe[k] += h;
        jacobian.col(k) = (residuals(probe) - error) / h;
      }
    }
    Eigen::MatrixXd normal = jacobian.transpose() * jacobian;
    const double floor = 1e-12 * normal.diagonal().maxCoeff();
    for (Eigen::Index k = 0; k < n; ++k) {
      normal(k, k) += damping * (normal(k, k) + floor) + std::numeric_limits<double>::min();
    }
    const Eigen::VectorXd candidate = best - normal.ldlt().solve(jacobian.transpose() * error);
    const Eigen::VectorXd there =
        candidate.allFinite() ? residuals(candidate) : Eigen::VectorXd::Constant(1, 1e300);
    const double value = there.squaredNorm();
    moved = std::isfinite(value) && value < cost;
    if (!moved) {
      damping *= 8.0;
      if (damping > 1e12) break;
      continue;
    }
    const double gain = (cost - value) / cost;
    best = candidate;
    error = there;
    cost = value;
    damping = std::max(1e-9, 0.2 * damping);
    if (gain < kEnough) break;
  }
  return best;
}

Eigen::VectorXd nonnegative_squares(const Eigen::MatrixXd& gram, const Eigen::VectorXd& right) {
  const int n = static_cast<int>(gram.rows());
  Eigen::VectorXd best = Eigen::VectorXd::Zero(n);
  double lowest = 0.0;  // of x'Gx - 2 x'r, which is 0 at x = 0
  for (unsigned set = 1; set < (1u << n); ++set) {
    std::vector<int> in;
    for (int k = 0; k < n; ++k) {
      if (set >> k & 1u) in.push_back(k);
    }
    const int m = static_cast<int>(in.size());
    Eigen::MatrixXd g(m, m);
    Eigen::VectorXd r(m);
    for (int i = 0; i < m; ++i) {
      r[i] = right[in[i]];
      for (int j = 0; j < m; ++j) g(i, j) = gram(in[i], in[j]);
      g(i, i) *= 1.0 + 1e-9;
    }
    const Eigen::VectorXd x = g.ldlt().solve(r);
    if (!x.allFinite() || x.minCoeff() < 0.0) continue;
    const double value = x.dot(g * x) - 2.0 * x.dot(r);
    if (value < lowest) {
      lowest = value;
      best.setZero();
      for (int i = 0; i < m; ++i) best[in[i]] = x[i];
    }
  }
  return best;
}

}  // namespace gripbench::sim

#pragma once

#include <functional>

#include <Eigen/Core>

namespace gripbench::sim {

/// Levenberg-Marquardt with a numerical Jacobian, for a few dozen parameters of about unit size.
///
/// @param residuals of given parameters; their number must not change.
/// @param start finite, with finite residuals.
/// @param steps at most this many accepted or refused steps.
/// @returns the best parameters met.
Eigen::VectorXd minimize_squares(
    const std::function<Eigen::VectorXd(const Eigen::VectorXd&)>& residuals, Eigen::VectorXd start,
    int steps);

/// Least squares of `a` x = `b` with x >= 0, for up to 8 columns, from the normal equations
/// `gram` = a'a and `right` = a'b.
Eigen::VectorXd nonnegative_squares(const Eigen::MatrixXd& gram, const Eigen::VectorXd& right);

}  // namespace gripbench::sim

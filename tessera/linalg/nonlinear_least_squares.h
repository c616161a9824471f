// Nonlinear least squares: parameters p that make the sum of squares of residuals r(p) smallest, from a start.
//
// A trust region method on QR factorisations of the Jacobian (Levenberg and Marquardt in the form of More, "The Levenberg-Marquardt algorithm:
// implementation and theory", Springer 1978; MINPACK's lmder): each step solves the linearised problem within a radius that grows where the
// linear model predicted well and shrinks where it did not. Parameters are measured in units of their Jacobian's columns (the largest so far, as
// a power of two), so their scales do not matter.
//
// It has converged when
//   - the sum of squares falls by less than `tolerance` of itself, in truth and as predicted, or
//   - the radius is below `tolerance` times the length of the parameters, or
//   - no column of the Jacobian has a cosine above 2^-52 with the residuals.
// A sum of squares is flat where it is smallest and cannot tell p better than to half the digits. So Gauss-Newton steps follow while they become
// shorter, which brings most problems to the last digits of the residuals (`finish`). What is found is a local minimum: which
// one depends on the start.
//
// Residuals: a function from p, float64 [n], to float64 [m], m >= n. It may give NaN or infinities at a trial (the step is then shortened), not at the
// start. Jacobian: to float64 [m, n], d r_i / d p_j. `numerical_jacobian` makes one from the residuals alone, by differences; of a function made
// of operations, autograd's `jacobian` is one:
//     [&](const Tensor& p) { return jacobian(residuals, p); }
// (autograd/functional.h; a backward pass per residual). Weighted problems: multiply residuals by the square roots of the weights.
//
// Errors: shapes and dtypes of what is given and of what the functions give, numbers that are not finite at the start or in a Jacobian. Not
// converging is no error: the result says so. Thread-safety: as the functions are. Results: the same bits everywhere, if the functions have them.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 3}, {4}), y = Tensor::from<double>({8, 4, 2, 1}, {4});
// auto residuals = [&](const Tensor& p) { return y - gather(p, zeros({4}, DType::kInt64)) * exp(x * -p.at<double>({1})); };
// const linalg::NonlinearLeastSquares fit =
//     linalg::nonlinear_least_squares(residuals, linalg::numerical_jacobian(residuals), Tensor::from<double>({1, 1}, {2}));
// assert(fit.converged && std::abs(fit.solution.at<double>({0}) - 8) < 1e-12 && std::abs(fit.solution.at<double>({1}) - std::log(2)) < 1e-12);
// ```
#pragma once

#include <functional>

#include "tessera/tensor/state.h"
#include "tessera/tensor/tensor.h"

namespace tessera::linalg {

using VectorFunction = std::function<Tensor(const Tensor&)>;

struct NonlinearLeastSquaresOptions {
  double tolerance = 0x1p-50;
  double first_radius =
      100;  // times the length of the scaled start (of a start at 0: in units of the scaled parameters)
  int most_steps = 2000;  // Jacobians that are computed
  bool finish = true;     // the Gauss-Newton steps at the end
};

struct NonlinearLeastSquares {
  Tensor solution;              // [n]
  Tensor residuals;             // [m], there
  double residual_squares = 0;  // their sum of squares
  Tensor
      covariance;  // [n, n] inverse(J^T J), if J has full rank; times residual_squares / (m - n) the solution's, nearly
  std::int64_t rank = 0;  // of J
  double offset =
      0;  // length of the part of the residuals that J can still take away over that of the rest, per degree of freedom (Bates and
  // Watts, Technometrics 23, 1981): the distance to the solution as a share of its confidence region's
  int steps = 0;        // that were taken
  int evaluations = 0;  // of the residuals, without those of a numerical Jacobian
  bool converged = false;
};

// The observer is told of each step: "residual_squares", "radius" and "damping"; it may stop.
NonlinearLeastSquares nonlinear_least_squares(const VectorFunction& residuals, const VectorFunction& jacobian,
                                              const Tensor& start,
                                              const NonlinearLeastSquaresOptions& options = {},
                                              StepObserver* observer = nullptr);

// Central differences of fourth order, (f(p - 2h) - 8 f(p - h) + 8 f(p + h) - f(p + 2h)) / 12h, with h about 2^-14 of each parameter, a power of two (of
// a parameter 0: 2^-14): some 11 digits of a smooth function, 4n evaluations.
VectorFunction numerical_jacobian(VectorFunction function);

}  // namespace tessera::linalg

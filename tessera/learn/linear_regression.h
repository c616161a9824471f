// Ordinary least squares: the coefficients and the intercept that make the sum of squared differences smallest, found in several ways.
//
//   auto               from the products of features (of rows, where those are fewer) by Cholesky, refined with the residuals until nothing changes: as
//                      exact as qr where features are far from dependent: none is nearly a sum of those before it (all but 1e-8 of its squares),
//                      and the first correction is small. Otherwise, and on small tables, qr
//   qr                 Householder QR with pivoting and one step of correction in twice the precision (linalg/least_squares.h); where features depend on
//                      each other or are more than the rows, the shortest coefficients of all that are best, as scikit-learn's
//   normal             X'X w = X'y by Cholesky: fastest with many rows, loses twice the digits, and cannot do with features that depend on each other
//   gradient_descent   steps of 1 / (largest eigenvalue) down the gradient, on features of mean 0 and deviation 1, from 0. Ends when no
//                      element of the gradient is above `tol` times the largest at the start, or after max_iter steps
//
// Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 2nd edition (2009), section 3.2; Bjorck, "Numerical Methods for Least
// Squares Problems" (1996). `refine` adds iterative refinement to qr: nearly all digits also of ill-conditioned features. The observer of
// gradient_descent is told of "loss", half the mean squared difference.
//
// Errors: those of estimator.h; `normal` where features depend on each other (a constant one on the intercept); numbers whose squares overflow, of
// `normal` and `gradient_descent`. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 1, 2, 3}, {4, 1}), y = Tensor::from<double>({1, 3, 5, 7}, {4});
// learn::LinearRegression model;
// model.fit(x, y);
// assert(std::abs(model.coef().at<double>({0}) - 2) < 1e-14 && std::abs(model.intercept() - 1) < 1e-14);
// ```
#pragma once

#include "tessera/learn/linear_model.h"

namespace tessera::learn {

class LinearRegression : public LinearModel {
 public:
  enum class Solver : std::uint8_t { kAuto, kQr, kNormal, kGradientDescent };
  struct Parameters {
    bool fit_intercept = true;
    Solver solver = Solver::kAuto;
    bool refine = false;
    std::int64_t max_iter = 10000;
    double tol = 1e-10;
  };
  LinearRegression() = default;
  explicit LinearRegression(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "linear_regression"; }
  void visit_parameters(ParameterVisitor& visitor) override;
  std::int64_t rank() const { return rank_; }  // of auto and qr, the column of ones included; else 0
  std::int64_t iterations() const { return iterations_; }  // of gradient_descent

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  void visit_learned(StateVisitor& visitor) override;

 private:
  bool by_products(const Tensor& x, const Tensor& y);
  void by_qr(const Tensor& x, const Tensor& y);
  void by_normal_equations(const Tensor& x, const Tensor& y);
  void by_descent(const Tensor& x, const Tensor& y, StepObserver* observer);

  Parameters parameters_;
  std::int64_t rank_ = 0, iterations_ = 0;
};

}  // namespace tessera::learn

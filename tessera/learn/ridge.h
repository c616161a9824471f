// Ridge regression: least squares with alpha times the squared length of the coefficients added; the intercept is not penalised. Hoerl and
// Kennard, "Ridge regression", Technometrics 12 (1970).
//
//   minimise over w, b:  sum (y - x w - b)^2 + alpha |w|^2
//
// By Cholesky of X'X + alpha I, or, with more features than rows, of the rows' XX' + alpha I (w = X' dual): both are of the smaller
// size. Products of rows are sums over the features: one that is 1e8 times as large as others leaves these, and alpha, no digits, so bring features to
// one scale first. With alpha = 0, or where that matrix cannot be factored, the shortest least-squares solution as linear_regression gives.
//
// Errors: those of estimator.h; numbers whose squares overflow. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({-1, 0, 1}, {3, 1}), y = Tensor::from<double>({-1, 0, 1}, {3});
// learn::Ridge model({.alpha = 2});
// model.fit(x, y);
// assert(model.coef().at<double>({0}) == 0.5 && model.intercept() == 0);  // 2 w = 2 - 2 w
// ```
#pragma once

#include "tessera/learn/linear_model.h"

namespace tessera::learn {

class Ridge : public LinearModel {
 public:
  struct Parameters {
    double alpha = 1;
    bool fit_intercept = true;
  };
  Ridge() = default;
  explicit Ridge(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "ridge"; }
  void visit_parameters(ParameterVisitor& visitor) override;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;

 private:
  Parameters parameters_;
};

}  // namespace tessera::learn

// Poisson regression: counts whose mean is e^(x w + b). Nelder and Wedderburn, "Generalized linear models", JRSS A 135 (1972); scikit-learn's
// PoissonRegressor:
//
//   minimise over w, b:  sum (e^z - y z) / N + alpha |w|^2 / 2,   z = x w + b            (half the mean deviance, up to what depends on y alone)
//
// by Newton's method with a line search (second derivatives of a sample of the rows where they are many: linear_loss.h). Ends when no element
// of the gradient is above `tol`. predict() gives the mean, always above 0. score() is R^2, as of every regressor here; d2_score() is the share
// of the deviance that is explained, which scikit-learn's class calls its score. The observer is told of "loss" and "gradient".
//
// Errors: those of estimator.h; a target below 0, or only zeros. Thread-safety: as estimator.h.
//
// ```cpp
// const Tensor x = Tensor::from<double>({0, 0, 1, 1}, {4, 1}), y = Tensor::from<double>({1, 3, 4, 8}, {4});
// learn::PoissonRegressor model({.alpha = 0, .tol = 1e-10});
// model.fit(x, y);
// assert(std::abs(model.predict(x).at<double>({0}) - 2) < 1e-9 && std::abs(model.predict(x).at<double>({3}) - 6) < 1e-9);
// ```
#pragma once

#include "tessera/learn/linear_model.h"

namespace tessera::learn {

class PoissonRegressor : public LinearModel {
 public:
  struct Parameters {
    double alpha = 1;
    bool fit_intercept = true;
    std::int64_t max_iter = 100;
    double tol = 1e-4;
  };
  PoissonRegressor() = default;
  explicit PoissonRegressor(const Parameters& parameters) : parameters_(parameters) {}

  std::string_view name() const override { return "poisson_regressor"; }
  bool accepts_negative_target() const override { return false; }
  void visit_parameters(ParameterVisitor& visitor) override;
  std::int64_t iterations() const { return iterations_; }
  bool converged() const { return converged_ != 0; }  // before max_iter
  // 1 - deviance / deviance of the mean: 1 is perfect, 0 is as good as the mean. Targets of at least 0, not all 0.
  double d2_score(const Tensor& features, const Tensor& target) const;

 protected:
  void learn(const Tensor& x, const Tensor& y, StepObserver* observer) override;
  Tensor answer(const Tensor& x) const override;
  void visit_learned(StateVisitor& visitor) override;

 private:
  Parameters parameters_;
  std::int64_t iterations_ = 0, converged_ = 0;
};

}  // namespace tessera::learn

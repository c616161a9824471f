#include "tessera/learn/poisson_regressor.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/linear_loss.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

// Of each row, summed: 2 (y log(y / mean) - y + mean), with 0 log 0 = 0.
double deviance(const Tensor& y, const Tensor& means) {
  const Tensor logs = select(greater(y, 0.0), y * log(select(greater(y, 0.0), y / means, 1.0)), 0.0);
  return 2 * sum(logs - y + means).item<double>();
}

}  // namespace

void PoissonRegressor::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("alpha", parameters_.alpha, Bounds::at_least(0),
               "How much the squared length of the coefficients counts.");
  visitor.flag("fit_intercept", parameters_.fit_intercept, "Learn an intercept, which is not penalised.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1), "Iterations at most.");
  visitor.real("tol", parameters_.tol, Bounds::at_least(0),
               "Iterations end when no element of the gradient is above this.");
}

void PoissonRegressor::learn(const Tensor& x, const Tensor& y, StepObserver* observer) {
  if (max(y).item<double>() == 0) fail("{}: expected a target that is not always 0", name());
  internal::LinearLoss loss(
      x, y, {internal::LossView::kPoisson, parameters_.fit_intercept, parameters_.alpha, 1, {}});
  std::vector<double> at(loss.size());
  if (parameters_.fit_intercept) at.back() = numerics::log(mean(y).item<double>());
  const internal::MinimizeOptions options{
      .tolerance = parameters_.tol, .max_iterations = parameters_.max_iter, .observer = observer};
  loss.start_from_sample(at, options);
  const internal::Minimum found = internal::minimize(loss, at, options);
  iterations_ = found.iterations;
  converged_ = found.converged ? 1 : 0;
  coef_ = reshape(loss.coef(at), {-1});
  intercept_ = loss.intercept(at).item<double>();
  require_learned_in_range();
}

Tensor PoissonRegressor::answer(const Tensor& x) const {
  return exp(scores(x));
}

double PoissonRegressor::d2_score(const Tensor& features, const Tensor& target) const {
  const FloatEnvironment contract;
  const Tensor means = predict(features), y = checked_target(target, means.size(0));
  const double all = deviance(y, mean(y) + zeros(y.shape(), DType::kFloat64));
  const double rest = deviance(y, means);
  return all > 0 ? 1 - rest / all : rest > 0 ? 0 : 1;
}

void PoissonRegressor::visit_learned(StateVisitor& visitor) {
  LinearModel::visit_learned(visitor);
  visitor.integer("iterations", iterations_);
  visitor.integer("converged", converged_);
}

}  // namespace tessera::learn

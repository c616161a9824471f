#include "tessera/learn/ridge.h"

#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

Tensor plus_diagonal(const Tensor& square, double value) {
  const Tensor numbers = arange(square.size(0));
  const Tensor diagonal = equal(reshape(numbers, {-1, 1}), reshape(numbers, {1, -1}));
  return select(diagonal, square + value, square);
}

}  // namespace

void Ridge::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("alpha", parameters_.alpha, Bounds::at_least(0),
               "How much the squared length of the coefficients counts.");
  visitor.flag("fit_intercept", parameters_.fit_intercept, "Learn an intercept, which is not penalised.");
}

void Ridge::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const internal::Centred centred(x, y, parameters_.fit_intercept);
  const Tensor turned = transpose(centred.x);
  const bool by_rows = x.size(0) < x.size(1);
  linalg::CholeskyAttempt attempt{};
  if (parameters_.alpha > 0)
    attempt = linalg::try_cholesky(
        plus_diagonal(by_rows ? matmul(centred.x, turned) : matmul(turned, centred.x), parameters_.alpha));
  if (!attempt.factor.defined())
    coef_ = linalg::least_squares(centred.x, centred.y).solution;
  else if (by_rows)
    coef_ = matmul(turned, linalg::cholesky_solve(attempt.factor, centred.y));
  else
    coef_ = linalg::cholesky_solve(attempt.factor, matmul(turned, centred.y));
  intercept_ = centred.intercept_for(coef_);
}

}  // namespace tessera::learn

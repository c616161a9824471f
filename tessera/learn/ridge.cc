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
  const bool by_rows = x.size(0) < x.size(1);
  linalg::CholeskyAttempt attempt{};
  Tensor right;
  if (parameters_.alpha > 0) {
    const auto [products, with_target] =
        by_rows ? internal::CentredProducts{matmul(centred.x(), transpose(centred.x())), centred.y}
                : centred.products();
    right = with_target;
    require_in_range(products);
    require_in_range(right);
    attempt = linalg::try_cholesky(plus_diagonal(products, parameters_.alpha));
  }
  if (attempt.factor.defined()) {
    const Tensor solution = linalg::cholesky_solve(attempt.factor, right);
    coef_ = by_rows ? matmul(transpose(centred.x()), solution) : solution;
  } else {
    require_in_range(centred.x());
    require_in_range(centred.y);
    coef_ = linalg::least_squares(centred.x(), centred.y).solution;
  }
  intercept_ = centred.intercept_for(coef_);
  require_learned_in_range();
}

}  // namespace tessera::learn

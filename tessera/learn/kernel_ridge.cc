#include "tessera/learn/kernel_ridge.h"

#include <utility>

#include "tessera/base/error.h"
#include "tessera/learn/restored.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/least_squares.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

void KernelRidge::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("alpha", parameters_.alpha, Bounds::at_least(0), "What holds the weights small.");
  visit_kernel(visitor, name(), parameters_.kernel);
}

void KernelRidge::learn(const Tensor& x, const Tensor& y, StepObserver*) {
  const KernelFunction function = kernel_function(parameters_.kernel, x);
  gamma_ = function.gamma;
  Tensor triangle = kernel_triangle(function, x, parameters_.alpha);
  if (!triangle.defined())
    fail("{}: the kernel's values overflow: scale the features (standard_scaler), or lower gamma or degree",
         name());
  const linalg::CholeskyAttempt attempt = linalg::try_cholesky(std::move(triangle));
  rows_ = x;
  if (attempt.failed_minor == 0) {
    dual_coef_ = linalg::cholesky_solve(attempt.factor, y);
    return;
  }
  const Tensor unit = cast(equal(reshape(arange(x.size(0)), {-1, 1}), arange(x.size(0))), DType::kFloat64);
  const Tensor system = kernel_matrix(function, x, x) + unit * parameters_.alpha;
  dual_coef_ = linalg::least_squares(system, y).solution;
}

Tensor KernelRidge::answer(const Tensor& x) const {
  const KernelFunction function = kernel_function(parameters_.kernel, gamma_);
  return reshape(kernel_product(function, x, rows_, reshape(dual_coef_, {-1, 1})), {-1});
}

void KernelRidge::visit_learned(StateVisitor& visitor) {
  visitor.real("gamma", gamma_);
  visitor.tensor("rows", rows_);
  visitor.tensor("dual_coef", dual_coef_);
}

void KernelRidge::check_learned() const {
  require_restored(name(), "rows", rows_, DType::kFloat64, {-1, features()});
  require_finite(name(), "rows", rows_);
  require_restored(name(), "dual_coef", dual_coef_, DType::kFloat64, {rows_.size(0)});
  require_finite(name(), "dual_coef", dual_coef_);
}

}  // namespace tessera::learn

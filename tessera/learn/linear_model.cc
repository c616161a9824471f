#include "tessera/learn/linear_model.h"

#include "tessera/learn/restored.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

Tensor LinearModel::scores(const Tensor& x) const {
  const Tensor bias = Tensor::from<double>({intercept_}, {1});
  return reshape(linear(x, reshape(coef_, {1, -1}), bias), {-1});
}

void LinearModel::visit_learned(StateVisitor& visitor) {
  visitor.tensor("coef", coef_);
  visitor.real("intercept", intercept_);
}

void LinearModel::check_learned() const {
  require_restored(name(), "coef", coef_, DType::kFloat64, {features()});
}

namespace internal {

Centred::Centred(const Tensor& features, const Tensor& target, bool centre) {
  x_mean = centre ? mean(features, {0}) : zeros({features.size(1)}, DType::kFloat64);
  y_mean = centre ? mean(target).item<double>() : 0;
  x = centre ? features - x_mean : features;
  y = centre ? target - y_mean : target;
}

double Centred::intercept_for(const Tensor& coef) const {
  return y_mean - matmul(x_mean, coef).item<double>();
}

}  // namespace internal
}  // namespace tessera::learn

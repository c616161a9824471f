#include "tessera/learn/mixture_model.h"

#include <algorithm>

#include "tessera/base/float_environment.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/functions.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

Tensor MixtureModel::predict_proba(const Tensor& features) const {
  const FloatEnvironment contract;
  require_fitted();
  return posterior(checked_features(features, false)).responsibilities;
}

Tensor MixtureModel::score_samples(const Tensor& features) const {
  const FloatEnvironment contract;
  require_fitted();
  return posterior(checked_features(features, false)).log_likelihoods;
}

double MixtureModel::score(const Tensor& features) const {
  const FloatEnvironment contract;
  return mean(score_samples(features)).item<double>();
}

double MixtureModel::aic(const Tensor& features) const {
  const FloatEnvironment contract;
  const double likelihood = score(features), rows = static_cast<double>(features.size(0));
  return -2 * likelihood * rows + 2 * static_cast<double>(free_parameters());
}

double MixtureModel::bic(const Tensor& features) const {
  const FloatEnvironment contract;
  const double likelihood = score(features), rows = static_cast<double>(features.size(0));
  return -2 * likelihood * rows + static_cast<double>(free_parameters()) * numerics::log(rows);
}

Tensor MixtureModel::answer(const Tensor& x) const {
  return argmax(posterior(x).responsibilities, 1);
}

void MixtureModel::visit_learned(StateVisitor& visitor) {
  visitor.tensor("weights", weights_);
  visitor.real("lower_bound", em_.lower_bound);
  visitor.integer("iterations", em_.iterations);
  visitor.integer("converged", em_.converged);
}

void MixtureModel::check_learned() const {
  require_restored(name(), "weights", weights_, DType::kFloat64, {-1});
  require_finite(name(), "weights", weights_);
  if (!std::ranges::all_of(weights_.values<double>(), [](double weight) { return weight > 0; }))
    refuse_restored(name(), "'weights' are not all above 0");
}

}  // namespace tessera::learn

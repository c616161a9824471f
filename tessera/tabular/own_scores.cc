#include "tessera/tabular/own_scores.h"

#include <algorithm>

#include "tessera/learn/factor_analysis.h"
#include "tessera/learn/k_means.h"
#include "tessera/learn/mixture_model.h"
#include "tessera/learn/pca.h"
#include "tessera/learn/probabilistic_pca.h"
#include "tessera/tabular/learned_weights.h"
#include "tessera/tensor/ops.h"

namespace tessera::tabular {
namespace {

// The sum of squared distances to the means, and what a distance is on average (root mean square).
std::vector<OwnScore> distances(const learn::KMeans& model, const Tensor& x) {
  const double inertia = sum_squares(x - gather(model.centers(), model.predict(x))).item<double>();
  const Tensor mean_square = Tensor::scalar(inertia / static_cast<double>(x.size(0)));
  return {{"inertia", "test_inertia", inertia},
          {"rms_distance", "test_rms_distance", sqrt(mean_square).item<double>()}};
}

// 1 - the squares of what is lost over the squares around the mean of these rows.
std::vector<OwnScore> explained(const learn::PCA& model, const Tensor& x) {
  const double lost = sum_squares(x - model.inverse_transform(model.transform(x))).item<double>(),
               all = sum_squares(x - mean(x, {0})).item<double>();
  if (!(all > 0)) return {};
  return {{"explained_variance", "test_explained_variance", 1 - lost / all}};
}

template <typename... Kinds>
bool is_one_of(const learn::Estimator& estimator) {
  return ((dynamic_cast<const Kinds*>(&estimator) != nullptr) || ...);
}

const learn::Estimator& last_step(const learn::Estimator& fitted) {
  const std::vector<learn::Estimator*> steps = steps_of(fitted);
  return steps.empty() ? fitted : *steps.back();
}

}  // namespace

std::string own_score_label(std::string_view name) {
  std::string label(name);
  std::ranges::replace(label, '_', ' ');
  return label.ends_with("log likelihood") ? label + " per row" : label;
}

bool has_own_scores(const learn::Estimator& fitted) {
  return is_one_of<learn::KMeans, learn::MixtureModel, learn::ProbabilisticPCA, learn::FactorAnalysis,
                   learn::PCA>(last_step(fitted));
}

std::vector<OwnScore> own_scores(const learn::Estimator& fitted, const Tensor& features) {
  const std::vector<learn::Estimator*> steps = steps_of(fitted);
  Tensor x = features;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i)
    x = dynamic_cast<const learn::Transformer&>(*steps[i]).transform(x);
  const learn::Estimator& last = last_step(fitted);
  const auto likelihood = [&](const auto& model) {
    return std::vector<OwnScore>{{"log_likelihood", "test_log_likelihood", model.score(x)}};
  };
  if (const auto* means = dynamic_cast<const learn::KMeans*>(&last)) return distances(*means, x);
  if (const auto* mixture = dynamic_cast<const learn::MixtureModel*>(&last)) return likelihood(*mixture);
  if (const auto* normal = dynamic_cast<const learn::ProbabilisticPCA*>(&last)) return likelihood(*normal);
  if (const auto* factors = dynamic_cast<const learn::FactorAnalysis*>(&last)) return likelihood(*factors);
  if (const auto* components = dynamic_cast<const learn::PCA*>(&last)) return explained(*components, x);
  return {};
}

}  // namespace tessera::tabular

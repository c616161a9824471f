#include "tessera/learn/factor_analysis.h"

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/covariance.h"
#include "tessera/learn/latent_normal.h"
#include "tessera/learn/restored.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kRotations[] = {"none", "varimax", "quartimax"};
constexpr double kSmall = 1e-12;  // no noise is less: scikit-learn's

struct Step {
  Tensor loadings;        // [k, F]
  double log_likelihood;  // of all rows
};

// The best loadings for this noise, and the likelihood of both.
Step step_from(const Tensor& covariance, const Tensor& noise, std::int64_t count, double rows) {
  const std::int64_t width = covariance.size(0);
  const Tensor unit = sqrt(noise) + kSmall;
  const Tensor scaled = covariance / (reshape(unit, {width, 1}) * reshape(unit, {1, width}));
  const linalg::SymmetricEigen eigen = linalg::symmetric_eigen(scaled);
  const Tensor values = copy(maximum(eigen.values, 0.0).slice({Range::step(-1)}));
  const Tensor lines = copy(transpose(eigen.vectors).slice({Range::step(-1)}));
  const Tensor kept = values.slice({Range::to(count)}), rest = values.slice({Range::from(count)});
  // A direction that varies less than the noise gets no loading: its variance is then unexplained.
  const Tensor of_kept = select(greater(kept, 1.0), log(maximum(kept, 1.0)) + 1.0, kept);
  const double constant = static_cast<double>(width) * kLogTwoPi + sum(of_kept).item<double>() +
                          sum(rest).item<double>() + sum(log(noise)).item<double>();
  const Tensor root = sqrt(maximum(kept - 1.0, 0.0));
  return {reshape(root, {count, 1}) * lines.slice({Range::to(count)}) * unit, -0.5 * rows * constant};
}

// Kaiser's criteria by the iteration of scikit-learn's _ortho_rotation; loadings [F, k].
Tensor rotated(const Tensor& loadings, bool varimax) {
  const double width = static_cast<double>(loadings.size(0));
  Tensor found = loadings;
  double before = 0;
  for (int i = 0; i < 100; ++i) {
    const Tensor cubes = found * found * found;
    const Tensor target = varimax ? cubes - found * (sum_squares(found, {0}, true) / width) : cubes;
    const linalg::Svd parts = linalg::svd(matmul(transpose(loadings), target));
    found = matmul(loadings, matmul(parts.u, parts.vt));
    const double now = sum(parts.s).item<double>();
    if (before != 0 && now < before * (1 + 1e-6)) break;
    before = now;
  }
  return found;
}

}  // namespace

void FactorAnalysis::visit_parameters(ParameterVisitor& visitor) {
  visitor.integer("n_components", parameters_.n_components, Bounds::at_least(0),
                  "How many factors; 0: as many as features.");
  visitor.real("tol", parameters_.tol, Bounds::at_least(0),
               "Ends when the log-likelihood of all rows rises by less than this.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1), "Iterations at most.");
  visitor.choice("rotation", parameters_.rotation, kRotations,
                 "Of the factors at the end, for loadings that are easier to read.");
}

void FactorAnalysis::learn(const Tensor& x, const Tensor&, StepObserver* observer) {
  const std::int64_t width = x.size(1);
  const std::int64_t count = parameters_.n_components == 0 ? width : parameters_.n_components;
  if (count > width)
    fail("{}: n_components: expected at most the {} features, found {}", name(), width, count);
  const double rows = static_cast<double>(x.size(0));
  mean_ = tessera::mean(x, {0});
  const Tensor spread = covariance_of(x, mean_, rows);
  const Tensor variances = variance(x, {0});
  noise_variance_ = ones({width}, DType::kFloat64);
  for (iterations_ = 1;; ++iterations_) {
    const Step step = step_from(spread, noise_variance_, count, rows);
    const double before = log_likelihood_;
    components_ = step.loadings;
    log_likelihood_ = step.log_likelihood;
    const StepScalar scalar{"log_likelihood", log_likelihood_};
    const bool going =
        observer == nullptr || observer->on_step({static_cast<std::uint64_t>(iterations_), {&scalar, 1}});
    if (!going || (iterations_ > 1 && log_likelihood_ - before < parameters_.tol)) break;
    noise_variance_ = maximum(variances - sum_squares(components_, {0}), kSmall);
    if (iterations_ >= parameters_.max_iter) break;
  }
  if (parameters_.rotation != Rotation::kNone)
    components_ =
        copy(transpose(rotated(transpose(components_), parameters_.rotation == Rotation::kVarimax)));
}

Tensor FactorAnalysis::covariance() const {
  const FloatEnvironment contract;
  require_fitted();
  return model_covariance(
      {mean_, components_, ones({components_.size(0)}, DType::kFloat64), noise_variance_});
}

Tensor FactorAnalysis::transformed(const Tensor& x) const {
  return matmul(x - mean_,
                posterior_mean_matrix(
                    {mean_, components_, ones({components_.size(0)}, DType::kFloat64), noise_variance_}));
}

Tensor FactorAnalysis::score_samples(const Tensor& given) const {
  const FloatEnvironment contract;
  require_fitted();
  return log_likelihoods(checked_features(given, false), mean_, covariance(), name());
}

double FactorAnalysis::score(const Tensor& given) const {
  const FloatEnvironment contract;
  return tessera::mean(score_samples(given)).item<double>();
}

void FactorAnalysis::visit_learned(StateVisitor& visitor) {
  visitor.tensor("mean", mean_);
  visitor.tensor("components", components_);
  visitor.tensor("noise_variance", noise_variance_);
  visitor.real("log_likelihood", log_likelihood_);
  visitor.integer("iterations", iterations_);
}

void FactorAnalysis::check_learned() const {
  require_restored(name(), "mean", mean_, DType::kFloat64, {features()});
  require_restored(name(), "components", components_, DType::kFloat64, {-1, features()});
  require_restored(name(), "noise_variance", noise_variance_, DType::kFloat64, {features()});
  require_finite(name(), "mean", mean_);
  require_finite(name(), "components", components_);
  require_finite(name(), "noise_variance", noise_variance_);
  for (const double noise : noise_variance_.values<double>())
    if (!(noise > 0)) refuse_restored(name(), "'noise_variance' is not above 0");
}

}  // namespace tessera::learn

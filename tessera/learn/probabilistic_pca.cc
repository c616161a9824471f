#include "tessera/learn/probabilistic_pca.h"

#include <algorithm>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/covariance.h"
#include "tessera/learn/latent_normal.h"
#include "tessera/learn/restored.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/linalg/triangular.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kPpcaSolvers[] = {"closed_form", "em"};

Tensor identity(std::int64_t n) {
  return cast(equal(reshape(arange(n), {n, 1}), reshape(arange(n), {1, n})), DType::kFloat64);
}

double trace(const Tensor& a) {
  return sum(a * identity(a.size(0))).item<double>();
}

// The mean log-likelihood of rows whose covariance around the mean is `spread`.
double log_likelihood(const Tensor& spread, const Tensor& model) {
  const Tensor factor = linalg::cholesky(model);
  const double measure = trace(linalg::cholesky_solve(factor, spread));
  return -0.5 * (static_cast<double>(spread.size(0)) * kLogTwoPi + linalg::cholesky_log_determinant(factor) +
                 measure);
}

}  // namespace

void ProbabilisticPCA::visit_parameters(ParameterVisitor& visitor) {
  visitor.integer("n_components", parameters_.n_components, Bounds::at_least(0),
                  "How many hidden variables; 0: one less than features.");
  visitor.choice("solver", parameters_.solver, kPpcaSolvers, "The optimum itself, or steps of EM to it.");
  visitor.real("tol", parameters_.tol, Bounds::at_least(0),
               "EM ends when the mean log-likelihood rises by less than this.");
  visitor.integer("max_iter", parameters_.max_iter, Bounds::at_least(1), "Iterations of EM at most.");
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0), "Of the random start of EM.");
}

void ProbabilisticPCA::learn(const Tensor& x, const Tensor&, StepObserver* observer) {
  const std::int64_t rows = x.size(0), width = x.size(1);
  if (rows < 2) fail("{}: expected at least 2 rows, found {}", name(), rows);
  if (width < 2) fail("{}: expected at least 2 features, found {}", name(), width);
  const std::int64_t count = parameters_.n_components == 0 ? width - 1 : parameters_.n_components;
  if (count >= width)
    fail("{}: n_components: expected fewer than the {} features, found {}", name(), width, count);
  mean_ = tessera::mean(x, {0});
  const Tensor spread = covariance_of(x, mean_, static_cast<double>(rows - 1));
  iterations_ = 0;
  if (parameters_.solver == Solver::kClosedForm)
    closed_form(spread, count);
  else
    em(spread, count, observer);
}

void ProbabilisticPCA::closed_form(const Tensor& spread, std::int64_t count) {
  const linalg::SymmetricEigen eigen = linalg::symmetric_eigen(spread);
  const Tensor values = copy(maximum(eigen.values, 0.0).slice({Range::step(-1)}));
  const Tensor directions = copy(transpose(eigen.vectors).slice({Range::step(-1)}));
  noise_variance_ = tessera::mean(values.slice({Range::from(count)})).item<double>();
  if (!(noise_variance_ > values.at<double>({0}) * 1e-14))
    fail("{}: n_components: {} directions explain all variance and leave no noise; expected fewer", name(),
         count);
  const Tensor strengths = maximum(values.slice({Range::to(count)}) - noise_variance_, 0.0);
  loadings_ = copy(directions.slice({Range::to(count)})) * reshape(sqrt(strengths), {count, 1});
}

void ProbabilisticPCA::em(const Tensor& spread, std::int64_t count, StepObserver* observer) {
  const std::int64_t width = spread.size(0);
  const double total = trace(spread);
  if (!(total > 0)) fail("{}: the rows do not vary", name());
  RandomSource random(static_cast<std::uint64_t>(parameters_.seed));
  Tensor w = random.normal("probabilistic_pca.start", {width, count}, DType::kFloat64);  // [F, k]
  double noise = total / static_cast<double>(width), before = 0;
  for (iterations_ = 1;; ++iterations_) {
    const Tensor inner = matmul(transpose(w), w) + identity(count) * noise;
    const Tensor factor = linalg::cholesky((inner + transpose(inner)) * 0.5);
    const Tensor image = matmul(spread, w);  // S W
    // W' = S W (noise I + M^-1 W^T S W)^-1 = S W (noise M + W^T S W)^-1 M
    const Tensor outer = inner * noise + matmul(transpose(w), image);
    const Tensor outer_factor = linalg::cholesky((outer + transpose(outer)) * 0.5);
    const Tensor next = matmul(image, linalg::cholesky_solve(outer_factor, inner));
    const Tensor explained = linalg::cholesky_solve(factor, matmul(transpose(image), next));
    w = copy(next);
    noise = (total - trace(explained)) / static_cast<double>(width);
    if (!(noise > total * 1e-14))
      fail("{}: n_components: {} directions explain all variance and leave no noise; expected fewer", name(),
           count);
    const Tensor model = matmul(w, transpose(w)) + identity(width) * noise;
    const double likelihood = log_likelihood(spread, (model + transpose(model)) * 0.5);
    const StepScalar scalar{"log_likelihood", likelihood};
    const bool going =
        observer == nullptr || observer->on_step({static_cast<std::uint64_t>(iterations_), {&scalar, 1}});
    if (!going || iterations_ >= parameters_.max_iter) break;
    if (iterations_ > 1 && likelihood - before < parameters_.tol) break;
    before = likelihood;
  }
  noise_variance_ = noise;
  // W is known up to a rotation of the hidden variables: its principal directions.
  const linalg::SymmetricEigen turned =
      linalg::symmetric_eigen((matmul(transpose(w), w) + transpose(matmul(transpose(w), w))) * 0.5);
  const Tensor lines = transpose(matmul(w, turned.vectors));
  const Tensor ordered = copy(lines.slice({Range::step(-1)}));
  const Tensor at = argmax(absolute(ordered), 1, true);
  loadings_ = select(less(take_along(ordered, at, 1), 0.0), -ordered, ordered);
}

Tensor ProbabilisticPCA::covariance() const {
  const FloatEnvironment contract;
  require_fitted();
  return model_covariance({mean_, loadings_, ones({loadings_.size(0)}, DType::kFloat64),
                           full({features()}, noise_variance_, DType::kFloat64)});
}

Tensor ProbabilisticPCA::transformed(const Tensor& x) const {
  return matmul(x - mean_,
                posterior_mean_matrix({mean_, loadings_, ones({loadings_.size(0)}, DType::kFloat64),
                                       full({features()}, noise_variance_, DType::kFloat64)}));
}

Tensor ProbabilisticPCA::score_samples(const Tensor& given) const {
  const FloatEnvironment contract;
  require_fitted();
  return log_likelihoods(checked_features(given, false), mean_, covariance(), name());
}

double ProbabilisticPCA::score(const Tensor& given) const {
  const FloatEnvironment contract;
  return tessera::mean(score_samples(given)).item<double>();
}

void ProbabilisticPCA::visit_learned(StateVisitor& visitor) {
  visitor.tensor("mean", mean_);
  visitor.tensor("loadings", loadings_);
  visitor.real("noise_variance", noise_variance_);
  visitor.integer("iterations", iterations_);
}

void ProbabilisticPCA::check_learned() const {
  require_restored(name(), "mean", mean_, DType::kFloat64, {features()});
  require_restored(name(), "loadings", loadings_, DType::kFloat64, {-1, features()});
  require_finite(name(), "mean", mean_);
  require_finite(name(), "loadings", loadings_);
  if (!(noise_variance_ > 0)) refuse_restored(name(), "the noise is not above 0");
}

}  // namespace tessera::learn

#include "tessera/learn/gaussian_mixture.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/learn/restored.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/matrix.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kTypes[] = {"full", "tied", "diag", "spherical"};

// P with precision = P P^T, P upper triangular: Cholesky of the matrix with its lines and columns turned around.
Tensor factor_of_precision(const Tensor& precision, std::string_view owner) {
  const auto turned = [](const Tensor& a) { return copy(a.slice({Range::step(-1), Range::step(-1)})); };
  const linalg::CholeskyAttempt attempt = linalg::try_cholesky(turned(precision));
  if (attempt.failed_minor != 0)
    fail("{}: start_at: expected precisions that are positive definite, found a pivot of {:.3g}", owner,
         attempt.pivot);
  return turned(attempt.factor);
}

Tensor matrix_of(const Tensor& matrices, std::int64_t k) {
  return contiguous(matrices.rank() == 3 ? matrices.slice({k}) : matrices);
}

// The function of each matrix: of all of them in full, of the one in tied.
template <typename Function>
Tensor each_matrix(const Tensor& matrices, const Function& function) {
  if (matrices.rank() == 2) return function(matrices);
  std::vector<Tensor> results;
  for (std::int64_t k = 0; k < matrices.size(0); ++k)
    results.push_back(reshape(function(matrix_of(matrices, k)), {1, matrices.size(1), matrices.size(2)}));
  return concatenate(results, 0);
}

bool is_matrix(CovarianceType type) {
  return type == CovarianceType::kFull || type == CovarianceType::kTied;
}

}  // namespace

// One fit: packed rows, the shares of the last E-step, the components now and the best ones.
class GaussianMixture::Problem : public EmProblem {
 public:
  Problem(const GaussianMixture& owner, const Tensor& x) : owner_(owner), x_(x), rows_(x) {}

  void start(std::int64_t trial) override {
    const GaussianComponents& given = owner_.start_;
    if (!given.weights.defined() || !given.means.defined() || !given.factors.defined()) {
      const Tensor shares = starting_responsibilities(x_, owner_.settings_, trial, owner_.name());
      now_ = estimate_components(rows_, packed_responsibilities(shares), owner_.component_settings(),
                                 owner_.name(), static_cast<double>(rows_.rows()));
    }
    if (given.weights.defined()) now_.weights = given.weights;
    if (given.means.defined()) now_.means = given.means;
    if (!given.factors.defined()) return;
    now_.factors = is_matrix(owner_.type_)
                       ? each_matrix(given.factors,
                                     [&](const Tensor& p) { return factor_of_precision(p, owner_.name()); })
                       : sqrt(given.factors);
  }
  double expect() override {
    expectation_ = learn::expect(rows_, now_, owner_.type_);
    return numerics::mean(std::span<const double>(expectation_.log_likelihoods));
  }
  void maximise() override {
    now_ =
        estimate_components(rows_, expectation_.responsibilities, owner_.component_settings(), owner_.name());
  }
  void keep_best() override { best_ = now_; }
  const GaussianComponents& best() const { return best_; }

 private:
  const GaussianMixture& owner_;
  const Tensor& x_;
  RowBlocks rows_;
  Expectation expectation_;
  GaussianComponents now_, best_;
};

GaussianMixture::GaussianMixture(const Parameters& p)
    : settings_{p.n_components, p.tol, p.max_iter, p.n_init, p.init_params, p.seed},
      type_(p.covariance_type),
      reg_covar_(p.reg_covar) {}

void GaussianMixture::visit_parameters(ParameterVisitor& visitor) {
  visit_em_settings(visitor, settings_);
  visitor.choice("covariance_type", type_, kTypes,
                 "A matrix for each component, one for all, variances, or one variance each.");
  visitor.real("reg_covar", reg_covar_, Bounds::at_least(0), "Is added to every variance.");
}

ComponentSettings GaussianMixture::component_settings() const {
  return {type_, settings_.components, reg_covar_};
}

Shape GaussianMixture::covariance_shape(std::int64_t features) const {
  const std::int64_t components = settings_.components;
  switch (type_) {
    case CovarianceType::kFull:
      return {components, features, features};
    case CovarianceType::kTied:
      return {features, features};
    case CovarianceType::kDiag:
      return {components, features};
    default:
      return {components};
  }
}

std::int64_t GaussianMixture::free_parameters() const {
  const std::int64_t components = settings_.components, square = features() * (features() + 1) / 2;
  const std::int64_t of_covariances = type_ == CovarianceType::kFull   ? components * square
                                      : type_ == CovarianceType::kTied ? square
                                      : type_ == CovarianceType::kDiag ? components * features()
                                                                       : components;
  return of_covariances + components * features() + components - 1;
}

void GaussianMixture::start_at(const Tensor& weights, const Tensor& means, const Tensor& precisions) {
  const auto kept = [&](const Tensor& given, std::string_view what, bool positive) {
    if (!given.defined()) return Tensor();
    const Tensor values = contiguous(cast(given, DType::kFloat64));
    for (const double value : values.values<double>())
      if (!std::isfinite(value) || (positive && !(value > 0)))
        fail("{}: start_at: {}: expected {}, found {}", name(), what,
             positive ? "numbers above 0" : "finite numbers", value);
    return values;
  };
  start_.weights = kept(weights, "weights", true);
  start_.means = kept(means, "means", false);
  start_.factors = kept(precisions, "precisions", !is_matrix(type_));
}

void GaussianMixture::check_start(const Tensor& x) const {
  const std::int64_t components = settings_.components;
  const auto check = [&](const Tensor& given, std::string_view what, const Shape& shape) {
    if (given.defined() && given.shape() != shape)
      fail("{}: start_at: {}: expected {}, found {}", name(), what, shape.to_string(),
           given.shape().to_string());
  };
  check(start_.weights, "weights", {components});
  check(start_.means, "means", {components, x.size(1)});
  check(start_.factors, "precisions", covariance_shape(x.size(1)));
}

void GaussianMixture::learn(const Tensor& x, const Tensor&, StepObserver* observer) {
  if (settings_.components > x.size(0))
    fail("{}: n_components: expected at most the {} rows, found {}", name(), x.size(0), settings_.components);
  check_start(x);
  Problem problem(*this, x);
  em_ = maximise_expectation(problem, settings_, observer);
  model_ = problem.best();
  weights_ = model_.weights;
}

// Piece by piece, so that packed rows and shares stay in the cache; a row's own bits do not depend on its piece.
MixtureModel::Posterior GaussianMixture::posterior(const Tensor& x) const {
  const std::int64_t rows = x.size(0), components = weights_.size(0);
  std::vector<double> shares(static_cast<std::size_t>(rows * components)),
      likelihoods(static_cast<std::size_t>(rows));
  const double* values = x.values<double>().data();
  parallel_for((rows + kPieceRows - 1) / kPieceRows, [&](std::int64_t piece) {
    const std::int64_t first = piece * kPieceRows, count = std::min(kPieceRows, rows - first);
    const Expectation found = expect(RowBlocks(values + first * x.size(1), count, x.size(1)), model_, type_);
    std::copy(found.log_likelihoods.begin(), found.log_likelihoods.end(), likelihoods.begin() + first);
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t k = 0; k < components; ++k)
        shares[static_cast<std::size_t>((first + i) * components + k)] =
            found.responsibilities[static_cast<std::size_t>((i / kLaneRows * components + k) * kLaneRows +
                                                            i % kLaneRows)];
  });
  return {Tensor::from(shares, {rows, components}), Tensor::from(likelihoods, {rows})};
}

Tensor GaussianMixture::precisions() const {
  const FloatEnvironment contract;
  require_fitted();
  if (!is_matrix(type_)) return model_.factors * model_.factors;
  return each_matrix(model_.factors, [](const Tensor& p) { return matmul(p, transpose(p)); });
}

GaussianMixture::Sample GaussianMixture::sample(std::int64_t n, std::int64_t seed) const {
  const FloatEnvironment contract;
  require_fitted();
  if (n < 1) fail("{}: sample: expected at least 1 row, found {}", name(), n);
  RandomSource random(static_cast<std::uint64_t>(seed));
  const Tensor draws = random.uniform("mixture.components", {n}, DType::kFloat64);
  const Tensor normal = random.normal("mixture.normal", {n, features()}, DType::kFloat64);
  std::vector<double> running;
  for (const double weight : weights_.values<double>())
    running.push_back((running.empty() ? 0 : running.back()) + weight);
  std::vector<std::int64_t> of;
  for (const double draw : draws.values<double>()) {
    const auto place = std::upper_bound(running.begin(), running.end(), draw * running.back());
    of.push_back(std::min<std::int64_t>(place - running.begin(), weights_.size(0) - 1));
  }
  const Tensor components = Tensor::from(of, {n});
  const Tensor means = gather(model_.means, components);
  if (type_ == CovarianceType::kSpherical)
    return {means + normal * reshape(gather(sqrt(model_.covariances), components), {n, 1}), components};
  if (type_ == CovarianceType::kDiag)
    return {means + normal * gather(sqrt(model_.covariances), components), components};
  // Each row in all components, of which its own is taken: matrix products by rows do not depend on the rows beside them.
  Tensor spread = zeros({n, features()}, DType::kFloat64);
  for (std::int64_t k = 0; k < weights_.size(0); ++k) {
    const Tensor factor = linalg::cholesky(matrix_of(model_.covariances, k));
    spread = select(equal(reshape(components, {n, 1}), k), matmul(normal, transpose(factor)), spread);
  }
  return {means + spread, components};
}

void GaussianMixture::visit_learned(StateVisitor& visitor) {
  MixtureModel::visit_learned(visitor);
  model_.weights = weights_;  // restored with the others
  visitor.tensor("means", model_.means);
  visitor.tensor("covariances", model_.covariances);
  visitor.tensor("precisions_cholesky", model_.factors);
}

void GaussianMixture::check_learned() const {
  MixtureModel::check_learned();
  const std::int64_t components = settings_.components;
  require_restored(name(), "weights", weights_, DType::kFloat64, {components});
  require_restored(name(), "means", model_.means, DType::kFloat64, {components, features()});
  require_finite(name(), "means", model_.means);
  const Shape shape = covariance_shape(features());
  for (const auto& [what, value] :
       {std::pair{"covariances", model_.covariances}, std::pair{"precisions_cholesky", model_.factors}}) {
    const bool fits =
        value.defined() && value.dtype() == DType::kFloat64 && value.contiguous() && value.shape() == shape;
    if (!fits) refuse_restored(name(), fmt::format("'{}' is not float64 {}", what, shape.to_string()));
    require_finite(name(), what, value);
  }
}

}  // namespace tessera::learn

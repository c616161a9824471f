#include "tessera/learn/pca.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/learn/covariance.h"
#include "tessera/learn/latent_normal.h"
#include "tessera/learn/restored.h"
#include "tessera/linalg/qr.h"
#include "tessera/linalg/randomized_svd.h"
#include "tessera/linalg/svd.h"
#include "tessera/linalg/symmetric_eigen.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr std::string_view kPcaSolvers[] = {"auto", "full", "covariance_eigh", "randomized"};
// Lines turned so that the element of the largest absolute value is positive.
Tensor turned(const Tensor& lines) {
  const Tensor at = argmax(absolute(lines), 1, true);
  return select(less(take_along(lines, at, 1), 0.0), -lines, lines);
}

Tensor first_lines(const Tensor& a, std::int64_t count) {
  return copy(a.slice({Range::to(count)}));
}

}  // namespace

// Of the centered rows, in descending order; the total variance where not all of it was computed.
struct PCA::Spectrum {
  Tensor variances, singular_values, directions;  // [n], [n], [n, F]
  std::optional<double> total;
};

void PCA::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("n_components", parameters_.n_components, Bounds::at_least(0),
               "How many components; below 1: as many as explain this share of the variance; 0: all.");
  visitor.flag("whiten", parameters_.whiten, "Divide components by their standard deviation.");
  visitor.choice("svd_solver", parameters_.svd_solver, kPcaSolvers,
                 "By SVD, by eigenvectors of the covariance, or by random projection.");
  visitor.integer("iterated_power", parameters_.iterated_power, Bounds::at_least(-1),
                  "Power iterations of the random projection; -1: 7 for few components, 4 otherwise.");
  visitor.integer("n_oversamples", parameters_.n_oversamples, Bounds::at_least(1),
                  "Random vectors beyond the components.");
  visitor.integer("seed", parameters_.seed, Bounds::at_least(0), "Of the random projection.");
}

PCA::Solver PCA::solver_for(const Tensor& x) const {
  if (parameters_.svd_solver != Solver::kAuto) return parameters_.svd_solver;
  const std::int64_t rows = x.size(0), features = x.size(1);
  if (features <= 1000 && rows >= 10 * features) return Solver::kCovarianceEigh;
  if (std::max(rows, features) <= 500) return Solver::kFull;
  const double asked = parameters_.n_components;
  return asked >= 1 && asked < 0.8 * static_cast<double>(std::min(rows, features)) ? Solver::kRandomized
                                                                                   : Solver::kFull;
}

void PCA::learn(const Tensor& x, const Tensor&, StepObserver*) {
  const std::int64_t rows = x.size(0), features = x.size(1), most = std::min(rows, features);
  const double asked = parameters_.n_components;
  if (rows < 2) fail("{}: expected at least 2 rows, found {}", name(), rows);
  if (asked >= 1 && (asked != std::floor(asked) || asked > static_cast<double>(most)))
    fail(
        "{}: n_components: expected a whole number up to min(rows, features) = {}, or a share below 1, found "
        "{}",
        name(), most, asked);
  const Solver solver = solver_for(x);
  if (solver == Solver::kRandomized && asked > 0 && asked < 1)
    fail("{}: n_components: expected a whole number where the solver is randomized, found {}", name(), asked);
  mean_ = tessera::mean(x, {0});
  const double divisor = static_cast<double>(rows - 1);
  Spectrum found;
  if (solver == Solver::kCovarianceEigh) {
    // Few directions are found without the others, whose variance is what they leave of the trace.
    const Tensor covariance = covariance_of(x, mean_, divisor);
    const bool few = asked >= 1 && asked * 8 <= static_cast<double>(features);
    const linalg::SymmetricEigen eigen =
        few ? linalg::largest_symmetric_eigen(covariance, static_cast<std::int64_t>(asked))
            : linalg::symmetric_eigen(covariance);
    found.variances = copy(maximum(eigen.values, 0.0).slice({Range::step(-1)}));
    found.singular_values = sqrt(found.variances * divisor);
    found.directions = copy(transpose(eigen.vectors).slice({Range::step(-1)}));
    found.total = sum(few ? reshape(covariance, {-1}).slice({Range::step(features + 1)}) : found.variances)
                      .item<double>();
  } else {
    const Tensor centered = x - mean_;
    if (solver == Solver::kRandomized) {
      const std::int64_t count = asked == 0 ? most : static_cast<std::int64_t>(asked);
      const std::int64_t power = parameters_.iterated_power >= 0 ? parameters_.iterated_power
                                 : static_cast<double>(count) < 0.1 * static_cast<double>(most) ? 7
                                                                                                : 4;
      RandomSource random(static_cast<std::uint64_t>(parameters_.seed));
      const linalg::Svd svd = linalg::randomized_svd(
          centered, count, random, "pca",
          {.oversampling = parameters_.n_oversamples, .power_iterations = static_cast<int>(power)});
      found.singular_values = svd.s;
      found.directions = svd.vt;
      found.total = sum_squares(centered).item<double>() / divisor;
    } else {
      // Of R, where there are more rows than features.
      const linalg::RightSingularVectors svd =
          linalg::right_singular_vectors(rows > features ? linalg::triangular_factor(centered) : centered);
      found.singular_values = svd.s;
      found.directions = svd.vt;
    }
    found.variances = found.singular_values * found.singular_values / divisor;
  }
  keep(found, rows, features);
}

void PCA::keep(const Spectrum& spectrum, std::int64_t rows, std::int64_t features) {
  const std::int64_t most = std::min(rows, features);
  const double all = sum(spectrum.variances).item<double>(), total = spectrum.total.value_or(all);
  const Tensor ratios =
      total > 0 ? spectrum.variances / total : zeros(spectrum.variances.shape(), DType::kFloat64);
  std::int64_t count = static_cast<std::int64_t>(parameters_.n_components);
  if (parameters_.n_components == 0) {
    count = most;
  } else if (parameters_.n_components < 1) {
    double share = 0;
    for (count = 0; count < most && share <= parameters_.n_components; ++count)
      share += ratios.at<double>({count});
  }
  components_ = turned(first_lines(spectrum.directions, count));
  explained_variance_ = first_lines(spectrum.variances, count);
  explained_variance_ratio_ = first_lines(ratios, count);
  singular_values_ = first_lines(spectrum.singular_values, count);
  noise_variance_ = 0;
  if (count == most) return;
  const double rest = spectrum.variances.size(0) > count
                          ? sum(spectrum.variances.slice({Range(count, most)})).item<double>()
                          : total - sum(explained_variance_).item<double>();
  noise_variance_ = std::max(rest, 0.0) / static_cast<double>(most - count);
}

Tensor PCA::transformed(const Tensor& x) const {
  Tensor lines = components_;
  if (parameters_.whiten) {
    const Tensor deviation = maximum(sqrt(explained_variance_), std::numeric_limits<double>::epsilon());
    lines = lines / reshape(deviation, {-1, 1});
  }
  return linear(x, lines, -reshape(matmul(lines, reshape(mean_, {-1, 1})), {-1}));
}

Tensor PCA::inverse_transform(const Tensor& transformed) const {
  const FloatEnvironment contract;
  require_fitted();
  const std::int64_t count = components_.size(0);
  if (!transformed.defined() || transformed.rank() != 2 || transformed.size(1) != count)
    fail("{}: inverse_transform: expected [rows, {}], found {}", name(), count,
         transformed.defined() ? transformed.shape().to_string() : "no tensor");
  Tensor lines = components_;
  if (parameters_.whiten) lines = lines * reshape(sqrt(explained_variance_), {-1, 1});
  return matmul(cast(transformed, DType::kFloat64), lines) + mean_;
}

Tensor PCA::covariance() const {
  const FloatEnvironment contract;
  require_fitted();
  return model_covariance({mean_, components_, maximum(explained_variance_ - noise_variance_, 0.0),
                           full({features()}, noise_variance_, DType::kFloat64)});
}

Tensor PCA::score_samples(const Tensor& given) const {
  const FloatEnvironment contract;
  require_fitted();
  return log_likelihoods(checked_features(given, false), mean_, covariance(), name());
}

double PCA::score(const Tensor& given) const {
  const FloatEnvironment contract;
  return tessera::mean(score_samples(given)).item<double>();
}

void PCA::visit_learned(StateVisitor& visitor) {
  visitor.tensor("mean", mean_);
  visitor.tensor("components", components_);
  visitor.tensor("explained_variance", explained_variance_);
  visitor.tensor("explained_variance_ratio", explained_variance_ratio_);
  visitor.tensor("singular_values", singular_values_);
  visitor.real("noise_variance", noise_variance_);
}

void PCA::check_learned() const {
  require_restored(name(), "mean", mean_, DType::kFloat64, {features()});
  require_restored(name(), "components", components_, DType::kFloat64, {-1, features()});
  const std::int64_t count = components_.size(0);
  require_restored(name(), "explained_variance", explained_variance_, DType::kFloat64, {count});
  require_restored(name(), "explained_variance_ratio", explained_variance_ratio_, DType::kFloat64, {count});
  require_restored(name(), "singular_values", singular_values_, DType::kFloat64, {count});
  for (const Tensor* value :
       {&mean_, &components_, &explained_variance_, &explained_variance_ratio_, &singular_values_})
    require_finite(name(), "a tensor", *value);
}

}  // namespace tessera::learn

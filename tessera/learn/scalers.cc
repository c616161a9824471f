#include "tessera/learn/scalers.h"

#include <algorithm>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/learn/restored.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

Tensor zero_row(const Tensor& x) {
  return zeros({x.size(1)}, DType::kFloat64);
}
Tensor one_row(const Tensor& x) {
  return ones({x.size(1)}, DType::kFloat64);
}

Tensor without_zeros(const Tensor& scale) {
  return select(less(scale, 10 * kEpsilon), 1.0, scale);
}

// Of sorted columns, between the two values beside the place.
Tensor quantile(const Tensor& sorted, double per_cent) {
  const std::int64_t last = sorted.size(0) - 1;
  const double place = per_cent / 100 * static_cast<double>(last);
  const std::int64_t below = std::min(static_cast<std::int64_t>(place), last);
  const Tensor low = sorted.slice({below}), high = sorted.slice({std::min(below + 1, last)});
  return low + (high - low) * (place - static_cast<double>(below));
}

}  // namespace

Tensor Scaler::transformed(const Tensor& x) const {
  return (x - center_) / scale_;
}

Tensor Scaler::back(const Tensor& x) const {
  return x * scale_ + center_;
}

Tensor Scaler::inverse_transform(const Tensor& features) const {
  require_fitted();
  return back(checked_features(features, false));
}

void Scaler::visit_learned(StateVisitor& visitor) {
  visitor.tensor("center", center_);
  visitor.tensor("scale", scale_);
}

// ---- Standard ----

void StandardScaler::visit_parameters(ParameterVisitor& visitor) {
  visitor.flag("with_mean", parameters_.with_mean, "Subtract the mean.");
  visitor.flag("with_std", parameters_.with_std, "Divide by the standard deviation.");
}

void StandardScaler::learn(const Tensor& x, const Tensor&, StepObserver*) {
  const Tensor mean_of = mean(x, {0}), variance_of = variance(x, {0});
  // A variance that rounding alone can have made: the feature is constant.
  const double share = static_cast<double>(x.size(0)) * kEpsilon;
  const Tensor of_rounding = variance_of * share + (mean_of * share) * (mean_of * share);
  center_ = parameters_.with_mean ? mean_of : zero_row(x);
  scale_ = parameters_.with_std ? select(less_equal(variance_of, of_rounding), 1.0, sqrt(variance_of))
                                : one_row(x);
}

// ---- Least and most ----

void MinMaxScaler::visit_parameters(ParameterVisitor& visitor) {
  visitor.real("range_least", parameters_.range_least, {}, "What the least value becomes.");
  visitor.real("range_most", parameters_.range_most, {}, "What the greatest value becomes.");
  visitor.flag("clip", parameters_.clip, "Values outside of what was learned from become the bounds.");
}

void MinMaxScaler::learn(const Tensor& x, const Tensor&, StepObserver*) {
  if (!(parameters_.range_least < parameters_.range_most))
    fail("{}: expected range_least below range_most, found {} and {}", name(), parameters_.range_least,
         parameters_.range_most);
  center_ = min(x, {0});
  scale_ = without_zeros(max(x, {0}) - center_);
}

Tensor MinMaxScaler::transformed(const Tensor& x) const {
  const double width = parameters_.range_most - parameters_.range_least;
  const Tensor scaled = Scaler::transformed(x) * width + parameters_.range_least;
  return parameters_.clip ? minimum(maximum(scaled, parameters_.range_least), parameters_.range_most)
                          : scaled;
}

Tensor MinMaxScaler::back(const Tensor& x) const {
  return Scaler::back((x - parameters_.range_least) / (parameters_.range_most - parameters_.range_least));
}

// ---- Largest ----

void MaxAbsScaler::learn(const Tensor& x, const Tensor&, StepObserver*) {
  center_ = zero_row(x);
  scale_ = without_zeros(max(absolute(x), {0}));
}

// ---- Robust ----

void RobustScaler::visit_parameters(ParameterVisitor& visitor) {
  visitor.flag("with_centering", parameters_.with_centering, "Subtract the median.");
  visitor.flag("with_scaling", parameters_.with_scaling, "Divide by the distance of the two quantiles.");
  visitor.real("quantile_low", parameters_.quantile_low, Bounds::between(0, 100),
               "The lower quantile, in per cent.");
  visitor.real("quantile_high", parameters_.quantile_high, Bounds::between(0, 100),
               "The upper quantile, in per cent.");
}

void RobustScaler::learn(const Tensor& x, const Tensor&, StepObserver*) {
  if (!(parameters_.quantile_low < parameters_.quantile_high))
    fail("{}: expected quantile_low below quantile_high, found {} and {}", name(), parameters_.quantile_low,
         parameters_.quantile_high);
  const Tensor sorted = sort(x, 0);
  center_ = parameters_.with_centering ? copy(quantile(sorted, 50)) : zero_row(x);
  scale_ = parameters_.with_scaling ? without_zeros(quantile(sorted, parameters_.quantile_high) -
                                                    quantile(sorted, parameters_.quantile_low))
                                    : one_row(x);
}

void Scaler::check_learned() const {
  require_restored(name(), "center", center_, DType::kFloat64, {features()});
  require_restored(name(), "scale", scale_, DType::kFloat64, {features()});
}

}  // namespace tessera::learn

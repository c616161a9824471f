#include "tessera/learn/linear_model.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/error.h"
#include "tessera/learn/restored.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

Tensor coefficient_importances(const Tensor& coef) {
  if (!coef.defined()) return {};
  const Tensor absolutes = absolute(coef);
  return contiguous(coef.rank() == 1 ? absolutes : sum(absolutes, {0}));
}

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
  require_finite(name(), "coef", coef_);
  if (!std::isfinite(intercept_)) refuse_restored(name(), "'intercept' is not finite");
}

void LinearModel::require_in_range(const Tensor& numbers) const {
  const Tensor values = contiguous(numbers);
  if (!std::ranges::all_of(values.values<double>(), [](double value) { return std::isfinite(value); }))
    fail("{}: features or target are too large: what is computed from them is not finite; scale them down",
         name());
}

void LinearModel::require_learned_in_range() const {
  require_in_range(coef_);
  require_in_range(Tensor::from<double>({intercept_}, {1}));
}

namespace internal {

namespace {

constexpr std::int64_t kFirstRows = 16;
constexpr double kRounding = 16 * std::numeric_limits<double>::epsilon();

Tensor constant_in(const Tensor& rows) {
  const Tensor least = min(rows, {0}), most = max(rows, {0});
  return less_equal(most - least, maximum(absolute(least), absolute(most)) * kRounding);
}

bool any(const Tensor& flags) {
  return sum(cast(flags, DType::kInt64)).item<std::int64_t>() > 0;
}

}  // namespace

// Most features vary within the first rows already: then the others need not be read.
Tensor constant_features(const Tensor& features) {
  if (features.size(0) > kFirstRows) {
    const Tensor at_first = constant_in(features.slice({Range::to(kFirstRows)}));
    if (!any(at_first)) return at_first;
  }
  return constant_in(features);
}

bool any_constant_feature(const Tensor& features) {
  return any(constant_features(features));
}

Centred::Centred(const Tensor& features, const Tensor& target, bool centre)
    : features_(features), centre_(centre) {
  x_mean = centre ? mean(features, {0}) : zeros({features.size(1)}, DType::kFloat64);
  y_mean = centre ? mean(target).item<double>() : 0;
  y = centre ? target - y_mean : target;
  if (!centre) return;
  const Tensor constant = constant_features(features);
  if (any(constant)) constant_ = constant;
}

const Tensor& Centred::x() const {
  if (!x_.defined()) x_ = centre_ ? centred_rows(features_, x_mean, constant_) : features_;
  return x_;
}

CentredProducts Centred::products() const {
  if (centre_ && !x_.defined()) return centred_products(features_, x_mean, constant_, y);
  const Tensor turned = transpose(x());
  return {matmul(turned, x()), matmul(turned, y)};
}

double Centred::intercept_for(const Tensor& coef) const {
  return y_mean - matmul(x_mean, coef).item<double>();
}

}  // namespace internal
}  // namespace tessera::learn

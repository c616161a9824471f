#include "tessera/learn/linear_loss.h"

#include <algorithm>
#include <cmath>

#include "tessera/tensor/ops.h"

namespace tessera::learn::internal {

namespace {

Tensor as_column(const Tensor& y) {
  return reshape(cast(y, DType::kFloat64), {-1, 1});
}
Tensor signs(const Tensor& y) {
  return as_column(y) * 2.0 - 1.0;
}
Tensor one_hot(const Tensor& y, std::int64_t classes) {
  return equal(reshape(y, {-1, 1}), reshape(arange(classes), {1, -1}));
}
// z_k - z_y, which are the margins with their sign turned.
Tensor against_own(const Tensor& scores, const Tensor& y) {
  return scores - take_along(scores, reshape(y, {-1, 1}), 1);
}

Tensor margin_losses(const Tensor& scores, const Tensor& y) {
  const Tensor against = against_own(scores, y),
               top = max(against, {1}, true);  // at least 0, that of y itself
  const Tensor own = one_hot(y, scores.size(1));
  const Tensor others = sum(select(own, 0.0, exp(against - top)), {1}, true);
  return select(equal(top, 0.0), log1p(others), top + log(others + exp(-top)));
}

Tensor margin_slopes(const Tensor& scores, const Tensor& y) {
  const Tensor against = against_own(scores, y);
  const Tensor part = exp(against - max(against, {1}, true));
  const Tensor share = part / sum(part, {1}, true);
  const Tensor own = one_hot(y, scores.size(1));
  const Tensor others = sum(select(own, 0.0, share), {1}, true);
  return select(own, -others, share);
}

}  // namespace

Tensor losses(LossView view, const Tensor& scores, const Tensor& y) {
  Tensor column;
  if (view == LossView::kBernoulli)
    column = maximum(scores, 0.0) - as_column(y) * scores + log1p(exp(-absolute(scores)));
  if (view == LossView::kMargin) {
    const Tensor margins = scores * signs(y);
    column = maximum(-margins, 0.0) + log1p(exp(-absolute(margins)));
  }
  if (view == LossView::kCategorical) return cross_entropy(scores, y);
  if (view == LossView::kCategoricalMargin) column = margin_losses(scores, y);
  if (view == LossView::kPoisson) column = exp(scores) - as_column(y) * scores;
  return reshape(column, {-1});
}

Tensor loss_slopes(LossView view, const Tensor& scores, const Tensor& y) {
  switch (view) {
    case LossView::kBernoulli:
      return sigmoid(scores) - as_column(y);
    case LossView::kMargin: {
      const Tensor sign = signs(y);
      return -sign * sigmoid(-sign * scores);
    }
    case LossView::kCategorical:
      return softmax(scores, 1) - cast(one_hot(y, scores.size(1)), DType::kFloat64);
    case LossView::kCategoricalMargin:
      return margin_slopes(scores, y);
    case LossView::kPoisson:
      break;
  }
  return exp(scores) - as_column(y);
}

// ---- The function ----

LinearLoss::LinearLoss(const Tensor& x, const Tensor& y, const LinearLossSettings& settings)
    : x_(x), y_(y), settings_(settings) {
  const bool several =
      settings.view == LossView::kCategorical || settings.view == LossView::kCategoricalMargin;
  outputs_ = several ? settings.classes : 1;
  columns_ = x.size(1) + (settings.intercept ? 1 : 0);
  if (LinearLossPass::suits(x.size(0), x.size(1), outputs_))
    pass_.emplace(x, y, settings.view, outputs_, settings.weights, has_sample());
}

bool LinearLoss::is_intercept(std::size_t place) const {
  return settings_.intercept && static_cast<std::int64_t>(place) % columns_ == x_.size(1);
}

Tensor LinearLoss::coef(const std::vector<double>& at) const {
  return copy(Tensor::from(at, {outputs_, columns_}).slice({Range::all(), Range::to(x_.size(1))}));
}

Tensor LinearLoss::intercept(const std::vector<double>& at) const {
  if (!settings_.intercept) return zeros({outputs_}, DType::kFloat64);
  const std::int64_t last = x_.size(1);
  return reshape(copy(Tensor::from(at, {outputs_, columns_}).slice({Range::all(), Range(last, last + 1)})),
                 {-1});
}

double LinearLoss::evaluate(const std::vector<double>& at, std::vector<double>& gradient) {
  if (at != place_) {
    const Tensor weight = coef(at);
    Tensor slope, slope_means;
    if (pass_.has_value()) {
      pass_->run(weight, intercept(at));
      value_ = pass_->mean_loss(), scores_ = pass_->scores();
      slope = pass_->slope_sums(), slope_means = pass_->slope_means();
    } else {
      const Tensor scores = linear(x_, weight, intercept(at));
      Tensor each = losses(settings_.view, scores, y_), slopes = loss_slopes(settings_.view, scores, y_);
      if (settings_.weights.defined()) {
        each = each * reshape(settings_.weights, {-1});
        slopes = slopes * settings_.weights;
      }
      value_ = mean(each).item<double>(), scores_ = transpose(scores);
      slope = matmul(outputs_ == 1 ? reshape(slopes, {1, -1}) : transpose(slopes), x_);
      slope_means = mean(slopes, {0});
    }
    slope = slope / row_count() + weight * settings_.l2;
    if (settings_.prior.defined()) slope = slope + weight * settings_.prior;
    if (settings_.intercept) slope = concatenate({slope, reshape(slope_means, {-1, 1})}, 1);
    value_ = value_ + sum_squares(weight).item<double>() * settings_.l2 / 2;
    if (settings_.prior.defined())
      value_ = value_ + sum(weight * weight * settings_.prior).item<double>() / 2;
    gradient_ = slope.to_vector<double>();
    place_ = at;
    steepest_ = largest_element(gradient_);
  }
  gradient = gradient_;
  return value_;
}

// ---- A start ----

namespace {

constexpr double kSampleGradient = 1e-3;  // of the sample's first one
constexpr std::int64_t kMostSampleSteps = 30;
// A row of the sample whose feature no other one has would have its coefficient grow without end, to where second derivatives say nothing. A prior keeps
// to a few units what such features add to a score.
constexpr double kPrior = 0.25;
constexpr std::int64_t kFirstSampleRows = 25;  // for each column, where the sample's own search begins

}  // namespace

void LinearLoss::start_from_sample(std::vector<double>& at, const MinimizeOptions& options) {
  if (!starts_from_sample()) return;
  choose_rows(false);
  LinearLossSettings settings = settings_;
  if (settings.weights.defined()) settings.weights = sampled(settings.weights);
  // The sample's second derivatives: a bound, or those of a smaller sample, are exact enough and cheaper.
  settings.sample_rows = settings_.sample_rows > kFirstSampleRows ? kFirstSampleRows : 0;
  const Tensor x = sample_x_, largest = maximum(max(x, {0}), -min(x, {0}));
  settings.prior = largest * largest * (kPrior / static_cast<double>(x.size(0)));
  LinearLoss sample(x, sampled(y_), settings);
  sample.bound_only_ = settings.view != LossView::kPoisson;
  std::vector<double> start = at, gradient;
  const double before = sample.evaluate(start, gradient);
  const MinimizeOptions roughly{
      .tolerance = std::max(options.tolerance, kSampleGradient * largest_element(gradient)),
      .max_iterations = kMostSampleSteps};
  sample.start_from_sample(start, roughly);
  minimize(sample, start, roughly);
  if (!(evaluate(start, gradient) <= before) || !std::isfinite(largest_element(gradient))) return;
  at = start;
  near_ = true;
}

}  // namespace tessera::learn::internal

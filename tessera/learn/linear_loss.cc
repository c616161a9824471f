#include "tessera/learn/linear_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/linalg/cholesky.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn::internal {

namespace {

constexpr std::int64_t kSampleRows = 100;     // for each column
constexpr std::int64_t kMostFactored = 2048;  // columns; above, only the diagonal is used
constexpr std::int64_t kMostExact =
    300;  // coefficients of several scores whose second derivatives are taken all, always
constexpr std::int64_t kMostLocal = 1000;  // and now and then

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

std::vector<double> values_of(const Tensor& x) {
  return x.to_vector<double>();
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
  const Tensor weight = coef(at);
  scores_ = linear(x_, weight, intercept(at));
  Tensor each = losses(settings_.view, scores_, y_), slopes = loss_slopes(settings_.view, scores_, y_);
  if (settings_.weights.defined()) {
    each = each * reshape(settings_.weights, {-1});
    slopes = slopes * settings_.weights;
  }
  const Tensor by_row = outputs_ == 1 ? reshape(slopes, {1, -1}) : transpose(slopes);
  Tensor slope = matmul(by_row, x_) / row_count() + weight * settings_.l2;
  if (settings_.intercept) slope = concatenate({slope, reshape(mean(slopes, {0}), {-1, 1})}, 1);
  gradient = values_of(slope);
  steepest_ = largest_element(gradient);
  return mean(each).item<double>() + sum_squares(weight).item<double>() * settings_.l2 / 2;
}

// ---- Second derivatives ----

// With many rows one is drawn out of each of equal stretches, so that no order of the table can mislead. A feature that is rare in the sample would
// seem flatter than it is: the diagonal is corrected by what the squares of all rows say.
Tensor LinearLoss::design(bool all) {
  const std::int64_t rows = x_.size(0), wanted = kSampleRows * columns_;
  all = all || rows <= 2 * wanted;
  if (design_.defined() && (!all || !sample_.defined())) return design_;
  sample_ = correction_ = Tensor();
  if (!all) {
    const double stretch = static_cast<double>(rows) / static_cast<double>(wanted);
    const Tensor places = (RandomSource(0).uniform("linear_loss.rows", {wanted}, DType::kFloat64) +
                           cast(arange(wanted), DType::kFloat64)) *
                          stretch;
    sample_ = minimum(cast(places, DType::kInt64), rows - 1);
  }
  design_ = sampled(x_);
  if (!all) {
    const Tensor whole = mean(x_ * x_, {0}), part = mean(design_ * design_, {0});
    correction_ = sqrt(select(greater(part, 0.0), whole / part, 1.0));
    if (settings_.intercept) correction_ = concatenate({correction_, ones({1}, DType::kFloat64)}, 0);
  }
  if (settings_.intercept) design_ = concatenate({design_, ones({design_.size(0), 1}, DType::kFloat64)}, 1);
  return design_;
}

Tensor LinearLoss::sampled(const Tensor& of_rows) const {
  return sample_.defined() ? gather(of_rows, sample_) : of_rows;
}

Tensor LinearLoss::curvatures(std::int64_t k, std::int64_t l) const {
  const Tensor scores = sampled(scores_);
  Tensor result;
  if (settings_.view == LossView::kPoisson) {
    result = exp(scores);
  } else if (outputs_ == 1) {
    result = sigmoid(scores) * sigmoid(-scores);
  } else {
    const Tensor shares = softmax(scores, 1);
    const Tensor of_k = shares.slice({Range::all(), Range(k, k + 1)});
    const Tensor of_l = shares.slice({Range::all(), Range(l, l + 1)});
    result = k == l ? of_k * (1.0 - of_k) : -of_k * of_l;
  }
  return settings_.weights.defined() ? result * sampled(settings_.weights) : result;
}

Tensor LinearLoss::constant_curvatures() const {
  const double share = 1 / static_cast<double>(std::max<std::int64_t>(outputs_, 2));
  const Tensor result = full({design_.size(0), 1}, share * (outputs_ == 1 ? 1 - share : 1), DType::kFloat64);
  return settings_.weights.defined() ? result * sampled(settings_.weights) : result;
}

Tensor LinearLoss::products(const Tensor& curvature) const {
  return matmul(transpose(design_), design_ * curvature) / static_cast<double>(design_.size(0));
}

Tensor LinearLoss::ridge(std::int64_t size) const {
  std::vector<double> added(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < added.size(); ++i) added[i] = is_intercept(i) ? 0 : settings_.l2;
  return Tensor::from(added, {size});
}

Tensor LinearLoss::all_blocks() const {
  const std::size_t several = static_cast<std::size_t>(outputs_);
  std::vector<std::vector<Tensor>> blocks(several, std::vector<Tensor>(several));
  for (std::size_t k = 0; k < several; ++k)
    for (std::size_t l = k; l < several; ++l)
      blocks[k][l] = blocks[l][k] =
          products(curvatures(static_cast<std::int64_t>(k), static_cast<std::int64_t>(l)));
  std::vector<Tensor> lines;
  for (const std::vector<Tensor>& line : blocks) lines.push_back(concatenate(line, 1));
  return concatenate(lines, 0);
}

// A change of all scores alike changes no probability: along it (penalised coefficients apart) the function is flat, and its gradient is 0. A curvature
// there, as large as the others', makes the matrix one that can be factored and changes no step.
Tensor LinearLoss::along_all_scores() const {
  const Tensor block = products(constant_curvatures()) / static_cast<double>(outputs_);
  const Tensor line = concatenate(std::vector<Tensor>(static_cast<std::size_t>(outputs_), block), 1);
  return concatenate(std::vector<Tensor>(static_cast<std::size_t>(outputs_), line), 0);
}

namespace {

Tensor with_diagonal(const Tensor& matrix, const Tensor& added) {
  const Tensor numbers = arange(matrix.size(0));
  const Tensor diagonal = equal(reshape(numbers, {-1, 1}), reshape(numbers, {1, -1}));
  return select(diagonal, matrix + added, matrix);
}

Tensor diagonal_of(const Tensor& matrix) {
  const Tensor numbers = reshape(arange(matrix.size(0)), {-1, 1});
  return reshape(take_along(matrix, numbers, 1), {-1});
}

}  // namespace

Tensor LinearLoss::second_derivatives() {
  design(true);
  const Tensor matrix = all_blocks();
  return with_diagonal(matrix, ridge(matrix.size(0)));
}

// A share of the diagonal is added until there are factors: features that depend on each other, or a column of zeros.
bool LinearLoss::factor(const Tensor& matrix) {
  const Tensor diagonal = diagonal_of(matrix);
  const double most = max(diagonal).item<double>();
  const Tensor scale = select(greater(diagonal, 0.0), diagonal, most > 0 ? most : 1.0);
  if (!std::isfinite(most)) return false;
  for (double share = 0; share < 1; share = share == 0 ? 1e-14 : share * 100) {
    const linalg::CholeskyAttempt attempt = linalg::try_cholesky(with_diagonal(matrix, scale * share));
    if (!attempt.factor.defined()) continue;
    factor_ = attempt.factor;
    return true;
  }
  return false;
}

// True: what was found are the second derivatives at this place, not an estimate.
bool LinearLoss::look_around() {
  const bool slow = steepest_ > steepest_before_ / 4;
  steepest_before_ = steepest_;
  ++looks_;
  if (columns_ > kMostFactored) {
    if (diagonal_.empty()) {
      const Tensor squares = mean(x_ * x_, {0}) / 4.0;
      std::vector<double> one = values_of(squares);
      if (settings_.intercept) one.push_back(0.25);
      for (double& value : one) value = value > 0 ? value : 1;
      for (std::int64_t k = 0; k < outputs_; ++k) diagonal_.insert(diagonal_.end(), one.begin(), one.end());
      for (std::size_t i = 0; i < diagonal_.size(); ++i) diagonal_[i] += is_intercept(i) ? 0 : settings_.l2;
    }
    return false;
  }
  const bool by_margin =
      settings_.view == LossView::kMargin || settings_.view == LossView::kCategoricalMargin;
  const std::int64_t numbers = outputs_ * columns_;
  const bool always = !by_margin && (outputs_ == 1 || numbers <= kMostExact);
  const bool seldom = !by_margin && !always && numbers <= kMostLocal;
  const bool due = looks_ == next_look_;
  if (factor_.defined() && !(seldom && due) && (!always || (sample_.defined() && looks_ > 3 && !slow)))
    return false;
  if (due) next_look_ *= 3;
  const bool local = always || (seldom && looks_ > 1);
  design(false);
  Tensor matrix = local ? all_blocks() : products(constant_curvatures());
  if (local && outputs_ > 1) matrix = matrix + along_all_scores();
  if (correction_.defined()) {
    std::vector<Tensor> repeated(static_cast<std::size_t>(matrix.size(0) / columns_), correction_);
    const Tensor factors = concatenate(repeated, 0);
    matrix = matrix * reshape(factors, {-1, 1}) * factors;
  }
  const bool factored = factor(with_diagonal(matrix, ridge(matrix.size(0))));
  return factored && always && !sample_.defined();
}

void LinearLoss::precondition(std::vector<double>& direction) const {
  if (!diagonal_.empty()) {
    for (std::size_t i = 0; i < direction.size(); ++i) direction[i] /= diagonal_[i];
    return;
  }
  if (!factor_.defined()) return;
  if (factor_.size(0) == static_cast<std::int64_t>(direction.size())) {
    direction = values_of(linalg::cholesky_solve(factor_, Tensor::from(direction, {factor_.size(0)})));
    return;
  }
  const Tensor lines = Tensor::from(direction, {outputs_, columns_});
  direction = values_of(transpose(linalg::cholesky_solve(factor_, copy(transpose(lines)))));
}

}  // namespace tessera::learn::internal

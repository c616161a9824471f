// The second derivatives of linear losses: from all rows or a sample, exact or bounds, and the steps that they lead to.
#include <algorithm>
#include <cmath>

#include "tessera/base/at.h"
#include "tessera/learn/linear_loss.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/matrix.h"
#include "tessera/numerics/chunk_sums.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn::internal {

namespace {

constexpr double kSampleShare = 1e-5;         // of the diagonal
constexpr std::int64_t kMostFactored = 2048;  // columns; above, only the diagonal is used
// Of several scores, second derivatives are taken at every place for so many coefficients, and now and then for so many.
constexpr std::int64_t kMostExact = 300, kMostLocal = 1000;
constexpr std::int64_t kMostWeighted = 1 << 24;  // numbers of weighted rows at a time
// Columns up to which rows are weighted a chunk at a time (beyond, adding up chunks would be most of the work), by so many factors that the sums of many chunks
// stay in a cache.
constexpr std::int64_t kMostByChunks = 512, kMostChunkSums = 1 << 16, kMostTogether = 16;
// Second derivatives of several scores are worth the time if that is at most so many evaluations'.
constexpr std::int64_t kEvaluationsWorth = 10;
// The look at which those that are taken now and then are taken first: early, or where they cost much late.
constexpr std::int64_t kEarlyLook = 4, kLateLook = 12;

std::vector<double> values_of(const Tensor& x) {
  return x.to_vector<double>();
}

}  // namespace

bool LinearLoss::has_sample() const {
  return settings_.sample_rows > 0 && columns_ <= kMostFactored &&
         x_.size(0) > 2 * settings_.sample_rows * columns_;
}

// With many rows one is drawn out of each of equal stretches, so that no order of the table can mislead.
void LinearLoss::choose_rows(bool all) {
  const std::int64_t rows = x_.size(0), wanted = settings_.sample_rows * columns_;
  all = all || !has_sample();
  if (sample_x_.defined() && (!all || !sample_.defined())) return;
  sample_ = correction_ = absent_ = Tensor();
  if (!all) {
    const double stretch = static_cast<double>(rows) / static_cast<double>(wanted);
    const Tensor places = (RandomSource(0).uniform("linear_loss.rows", {wanted}, DType::kFloat64) +
                           cast(arange(wanted), DType::kFloat64)) *
                          stretch;
    sample_ = minimum(cast(places, DType::kInt64), rows - 1);
  }
  sample_x_ = contiguous(sampled(x_));
}

// A feature that is rare in the sample would seem flatter than it is: the diagonal is corrected by what the squares of all rows say.
void LinearLoss::learn_correction() {
  if (!sample_.defined() || correction_.defined()) return;
  const std::int64_t wanted = sample_.size(0);
  const double share = static_cast<double>(wanted) / row_count();
  const Tensor squares = pass_.has_value() ? pass_->column_squares() : Tensor();
  const Tensor whole = (squares.defined() ? squares : sum_squares(x_, {0})) * share;
  const Tensor part = sum_squares(sample_x_, {0}), there = greater(part, 0.0);
  correction_ = sqrt(select(there, whole / part, 1.0));
  absent_ = select(there, 0.0, whole / static_cast<double>(wanted));
  if (!settings_.intercept) return;
  correction_ = concatenate({correction_, ones({1}, DType::kFloat64)}, 0);
  absent_ = concatenate({absent_, zeros({1}, DType::kFloat64)}, 0);
}

Tensor LinearLoss::sampled(const Tensor& of_rows) const {
  return sample_.defined() ? gather(of_rows, sample_) : of_rows;
}

Tensor LinearLoss::curvatures(std::int64_t k) const {
  const Tensor scores = contiguous(transpose(sample_.defined() ? gather(scores_, sample_, 1) : scores_));
  Tensor result;
  if (settings_.view == LossView::kPoisson) {
    result = exp(scores);
  } else if (outputs_ == 1) {
    result = sigmoid(scores) * sigmoid(-scores);
  } else {
    const Tensor shares = softmax(scores, 1), own = shares.slice({Range::all(), Range(k, k + 1)});
    result = own * (1.0 - own);
    if (k + 1 < outputs_)
      result = concatenate({result, -own * shares.slice({Range::all(), Range::from(k + 1)})}, 1);
  }
  return settings_.weights.defined() ? result * sampled(settings_.weights) : result;
}

Tensor LinearLoss::constant_curvatures() const {
  const double share = 1 / static_cast<double>(std::max<std::int64_t>(outputs_, 2));
  const Tensor result =
      full({sample_x_.size(0), 1}, share * (outputs_ == 1 ? 1 - share : 1), DType::kFloat64);
  return settings_.weights.defined() ? result * sampled(settings_.weights) : result;
}

namespace {

// rows' diag(f) rows for each column f of factors, side by side; the rows are those of x, and ones behind them if `columns` are more. A chunk of rows at a time,
// so that no weighted copy of all is made; the bits are those of the product with one (rule 2).
Tensor weighted_products(const Tensor& x, std::int64_t columns, const Tensor& factors) {
  using linalg::internal::Block;
  const std::int64_t rows = x.size(0), features = x.size(1), count = factors.size(1);
  const std::int64_t width = count * columns, chunks = (rows + numerics::kDotChunk - 1) / numerics::kDotChunk;
  const double *const values = x.values<double>().data(), *const factor = factors.values<double>().data();
  Tensor sums = Tensor::allocate({columns, width}, DType::kFloat64);
  std::vector<double> places(at(numerics::chunk_places<double>(chunks, columns * width)));
  const auto compute = [&](std::int64_t chunk, double* to) {
    const std::int64_t first = chunk * numerics::kDotChunk,
                       depth = std::min(numerics::kDotChunk, rows - first);
    std::vector<double> plain(at(depth * columns), 1.0), weighted(at(depth * width));
    for (std::int64_t i = 0; i < depth; ++i) {
      double* const row = plain.data() + i * columns;
      std::copy_n(values + (first + i) * features, features, row);
      for (std::int64_t k = 0; k < count; ++k) {
        const double weight = factor[(first + i) * count + k];
        double* const into = weighted.data() + i * width + k * columns;
        for (std::int64_t j = 0; j < columns; ++j) into[j] = row[j] * weight;
      }
    }
    linalg::internal::multiply(Block{plain.data(), depth, columns, columns, 1}.transposed(),
                               Block{weighted.data(), depth, width, width, 1}, to);
  };
  numerics::sum_chunks(chunks, columns * width, places.data(), sums.view().as<double>(), compute);
  return sums;
}

}  // namespace

Tensor LinearLoss::products(const Tensor& curvature) const {
  const std::int64_t rows = sample_x_.size(0), all = curvature.size(1);
  const bool by_chunks = columns_ <= kMostByChunks;
  const std::int64_t at_once =
      by_chunks ? std::clamp<std::int64_t>(kMostChunkSums / (columns_ * columns_), 1, kMostTogether)
                : std::max<std::int64_t>(1, kMostWeighted / (rows * columns_));
  const Tensor design = by_chunks ? Tensor() : with_ones(sample_x_);
  std::vector<Tensor> parts;
  for (std::int64_t first = 0; first < all; first += at_once) {
    const std::int64_t count = std::min(at_once, all - first);
    const Tensor factors = contiguous(curvature.slice({Range::all(), Range(first, first + count)}));
    if (by_chunks) {
      parts.push_back(weighted_products(sample_x_, columns_, factors));
      continue;
    }
    const Tensor weighted = reshape(design, {rows, 1, columns_}) * reshape(factors, {rows, count, 1});
    parts.push_back(matmul(transpose(design), reshape(weighted, {rows, count * columns_})));
  }
  return concatenate(parts, 1) / static_cast<double>(rows);
}

Tensor LinearLoss::with_ones(const Tensor& x) const {
  return settings_.intercept ? concatenate({x, ones({x.size(0), 1}, DType::kFloat64)}, 1) : x;
}

Tensor LinearLoss::ridge(std::int64_t size) const {
  std::vector<double> added(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (is_intercept(i)) continue;
    const auto feature = static_cast<std::int64_t>(i) % columns_;
    added[i] = settings_.l2 + (settings_.prior.defined() ? settings_.prior.at<double>({feature}) : 0);
  }
  return Tensor::from(added, {size});
}

// The blocks of k and l are computed once for k <= l.
Tensor LinearLoss::all_blocks() const {
  std::vector<Tensor> lines;
  for (std::int64_t k = 0; k < outputs_; ++k) {
    std::vector<Tensor> line;
    for (std::int64_t l = 0; l < k; ++l)
      line.push_back(
          lines[static_cast<std::size_t>(l)].slice({Range::all(), Range(k * columns_, (k + 1) * columns_)}));
    line.push_back(products(curvatures(k)));
    lines.push_back(concatenate(line, 1));
  }
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
  choose_rows(true);
  const Tensor matrix = all_blocks();
  return with_diagonal(matrix, ridge(matrix.size(0)));
}

// A share of the diagonal is added until there are factors: features that depend on each other, or a column of zeros. Along what is flat in a sample, all
// rows may be steep: there a share keeps steps in bounds from the beginning.
bool LinearLoss::factor(const Tensor& matrix) {
  const Tensor diagonal = diagonal_of(matrix);
  const double most = max(diagonal).item<double>();
  const Tensor scale = select(greater(diagonal, 0.0), diagonal, most > 0 ? most : 1.0);
  if (!std::isfinite(most)) return false;
  for (double share = has_sample() ? kSampleShare : 0; share < 1; share = share == 0 ? 1e-14 : share * 100) {
    const linalg::CholeskyAttempt attempt = linalg::try_cholesky(with_diagonal(matrix, scale * share));
    if (!attempt.factor.defined()) continue;
    factor_ = attempt.factor;
    return true;
  }
  return false;
}

// A bound of the diagonal alone.
void LinearLoss::bound_diagonal() {
  std::vector<double> one = values_of(mean(x_ * x_, {0}) / 4.0);
  if (settings_.intercept) one.push_back(0.25);
  for (double& value : one) value = value > 0 ? value : 1;
  for (std::int64_t k = 0; k < outputs_; ++k) diagonal_.insert(diagonal_.end(), one.begin(), one.end());
  for (std::size_t i = 0; i < diagonal_.size(); ++i) diagonal_[i] += is_intercept(i) ? 0 : settings_.l2;
}

// Of the sample, as all rows would have it.
Tensor LinearLoss::corrected(const Tensor& matrix, const Tensor& curvature) const {
  if (!correction_.defined()) return matrix;
  const std::size_t blocks = static_cast<std::size_t>(matrix.size(0) / columns_);
  const Tensor factors = concatenate(std::vector<Tensor>(blocks, correction_), 0);
  const Tensor absent = concatenate(std::vector<Tensor>(blocks, absent_), 0);
  const Tensor typical = mean(curvature.slice({Range::all(), Range(0, 1)}));
  return with_diagonal(matrix * reshape(factors, {-1, 1}) * factors, absent * typical);
}

bool LinearLoss::by_margin() const {
  return settings_.view == LossView::kMargin || settings_.view == LossView::kCategoricalMargin;
}

// Of several scores a sample's second derivatives take sample_rows columns^3 (outputs^2 + outputs) / 2 multiplications, an evaluation 2 rows columns outputs.
bool LinearLoss::cheap_curvature() const {
  const std::int64_t several = settings_.sample_rows * columns_ * columns_ * (outputs_ + 1);
  return outputs_ == 1 || !has_sample() || several <= 4 * kEvaluationsWorth * x_.size(0);
}

bool LinearLoss::starts_from_sample() const {
  return has_sample() && !by_margin() && !bound_only_ && cheap_curvature() &&
         (outputs_ == 1 || outputs_ * columns_ <= kMostLocal);
}

// Which second derivatives to go on with.
LinearLoss::Curvature LinearLoss::next_curvature(bool slow) {
  const std::int64_t numbers = outputs_ * columns_;
  const Curvature simple = factor_.defined() ? Curvature::kAsBefore : Curvature::kBound;
  if (by_margin() || bound_only_ || (outputs_ > 1 && numbers > kMostLocal)) return simple;
  if (outputs_ == 1 || (cheap_curvature() && numbers <= kMostExact)) {
    const bool settled = factor_.defined() && has_sample() && (near_ || looks_ > 3) && !slow;
    return settled ? Curvature::kAsBefore : Curvature::kEverywhere;
  }
  if (looks_ == 1) next_look_ = !cheap_curvature() ? kLateLook : near_ ? 1 : kEarlyLook;
  if (looks_ != next_look_) return simple;
  next_look_ = std::max<std::int64_t>(kLateLook, 3 * looks_);
  return Curvature::kHere;
}

// True: what was found are the second derivatives at this place, not an estimate.
bool LinearLoss::look_around() {
  const bool slow = steepest_ > steepest_before_ / 4;
  steepest_before_ = steepest_;
  ++looks_;
  if (columns_ > kMostFactored) {
    if (diagonal_.empty()) bound_diagonal();
    return false;
  }
  const Curvature next = next_curvature(slow);
  if (next == Curvature::kAsBefore) return false;
  choose_rows(false);
  const Tensor curvature = next == Curvature::kBound ? constant_curvatures() : curvatures(0);
  Tensor matrix = next == Curvature::kBound ? products(curvature) : all_blocks();
  if (next != Curvature::kBound && outputs_ > 1) matrix = matrix + along_all_scores();
  learn_correction();
  matrix = corrected(matrix, curvature);
  const bool factored = factor(with_diagonal(matrix, ridge(matrix.size(0))));
  return factored && next == Curvature::kEverywhere && !has_sample();
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

#include "tessera/learn/smoothed_margin.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/base/at.h"
#include "tessera/base/thread_pool.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/qr.h"
#include "tessera/numerics/chunk_sums.h"
#include "tessera/numerics/contract.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

using Reals = std::vector<double>;

constexpr double kNarrower = 8;                // a width, beside the next one
constexpr double kSteepEnough = 0.1;           // what a line search leaves of the slope
constexpr int kMostTrials = 60;                // of a line search
constexpr double kWellConditioned = 1e9;       // what Cholesky's factorisation may find on the diagonal
constexpr int kMostStalls = 200;               // steps, one after the other, that come no nearer
constexpr std::int64_t kLanesOfRows = 8;       // chains of a sum over rows
constexpr std::int64_t kRowsOfPiece = 16'384;  // that one task sums

// What a row adds to the sum w = C / width * sum rest_i x_i: its distance from where it costs nothing, with its sign, up to the width.
struct RowLoss {
  bool regression = false;
  double epsilon = 0, width = 1;
  TESSERA_INLINE double rest(double target, double score) const {
    const double away = target - score;
    if (regression) return std::clamp(away - std::clamp(away, -epsilon, epsilon), -width, width);
    return std::clamp(away, target < 0 ? -width : 0.0, target < 0 ? 0.0 : width);
  }
};

TESSERA_INLINE double slope_of_rows(const RowLoss& loss, const double* target, const double* scores,
                                    const double* change, double step, std::int64_t count) {
  double lane[kLanesOfRows] = {};
  std::int64_t i = 0;
  for (; i + kLanesOfRows <= count; i += kLanesOfRows)
    for (std::int64_t j = 0; j < kLanesOfRows; ++j)
      lane[j] += loss.rest(target[i + j], scores[i + j] + step * change[i + j]) * change[i + j];
  for (std::int64_t j = 0; i + j < count; ++j)
    lane[j] += loss.rest(target[i + j], scores[i + j] + step * change[i + j]) * change[i + j];
  for (std::int64_t s = kLanesOfRows / 2; s > 0; s /= 2)
    for (std::int64_t j = 0; j < s; ++j) lane[j] += lane[j + s];
  return lane[0];
}

TESSERA_INLINE void rests_of_rows(const RowLoss& loss, const double* target, const double* scores,
                                  std::int64_t count, double* rest) {
  for (std::int64_t i = 0; i < count; ++i) rest[i] = loss.rest(target[i], scores[i]);
}

// Once for each kind, so that no row asks which it is.
TESSERA_FMA_CLONES void rests_of_classes(double width, const double* target, const double* scores,
                                         std::int64_t count, double* rest) {
  rests_of_rows({false, 0, width}, target, scores, count, rest);
}
TESSERA_FMA_CLONES void rests_of_numbers(double epsilon, double width, const double* target,
                                         const double* scores, std::int64_t count, double* rest) {
  rests_of_rows({true, epsilon, width}, target, scores, count, rest);
}
TESSERA_FMA_CLONES double slope_of_classes(double width, const double* target, const double* scores,
                                           const double* change, double step, std::int64_t count) {
  return slope_of_rows({false, 0, width}, target, scores, change, step, count);
}
TESSERA_FMA_CLONES double slope_of_numbers(double epsilon, double width, const double* target,
                                           const double* scores, const double* change, double step,
                                           std::int64_t count) {
  return slope_of_rows({true, epsilon, width}, target, scores, change, step, count);
}

// The sum of rest_i x_i, one chain for each column, without the rows that cost nothing: often they are most.
TESSERA_FMA_CLONES void add_costly_rows(const double* rest, const double* __restrict x, std::int64_t rows,
                                        std::int64_t columns, double* __restrict sums) {
  for (std::int64_t j = 0; j < columns; ++j) sums[j] = 0;
  for (std::int64_t i = 0; i < rows; ++i, x += columns) {
    if (rest[i] == 0) continue;
    for (std::int64_t j = 0; j < columns; ++j) sums[j] = __builtin_fma(rest[i], x[j], sums[j]);
  }
}

double largest_of(const Reals& values) {
  double lane[kLanesOfRows] = {};  // or each would wait for the one before
  for (std::size_t i = 0; i < values.size(); ++i) {
    double& most = lane[i % kLanesOfRows];
    if (!(std::abs(values[i]) <= most)) most = std::abs(values[i]);  // NaN, too, and for good
  }
  double most = 0;
  for (const double value : lane)
    if (!(value <= most)) most = value;
  return most;
}

bool all_finite(const Tensor& values) {
  return std::isfinite(max(absolute(values)).item<double>());
}

class SmoothedNewton {
 public:
  explicit SmoothedNewton(const MarginProblem& problem)
      : problem_(problem),
        rows_(problem.x.size(0)),
        loss_{problem.regression, problem.regression ? problem.epsilon : 0,
              std::numeric_limits<double>::infinity()},
        w_(zeros({problem.x.size(1)}, DType::kFloat64)),
        scores_(at(rows_), 0.0) {}

  MarginSolution solve() {
    MarginSolution found;
    const Reals first = rests();
    const double mean_loss = problem_.regression ? numerics::sum(std::span<const double>(magnitudes(first))) /
                                                       static_cast<double>(rows_)
                                                 : 1;
    found.converged = mean_loss == 0;  // nothing costs anything
    const double last = problem_.tol / 2 * mean_loss;
    loss_.width = std::max(2 * largest_of(first), last);  // every row is within it
    while (!found.converged && settle(loss_.width > last ? 1 : kCloseAtLast, found.iterations)) {
      found.converged = loss_.width == last;
      loss_.width = std::max(loss_.width / kNarrower, last);
    }
    found.w = w_.to_vector<double>();
    return found;
  }

 private:
  static constexpr double kCloseAtLast = 0.1;

  double weight() const { return problem_.C / loss_.width; }
  Reals rests() const {
    Reals result(at(rows_));
    const double *target = problem_.target.data(), *scores = scores_.data();
    if (problem_.regression)
      rests_of_numbers(loss_.epsilon, loss_.width, target, scores, rows_, result.data());
    else
      rests_of_classes(loss_.width, target, scores, rows_, result.data());
    return result;
  }
  static Reals magnitudes(Reals values) {
    for (double& value : values) value = std::abs(value);
    return values;
  }

  // rest x, by rule 2.
  Tensor sum_of_rows(const Reals& rest) const {
    const double* const x = problem_.x.values<double>().data();
    const std::int64_t columns = problem_.x.size(1), chunk_rows = numerics::kDotChunk;
    const std::int64_t chunks = (rows_ + chunk_rows - 1) / chunk_rows;
    Reals places(at(numerics::chunk_places<double>(chunks, columns))), sums(at(columns));
    numerics::sum_chunks(chunks, columns, places.data(), sums.data(), [&](std::int64_t chunk, double* to) {
      const std::int64_t first = chunk * chunk_rows;
      add_costly_rows(rest.data() + first, x + first * columns, std::min(chunk_rows, rows_ - first), columns,
                      to);
    });
    return Tensor::from(sums, {columns});
  }

  // Steps until the next one would move no score by more than a share of the width, and that one. False: it ends otherwise, for example where rounding is
  // all that is left.
  bool settle(double close, std::int64_t& iterations) {
    double nearest = std::numeric_limits<double>::infinity();
    for (int stalls = 0; iterations < problem_.max_iter && stalls < kMostStalls; ++stalls) {
      const Reals rest = rests();
      const Tensor gradient = w_ - sum_of_rows(rest) * weight();
      if (!all_finite(gradient)) return false;
      const Tensor direction = -newton_step(rest, gradient);
      const Reals change = matmul(problem_.x, direction).to_vector<double>();
      const double farthest = largest_of(change);
      if (!all_finite(direction) || !std::isfinite(farthest)) return false;
      if (farthest < nearest) stalls = 0;
      nearest = std::min(nearest, farthest);
      ++iterations;
      const bool near = farthest <= close * loss_.width;
      const double length = near ? 1 : line_search(gradient, direction, change);
      if (!(length > 0)) return false;
      w_ = w_ + direction * length;
      for (std::size_t i = 0; i < scores_.size(); ++i) scores_[i] += length * change[i];
      if (near) return true;
    }
    return false;
  }

  // The rows within the width.
  Tensor curved_rows(const Reals& rest) const {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < rest.size(); ++i)
      if (rest[i] != 0 && std::abs(rest[i]) < loss_.width) rows.push_back(static_cast<std::int64_t>(i));
    if (rows.empty()) return {};
    return contiguous(gather(problem_.x, Tensor::from(rows, {std::ssize(rows)})));
  }

  // Solves (1 + weight rows' rows) step = gradient. Narrow widths make the ones vanish beside the products; not so where the rows themselves are
  // factored, whose elements are square roots of these.
  Tensor newton_step(const Reals& rest, const Tensor& gradient) const {
    const Tensor rows = curved_rows(rest);
    if (!rows.defined()) return gradient;
    const std::int64_t columns = gradient.size(0);
    const Tensor unit = cast(equal(reshape(arange(columns), {-1, 1}), arange(columns)), DType::kFloat64);
    if (max(sum_squares(rows, {0})).item<double>() * weight() < kWellConditioned) {
      const Tensor curvature = matmul(transpose(rows), rows) * weight() + unit;
      const linalg::CholeskyAttempt attempt = linalg::try_cholesky(curvature);
      if (attempt.factor.defined()) return linalg::cholesky_solve(attempt.factor, gradient);
    }
    const Tensor factor = linalg::triangular_factor(concatenate({rows * std::sqrt(weight()), unit}, 0));
    return linalg::cholesky_solve(copy(transpose(factor)), gradient);
  }

  double slope_of_losses(const Reals& change, double step) const {
    const std::int64_t pieces = (rows_ + kRowsOfPiece - 1) / kRowsOfPiece;
    Reals sums(at(pieces));
    parallel_for(pieces, [&](std::int64_t piece) {
      const std::int64_t first = piece * kRowsOfPiece, count = std::min(kRowsOfPiece, rows_ - first);
      const double *target = problem_.target.data() + first, *scores = scores_.data() + first;
      sums[at(piece)] = problem_.regression ? slope_of_numbers(loss_.epsilon, loss_.width, target, scores,
                                                               change.data() + first, step, count)
                                            : slope_of_classes(loss_.width, target, scores,
                                                               change.data() + first, step, count);
    });
    return weight() * numerics::sum(std::span<const double>(sums));
  }

  // Where the slope along the direction is next to nothing: it rises from below 0, and between two places on either side it is near a line. 0: it is not below 0.
  double line_search(const Tensor& gradient, const Tensor& direction, const Reals& change) const {
    const double at_first = sum(w_ * direction).item<double>(), more = sum_squares(direction).item<double>();
    const auto slope_at = [&](double step) { return at_first + step * more - slope_of_losses(change, step); };
    double below = 0, slope_below = sum(gradient * direction).item<double>();
    const double enough = -kSteepEnough * slope_below;
    if (!(enough > 0)) return 0;
    double step = 1, above = 0, slope_above = 0;
    for (int trial = 0; trial < kMostTrials; ++trial) {
      const double slope = slope_at(step);
      if (std::abs(slope) <= enough) return step;
      (slope < 0 ? below : above) = step;
      (slope < 0 ? slope_below : slope_above) = slope;
      if (above == 0) {
        step *= 2;
        continue;
      }
      const double middle = below + (above - below) / 2, tenth = (above - below) / 10;
      const double between = below - slope_below * (above - below) / (slope_above - slope_below);
      // Every other time the middle: where the slope bends, one side alone would move.
      step = trial % 2 == 1 ? middle : std::clamp(between, below + tenth, above - tenth);
    }
    return below;
  }

  const MarginProblem& problem_;
  std::int64_t rows_;
  RowLoss loss_;
  Tensor w_;
  Reals scores_;
};

}  // namespace

MarginSolution solve_smoothed_margin(const MarginProblem& problem) {
  return SmoothedNewton(problem).solve();
}

}  // namespace tessera::learn

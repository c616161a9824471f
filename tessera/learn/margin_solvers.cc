#include "tessera/learn/margin_solvers.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tessera/base/at.h"
#include "tessera/learn/smoothed_margin.h"
#include "tessera/linalg/cholesky.h"
#include "tessera/linalg/conjugate_gradients.h"
#include "tessera/linalg/matrix.h"
#include "tessera/numerics/random.h"
#include "tessera/numerics/reduce.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

using Vector = std::vector<double>;
using linalg::internal::add_scaled, linalg::internal::dot;

constexpr std::int64_t kMostFactored = 2000;
constexpr std::int64_t kMostSmoothed = 256;  // columns: its steps are as many, and their matrix the square
constexpr double kMostWeight = 0x1p50;       // of a rounded corner: times the rounding of a score it is small
constexpr std::int64_t kTrialPasses = 10;    // over the coordinates of the dual, before that
constexpr double kFastEnough = 0.1;          // what such passes leave of the violations

Tensor tensor_of(const Vector& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

// ---- Squared losses: Newton ----

class Newton {
 public:
  explicit Newton(const MarginProblem& problem)
      : problem_(problem),
        w_(zeros({problem.x.size(1)}, DType::kFloat64)),
        scores_(problem.target.size(), 0.0) {}

  MarginSolution solve() {
    Vector rest = residuals(scores_);
    Tensor gradient = gradient_of(rest);
    const double enough = problem_.tol * rarest_share() * length(gradient);
    MarginSolution found;
    for (; length(gradient) > enough && found.iterations < problem_.max_iter; ++found.iterations) {
      const Tensor direction = -newton_step(rest, gradient);
      if (!descend(direction, gradient)) break;  // rounding is all that is left
      rest = residuals(scores_);
      gradient = gradient_of(rest);
    }
    found.converged = length(gradient) <= enough;
    found.w = w_.to_vector<double>();
    return found;
  }

 private:
  static double length(const Tensor& values) { return std::sqrt(sum_squares(values).item<double>()); }

  // As LIBLINEAR has it: the fewer rows a class has, the closer.
  double rarest_share() const {
    if (problem_.regression) return 1;
    const auto ups = std::ranges::count(problem_.target, 1.0);
    const auto all = std::ssize(problem_.target);
    return static_cast<double>(std::max<std::int64_t>(std::min(ups, all - ups), 1)) /
           static_cast<double>(all);
  }

  double residual(double target, double score) const {
    if (!problem_.regression) return target * score < 1 ? target - score : 0;
    const double error = target - score;
    if (error > problem_.epsilon) return error - problem_.epsilon;
    return error < -problem_.epsilon ? error + problem_.epsilon : 0;
  }
  Vector residuals(const Vector& scores) const {
    Vector rest(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) rest[i] = residual(problem_.target[i], scores[i]);
    return rest;
  }

  Tensor gradient_of(const Vector& rest) const {
    return w_ - matmul(tensor_of(rest), problem_.x) * (2 * problem_.C);
  }

  // The rows that cost something.
  Tensor costly_rows(const Vector& rest) const {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < rest.size(); ++i)
      if (rest[i] != 0) rows.push_back(static_cast<std::int64_t>(i));
    return contiguous(gather(problem_.x, Tensor::from(rows, {std::ssize(rows)})));
  }

  Tensor newton_step(const Vector& rest, const Tensor& gradient) const {
    const Tensor rows = costly_rows(rest);
    const std::int64_t columns = gradient.size(0);
    const double weight = 2 * problem_.C;
    if (rows.size(0) == 0) return gradient;
    if (columns <= kMostFactored) {
      const Tensor unit = cast(equal(reshape(arange(columns), {-1, 1}), arange(columns)), DType::kFloat64);
      const Tensor curvature = matmul(transpose(rows), rows) * weight + unit;
      return linalg::cholesky_solve(linalg::cholesky(curvature), gradient);
    }
    const auto product = [&](const Tensor& v) { return v + matmul(matmul(rows, v), rows) * weight; };
    return linalg::conjugate_gradients(product, gradient, {.tolerance = 1e-12, .most_steps = 5000}).solution;
  }

  double cost(const Tensor& w, const Vector& scores) const {
    const Vector rest = residuals(scores);
    return sum_squares(w).item<double>() / 2 +
           problem_.C * numerics::sum_of_squares(std::span<const double>(rest));
  }

  // Along the direction, halving the step until the cost has fallen as it must. False: it cannot be lowered.
  bool descend(const Tensor& direction, const Tensor& gradient) {
    const double slope = sum(direction * gradient).item<double>();
    const Vector change = matmul(problem_.x, direction).to_vector<double>();
    const double before = cost(w_, scores_);
    for (double step = 1; step > 1e-10; step /= 2) {
      const Tensor w = w_ + direction * step;
      Vector scores = scores_;
      for (std::size_t i = 0; i < scores.size(); ++i) scores[i] = scores[i] + step * change[i];
      const double after = cost(w, scores);
      if (!(after < before + 0.01 * step * slope) && !(step == 1 && std::abs(slope) < 1e-12 * before))
        continue;
      w_ = w;
      scores_ = std::move(scores);
      return slope < 0;
    }
    return false;
  }

  const MarginProblem& problem_;
  Tensor w_;
  Vector scores_;
};

// ---- Plain losses: coordinates of the dual ----

// minimise over b   |sum b_i x_i|^2 / 2 - target.b + epsilon |b|_1     least_i <= b_i <= most_i;  w = sum b_i x_i.
class DualDescent {
 public:
  explicit DualDescent(const MarginProblem& problem)
      : problem_(problem),
        rows_(problem.x.size(0)),
        columns_(problem.x.size(1)),
        active_(rows_),
        x_(problem.x.values<double>().data()),
        epsilon_(problem.regression ? problem.epsilon : 0),
        w_(at(columns_), 0.0),
        b_(at(rows_), 0.0),
        curvature_(at(rows_)),
        order_(at(rows_)),
        key_(numerics::stream_key(problem.seed, "linear_svm.order")) {
    std::iota(order_.begin(), order_.end(), std::int64_t{0});
    for (std::int64_t i = 0; i < rows_; ++i) curvature_[at(i)] = dot(row(i), row(i), columns_);
  }

  // Passes until it converges or there are max_iter; may be called again for more of them. Impatient, it gives up as soon as some passes have not left a
  // tenth of the violations.
  const MarginSolution& run(std::int64_t max_iter, bool patient) {
    while (found_.iterations < max_iter && !found_.converged) {
      const Violations met = pass(static_cast<std::uint32_t>(found_.iterations));
      const double violation = problem_.regression ? met.sum : met.largest;
      if (found_.iterations++ == 0) {
        enough_ = problem_.regression ? problem_.tol * met.sum : problem_.tol;
        before_ = violation;
      }
      aside_ = met.largest > 0 ? met.largest : kInfinity;
      if (violation <= enough_) {
        found_.converged = active_ == rows_;
        active_ = rows_;
        aside_ = kInfinity;
      } else if (!patient && found_.iterations % kTrialPasses == 0) {
        if (violation > kFastEnough * before_) break;
        before_ = violation;
      }
    }
    found_.w = w_;
    return found_;
  }

 private:
  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  struct Violations {  // that a pass met
    double largest = 0, sum = 0;
  };
  const double* row(std::int64_t i) const { return x_ + i * columns_; }
  double least(std::int64_t i) const {
    return problem_.regression || problem_.target[at(i)] < 0 ? -problem_.C : 0;
  }
  double most(std::int64_t i) const {
    return problem_.regression || problem_.target[at(i)] > 0 ? problem_.C : 0;
  }

  // Fisher and Yates, each draw by counter.
  void shuffle(std::uint32_t pass_number) {
    Vector draws(at(active_));
    numerics::fill_uniform(draws.data(), active_, key_, pass_number);
    for (std::int64_t i = 0; i + 1 < active_; ++i) {
      const double left = static_cast<double>(active_ - i);
      const std::int64_t other =
          i + std::min(static_cast<std::int64_t>(draws[at(i)] * left), active_ - i - 1);
      std::swap(order_[at(i)], order_[at(other)]);
    }
  }

  Violations pass(std::uint32_t number) {
    shuffle(number);
    Violations met;
    for (std::int64_t s = 0; s < active_; ++s) {
      const std::int64_t i = order_[at(s)];
      if (curvature_[at(i)] == 0) continue;  // a row of zeros moves nothing
      const double slope = dot(w_.data(), row(i), columns_) - problem_.target[at(i)], b = b_[at(i)];
      // What one more, or one less, of this row costs.
      const double more = slope + (b >= 0 ? epsilon_ : -epsilon_),
                   less = slope + (b > 0 ? epsilon_ : -epsilon_);
      const bool full = b >= most(i), empty = b <= least(i);
      if ((full || more > aside_) && (empty || less < -aside_)) {
        std::swap(order_[at(s--)], order_[at(--active_)]);
        continue;
      }
      const double violation = std::max(full ? 0.0 : -more, empty ? 0.0 : less);
      if (violation <= 0) continue;
      met.largest = std::max(met.largest, violation);
      met.sum += violation;
      move(i, slope);
    }
    return met;
  }

  void move(std::int64_t i, double slope) {
    const double b = b_[at(i)], wanted = b - slope / curvature_[at(i)], shift = epsilon_ / curvature_[at(i)];
    const double thin = wanted > shift ? wanted - shift : wanted < -shift ? wanted + shift : 0;
    const double now = std::clamp(thin, least(i), most(i));
    if (now == b) return;
    b_[at(i)] = now;
    add_scaled(now - b, row(i), w_.data(), columns_);
  }

  const MarginProblem& problem_;
  std::int64_t rows_, columns_, active_;
  const double* x_;
  double epsilon_, enough_ = 0, before_ = kInfinity;
  double aside_ = kInfinity;  // whoever is further inside its bound than this is put aside
  Vector w_, b_, curvature_;
  std::vector<std::int64_t> order_;  // those put aside at the end
  numerics::PhiloxKey key_;
  MarginSolution found_;
};

double plain_cost(const MarginProblem& problem, const Vector& w) {
  const Vector scores = matmul(problem.x, tensor_of(w)).to_vector<double>();
  Vector losses(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double target = problem.target[i];
    const double away =
        problem.regression ? std::abs(target - scores[i]) - problem.epsilon : 1 - target * scores[i];
    losses[i] = std::max(away, 0.0);
  }
  const double loss = numerics::sum(std::span<const double>(losses));
  return numerics::sum_of_squares(std::span<const double>(w)) / 2 + (loss == 0 ? 0 : problem.C * loss);
}

// Where rows are easily told apart some tens of passes are enough, which are less than Newton's steps. Elsewhere a thousand are not, and soon show it. Where Newton's
// steps come to no end the passes go on, and with very large C they are all there is; of two that have not converged the better one is the answer.
MarginSolution solve_plain(const MarginProblem& problem) {
  DualDescent descent(problem);
  const bool smooth = problem.x.size(1) <= kMostSmoothed && problem.C / (problem.tol / 2) < kMostWeight;
  const MarginSolution first = descent.run(problem.max_iter, !smooth);
  if (!smooth || first.converged || first.iterations == problem.max_iter) return first;
  MarginProblem rest = problem;
  rest.max_iter -= first.iterations;
  MarginSolution smoothed = solve_smoothed_margin(rest);
  MarginSolution longer = first;
  if (!smoothed.converged) longer = descent.run(problem.max_iter - smoothed.iterations, true);
  const std::int64_t iterations = longer.iterations + smoothed.iterations;
  const bool better = smoothed.converged ||
                      (!longer.converged && plain_cost(problem, smoothed.w) < plain_cost(problem, longer.w));
  MarginSolution found = better ? std::move(smoothed) : std::move(longer);
  found.iterations = iterations;
  return found;
}

}  // namespace

MarginSolution solve_margin(const MarginProblem& problem) {
  return problem.squared ? Newton(problem).solve() : solve_plain(problem);
}

}  // namespace tessera::learn

// Plain margin losses by rounding off their corner: against coordinates of the dual, which is another algorithm, and against what is known.
#include "tessera/learn/smoothed_margin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tessera/backends/backends.h"
#include "tessera/base/thread_pool.h"
#include "tessera/tensor/ops.h"
#include "tessera/tensor/random.h"

namespace tessera::learn {
namespace {

// Classes or numbers around a plane, with noise; the last column is the intercept's.
MarginProblem noisy(std::int64_t rows, std::int64_t columns, bool regression) {
  use_default_backend();
  RandomSource random(5);
  const Tensor x = concatenate(
      {random.normal("x", {rows, columns}, DType::kFloat64), ones({rows, 1}, DType::kFloat64)}, 1);
  const Tensor plane = random.normal("plane", {columns + 1}, DType::kFloat64);
  const Tensor score = matmul(x, plane) + random.normal("noise", {rows}, DType::kFloat64) * 2.0;
  MarginProblem problem{.x = x, .target = score.to_vector<double>(), .regression = regression, .tol = 1e-9};
  if (!regression)
    for (double& target : problem.target) target = target > 0 ? 1 : -1;
  problem.max_iter = 100'000;
  return problem;
}

// So many columns of zeros that coordinates of the dual are taken.
std::vector<double> by_coordinates(MarginProblem problem) {
  const std::int64_t columns = problem.x.size(1);
  problem.x = concatenate({problem.x, zeros({problem.x.size(0), 300}, DType::kFloat64)}, 1);
  const MarginSolution found = solve_margin(problem);
  EXPECT_TRUE(found.converged);
  return {found.w.begin(), found.w.begin() + columns};
}

void expect_near(const std::vector<double>& a, const std::vector<double>& b, double distance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], distance) << i;
}

TEST(SmoothedMargin, FindsWhatCoordinatesOfTheDualFind) {
  for (const bool regression : {false, true})
    for (const double epsilon : {0.0, 0.5})
      for (const double C : {0.01, 1.0}) {
        MarginProblem problem = noisy(300, 4, regression);
        problem.epsilon = epsilon;
        problem.C = C;
        const MarginSolution found = solve_smoothed_margin(problem);
        EXPECT_TRUE(found.converged);
        EXPECT_LT(found.iterations, 150);
        expect_near(found.w, by_coordinates(problem), 1e-6);
      }
}

double cost(const MarginProblem& problem, const std::vector<double>& w) {
  const Tensor weights = Tensor::from(w, {std::ssize(w)});
  const std::vector<double> scores = matmul(problem.x, weights).to_vector<double>();
  double losses = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const double target = problem.target[i];
    losses += problem.regression ? std::max(0.0, std::abs(target - scores[i]) - problem.epsilon)
                                 : std::max(0.0, 1 - target * scores[i]);
  }
  return sum_squares(weights).item<double>() / 2 + problem.C * losses;
}

// No place near it costs less. Rows around the border of a piece; few distinct rows, so that many lie exactly on the margin.
TEST(SmoothedMargin, NothingNearItCostsLess) {
  for (const std::int64_t rows : {1, 2, 7, 9, 16'383, 16'384, 16'385, 40'000})
    for (const bool regression : {false, true})
      for (const bool ties : {false, true}) {
        MarginProblem problem = noisy(rows, 3, regression);
        if (ties) problem.x = cast(cast(problem.x, DType::kInt64), DType::kFloat64);
        problem.tol = 1e-7;
        const MarginSolution found = solve_smoothed_margin(problem);
        EXPECT_TRUE(found.converged) << rows;
        const double least = cost(problem, found.w);
        for (std::size_t column = 0; column < found.w.size(); ++column)
          for (const double step : {-1e-3, 1e-3}) {
            std::vector<double> other = found.w;
            other[column] += step;
            EXPECT_GT(cost(problem, other), least) << rows << " rows, column " << column;
          }
      }
}

TEST(SmoothedMargin, IsTheSameOnAnyNumberOfThreads) {
  const int threads = thread_count();
  for (const bool regression : {false, true}) {
    MarginProblem problem = noisy(50'000, 5, regression);
    problem.tol = 1e-4;
    set_thread_count(1);
    const std::vector<double> one = solve_smoothed_margin(problem).w;
    for (const int count : {2, 3, 7}) {
      set_thread_count(count);
      EXPECT_EQ(solve_smoothed_margin(problem).w, one);
    }
  }
  set_thread_count(threads);
}

// Where the plain second derivatives are too large to be factored beside the ones of |w|^2.
TEST(SmoothedMargin, TakesHighCostsAndFeaturesOfAllScales) {
  MarginProblem problem = noisy(400, 5, false);
  problem.C = 1e6;
  problem.tol = 1e-8;
  EXPECT_TRUE(solve_smoothed_margin(problem).converged);
  problem = noisy(400, 5, true);
  problem.x = problem.x * Tensor::from<double>({1e-3, 1e4, 1, 100, 1e-2, 1}, {6});
  problem.tol = 1e-6;
  const MarginSolution found = solve_smoothed_margin(problem);
  EXPECT_TRUE(found.converged);
  const double least = cost(problem, found.w);
  for (const double step : {-1e-6, 1e-6}) {
    std::vector<double> other = found.w;
    other[1] += step;
    EXPECT_GT(cost(problem, other), least);
  }
}

// ---- Coordinates first, then rounded corners, then coordinates again (margin_solvers.h) ----

// Rows that a plane tells apart, with room on either side.
MarginProblem separable() {
  MarginProblem problem = noisy(400, 3, false);
  const std::vector<double> values = problem.x.to_vector<double>();
  std::vector<double> kept;
  problem.target.clear();
  for (std::size_t i = 0; i < values.size(); i += 4) {
    const double score = values[i] + values[i + 1] / 2 - values[i + 2];
    if (std::abs(score) <= 0.3) continue;
    kept.insert(kept.end(), values.begin() + static_cast<std::ptrdiff_t>(i),
                values.begin() + static_cast<std::ptrdiff_t>(i) + 4);
    problem.target.push_back(score > 0 ? 1 : -1);
  }
  problem.x = Tensor::from(kept, {std::ssize(problem.target), 4});
  problem.tol = 1e-4;
  problem.max_iter = 100'000;
  return problem;
}

TEST(PlainMargin, HardMarginsAreFound) {
  MarginProblem problem = separable();
  for (const double C : {1e6, 1e12, 1e15, 1e300, std::numeric_limits<double>::infinity()}) {
    problem.C = C;
    const MarginSolution found = solve_margin(problem);
    EXPECT_TRUE(found.converged) << C;
    expect_near(found.w, by_coordinates(problem), 1e-2);
    const std::vector<double> scores = matmul(problem.x, Tensor::from(found.w, {4})).to_vector<double>();
    for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_GT(scores[i] * problem.target[i], 0.99) << C;
  }
}

TEST(PlainMargin, WhereNothingConvergesTheBetterOfBothIsGiven) {
  MarginProblem problem = noisy(300, 20, false);
  for (const std::int64_t most : {5, 11, 12, 15, 20, 40}) {
    problem.max_iter = most;
    const MarginSolution found = solve_margin(problem);
    EXPECT_FALSE(found.converged);
    EXPECT_EQ(found.iterations, most);
    MarginProblem ten = problem;
    ten.max_iter = std::min<std::int64_t>(most, 10);
    EXPECT_LE(cost(problem, found.w), cost(problem, solve_margin(ten).w)) << most;
  }
}

TEST(SmoothedMargin, SaysWhereItHasNotConvergedAndWhereNothingCosts) {
  MarginProblem problem = noisy(300, 4, false);
  problem.max_iter = 3;
  const MarginSolution stopped = solve_smoothed_margin(problem);
  EXPECT_FALSE(stopped.converged);
  EXPECT_EQ(stopped.iterations, 3);
  problem = noisy(300, 4, true);
  problem.epsilon = 1e3;
  const MarginSolution none = solve_smoothed_margin(problem);
  EXPECT_TRUE(none.converged);
  EXPECT_EQ(none.w, std::vector<double>(5, 0.0));
  problem = noisy(300, 4, false);
  problem.x = problem.x * 1e160;  // whose squares are infinite
  EXPECT_FALSE(solve_smoothed_margin(problem).converged);
  problem = noisy(20, 4, false);
  problem.x = zeros({20, 5}, DType::kFloat64);
  const MarginSolution zero = solve_smoothed_margin(problem);
  EXPECT_TRUE(zero.converged);
  EXPECT_EQ(zero.w, std::vector<double>(5, 0.0));
}

}  // namespace
}  // namespace tessera::learn

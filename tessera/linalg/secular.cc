#include "tessera/linalg/secular.h"

#include <algorithm>
#include <cmath>

#include "tessera/base/thread_pool.h"
#include "tessera/linalg/wide_clones.h"
#include "tessera/numerics/functions.h"

namespace tessera::linalg::internal {
namespace {

constexpr std::int64_t kRootsOfTask = 8;
constexpr std::int64_t kWeightsOfTask = 64;
constexpr int kModelSteps = 12;  // then every other step halves the bracket. Four or five steps are usual

struct Sums {
  double value = 0, slope = 0;
};

// The sum of z_j^2 / (distance_j - x) and its derivative, each in 16 lanes as dot() has them.
TESSERA_WIDE_CLONES void sum_over_poles(const double* distances, const double* z, std::int64_t n, double x,
                                        Sums* sums) {
  double values[kLanes] = {}, slopes[kLanes] = {};
  std::int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (std::int64_t j = 0; j < kLanes; ++j) {
      const double quotient = z[i + j] / (distances[i + j] - x);
      values[j] = __builtin_fma(z[i + j], quotient, values[j]);
      slopes[j] = __builtin_fma(quotient, quotient, slopes[j]);
    }
  for (std::int64_t j = 0; i + j < n; ++j) {
    const double quotient = z[i + j] / (distances[i + j] - x);
    values[j] = __builtin_fma(z[i + j], quotient, values[j]);
    slopes[j] = __builtin_fma(quotient, quotient, slopes[j]);
  }
  *sums = {sum_of_lanes(values), sum_of_lanes(slopes)};
}

TESSERA_WIDE_CLONES void subtract_from_line(double* line, std::int64_t n, double x) {
  for (std::int64_t j = 0; j < n; ++j) line[j] = line[j] - x;
}

// Of c x^2 - a x + b = 0: the root on the side of the poles where it is looked for; NaN where there is none.
double root_between(double a, double b, double c) {
  const double root = numerics::sqrt(std::max(0.0, a * a - 4 * (b * c)));
  return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
}
double root_behind(double a, double b, double c) {
  const double root = numerics::sqrt(std::max(0.0, a * a - 4 * (b * c)));
  return a >= 0 ? (a + root) / (2 * c) : 2 * b / (a - root);
}

// Of two ends of one sign, or zero: in the middle of their exponents while these are far apart.
double middle(double low, double high) {
  const double small = std::min(std::abs(low), std::abs(high)),
               large = std::max(std::abs(low), std::abs(high));
  if (large <= 4 * small) return low + (high - low) / 2;
  const double size = small == 0 ? large * 0x1p-10 : numerics::sqrt(small) * numerics::sqrt(large);
  return low < 0 ? -size : size;
}

class RootFinder {
 public:
  RootFinder(Poles kind, const std::vector<double>& poles, const std::vector<double>& z)
      : squares_(kind == Poles::kSquares),
        poles_(poles),
        z_(z),
        n_(static_cast<std::int64_t>(poles.size())),
        // Of the sums, in units of 2^-53: a chain of a lane, the tree, and what an element is off.
        sum_error_(static_cast<double>(n_ / kLanes + 8)) {}

  // Fills the gaps of root i; returns the root.
  double find(std::int64_t i, double* distances) const {
    const std::int64_t before = std::max<std::int64_t>(0, std::min(i, n_ - 2)), last = n_ - 1;
    if (n_ == 1) {
      distances[0] = 0 - z_[0] * z_[0];
      return root_at(0, z_[0] * z_[0]);
    }
    Search search{before, i == last, i, 0, 0, distances};
    double x = i == last ? begin_behind(search) : begin_between(search);
    x = improve(search, x);
    subtract_from_line(distances, n_, x);
    return root_at(search.origin, x);
  }

  double difference(double a, double b) const { return squares_ ? (a - b) * (a + b) : a - b; }

 private:
  struct Search {
    std::int64_t before;  // the model has this pole and the next one
    bool behind;          // the root is behind both
    std::int64_t origin;  // the pole that x is a distance from
    double low, high;     // the root is between them
    double* distances;    // of the poles from the origin
  };
  struct Point {
    double value, slope, error;
    Sums to_model, from_model;  // poles up to `before`, those after it
  };

  double square(std::int64_t j) const { return z_[index(j)] * z_[index(j)]; }
  static std::size_t index(std::int64_t j) { return static_cast<std::size_t>(j); }

  double root_at(std::int64_t origin, double x) const {
    const double pole = poles_[index(origin)];
    return squares_ ? pole + x / (pole + numerics::sqrt(pole * pole + x)) : pole + x;
  }

  void place_origin(Search& search, std::int64_t origin) const {
    search.origin = origin;
    for (std::int64_t j = 0; j < n_; ++j)
      search.distances[j] = difference(poles_[index(j)], poles_[index(origin)]);
  }

  Point evaluate(const Search& search, double x) const {
    Point point;
    const std::int64_t count = search.before + 1;
    sum_over_poles(search.distances, z_.data(), count, x, &point.to_model);
    sum_over_poles(search.distances + count, z_.data() + count, n_ - count, x, &point.from_model);
    point.value = 1 + (point.to_model.value + point.from_model.value);
    point.slope = point.to_model.slope + point.from_model.slope;
    const double size = std::abs(point.to_model.value) + std::abs(point.from_model.value);
    point.error = 0x1p-53 * (sum_error_ * size + 2 + std::abs(x) * point.slope);
    return point;
  }

  // What the poles outside of the model add, by what they are at x.
  double rest_at(const Search& search, const Point& point, double x) const {
    const double* d = search.distances;
    const std::int64_t i = search.before;
    return point.value - square(i) / (d[i] - x) - square(i + 1) / (d[i + 1] - x);
  }

  double begin_between(Search& search) const {
    const std::int64_t i = search.before;
    place_origin(search, i);
    const double gap = search.distances[i + 1], half = gap / 2;
    const Point point = evaluate(search, half);
    const double rest = rest_at(search, point, half), both = square(i) + square(i + 1);
    double x;
    if (point.value >= 0) {
      search.low = 0;
      search.high = half;
      x = root_between(rest * gap + both, square(i) * gap, rest);
    } else {
      place_origin(search, i + 1);
      search.low = -half;
      search.high = 0;
      x = root_between(both - rest * gap, -(square(i + 1) * gap), rest);
    }
    return x > search.low && x < search.high ? x : middle(search.low, search.high);
  }

  double begin_behind(Search& search) const {
    const std::int64_t last = n_ - 1;
    place_origin(search, last);
    const double most = dot(z_.data(), z_.data(), n_) * (1 + sum_error_ * 0x1p-53), half = most / 2;
    const Point point = evaluate(search, half);
    (point.value <= 0 ? search.low : search.high) = half;
    if (point.value <= 0) search.high = most;
    const double rest = rest_at(search, point, half), gap = 0 - search.distances[last - 1];
    const double x = root_behind(square(last - 1) + square(last) - rest * gap, -(square(last) * gap), rest);
    return x > search.low && x < search.high ? x : middle(search.low, search.high);
  }

  // By the model that has the value and the slope at x: where it lies between its poles, with the true weight of the origin; behind them, with
  // the slopes of the sums up to each of them.
  double step_of_model(const Search& search, const Point& point, double x) const {
    const std::int64_t i = search.before;
    const double first = search.distances[i] - x, second = search.distances[i + 1] - x;
    const double gap = search.distances[i + 1] - search.distances[i];
    const double a = (first + second) * point.value - first * second * point.slope;
    const double b = first * second * point.value;
    if (search.behind)
      return root_behind(a, b, point.value - first * point.to_model.slope - second * point.from_model.slope);
    const double weight = z_[index(search.origin)] / (search.origin == i ? first : second);
    const double c = search.origin == i ? point.value - second * point.slope + gap * (weight * weight)
                                        : point.value - first * point.slope - gap * (weight * weight);
    return root_between(a, b, c);
  }

  double improve(Search& search, double x) const {
    for (int step = 0;; ++step) {
      const Point point = evaluate(search, x);
      if (std::abs(point.value) <= point.error) return x;
      (point.value < 0 ? search.low : search.high) = x;
      double eta = step_of_model(search, point, x);
      if (!(point.value * eta < 0)) eta = 0 - point.value / point.slope;
      double next = x + eta;
      const bool inside = next > search.low && next < search.high;  // not where it is NaN
      if (!inside || (step >= kModelSteps && step % 2 == 0)) next = middle(search.low, search.high);
      if (next == x || !(next > search.low && next < search.high)) return x;  // no number is left between
      x = next;
    }
  }

  bool squares_;
  const std::vector<double>&poles_, &z_;
  std::int64_t n_;
  double sum_error_;
};

// products_j *= gap_j / (pole_j - other), or of their squares.
TESSERA_WIDE_CLONES void multiply_quotients(double* __restrict products, const double* __restrict gaps,
                                            const double* __restrict poles, std::int64_t n, double other,
                                            bool squares) {
  if (squares)
    for (std::int64_t j = 0; j < n; ++j)
      products[j] = products[j] * (gaps[j] / ((poles[j] - other) * (poles[j] + other)));
  else
    for (std::int64_t j = 0; j < n; ++j) products[j] = products[j] * (gaps[j] / (poles[j] - other));
}

// |weight_j|^2 = (root_j - pole_j) times the product over i != j of (root_i - pole_j) / (pole_i - pole_j), roots in ascending order.
void refine_weights(SecularSolution& solution, Poles kind, const std::vector<double>& poles,
                    const std::vector<double>& z) {
  const auto n = static_cast<std::int64_t>(poles.size());
  solution.z.resize(poles.size());
  parallel_for((n + kWeightsOfTask - 1) / kWeightsOfTask, [&](std::int64_t task) {
    const std::int64_t first = task * kWeightsOfTask, end = std::min(first + kWeightsOfTask, n);
    double* products = solution.z.data();
    for (std::int64_t j = first; j < end; ++j) products[j] = 1;
    const auto take = [&](std::int64_t i, std::int64_t from, std::int64_t to) {
      multiply_quotients(products + from, solution.gaps.row(i) + from, poles.data() + from, to - from,
                         poles[static_cast<std::size_t>(i)], kind == Poles::kSquares);
    };
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t own = std::clamp(i, first, end);  // pole i itself has no quotient
      take(i, first, own);
      if (own == i && i < end) {
        products[i] = products[i] * solution.gaps(i, i);
        take(i, i + 1, end);
      } else {
        take(i, own, end);
      }
    }
    for (std::int64_t j = first; j < end; ++j)
      products[j] = std::copysign(numerics::sqrt(std::abs(products[j])), z[static_cast<std::size_t>(j)]);
  });
}

TESSERA_WIDE_CLONES void divide_lines(double* __restrict quotients, const double* __restrict x,
                                      const double* __restrict y, std::int64_t n) {
  for (std::int64_t j = 0; j < n; ++j) quotients[j] = x[j] / y[j];
}

template <typename Change>
Matrix unit_rows(const SecularSolution& solution, const std::vector<std::int64_t>& places, Change change) {
  const auto n = static_cast<std::int64_t>(solution.z.size());
  Matrix rows(n, n);
  parallel_for((n + kRootsOfTask - 1) / kRootsOfTask, [&](std::int64_t task) {
    std::vector<double> line(static_cast<std::size_t>(n));
    for (std::int64_t i = task * kRootsOfTask; i < std::min(n, (task + 1) * kRootsOfTask); ++i) {
      divide_lines(line.data(), solution.z.data(), solution.gaps.row(i), n);
      change(line);
      const double length = norm(line);
      double* row = rows.row(i);
      for (std::size_t j = 0; j < line.size(); ++j) row[places[j]] = line[j] / length;
    }
  });
  return rows;
}

}  // namespace

SecularSolution solve_secular(Poles kind, const std::vector<double>& poles, const std::vector<double>& z) {
  const auto n = static_cast<std::int64_t>(poles.size());
  SecularSolution solution{std::vector<double>(poles.size()), Matrix(n, n), {}};
  const RootFinder finder(kind, poles, z);
  parallel_for((n + kRootsOfTask - 1) / kRootsOfTask, [&](std::int64_t task) {
    for (std::int64_t i = task * kRootsOfTask; i < std::min(n, (task + 1) * kRootsOfTask); ++i)
      solution.roots[static_cast<std::size_t>(i)] = finder.find(i, solution.gaps.row(i));
  });
  refine_weights(solution, kind, poles, z);
  return solution;
}

Matrix secular_vectors(const SecularSolution& solution, const std::vector<std::int64_t>& places) {
  return unit_rows(solution, places, [](std::vector<double>&) {});
}

Matrix secular_left_vectors(const SecularSolution& solution, const std::vector<double>& poles,
                            const std::vector<std::int64_t>& places) {
  return unit_rows(solution, places, [&](std::vector<double>& line) {
    for (std::size_t j = 1; j < line.size(); ++j) line[j] = poles[j] * line[j];
    line[0] = -1;
  });
}

}  // namespace tessera::linalg::internal

#include "tessera/learn/feature_scores.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "tessera/base/error.h"
#include "tessera/base/float_environment.h"
#include "tessera/base/thread_pool.h"
#include "tessera/numerics/reduce.h"
#include "tessera/stats/continuous.h"
#include "tessera/stats/mutual_information.h"
#include "tessera/tensor/ops.h"

namespace tessera::learn {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

struct Score {
  double score, p_value;
};

double f_survival(double f, double above, double below) {
  if (std::isnan(f)) return kNaN;
  if (std::isinf(f)) return 0;
  return stats::Beta(below / 2, above / 2).cdf(below / (below + above * f));
}

void require(const Tensor& x, std::size_t target, const char* what) {
  if (!x.defined() || x.rank() != 2 || x.dtype() != DType::kFloat64 || x.size(0) < 1 || x.size(1) < 1)
    fail("{}: expected features [rows, columns] of float64, found {}", what,
         x.defined() ? x.shape().to_string() : "no tensor");
  if (static_cast<std::int64_t>(target) != x.size(0))
    fail("{}: expected a target for each of {} rows, found {}", what, x.size(0), target);
}

// `score` of each column, beside each other.
FeatureScores of_columns(const Tensor& x, bool p_values,
                         const std::function<Score(std::span<const double>)>& score) {
  const Tensor columns = contiguous(transpose(x));
  const std::span<const double> values = columns.values<double>();
  const std::size_t rows = static_cast<std::size_t>(x.size(0)),
                    features = static_cast<std::size_t>(x.size(1));
  FeatureScores found{std::vector<double>(features), std::vector<double>(features)};
  parallel_for(x.size(1), [&](std::int64_t feature) {
    const std::size_t f = static_cast<std::size_t>(feature);
    const Score one = score(values.subspan(f * rows, rows));
    found.scores[f] = one.score;
    found.p_values[f] = one.p_value;
  });
  if (!p_values) found.p_values.clear();
  return found;
}

// Rows class by class.
class Classes {
 public:
  Classes(std::span<const std::int64_t> labels, const char* what) : order_(labels.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::ranges::stable_sort(order_, {}, [&](std::size_t row) { return labels[row]; });
    for (std::size_t i = 0; i < order_.size(); ++i)
      if (i == 0 || labels[order_[i]] != labels[order_[i - 1]]) begins_.push_back(i);
    begins_.push_back(order_.size());
    if (count() < 2) fail("{}: expected two classes or more, found {}", what, count());
    if (count() >= labels.size())
      fail("{}: expected more rows than classes, found {} and {}", what, labels.size(), count());
  }
  std::size_t count() const { return begins_.size() - 1; }
  std::vector<double> sorted(std::span<const double> column) const {
    std::vector<double> values;
    values.reserve(order_.size());
    for (const std::size_t row : order_) values.push_back(column[row]);
    return values;
  }
  std::span<const double> part(std::span<const double> sorted, std::size_t label) const {
    return sorted.subspan(begins_[label], begins_[label + 1] - begins_[label]);
  }

 private:
  std::vector<std::size_t> order_, begins_;
};

bool is_constant(std::span<const double> x) {
  return std::ranges::all_of(x, [&](double value) { return value == x.front(); });
}

Score of_variance(std::span<const double> column, const Classes& classes) {
  if (is_constant(column)) return {kNaN, kNaN};
  const std::vector<double> sorted = classes.sorted(column);
  const double center = numerics::mean(std::span<const double>(sorted));
  double between = 0, within = 0;
  for (std::size_t label = 0; label < classes.count(); ++label) {
    const auto part = numerics::moments(classes.part(sorted, label));
    between += static_cast<double>(part.count) * ((part.mean - center) * (part.mean - center));
    within += part.m2;
  }
  const double above = static_cast<double>(classes.count() - 1),
               below = static_cast<double>(column.size() - classes.count());
  const double f = (between / above) / (within / below);
  return {f, f_survival(f, above, below)};
}

Score of_counts(std::span<const double> column, const Classes& classes) {
  const std::vector<double> sorted = classes.sorted(column);
  const double all = numerics::sum(std::span<const double>(sorted)),
               rows = static_cast<double>(column.size());
  if (all == 0) return {kNaN, kNaN};
  double statistic = 0;
  for (std::size_t label = 0; label < classes.count(); ++label) {
    const std::span<const double> part = classes.part(sorted, label);
    const double expected = static_cast<double>(part.size()) / rows * all,
                 off = numerics::sum(part) - expected;
    statistic += off * off / expected;
  }
  return {statistic, stats::ChiSquare(static_cast<double>(classes.count() - 1)).survival(statistic)};
}

std::vector<double> centered(std::span<const double> x) {
  const double center = numerics::mean(x);
  std::vector<double> values;
  values.reserve(x.size());
  for (const double value : x) values.push_back(value - center);
  return values;
}

double product(std::span<const double> a, std::span<const double> b) {
  return numerics::dot_chunked(a.data(), 1, b.data(), 1, static_cast<std::int64_t>(a.size()));
}

Score of_line(std::span<const double> column, std::span<const double> centered_target) {
  if (is_constant(column)) return {0, 1};
  const std::vector<double> x = centered(column);
  const double xy = product(x, centered_target);
  const double explained = xy * xy / (product(x, x) * product(centered_target, centered_target));
  if (!(explained < 1)) return {std::numeric_limits<double>::max(), 0};
  const double below = static_cast<double>(column.size()) - 2, f = explained / (1 - explained) * below;
  return {f, f_survival(f, 1, below)};
}

stats::NeighbourSettings neighbours(const MutualInformationSettings& settings) {
  stats::NeighbourSettings result;
  result.neighbours = settings.n_neighbors;
  result.seed = settings.seed;
  return result;
}

}  // namespace

FeatureScores f_classif(const Tensor& x, std::span<const std::int64_t> labels) {
  require(x, labels.size(), "f_classif");
  const Classes classes(labels, "f_classif");
  return of_columns(x, true, [&](std::span<const double> column) { return of_variance(column, classes); });
}

FeatureScores f_regression(const Tensor& x, std::span<const double> target) {
  const FloatEnvironment contract;
  require(x, target.size(), "f_regression");
  if (x.size(0) < 3) fail("f_regression: expected at least 3 rows, found {}", x.size(0));
  if (is_constant(target))
    return {std::vector<double>(static_cast<std::size_t>(x.size(1)), 0.0),
            std::vector<double>(static_cast<std::size_t>(x.size(1)), 1.0)};
  const std::vector<double> y = centered(target);
  return of_columns(x, true, [&](std::span<const double> column) { return of_line(column, y); });
}

FeatureScores chi2(const Tensor& x, std::span<const std::int64_t> labels) {
  require(x, labels.size(), "chi2");
  const Classes classes(labels, "chi2");
  const double least = min(x).item<double>();
  if (least < 0) fail("chi2: expected features of at least 0 (counts or frequencies), found {}", least);
  return of_columns(x, true, [&](std::span<const double> column) { return of_counts(column, classes); });
}

FeatureScores mutual_info_classif(const Tensor& x, std::span<const std::int64_t> labels,
                                  const MutualInformationSettings& settings) {
  require(x, labels.size(), "mutual_info_classif");
  const Classes at_least_two(labels, "mutual_info_classif");
  return of_columns(x, false, [&](std::span<const double> column) {
    return Score{stats::mutual_information_with_class(column, labels, neighbours(settings)), 0};
  });
}

FeatureScores mutual_info_regression(const Tensor& x, std::span<const double> target,
                                     const MutualInformationSettings& settings) {
  require(x, target.size(), "mutual_info_regression");
  return of_columns(x, false, [&](std::span<const double> column) {
    return Score{stats::mutual_information_by_neighbours(column, target, neighbours(settings)), 0};
  });
}

}  // namespace tessera::learn
